"""Sign-in: JWT bearer and client credentials, sessions that expire."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from starlette.requests import Request
from starlette.responses import Response

from sandbox.simulators.base import Clock, json_response
from sandbox.simulators.salesforce.schema import STANDARD, OrgSchema
from sandbox.simulators.webhooks import Courier

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ORG = "00D5g00000Meri1"
LONGEST_ASSERTION = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one org accepts. Times are seconds."""

    client_id: str
    public_key: str  # PEM of the certificate registered with the app
    username: str  # the user the app may act for
    client_secret: str | None = None  # None: the client-credentials flow is off
    audience: str = "https://login.salesforce.com"
    session_seconds: int = 7200
    daily_api_requests: int = 100_000
    bulk_query_jobs: int = 10_000
    courier: Courier | None = None  # who is told of changes
    schema: OrgSchema = STANDARD

    @classmethod
    def of(cls, values: Settings | Mapping[str, Any]) -> Settings:
        """Settings from a plain mapping. Raises TypeError naming an unknown or missing key."""
        return values if isinstance(values, cls) else cls(**values)  # type: ignore[arg-type]


@dataclass
class Sessions:
    """Open sessions and when each ends; they live in memory, as a restart of the org would end them."""

    settings: Settings
    clock: Clock
    ends: dict[str, datetime] = field(default_factory=dict)

    def open(self) -> str:
        """A new session id."""
        token = f"{ORG}!{secrets.token_urlsafe(48)}"
        self.ends[token] = self.clock() + timedelta(seconds=self.settings.session_seconds)
        return token

    def holds(self, authorization: str) -> bool:
        """True for the header of a session that has not ended."""
        kind, _, token = authorization.partition(" ")
        ends = self.ends.get(token.strip())
        return kind.lower() in {"bearer", "oauth"} and ends is not None and self.clock() < ends

    def close_all(self) -> None:
        """End every session, as an administrator can."""
        self.ends.clear()


async def token(request: Request) -> Response:
    """`POST /services/oauth2/token`."""
    sessions: Sessions = request.app.state.sessions
    form = {key: str(value) for key, value in (await request.form()).items()}
    grant = form.get("grant_type")
    if grant == JWT_GRANT:
        refused = _assertion_problem(form.get("assertion", ""), sessions)
    elif grant == "client_credentials":
        refused = _secret_problem(request.headers.get("authorization", ""), form, sessions.settings)
    else:
        refused = ("unsupported_grant_type", "grant type not supported")
    if refused:
        return json_response({"error": refused[0], "error_description": refused[1]}, 400)
    base = str(request.base_url).rstrip("/")
    return json_response(
        {
            "access_token": sessions.open(),
            "scope": "api",
            "instance_url": base,
            "id": f"{base}/id/{ORG}/0055g0000000001",
            "token_type": "Bearer",
        }
    )


def _assertion_problem(assertion: str, sessions: Sessions) -> tuple[str, str] | None:
    settings = sessions.settings
    try:
        claims = jwt.decode(
            assertion,
            settings.public_key,
            algorithms=["RS256"],
            audience=settings.audience,
            options={"require": ["iss", "sub", "aud", "exp"], "verify_exp": False},
        )
    except jwt.InvalidAudienceError:
        return "invalid_grant", "audience is invalid"
    except jwt.PyJWTError:
        return "invalid_grant", "invalid assertion"
    if claims["iss"] != settings.client_id:
        return "invalid_client_id", "client identifier invalid"
    if claims["sub"] != settings.username:
        return "invalid_grant", "user hasn't approved this consumer"
    now = sessions.clock().timestamp()
    if not now < float(claims["exp"]) <= now + LONGEST_ASSERTION.total_seconds():
        return "invalid_grant", "expired authorization code"
    return None


def _secret_problem(header: str, form: Mapping[str, str], settings: Settings) -> tuple[str, str] | None:
    given = (form.get("client_id", ""), form.get("client_secret", ""))
    if header.lower().startswith("basic "):
        try:
            text = base64.b64decode(header[6:], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return "invalid_client", "invalid client credentials"
        name, _, secret = text.partition(":")
        given = (name, secret)
    if settings.client_secret is None:
        return "invalid_grant", "no client credentials user enabled"
    expected = (settings.client_id, settings.client_secret)
    if not all(secrets.compare_digest(ours, theirs) for ours, theirs in zip(given, expected, strict=True)):
        return "invalid_client", "invalid client credentials"
    return None


def public_key_of(private_key: str) -> str:
    """The PEM of the public half, as an administrator uploads it with the app."""
    loaded = serialization.load_pem_private_key(private_key.encode(), password=None)
    shape = serialization.PublicFormat.SubjectPublicKeyInfo
    return loaded.public_key().public_bytes(serialization.Encoding.PEM, shape).decode()


def settings_for(credentials: Mapping[str, str], options: Mapping[str, Any]) -> Settings:
    """What an org accepts, from the credentials Concord will present and the estate's options.

    Raises KeyError naming the credential when one is missing.
    """
    optional: dict[str, Any] = {
        name: int(options[name]) for name in ("session_seconds", "daily_api_requests") if name in options
    }
    if "audience" in options:
        optional["audience"] = options["audience"]
    return Settings(
        client_id=credentials["client_id"],
        public_key=public_key_of(credentials["private_key"]),
        username=credentials["username"],
        client_secret=credentials.get("client_secret"),
        **optional,
    )
