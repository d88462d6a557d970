"""Read and write calls of one NetSuite account."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import requests

from config.schema import Instance
from connectors.budget import Budget
from connectors.errors import MalformedResponseError, PermanentError, UnknownOutcomeError
from connectors.http import Backoff, HttpClient
from connectors.netsuite.auth import required_option, sign_in
from connectors.netsuite.failures import classifier
from connectors.netsuite.moments import AccountTime
from connectors.netsuite.query import Select

PAGE_SIZE = 1000
ROW_CAP = 100_000
_SERVICES = "services/rest"
_WRITE_HEADERS = {"X-NetSuite-PropertyNameValidation": "error", "X-NetSuite-PropertyValueValidation": "error"}

Record = dict[str, Any]
Row = dict[str, str]


def connect(
    instance: Instance,
    *,
    environ: Mapping[str, str],
    budget_dir: Path,
    clock: Callable[[], datetime],  # noqa: ARG001 - every vendor is connected the same way
    backoff: Backoff | None = None,
    timeout: float = 180.0,
    sleep: Callable[[float], None] = time.sleep,
) -> NetSuiteClient:
    """A client for the instance, credentials taken from the environment now; `timeout` in seconds.

    NetSuite counts concurrent calls of the whole account, so the budget is a number of slots. Raises
    UnauthorizedError or PermanentError naming what the estate or the environment lacks.
    """
    base = f"{instance.base_url.rstrip('/')}/{_SERVICES}"
    limits = instance.api_budget
    http = HttpClient(
        instance.name,
        base,
        budget=Budget(
            budget_dir,
            instance.name,
            max_concurrent=limits.max_concurrent,
            per_second=limits.per_second,
            daily=limits.daily,
        ),
        auth=sign_in(instance, environ, f"{base}/auth/oauth2/v1/token"),
        headers={"Accept": "application/json"},
        classify=classifier(instance.name),
        timeout=timeout,
        backoff=backoff,
        sleep=sleep,
    )
    return NetSuiteClient(http, account_time(instance))


def account_time(instance: Instance) -> AccountTime:
    """The time zone of the integration user, `options.time_zone`. Raises PermanentError when unknown."""
    name = str(required_option(instance, "time_zone"))
    try:
        return AccountTime(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PermanentError(
            f"there is no time zone {name!r}.", instance=instance.name, field="options.time_zone"
        ) from error


class NetSuiteClient:
    """SuiteQL pages and single records of one account."""

    def __init__(self, http: HttpClient, time: AccountTime) -> None:
        self._http = http
        self.time = time

    @property
    def instance(self) -> str:
        """Name of the instance in the estate."""
        return self._http.instance

    def suiteql_pages(self, query: str | Select) -> Iterator[list[Row]]:
        """All rows of a query, page by page; values are texts, columns that are null are absent.

        A `Select` is read by key and has no row cap. A plain text is read by offset: it must be ordered by
        something unique when it has more than one page, and raises PermanentError beyond 100,000 rows.
        """
        return self._by_key(query) if isinstance(query, Select) else self._by_offset(query)

    def get(self, record_type: str, record_id: str, *, lines: bool = False) -> Record:
        """One record as it is now; `record_id` may be `eid:<external id>`. Raises NotFoundError."""
        response = self._http.read(
            "GET",
            f"record/v1/{record_type}/{_segment(record_id)}",
            object=record_type,
            params={"expandSubResources": "true"} if lines else None,
        )
        body = self._http.json(response, object=record_type)
        if not isinstance(body, dict) or "id" not in body:
            raise MalformedResponseError(
                "the answer is not a record with an id.",
                instance=self.instance,
                object=record_type,
                record=record_id,
            )
        return body

    def update(
        self, record_type: str, record_id: str, fields: Mapping[str, Any], *, replace: tuple[str, ...] = ()
    ) -> None:
        """Change the named fields of one record, sent once; sublists in `replace` are replaced whole.

        Sublist lines without a key are appended each time: never send the same change twice unseen.
        """
        self._http.write(
            "PATCH",
            f"record/v1/{record_type}/{_segment(record_id)}",
            object=record_type,
            record=record_id,
            json=dict(fields),
            params={"replace": ",".join(replace)} if replace else None,
            headers=_WRITE_HEADERS,
        )

    def upsert(
        self, record_type: str, external_id: str, fields: Mapping[str, Any], *, replace: tuple[str, ...] = ()
    ) -> str:
        """Create the record with this external id, or change it; sent once. Returns the internal id.

        Name every sublist you send in `replace`, or a repetition appends its lines. NetSuite ignores
        idempotency keys on direct calls: the external id is what makes a repeated create find the first.
        """
        response = self._http.write(
            "PUT",
            f"record/v1/{record_type}/{_segment('eid:' + external_id)}",
            object=record_type,
            record=f"eid:{external_id}",
            json=dict(fields),
            params={"replace": ",".join(replace)} if replace else None,
            headers=_WRITE_HEADERS,
        )
        return self._written_id(response, record_type, external_id)

    def limits(self) -> Record:
        """The account's concurrency governance (administrators only)."""
        limits: Record = self._http.json(self._http.read("GET", "system/v1/governanceLimits"))
        return limits

    def _written_id(self, response: requests.Response, record_type: str, external_id: str) -> str:
        record_id = response.headers.get("Location", "").rstrip("/").rpartition("/")[2]
        if not record_id.isdigit():
            raise UnknownOutcomeError(
                "the write was accepted but the answer names no record.",
                instance=self.instance,
                object=record_type,
                record=f"eid:{external_id}",
            )
        return record_id

    def _by_key(self, select: Select) -> Iterator[list[Row]]:
        after: list[str] | None = None
        while True:
            rows, more, total = self._page(select.text(after), select.table, 0)
            if rows:
                yield rows
            if not more and total <= len(rows):  # at the row cap "no more" is said of rows that exist
                return
            after = self._key_of(rows, select)

    def _key_of(self, rows: list[Row], select: Select) -> list[str]:
        try:
            last = [rows[-1][alias] for alias in select.key]
            select.text(last)
            return last
        except (IndexError, KeyError, ValueError) as error:
            raise MalformedResponseError(
                "more rows are announced, but the page does not end with a row that has its key.",
                instance=self.instance,
                object=select.table,
                field=", ".join(select.key),
            ) from error

    def _by_offset(self, text: str) -> Iterator[list[Row]]:
        offset = 0
        while True:
            rows, more, total = self._page(text, "suiteql", offset)
            if total > ROW_CAP:
                raise PermanentError(
                    f"the query has {total} rows and NetSuite answers {ROW_CAP} at most.",
                    instance=self.instance,
                    hint="read it with a Select, which pages by key.",
                )
            if rows:
                yield rows
            if not more:
                return
            if " order by " not in " ".join(text.lower().split()):
                raise PermanentError(
                    "a query of several pages needs an ORDER BY over a unique key.", instance=self.instance
                )
            offset += PAGE_SIZE

    def _page(self, text: str, object: str, offset: int) -> tuple[list[Row], bool, int]:
        response = self._http.read(
            "POST",
            "query/v1/suiteql",
            object=object,
            params={"limit": str(PAGE_SIZE), "offset": str(offset)},
            json={"q": text},
            headers={"Prefer": "transient"},
        )
        body = self._http.json(response, object=object)
        return self._checked(body, object)

    def _checked(self, body: Any, object: str) -> tuple[list[Row], bool, int]:
        items = body.get("items") if isinstance(body, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self._malformed("the page has no list of items.", object, "items")
        if not isinstance(body.get("hasMore"), bool) or not isinstance(body.get("totalResults"), int):
            raise self._malformed("the page does not say whether there is more.", object, "hasMore")
        if body.get("count") != len(items):
            raise self._malformed(
                f"the page announces {body.get('count')} rows and has {len(items)}.", object, "count"
            )
        rows = [{name: value for name, value in item.items() if name != "links"} for item in items]
        return rows, body["hasMore"], body["totalResults"]

    def _malformed(self, message: str, object: str, field: str) -> MalformedResponseError:
        return MalformedResponseError(
            message,
            instance=self.instance,
            object=object,
            field=field,
            hint="run the sync again; if it repeats, the vendor or a gateway changes answers.",
        )


def _segment(record_id: str) -> str:
    return quote(record_id, safe=":")
