"""Query results: pages of records, from JSON and from Bulk CSV, checked against what the org announced."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

import requests

from connectors.errors import MalformedResponseError

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a REST query."""

    rows: list[Row]
    total: int  # rows of the whole result
    next_url: str | None


def quoted(text: str) -> str:
    """A SOQL string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def exact_json(instance: str, content: bytes, *, object: str | None) -> Any:
    """Decode JSON with decimals as text, digit for digit as sent: money must not pass through floats.

    Raises MalformedResponseError naming the object.
    """
    try:
        return json.loads(content, parse_float=str)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise MalformedResponseError(
            f"the body is not JSON ({len(content)} bytes).",
            instance=instance,
            object=object,
            hint="run the sync again; if it repeats, the vendor or a gateway cuts answers short.",
        ) from error


def parse_page(instance: str, response: requests.Response, *, object: str) -> Page:
    """One page of `/query`. Raises MalformedResponseError when it is not what the vendor documents."""
    body = exact_json(instance, response.content, object=object)

    def broken(what: str, field: str) -> MalformedResponseError:
        return MalformedResponseError(what, instance=instance, object=object, field=field)

    if not isinstance(body, dict):
        raise broken("a query page must be an object.", "records")
    records, total, done = body.get("records"), body.get("totalSize"), body.get("done")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise broken("records is not a list of records.", "records")
    if not isinstance(total, int) or not isinstance(done, bool):
        raise broken("totalSize or done is missing.", "totalSize" if isinstance(done, bool) else "done")
    next_url = None if done else body.get("nextRecordsUrl")
    if not done and not isinstance(next_url, str):
        raise broken("an unfinished page names no next page.", "nextRecordsUrl")
    return Page(rows=[flat(record) for record in records], total=total, next_url=next_url)


def flat(record: Row) -> Row:
    """The record without `attributes`; a parent's fields become `Account.Name`."""
    row: Row = {}
    for name, value in record.items():
        if name == "attributes":
            continue
        if isinstance(value, dict) and "attributes" in value:
            row |= {f"{name}.{inner}": held for inner, held in flat(value).items()}
        else:
            row[name] = value
    return row


def parse_csv(
    instance: str, response: requests.Response, header: list[str] | None, *, object: str
) -> tuple[list[str], list[Row]]:
    """One page of Bulk results; "" is null, as the vendor's CSV has no other sign for it.

    The header row is dropped wherever it comes: some orgs repeat it on every page. Raises
    MalformedResponseError when a row is cut or the count differs from the announced one.
    """
    lines = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), strict=False))
    if header is None:
        if not lines:
            raise MalformedResponseError(
                "the first page has no header row.", instance=instance, object=object
            )
        header, lines = lines[0], lines[1:]
    elif lines and lines[0] == header:
        lines = lines[1:]
    if any(len(line) != len(header) for line in lines):
        raise MalformedResponseError("a row has too few or too many cells.", instance=instance, object=object)
    announced = response.headers.get("Sforce-NumberOfRecords", "")
    if announced.isdigit() and int(announced) != len(lines):
        raise MalformedResponseError(
            f"{announced} rows were announced and {len(lines)} came.", instance=instance, object=object
        )
    return header, [{name: cell or None for name, cell in zip(header, line, strict=True)} for line in lines]
