"""The keyed-results envelope: `results` says which records and in what order, the maps only hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import MalformedResponseError

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One answer, taken apart."""

    records: list[Record]  # in the order of `results`; ids and foreign keys are text
    side: Mapping[str, Mapping[str, Record]]  # every id-keyed map of the body, side loads included
    count: int  # rows that match, over all pages
    page_count: int | None  # None in answers of the API's first years, which had no `meta`
    page_size: int | None


def parse(body: Any, collection: str, *, instance: str) -> Page:
    """Take an answer apart.

    Raises MalformedResponseError naming collection and record when the body is not the documented envelope.
    """
    if not isinstance(body, dict) or not isinstance(body.get("results"), list):
        raise _malformed(instance, collection, "the body has no `results` list.")
    held: dict[str, dict[str, Record]] = {key: value for key, value in body.items() if _is_map(key, value)}
    records = [_record(held, entry, collection, instance) for entry in body["results"]]
    cast_ids(records)
    meta = body.get("meta")
    numbers = meta if isinstance(meta, dict) else {}
    return Page(
        records=records,
        side=held,
        count=_number(body.get("count"), "count", instance, collection),
        page_count=_optional(numbers, "page_count", instance, collection),
        page_size=_optional(numbers, "page_size", instance, collection),
    )


def cast_ids(records: list[Record]) -> None:
    """Make `id`, `*_id` and `*_ids` text in place: a few foreign keys arrive as integers."""
    names: tuple[str, ...] = ()
    known: Any = None
    for record in records:
        if known is None or record.keys() != known:
            known = record.keys()
            names = tuple(name for name in record if name == "id" or name.endswith(("_id", "_ids")))
        for name in names:
            value = record[name]
            if value is None or type(value) is str:
                continue
            record[name] = [str(item) for item in value] if isinstance(value, list) else str(value)


def _record(held: dict[str, dict[str, Record]], entry: Any, collection: str, instance: str) -> Record:
    if not isinstance(entry, dict) or "key" not in entry or "id" not in entry:
        raise _malformed(instance, collection, "an entry of `results` lacks key or id.")
    key, record_id = entry["key"], str(entry["id"])
    if key != collection:
        raise _malformed(instance, collection, f"`results` lists {key!r} records.", record_id)
    record = held.get(key, {}).get(record_id)
    if not isinstance(record, dict):
        raise _malformed(
            instance, collection, "`results` lists a record that the body does not hold.", record_id
        )
    if str(record.get("id", record_id)) != record_id:
        raise _malformed(instance, collection, "the record carries another id than its key.", record_id, "id")
    record["id"] = record_id
    return record


def _is_map(key: str, value: Any) -> bool:
    return key not in ("results", "meta", "count", "errors") and isinstance(value, dict)


def _optional(meta: Mapping[str, Any], name: str, instance: str, collection: str) -> int | None:
    return _number(meta[name], name, instance, collection) if name in meta else None


def _number(value: Any, name: str, instance: str, collection: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _malformed(instance, collection, f"{name} is not a whole number.", field=name)
    return value


def _malformed(
    instance: str, collection: str, message: str, record: str | None = None, field: str | None = None
) -> MalformedResponseError:
    return MalformedResponseError(
        message,
        instance=instance,
        object=collection,
        record=record,
        field=field,
        hint="run the sync again; if it repeats, the vendor changed its answers or a gateway edits them.",
    )
