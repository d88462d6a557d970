"""Values between the store and the wire."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.simulators.salesforce.fields import SField
from sandbox.simulators.salesforce.soql import Output, Query

API_VERSION = "66.0"
STAMP = "%Y-%m-%dT%H:%M:%SZ"
_DECIMAL = frozenset({"currency", "percent", "double"})


def stamp(moment: datetime) -> str:
    """A moment as the store writes it."""
    return moment.astimezone(UTC).strftime(STAMP)


def rest_value(field: SField, value: Any) -> Any:
    """A store value as REST JSON shows it: money as numbers, moments with `.000+0000`."""
    if field.type == "boolean":
        return bool(value)
    if value is None:
        return None
    if field.type in _DECIMAL:
        return float(value)
    if field.type == "datetime":
        return rest_stamp(value)
    return value


def rest_stamp(value: str) -> str:
    """`2026-06-30T18:00:00Z` as `2026-06-30T18:00:00.000+0000`."""
    return value.removesuffix("Z") + ".000+0000"


def csv_value(field: SField, value: Any) -> str:
    """A store value as Bulk 2.0 CSV shows it."""
    if field.type == "boolean":
        return "true" if value else "false"
    if value is None:
        return ""
    if field.type == "datetime":
        return str(value).removesuffix("Z") + ".000Z"
    return str(value)


def attributes(object_name: str, record_id: str | None, version: str) -> dict[str, str]:
    """The `attributes` entry of a record."""
    return {"type": object_name, "url": f"/services/data/v{version}/sobjects/{object_name}/{record_id}"}


def rest_record(query: Query, row: dict[str, Any], version: str) -> dict[str, Any]:
    """One result row as a nested record; a missing parent shows as null."""
    if query.aggregate:
        record: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        return record | {out.path[0]: rest_value(out.field, row[out.column]) for out in query.outputs}
    own_id = next((row[out.column] for out in query.outputs if out.path == ("Id",)), None)
    record = {"attributes": attributes(query.object.name, own_id, version)}
    for out in query.outputs:
        _place(record, out, row, version)
    return record


def _place(record: dict[str, Any], out: Output, row: dict[str, Any], version: str) -> None:
    node = record
    for step, (column, object_name) in zip(out.path[:-1], out.parents, strict=True):
        if row[column] is None:
            node[step] = None
            return
        node = node.setdefault(step, {"attributes": attributes(object_name, row[column], version)})
    node[out.path[-1]] = rest_value(out.field, row[out.column])


def csv_page(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """One page of Bulk results: the header again on every page, every cell quoted."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
