"""Reads one Kantata OX tenant: changed rows with their custom values, and what was deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from config.schema import Instance
from connectors.errors import MalformedResponseError, PermanentError, UnauthorizedError
from connectors.kantata import KantataClient, Page
from ingestion.extract import ExtractContext, Tombstone
from ingestion.sources.kantata.tables import REFERENCED_SUBJECTS, RESOURCES, Resource
from ingestion.tables import Table

Row = dict[str, Any]

#: The event feed is kept 9 days; a longer gap than this is closed by comparing ids instead.
LONGEST_FEED_GAP = timedelta(days=6)
#: Events arrive minutes late and out of order.
FEED_OVERLAP = timedelta(hours=6)
#: More of a table than this vanishing at once looks like a lost right, not like deletions.
LARGEST_VANISHING_SHARE = 0.5
VANISHING_MINIMUM_ROWS = 20

_SECOND = timedelta(seconds=1)
_ONLY_AT_ONCE = 100
_CURRENCIES_WITHOUT_MINOR_UNITS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "XPF", "UGX"})


def build_source(instance: Instance, *, client: KantataClient, context: ExtractContext) -> KantataExtract:
    """The extract of one tenant. Raises PermanentError when the estate does not say if it has the event feed."""
    return KantataExtract(instance, client, context)


class KantataExtract:
    """Pages and tombstones of one tenant, as `ingestion.extract.Extract` describes them."""

    def __init__(self, instance: Instance, client: KantataClient, context: ExtractContext) -> None:
        if not isinstance(instance.options.get("subscribed_events"), bool):
            raise PermanentError(
                "the estate does not say whether the account has the Subscribed Events add-on.",
                instance=instance.name,
                field="options.subscribed_events",
                hint="set it to true or false in config/estate.yml.",
            )
        self._instance = instance
        self._client = client
        self._context = context
        self._read_whole: dict[str, set[str]] = {}  # raw table -> ids seen by a read of everything

    def pages(self, table: str, since: datetime | None, until: datetime) -> Iterator[list[Row]]:
        """Rows changed in [since, until]; without `since` everything the tenant has, so that nothing hides.

        Raises UnauthorizedError naming the financial fields the token may not see.
        """
        declared, resource = self._context.tables[table], RESOURCES[table]
        whole = since is None or declared.cursor is None
        seen = self._read_whole.setdefault(table, set()) if whole else set()
        for page in self._walks(table, resource, {} if whole else _window(since, until)):
            rows = self._rows(declared, resource, page)
            seen.update(row["id"] for row in rows)
            yield rows
        if not whole and resource.subject and _custom(declared):
            yield from self._with_changed_values(declared, resource, since, until, seen)

    def tombstones(
        self, since: datetime | None, until: datetime, known_ids: Callable[[str], set[str]]
    ) -> Iterator[Tombstone]:
        """Deletions: from what a whole read missed, from the event feed, or from an id sweep after a long gap."""
        swept = [name for name, table in self._context.tables.items() if table.deletes in _SWEPT]
        if since is None:
            if self._context.full:
                for name in swept:
                    yield from self._missing(name, known_ids(name), until)
            return
        if not self._instance.options["subscribed_events"]:
            return
        if until - since > LONGEST_FEED_GAP:
            for name in swept:
                if known := known_ids(name):
                    yield from self._missing(name, known, until)
            return
        yield from self._deleted_events(since - FEED_OVERLAP, until)

    def _walks(self, table: str, resource: Resource, params: Mapping[str, str]) -> Iterator[Page]:
        include = ("custom_field_values",) if _custom(self._context.tables[table]) else ()
        ordered = (
            {**params, "order": "updated_at:asc"} if self._context.tables[table].cursor else dict(params)
        )
        if table != "external_reference":
            yield from self._client.walk(resource.collection, ordered, include)
            return
        for subject in REFERENCED_SUBJECTS:
            yield from self._client.walk(resource.collection, {**ordered, "subject_type": subject})

    def _with_changed_values(
        self, table: Table, resource: Resource, since: datetime | None, until: datetime, seen: set[str]
    ) -> Iterator[list[Row]]:
        """Subjects whose custom values changed while they themselves did not."""
        window = {**_window(since, until), "subject_type": str(resource.subject), "order": "updated_at:asc"}
        changed = {
            value["subject_id"]
            for page in self._client.pages("custom_field_values", window)
            for value in page
        }
        waiting = sorted(changed - seen)
        for start in range(0, len(waiting), _ONLY_AT_ONCE):
            only = {"only": ",".join(waiting[start : start + _ONLY_AT_ONCE])}
            for page in self._walks(table.name, resource, only):
                yield self._rows(table, resource, page)

    def _rows(self, table: Table, resource: Resource, page: Page) -> list[Row]:
        self._require_financial(table, resource, page.records)
        finish = _FINISH.get(table.name)
        for row in page.records:
            if finish is not None:
                finish(row)
        if custom := _custom(table):
            self._attach_values(table, custom, page)
        _drop(page.records, resource.ignored)
        return page.records

    def _require_financial(self, table: Table, resource: Resource, rows: Sequence[Row]) -> None:
        for row in rows:
            missing = [name for name in resource.financial if name not in row]
            if missing:
                raise UnauthorizedError(
                    "the token may not see money, so a missing figure would look like an empty one.",
                    instance=self._instance.name,
                    object=table.name,
                    record=str(row.get("id")),
                    field=", ".join(missing),
                    hint="use the token of an administrator with financial access.",
                )

    def _attach_values(self, table: Table, custom: Mapping[str, str], page: Page) -> None:
        """Put each custom value on its subject's row under the vendor's field name."""
        for name in custom:
            if self._client.custom_field_id(table.vendor_object, name) is None:
                raise PermanentError(
                    f"the account has no custom field {name!r} on {table.vendor_object}.",
                    instance=self._instance.name,
                    object=table.name,
                    field=name,
                    hint="correct custom_fields in config/estate.yml or restore the field at the vendor.",
                )
        values = page.side.get("custom_field_values", {})
        for row in page.records:
            row.update(dict.fromkeys(custom))
            for value_id in row.get("custom_field_value_ids", ()):
                value = values.get(value_id)
                if value is None:
                    raise self._lost_value(table, row["id"], value_id)
                if value["custom_field_name"] in custom:
                    row[value["custom_field_name"]] = value["value"]

    def _lost_value(self, table: Table, record: str, value_id: str) -> MalformedResponseError:
        return MalformedResponseError(
            f"custom value {value_id} is listed but not included in the page.",
            instance=self._instance.name,
            object=table.name,
            record=record,
            field="custom_field_value_ids",
        )

    def _sweep(self, table: str) -> set[str]:
        resource = RESOURCES[table]
        if table != "external_reference":
            return {row["id"] for page in self._client.pages(resource.collection) for row in page}
        return {
            row["id"]
            for subject in REFERENCED_SUBJECTS
            for page in self._client.pages(resource.collection, {"subject_type": subject})
            for row in page
        }

    def _missing(self, table: str, known: set[str], until: datetime) -> Iterator[Tombstone]:
        present = self._read_whole[table] if table in self._read_whole else self._sweep(table)
        gone = known - present
        if len(known) >= VANISHING_MINIMUM_ROWS and len(gone) > LARGEST_VANISHING_SHARE * len(known):
            raise UnauthorizedError(
                f"{len(gone)} of {len(known)} known records are no longer shown.",
                instance=self._instance.name,
                object=table,
                hint="that looks like a lost right of the token's user, not like deletions; nothing was marked.",
            )
        for record_id in sorted(gone):
            yield Tombstone(object=table, record_id=record_id, deleted_at=until, origin="sweep")

    def _deleted_events(self, since: datetime, until: datetime) -> Iterator[Tombstone]:
        tables = {
            f"{resource.event}:deleted": name
            for name, resource in RESOURCES.items()
            if resource.event and self._context.tables[name].deletes == "deleted_feed"
        }
        events = [
            event for page in self._client.events(sorted(tables), since, until + _SECOND) for event in page
        ]
        for event in sorted(events, key=lambda event: _moment(event["subject_changed_at"])):
            yield Tombstone(
                object=tables[event["event_type"]],
                record_id=event["subject_id"],
                deleted_at=_moment(event["subject_changed_at"]),
                origin="deleted_feed",
            )


_SWEPT = ("deleted_feed", "sweep")


def _window(since: datetime | None, until: datetime) -> dict[str, str]:
    """`updated_after` and `updated_before` leave their own second out; both ends belong to the window."""
    if since is None:
        return {}
    return {
        "updated_after": (since - _SECOND).isoformat(timespec="seconds"),
        "updated_before": (until + _SECOND).isoformat(timespec="seconds"),
    }


def _custom(table: Table) -> dict[str, str]:
    """Vendor name -> stable name of the custom fields this instance maps."""
    return {column.source: column.name for column in table.columns if column.custom and column.source}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _drop(rows: Sequence[Row], ignored: frozenset[str]) -> None:
    for row in rows:
        for name in ignored & row.keys():
            del row[name]


def _finish_workspace(row: Row) -> None:
    status = row.get("status")
    row["status_key"] = status.get("key") if isinstance(status, dict) else None


def _finish_invoice(row: Row) -> None:
    listed = row.get("workspace_ids") or []
    row["workspace_id"] = listed[0] if listed else None


def _finish_expense(row: Row) -> None:
    if row.get("currency_base_unit") is None and row.get("currency"):
        row["currency_base_unit"] = 1 if row["currency"] in _CURRENCIES_WITHOUT_MINOR_UNITS else 100


_FINISH: Mapping[str, Callable[[Row], None]] = {
    "workspace": _finish_workspace,
    "invoice": _finish_invoice,
    "expense": _finish_expense,
}
