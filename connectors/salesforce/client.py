"""Read and write calls of one Salesforce org."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from config.schema import Instance
from connectors.budget import Budget
from connectors.errors import MalformedResponseError, UnauthorizedError
from connectors.http import Backoff
from connectors.salesforce.auth import Credentials
from connectors.salesforce.bulk import BulkQuery
from connectors.salesforce.query import Page, Row, exact_json, flat, parse_page
from connectors.salesforce.transport import Transport

_BATCH_ROWS = 2000  # rows a REST page holds; above it Bulk is the polite way


def connect(
    instance: Instance,
    *,
    environ: Mapping[str, str],
    budget_dir: Path,
    clock: Callable[[], datetime],
    backoff: Backoff | None = None,
    timeout: float = 180.0,
    sleep: Callable[[float], None] = time.sleep,
) -> SalesforceClient:
    """A client for the instance; it signs in with its first call.

    Raises UnauthorizedError naming the variable when a credential is not set.
    """
    options, budget = instance.options, instance.api_budget
    transport = Transport(
        instance.name,
        instance.base_url,
        _credentials(instance, environ),
        quota_share=Decimal(str(options.get("quota_share", "0.8"))),
        clock=clock,
        budget=Budget(
            budget_dir,
            instance.name,
            max_concurrent=budget.max_concurrent,
            per_second=budget.per_second,
            daily=budget.daily,
        ),
        timeout=timeout,
        backoff=backoff,
        sleep=sleep,
    )
    return SalesforceClient(transport, str(options.get("api_version", "66.0")))


def _credentials(instance: Instance, environ: Mapping[str, str]) -> Credentials:
    try:
        return Credentials(
            client_id=instance.secret("client_id", dict(environ)),
            username=instance.secret("username", dict(environ)),
            private_key=instance.secret("private_key", dict(environ)),
            audience=str(instance.options.get("audience", "https://login.salesforce.com")),
        )
    except LookupError as error:
        raise UnauthorizedError(str(error), instance=instance.name) from error


class SalesforceClient:
    """One org. Rows are flat dicts of API field names; decimals come as text, digit for digit."""

    def __init__(self, transport: Transport, api_version: str) -> None:
        self.instance = transport.instance
        self._transport = transport
        self._root = f"/services/data/v{api_version}"
        self._bulk = BulkQuery(transport, self._root)

    def pages(self, soql: str, *, object: str, bulk_above: int = _BATCH_ROWS) -> Iterator[list[Row]]:
        """queryAll by REST, or by a Bulk job when the org says the result has more than `bulk_above` rows."""
        first = self._first_page(soql, object)
        if first.total > bulk_above:
            yield from self.bulk_query_pages(soql, object=object)
        else:
            yield from self._following(first, object)

    def query_all_pages(
        self, soql: str, *, object: str = "query", batch_rows: int = _BATCH_ROWS
    ) -> Iterator[list[Row]]:
        """queryAll page by page, deleted rows included.

        Raises MalformedResponseError when fewer rows come than the org announced.
        """
        yield from self._following(self._first_page(soql, object, batch_rows), object)

    def bulk_query_pages(self, soql: str, *, object: str = "query") -> Iterator[list[Row]]:
        """queryAll as a Bulk 2.0 job; values come as text, "" as None."""
        yield from self._bulk.pages(soql, object=object)

    def get(self, object: str, record_id: str, fields: Sequence[str]) -> Row:
        """The named fields of one living record. NotFoundError when it is gone or deleted."""
        path = f"{self._root}/sobjects/{object}/{quote(record_id, safe='')}"
        response = self._transport.read("GET", path, object=object, params={"fields": ",".join(fields)})
        body = self._object(response.content, object)
        missing = [name for name in fields if name not in body]
        if missing:
            raise MalformedResponseError(
                "the record came without a field that was asked for.",
                instance=self.instance,
                object=object,
                record=record_id,
                field=missing[0],
            )
        return flat(body)

    def create(self, object: str, fields: Mapping[str, Any]) -> str:
        """Create a record and return its id. Sent once; UnknownOutcomeError when no answer came."""
        response = self._transport.write(
            "POST", f"{self._root}/sobjects/{object}", object=object, record=None, **_json(fields)
        )
        return self._made_id(response.content, object)

    def update(
        self,
        object: str,
        record_id: str,
        fields: Mapping[str, Any],
        *,
        if_unmodified_since: datetime | None = None,
    ) -> None:
        """Change fields of a record; None clears one.

        `if_unmodified_since` refuses with ConflictError when the record is newer; it has the precision of a
        second, so the caller still compares values. Sent once; UnknownOutcomeError when no answer came.
        """
        request = _json(fields)
        if if_unmodified_since is not None:
            request["headers"]["If-Unmodified-Since"] = format_datetime(
                if_unmodified_since.astimezone(UTC), usegmt=True
            )
        path = f"{self._root}/sobjects/{object}/{quote(record_id, safe='')}"
        self._transport.write("PATCH", path, object=object, record=record_id, **request)

    def upsert(self, object: str, ext_field: str, ext_value: str, fields: Mapping[str, Any]) -> str | None:
        """Create or update by external id; the record's id, or None when the org did not say.

        PermanentError when several records hold that external id.
        """
        path = f"{self._root}/sobjects/{object}/{ext_field}/{quote(ext_value, safe='')}"
        response = self._transport.write(
            "PATCH", path, object=object, record=f"{ext_field}={ext_value}", **_json(fields)
        )
        return self._made_id(response.content, object) if response.content else None

    def describe(self, object: str) -> dict[str, dict[str, Any]]:
        """Field name -> what the org says about it; only fields these credentials may see."""
        response = self._transport.read("GET", f"{self._root}/sobjects/{object}/describe", object=object)
        listed = self._object(response.content, object).get("fields")
        if not isinstance(listed, list) or not all(
            isinstance(item, dict) and "name" in item for item in listed
        ):
            raise MalformedResponseError(
                "describe lists no fields.", instance=self.instance, object=object, field="fields"
            )
        return {item["name"]: item for item in listed}

    def deleted(self, object: str, start: datetime, end: datetime) -> list[tuple[str, datetime]]:
        """(id, moment) of records deleted between two moments, at most 15 days back, in whole minutes."""
        span = {name: moment.astimezone(UTC).isoformat() for name, moment in (("start", start), ("end", end))}
        response = self._transport.read(
            "GET", f"{self._root}/sobjects/{object}/deleted/", object=object, params=span
        )
        listed = self._object(response.content, object).get("deletedRecords")
        if not isinstance(listed, list):
            raise MalformedResponseError(
                "the deleted feed is not a list.",
                instance=self.instance,
                object=object,
                field="deletedRecords",
            )
        return [(item["id"], datetime.fromisoformat(item["deletedDate"])) for item in listed]

    def limits(self) -> dict[str, Any]:
        """Quotas of the org: name -> {"Max", "Remaining"}."""
        response = self._transport.read("GET", f"{self._root}/limits", object="limits")
        return self._object(response.content, "limits")

    def _first_page(self, soql: str, object: str, batch_rows: int = _BATCH_ROWS) -> Page:
        response = self._transport.read(
            "GET",
            f"{self._root}/queryAll",
            object=object,
            params={"q": soql},
            headers={"Sforce-Query-Options": f"batchSize={batch_rows}"},
        )
        return parse_page(self.instance, response, object=object)

    def _following(self, page: Page, object: str) -> Iterator[list[Row]]:
        total, came = page.total, len(page.rows)
        yield page.rows
        while page.next_url is not None:
            response = self._transport.read("GET", page.next_url, object=object)
            page = parse_page(self.instance, response, object=object)
            came += len(page.rows)
            yield page.rows
        if came != total:
            raise MalformedResponseError(
                f"{total} rows were announced and {came} came.", instance=self.instance, object=object
            )

    def _object(self, content: bytes, object: str) -> dict[str, Any]:
        body = exact_json(self.instance, content, object=object)
        if not isinstance(body, dict):
            raise MalformedResponseError(
                "the answer is not an object.", instance=self.instance, object=object
            )
        return body

    def _made_id(self, content: bytes, object: str) -> str:
        made = self._object(content, object).get("id")
        if not isinstance(made, str):
            raise MalformedResponseError(
                "the answer to a write has no id.", instance=self.instance, object=object, field="id"
            )
        return made


def _json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Body and headers of a write. Raises ValueError for a decimal JSON cannot carry exactly."""
    body = json.dumps({name: _plain(name, value) for name, value in fields.items()})
    return {"data": body.encode(), "headers": {"Content-Type": "application/json"}}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        if Decimal(repr(float(value))) != value:
            raise ValueError(f"{name}: {value} has too many digits for the vendor's number format")
        return float(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{name}: a moment needs a time zone")
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else value
