"""JWT bearer sign-in: a short signed statement is exchanged for a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import jwt
import requests
from cryptography.exceptions import UnsupportedAlgorithm
from requests.auth import AuthBase

from connectors.budget import Budget
from connectors.errors import ConnectorError, MalformedResponseError, UnauthorizedError
from connectors.http import Backoff, HttpClient

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_LIFE = timedelta(minutes=3)  # the org accepts a few minutes; a skewed clock is the usual failure
_HINTS = {
    "invalid_grant": "check that the private key belongs to the app's certificate, that the app is approved for "
    "this user, that the audience fits the org, and this machine's clock.",
    "invalid_client_id": "check the consumer key in the client_id variable.",
    "invalid_client": "check the consumer key in the client_id variable.",
}


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What the sign-in needs; never shown."""

    client_id: str = field(repr=False)
    username: str = field(repr=False)
    private_key: str = field(repr=False)  # PEM
    audience: str


@dataclass(frozen=True, kw_only=True)
class Session:
    """An open session and the host that serves it."""

    token: str = field(repr=False)
    instance_url: str


class SessionAuth(AuthBase):
    """Puts the current session on each request; `token` changes when the session is renewed."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class SignIn:
    """Opens sessions for one instance."""

    def __init__(
        self,
        instance: str,
        base_url: str,
        credentials: Credentials,
        *,
        clock: Callable[[], datetime],
        budget: Budget,
        timeout: float,
        backoff: Backoff | None,
        sleep: Callable[[float], None],
    ) -> None:
        self._instance = instance
        self._base_url = base_url
        self._credentials = credentials
        self._clock = clock
        self._http = HttpClient(
            instance,
            base_url,
            budget=budget,
            classify=self._classify,
            timeout=timeout,
            backoff=backoff,
            sleep=sleep,
        )

    def open(self) -> Session:
        """A new session.

        Raises UnauthorizedError when the org refuses or the key is unusable, MalformedResponseError when the
        answer has no token, TransientError when the org cannot be reached.
        """
        form = {"grant_type": GRANT, "assertion": self._assertion()}
        response = self._http.read("POST", "/services/oauth2/token", object="token", data=form)
        body = self._http.json(response, object="token")
        token, url = (
            (body.get(name) for name in ("access_token", "instance_url"))
            if isinstance(body, dict)
            else ("", "")
        )
        if not (isinstance(token, str) and token and isinstance(url, str) and url):
            raise MalformedResponseError(
                "the sign-in answer has no access_token or instance_url.",
                instance=self._instance,
                object="token",
            )
        if urlsplit(self._base_url).scheme == "https" and urlsplit(url).scheme != "https":
            raise MalformedResponseError(
                "the sign-in answer points to a host without TLS.", instance=self._instance, object="token"
            )
        return Session(token=token, instance_url=url)

    def _assertion(self) -> str:
        credentials = self._credentials
        claims = {
            "iss": credentials.client_id,
            "sub": credentials.username,
            "aud": credentials.audience,
            "exp": int((self._clock() + _ASSERTION_LIFE).timestamp()),
        }
        pem = credentials.private_key.replace("\\n", "\n")
        try:
            return jwt.encode(claims, pem, algorithm="RS256")
        except (ValueError, TypeError, UnsupportedAlgorithm, jwt.PyJWTError):
            raise UnauthorizedError(
                "the private key is not a usable RSA key in PEM.",
                instance=self._instance,
                object="token",
                hint="set the private_key variable of this instance to the PEM of the app's certificate.",
            ) from None

    def _classify(self, response: requests.Response, object: str | None) -> ConnectorError | None:
        if response.status_code not in (400, 401, 403):
            return None
        try:
            body = response.json()
        except requests.JSONDecodeError:
            body = {}
        code = str(body.get("error", "")) if isinstance(body, dict) else ""
        return UnauthorizedError(
            "the org refused the sign-in.",
            instance=self._instance,
            object=object,
            status=response.status_code,
            code=code or None,
            hint=_HINTS.get(code, "check the credential variables of this instance."),
        )
