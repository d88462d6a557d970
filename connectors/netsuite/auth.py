"""Two ways to sign in: token-based (OAuth 1.0a, each request signed anew) and certificate (OAuth 2.0)."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from requests.auth import AuthBase
from requests_oauthlib import OAuth1

from config.schema import Instance
from connectors.errors import MalformedResponseError, PermanentError, TransientError, UnauthorizedError

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 300
_RENEW_BEFORE_SECONDS = 60.0
_MARK = "X-Concord-Renewed"


def sign_in(instance: Instance, environ: Mapping[str, str], token_url: str) -> AuthBase:
    """The requests auth of `options.auth`: `tba` or `m2m`.

    Raises UnauthorizedError naming a missing credential variable, PermanentError for another way.
    """
    ways = {"tba": _token_based, "m2m": _certificate}
    way = instance.options.get("auth")
    if way not in ways:
        raise PermanentError(
            f"sign-in {way!r} is not one of {', '.join(ways)}.",
            instance=instance.name,
            field="options.auth",
            hint="set it in config/estate.yml.",
        )
    try:
        return ways[way](instance, dict(environ), token_url)
    except LookupError as error:
        raise UnauthorizedError(str(error), instance=instance.name) from error


def _token_based(instance: Instance, environ: dict[str, str], _token_url: str) -> AuthBase:
    account = str(required_option(instance, "account"))
    auth: AuthBase = OAuth1(
        instance.secret("consumer_key", environ),
        instance.secret("consumer_secret", environ),
        instance.secret("token_id", environ),
        instance.secret("token_secret", environ),
        signature_method="HMAC-SHA256",
        realm=account.upper().replace("-", "_"),
    )
    return auth


def _certificate(instance: Instance, environ: dict[str, str], token_url: str) -> AuthBase:
    return CertificateAuth(
        instance=instance.name,
        token_url=token_url,
        client_id=instance.secret("client_id", environ),
        certificate_id=instance.secret("certificate_id", environ),
        private_key=instance.secret("private_key", environ),
    )


def required_option(instance: Instance, name: str) -> Any:
    """`options.<name>` of the estate. Raises PermanentError when it is not set."""
    if not instance.options.get(name):
        raise PermanentError(
            f"the estate does not set {name}.",
            instance=instance.name,
            field=f"options.{name}",
            hint="set it in config/estate.yml.",
        )
    return instance.options[name]


class CertificateAuth(AuthBase):
    """Bearer tokens bought with a signed assertion; renewed before they end and once after a 401.

    A 401 means that nothing was done, so the one repetition is safe for writes as well.
    """

    def __init__(
        self,
        *,
        instance: str,
        token_url: str,
        client_id: str,
        certificate_id: str,
        private_key: str,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._instance = instance
        self._token_url = token_url
        self._client_id = client_id
        self._certificate_id = certificate_id
        self._private_key = private_key
        self._wall = wall
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._current()}"
        request.register_hook("response", self._renew_once)
        return request

    def _renew_once(self, response: requests.Response, **settings: Any) -> requests.Response:
        request = response.request
        if response.status_code != 401 or _MARK in request.headers:
            return response
        response.content  # noqa: B018 - read to the end so that the connection can be used again
        with self._lock:
            if request.headers["Authorization"] == f"Bearer {self._token}":
                self._ends = 0.0
        again = request.copy()
        again.headers["Authorization"] = f"Bearer {self._current()}"
        again.headers[_MARK] = "1"
        settings.pop("hooks", None)
        answer: requests.Response = response.connection.send(again, **settings)
        answer.history.append(response)
        answer.request = again
        return answer

    def _current(self) -> str:
        with self._lock:
            if self._wall() >= self._ends - _RENEW_BEFORE_SECONDS:
                self._token, seconds = self._buy()
                self._ends = self._wall() + seconds
            return self._token

    def _buy(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(),
        }
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(self._token_url, data=form, timeout=60, allow_redirects=False)
        except requests.RequestException as error:
            raise TransientError("the token service cannot be reached.", instance=self._instance) from error
        return self._read(answer)

    def _read(self, answer: requests.Response) -> tuple[str, float]:
        status = answer.status_code
        if status == 429 or status >= 500:
            raise TransientError(
                "the token service could not answer.", instance=self._instance, status=status
            )
        if status != 200:
            raise UnauthorizedError(
                "the token service refused the client assertion.",
                instance=self._instance,
                status=status,
                hint="check client id, certificate id, private key, and that the certificate is not expired.",
            )
        try:
            body = answer.json()
            return str(body["access_token"]), float(body["expires_in"])
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedResponseError(
                "the token service's answer has no usable access_token and expires_in.",
                instance=self._instance,
                status=status,
            ) from error

    def _assertion(self) -> str:
        now = int(self._wall())
        claims = {
            "iss": self._client_id,
            "scope": "rest_webservices",
            "aud": self._token_url,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
            "jti": str(uuid.uuid4()),
        }
        try:
            key = load_pem_private_key(self._private_key.encode(), password=None)
        except (ValueError, TypeError):
            raise UnauthorizedError(
                "the private key cannot be read.",
                instance=self._instance,
                field="credentials.private_key",
                hint="it must be an unencrypted PEM key, RSA or EC.",
            ) from None
        algorithm = "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "PS256"
        return jwt.encode(
            claims, self._private_key, algorithm=algorithm, headers={"kid": self._certificate_id}
        )
