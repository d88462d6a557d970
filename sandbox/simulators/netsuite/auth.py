"""Sign-in: OAuth 1.0a tokens (TBA) whose signatures are recomputed, and OAuth 2.0 by client certificate."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import jwt
from starlette.requests import Request

from sandbox.simulators.netsuite.errors import ApiError
from sandbox.simulators.netsuite.settings import Settings

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_CLOCK_SKEW_SECONDS = 300
_LONGEST_ASSERTION_SECONDS = 3600


def _encode(text: str) -> str:
    return quote(text, safe="-._~")


def invalid_login(detail: str = "Invalid login attempt.") -> ApiError:
    """401; a real account says no more than this, the reason is only for the login audit trail."""
    return ApiError(
        401,
        "INVALID_LOGIN",
        f"{detail} For more details, see the Login Audit Trail in the NetSuite UI.",
        headers={"WWW-Authenticate": "OAuth"},
    )


class SignIn:
    """Who is calling, for one account."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._nonces: dict[tuple[str, str, str], float] = {}
        self._tokens: dict[str, float] = {}  # bearer token -> expiry in wall seconds

    def check(self, request: Request) -> None:
        """Let the request pass, or raise ApiError 401."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            self._check_bearer(rest)
        elif scheme.lower() == "oauth":
            self._check_signature(request, _oauth_parameters(rest))
        else:
            raise invalid_login()

    def _check_bearer(self, token: str) -> None:
        with self._lock:
            expires = self._tokens.get(token)
        if expires is None or expires <= self._settings.wall():
            raise invalid_login()

    def _check_signature(self, request: Request, oauth: dict[str, str]) -> None:
        settings = self._settings
        known = (
            oauth.get("realm") == settings.realm
            and oauth.get("oauth_consumer_key") == settings.consumer_key != ""
            and oauth.get("oauth_token") == settings.token_id != ""
            and oauth.get("oauth_signature_method") == "HMAC-SHA256"
            and oauth.get("oauth_version", "1.0") == "1.0"
        )
        if not known:
            raise invalid_login()
        wanted = signature(request, oauth, settings.consumer_secret, settings.token_secret)
        if not hmac.compare_digest(wanted, oauth.get("oauth_signature", "")):
            raise invalid_login()
        self._use_nonce(oauth)

    def _use_nonce(self, oauth: dict[str, str]) -> None:
        stamp, now = oauth.get("oauth_timestamp", ""), self._settings.wall()
        if not stamp.isdigit() or abs(int(stamp) - now) > _CLOCK_SKEW_SECONDS:
            raise invalid_login("Invalid timestamp.")
        key = (oauth["oauth_token"], stamp, oauth.get("oauth_nonce", ""))
        with self._lock:
            self._nonces = {k: at for k, at in self._nonces.items() if now - at < 2 * _CLOCK_SKEW_SECONDS}
            if not key[2] or key in self._nonces:
                raise invalid_login()
            self._nonces[key] = now

    def token(self, form: dict[str, str], audience: str) -> dict[str, Any]:
        """Answer of the token endpoint. Raises ValueError with OAuth's own error code."""
        if form.get("grant_type") != "client_credentials":
            raise ValueError("unsupported_grant_type")
        if form.get("client_assertion_type") != _ASSERTION_TYPE:
            raise ValueError("invalid_request")
        self._check_assertion(form.get("client_assertion", ""), audience)
        fresh = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[fresh] = self._settings.wall() + self._settings.token_seconds
        seconds = str(self._settings.token_seconds)
        return {"access_token": fresh, "expires_in": seconds, "token_type": "Bearer"}

    def _check_assertion(self, assertion: str, audience: str) -> None:
        try:
            key = self._settings.certificates[jwt.get_unverified_header(assertion)["kid"]]
            claims = jwt.decode(
                assertion,
                key,
                algorithms=_ALGORITHMS,
                audience=audience,
                issuer=self._settings.client_id,
                options={"require": ["iss", "aud", "iat", "exp", "scope"]},
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise ValueError("invalid_client") from error
        scope = claims["scope"]
        scopes = scope if isinstance(scope, list) else str(scope).replace(",", " ").split()
        if "rest_webservices" not in scopes or claims["exp"] - claims["iat"] > _LONGEST_ASSERTION_SECONDS:
            raise ValueError("invalid_request")


def _oauth_parameters(header: str) -> dict[str, str]:
    parameters = {}
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        parameters[unquote(name)] = unquote(value.strip('"'))
    return parameters


def signature(request: Request, oauth: dict[str, str], consumer_secret: str, token_secret: str) -> str:
    """HMAC-SHA256 over method, URL and sorted parameters; the realm and a JSON body are not signed."""
    pairs = [(name, value) for name, value in oauth.items() if name not in ("realm", "oauth_signature")]
    pairs += parse_qsl(request.url.query, keep_blank_values=True)
    encoded = sorted((_encode(name), _encode(value)) for name, value in pairs)
    listed = "&".join(f"{name}={value}" for name, value in encoded)
    path = request.scope.get("raw_path", request.url.path.encode()).decode().partition("?")[0]
    url = f"{request.url.scheme}://{request.url.netloc}{path}"
    base = "&".join((request.method.upper(), _encode(url), _encode(listed)))
    key = f"{_encode(consumer_secret)}&{_encode(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()
