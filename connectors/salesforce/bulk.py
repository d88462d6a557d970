"""Bulk API 2.0 query jobs: create, wait, read CSV pages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from connectors.errors import MalformedResponseError, PermanentError, TransientError
from connectors.salesforce.query import Row, exact_json, parse_csv
from connectors.salesforce.transport import Transport

_PAGE_ROWS = 50_000
_FIRST_WAIT, _LONGEST_WAIT, _GIVE_UP = 0.05, 10.0, 3600.0  # seconds


class BulkQuery:
    """Runs query jobs over one transport. A job only reads, so repeating its creation is harmless."""

    def __init__(self, transport: Transport, root: str) -> None:
        self._transport = transport
        self._jobs = f"{root}/jobs/query"

    def pages(self, soql: str, *, object: str, page_rows: int = _PAGE_ROWS) -> Iterator[list[Row]]:
        """Rows of a queryAll job, page by page; the job is removed after the last one.

        Raises PermanentError with the org's reason when the job fails, TransientError when it does not end
        within an hour.
        """
        job = self._create(soql, object)
        self._wait(job, object)
        header: list[str] | None = None
        locator: str | None = None
        while True:
            params = {"maxRecords": str(page_rows)} | ({"locator": locator} if locator else {})
            response = self._transport.read(
                "GET",
                f"{self._jobs}/{job}/results",
                object=object,
                params=params,
                headers={"Accept": "text/csv"},
            )
            header, rows = parse_csv(self._transport.instance, response, header, object=object)
            yield rows
            locator = response.headers.get("Sforce-Locator", "null")
            if locator == "null":
                break
        self._transport.read("DELETE", f"{self._jobs}/{job}", object=object)

    def _create(self, soql: str, object: str) -> str:
        request = {
            "operation": "queryAll",
            "query": soql,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        response = self._transport.read("POST", self._jobs, object=object, json=request)
        return str(self._job(response.content, object)["id"])

    def _wait(self, job: str, object: str) -> None:
        wait, deadline = _FIRST_WAIT, time.monotonic() + _GIVE_UP
        while True:
            response = self._transport.read("GET", f"{self._jobs}/{job}", object=object)
            shown = self._job(response.content, object)
            if shown["state"] == "JobComplete":
                return
            if shown["state"] in {"Failed", "Aborted"}:
                raise PermanentError(
                    f"the query job ended as {shown['state']}: {shown.get('errorMessage', 'no reason given')}.",
                    instance=self._transport.instance,
                    object=object,
                    record=job,
                )
            if time.monotonic() > deadline:
                raise TransientError(
                    "the query job did not end within an hour.",
                    instance=self._transport.instance,
                    object=object,
                    record=job,
                )
            self._transport.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    def _job(self, content: bytes, object: str) -> dict[str, Any]:
        body = exact_json(self._transport.instance, content, object=object)
        if not isinstance(body, dict) or not {"id", "state"} <= body.keys():
            raise MalformedResponseError(
                "a query job must show id and state.", instance=self._transport.instance, object=object
            )
        return body
