"""A signed-in line to one org: session, renewal, and a share of the daily quota that is never exceeded."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import requests

from connectors.budget import Budget
from connectors.errors import RateLimitedError, UnauthorizedError
from connectors.http import Backoff, HttpClient
from connectors.salesforce.auth import Credentials, SessionAuth, SignIn
from connectors.salesforce.failures import SESSION_ENDED, classifier

_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")
_USAGE_TRUSTED_FOR = timedelta(minutes=5)
_GUARD_RETRY_SECONDS = 3600.0


class Transport:
    """Sends calls of one instance. A session the org has ended is renewed once per call."""

    def __init__(
        self,
        instance: str,
        base_url: str,
        credentials: Credentials,
        *,
        quota_share: Decimal,
        clock: Callable[[], datetime],
        budget: Budget,
        timeout: float = 180.0,
        backoff: Backoff | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.instance = instance
        self.sleep = sleep
        self._share = quota_share
        self._clock = clock
        self._options: dict[str, Any] = {
            "budget": budget, "timeout": timeout, "backoff": backoff, "sleep": sleep
        }  # fmt: skip
        self._sign_in = SignIn(instance, base_url, credentials, clock=clock, **self._options)
        self._auth: SessionAuth | None = None
        self._http: HttpClient | None = None
        self._usage: tuple[int, int, datetime] | None = None

    def read(self, method: str, path: str, *, object: str, **request: Any) -> requests.Response:
        """A call that changes nothing; transient failures are repeated."""
        return self._call(lambda http: http.read(method, path, object=object, **request))

    def write(
        self, method: str, path: str, *, object: str, record: str | None, **request: Any
    ) -> requests.Response:
        """A call that may change the org, sent once (a refused session is not a sent call)."""
        return self._call(lambda http: http.write(method, path, object=object, record=record, **request))

    def _call(self, send: Callable[[HttpClient], requests.Response]) -> requests.Response:
        self._guard()
        try:
            response = send(self._line())
        except UnauthorizedError as error:
            if error.code != SESSION_ENDED:
                raise
            self._renew()
            response = send(self._line())
        self._note_usage(response)
        return response

    def _line(self) -> HttpClient:
        if self._http is None:
            session = self._sign_in.open()
            self._auth = SessionAuth(session.token)
            self._http = HttpClient(
                self.instance,
                session.instance_url,
                auth=self._auth,
                classify=classifier(self.instance),
                **self._options,
            )
        return self._http

    def _renew(self) -> None:
        if self._auth is None:
            return
        self._auth.token = self._sign_in.open().token

    def _note_usage(self, response: requests.Response) -> None:
        match = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if match:
            self._usage = (int(match[1]), int(match[2]), self._clock())

    def _guard(self) -> None:
        if self._usage is None:
            return
        used, most, seen = self._usage
        if self._clock() - seen > _USAGE_TRUSTED_FOR or used < most * self._share:
            return
        raise RateLimitedError(
            f"{used} of {most} calls of the day are used; our share ends at {self._share:%}.",
            instance=self.instance,
            retry_after=_GUARD_RETRY_SECONDS,
            hint="wait for the 24 h window to roll on, or raise options.quota_share in config/estate.yml.",
        )
