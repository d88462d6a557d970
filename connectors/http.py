"""The one seam through which every vendor call leaves.

Reads are repeated here with backoff. Writes are sent once: what an unanswered write means is decided by the
dispatcher, which looks before it writes again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import requests
from requests.auth import AuthBase

from connectors.budget import Budget
from connectors.errors import (
    ConnectorError,
    MalformedResponseError,
    NotFoundError,
    PermanentError,
    RateLimitedError,
    TransientError,
    UnauthorizedError,
    UnknownOutcomeError,
    ValidationError,
)

Classify = Callable[[requests.Response, str | None], ConnectorError | None]

_NEVER_TRUST_ZERO_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 900.0  # a longer wait (a used-up daily allowance) ends the run instead of holding it
_NO_ANSWER = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """How long to wait between reads: exponential with full jitter, in seconds."""

    attempts: int = 5
    start: float = 0.5
    cap: float = 30.0

    def delay(self, attempt: int, retry_after: float | None) -> float:
        """Seconds before try `attempt + 1`; a vendor's own figure wins, but never zero."""
        if retry_after is not None:
            return max(retry_after, _NEVER_TRUST_ZERO_SECONDS if self.start else 0.0)
        return random.uniform(0, min(self.cap, self.start * 2**attempt))  # noqa: S311 - jitter


class HttpClient:
    """Sends requests for one instance under its budget and turns answers into facts or errors.

    `classify(response, object)` returns a vendor's own reading of a failure, or None to fall back to the
    status code. `auth` is any requests auth; a vendor that must sign each attempt anew (OAuth1) does so
    because every attempt is a fresh request.
    """

    def __init__(
        self,
        instance: str,
        base_url: str,
        *,
        budget: Budget,
        auth: AuthBase | None = None,
        headers: Mapping[str, str] | None = None,
        classify: Classify | None = None,
        timeout: float = 180.0,
        backoff: Backoff | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.instance = instance
        self.base_url = base_url.rstrip("/")
        self._budget = budget
        self._classify = classify
        self._timeout = timeout
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy or .netrc of the host must not touch vendor credentials
        self._session.auth = auth
        self._session.headers.update(headers or {})

    def read(self, method: str, path: str, *, object: str | None = None, **request: Any) -> requests.Response:
        """Send a call that changes nothing, repeating it while the failure is transient.

        Raises the last ConnectorError when attempts are used up or the failure is permanent.
        """
        attempt = 0
        while True:
            try:
                return self._send(method, path, object, request)
            except TransientError as error:
                attempt += 1
                retry_after = error.retry_after if isinstance(error, RateLimitedError) else None
                if attempt >= self._backoff.attempts or (retry_after or 0.0) > _LONGEST_WAIT_SECONDS:
                    raise
                self._sleep(self._backoff.delay(attempt, retry_after))

    def write(
        self, method: str, path: str, *, object: str | None = None, record: str | None = None, **request: Any
    ) -> requests.Response:
        """Send a call that may change the vendor, exactly once.

        Raises UnknownOutcomeError when it was sent and no trustworthy answer came (timeout, lost
        connection, 5xx); TransientError only when it certainly did not reach the vendor.
        """
        with self._budget.call():
            try:
                response = self._session.request(method, self._url(path), timeout=self._timeout, **request)
            except requests.ConnectionError as error:
                if _never_sent(error):
                    raise self._unreachable(object) from error
                raise self._unknown("the connection was lost before an answer.", object, record) from error
            except (requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
                raise self._unknown("no complete answer came in time.", object, record) from error
        throttled = response.status_code == 503 and "Retry-After" in response.headers
        if response.status_code >= 500 and not throttled:
            raise self._unknown(f"the vendor answered {response.status_code}.", object, record)
        self.raise_for(response, object, record)
        return response

    def json(self, response: requests.Response, *, object: str | None = None) -> Any:
        """Decode a body; money written as JSON numbers stays exact for the vendor modules that need it.

        Raises MalformedResponseError naming the object when the body is not JSON.
        """
        try:
            return orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise MalformedResponseError(
                f"the body is not JSON ({error.msg} at byte {error.pos} of {len(response.content)}).",
                instance=self.instance,
                object=object,
                status=response.status_code,
                hint="run the sync again; if it repeats, the vendor or a gateway cuts answers short.",
            ) from error

    def raise_for(self, response: requests.Response, object: str | None, record: str | None = None) -> None:
        """Raise the ConnectorError that fits a failed answer; return when it succeeded."""
        error = self._classify(response, object) if self._classify else None
        if error is None and response.status_code >= 400:
            error = classify_status(self.instance, response, object, record)
        if error is not None:
            raise error

    def _send(self, method: str, path: str, object: str | None, request: dict[str, Any]) -> requests.Response:
        with self._budget.call():
            try:
                response = self._session.request(method, self._url(path), timeout=self._timeout, **request)
            except _NO_ANSWER as error:
                raise self._unreachable(object) from error
        self.raise_for(response, object)
        return response

    def _url(self, path: str) -> str:
        if not path.startswith(("http://", "https://")):
            return f"{self.base_url}/{path.lstrip('/')}"
        if not path.startswith(self.base_url + "/"):
            raise PermanentError(
                "the vendor pointed to another host; credentials are not sent there.", instance=self.instance
            )
        return path

    def _unreachable(self, object: str | None) -> TransientError:
        return TransientError(
            "the instance cannot be reached or dropped the connection.",
            instance=self.instance,
            object=object,
            hint="check base_url in config/estate.yml and that the system is up.",
        )

    def _unknown(self, message: str, object: str | None, record: str | None) -> UnknownOutcomeError:
        return UnknownOutcomeError(message, instance=self.instance, object=object, record=record)


def classify_status(
    instance: str, response: requests.Response, object: str | None, record: str | None = None
) -> ConnectorError:
    """The error an HTTP status means when the vendor's own code says nothing more.

    408, 429 and 5xx are transient, 401 and 403 are about rights, 404 is not found, other 4xx are a refusal.
    """
    status = response.status_code
    facts: dict[str, Any] = {"instance": instance, "object": object, "record": record, "status": status}
    if status == 429 or (status == 503 and "Retry-After" in response.headers):
        return RateLimitedError("the vendor limits the pace.", retry_after=retry_after(response), **facts)
    if status == 408 or status >= 500:
        return TransientError("the vendor could not answer.", **facts)
    if status in (401, 403):
        return UnauthorizedError(
            "the vendor refused these credentials.",
            hint="check the credential variables of this instance and the rights of its user.",
            **facts,
        )
    if status in (404, 410):
        return NotFoundError("no such record or route.", **facts)
    if status in (400, 409, 412, 422):
        return ValidationError("the vendor refused the request.", **facts)
    return PermanentError("the vendor refused the request.", **facts)


def retry_after(response: requests.Response) -> float | None:
    """Seconds the vendor asks to wait, or None when the header is absent or is a date."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.replace(".", "", 1).isdigit() else None


def _never_sent(error: requests.ConnectionError) -> bool:
    """True when the connection was never made, so the vendor cannot have seen the request."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    return "NewConnectionError" in repr(error) or "Failed to establish" in str(error)
