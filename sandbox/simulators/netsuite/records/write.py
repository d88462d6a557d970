"""Create, change, upsert and delete records; every change is stamped by the account's clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sandbox.simulators.netsuite.errors import ApiError, user_error
from sandbox.simulators.netsuite.records import invoices, rules
from sandbox.simulators.netsuite.records.read import Reader
from sandbox.simulators.netsuite.records.types import RecordType, Sublist
from sandbox.simulators.netsuite.records.user_events import UserEvents
from sandbox.simulators.netsuite.records.values import Parser
from sandbox.simulators.netsuite.suiteql.moments import utc_text
from sandbox.simulators.store import Store

Body = Mapping[str, Any]


class Writer:
    """Applies one write at a time; a refused write leaves nothing behind."""

    def __init__(self, store: Store, clock: Callable[[], datetime], events: UserEvents) -> None:
        self.store = store
        self.clock = clock
        self.events = events
        self.reader = Reader(store, {})

    def create(self, kind: RecordType, body: Body, parser: Parser, external_id: str | None = None) -> str:
        """Create a record and return its id."""
        if not kind.creatable:
            raise ApiError(400, "INVALID_REQUEST", f"Record type {kind.name} cannot be created here.")
        scalars, lines = _split(kind, body)
        values = parser.parse(scalars, kind.fields)
        if external_id is not None:
            values["externalid"] = external_id
        now = utc_text(self.clock())
        with self.store.transaction():
            self._check_external_id(kind, values.get("externalid"))
            key = self.store.next_id(kind.table)
            values |= {kind.key: key, **kind.only}
            values |= {
                column: now for column in ("createddate", "datecreated") if column in self._columns(kind)
            }
            if kind.table == "transaction":
                invoices.complete(self.store, values)
            if kind.name == "charge":
                values.setdefault("stage", "HOLD")
                rules.check_charge(None, values)
            self.store.load(kind.table, [self._stamped(kind, values, now)])
            self._lines(kind, key, lines, parser, frozenset(), now)
            if kind.table == "transaction":
                invoices.total(self.store, key, now)
            self.events.after_submit(kind.name, key, "create")
        return key

    def update(
        self, kind: RecordType, key: str, body: Body, parser: Parser, replace: frozenset[str] = frozenset()
    ) -> str:
        """Change the fields sent; sublists merge by key, append when not keyed, or are replaced."""
        scalars, lines = _split(kind, body)
        changes = parser.parse(scalars, kind.fields)
        now = utc_text(self.clock())
        with self.store.transaction():
            before = self.reader.find(kind, key)
            record = str(before[kind.key])
            if kind.table == "transaction":
                invoices.apply_approval(self.store, before, changes)
                rules.check_invoice_change(self.store, before, changes, bool(lines))
            if kind.name == "charge":
                rules.check_charge(before, changes)
            self.store.upsert(kind.table, record, self._stamped(kind, changes, now))
            self._lines(kind, record, lines, parser, replace, now)
            if kind.table == "transaction" and lines:
                invoices.total(self.store, record, now)
            self.events.after_submit(kind.name, record, "edit")
        return record

    def upsert(
        self,
        kind: RecordType,
        external_id: str,
        body: Body,
        parser: Parser,
        replace: frozenset[str] = frozenset(),
    ) -> str:
        """Create or change the record with this external id."""
        with self.store.transaction():
            if self.reader.lookup(kind, f"eid:{external_id}") is None:
                return self.create(kind, body, parser, external_id)
            return self.update(kind, f"eid:{external_id}", body, parser, replace)

    def delete(self, kind: RecordType, key: str) -> None:
        """Remove a record and list it among the deleted ones (its lines are not listed)."""
        with self.store.transaction():
            row = self.reader.find(kind, key)
            record = str(row[kind.key])
            if kind.table == "transaction":
                self._check_deletable(row)
                self.store.connection.execute('delete from transactionline where "transaction" = ?', [record])
            if kind.name == "charge":
                rules.check_charge(row, {})
            self.store.delete(kind.table, record)
            deleted = {
                "recordid": record,
                "recordtypeid": kind.type_id,
                "type": kind.only.get("type", kind.name),
            }
            deleted |= {"name": row.get(kind.label), "deleteddate": utc_text(self.clock())}
            self.store.load("deletedrecord", [deleted])
            self.events.after_submit(kind.name, record, "delete")

    def _check_deletable(self, row: dict[str, Any]) -> None:
        links = self.store.query(
            "select 1 from nexttransactionlinelink where previousdoc = ? or nextdoc = ? limit 1",
            [row["id"], row["id"]],
        )
        if links:
            raise user_error(
                "This transaction cannot be deleted because it is linked to by other transactions."
            )
        if row["posting"]:
            rules.check_period_open(self.store, row["postingperiod"])

    def _lines(
        self,
        kind: RecordType,
        record: str,
        sent: Mapping[str, Any],
        parser: Parser,
        replace: frozenset[str],
        now: str,
    ) -> None:
        for name, value in sent.items():
            sublist = kind.sublists[name]
            items = value.get("items", []) if isinstance(value, dict) else value
            if name in replace:
                self._clear(sublist, record)
            for number, item in enumerate(items):
                self._line(sublist, record, item, parser, f"{name}.items[{number}].", now)

    def _clear(self, sublist: Sublist, record: str) -> None:
        keep = " and mainline = 0" if sublist.table == "transactionline" else ""
        self.store.connection.execute(
            f'delete from "{sublist.table}" where "{sublist.parent}" = ?{keep}', [record]
        )

    def _line(self, sublist: Sublist, record: str, item: Body, parser: Parser, path: str, now: str) -> None:
        values = parser.parse(item, sublist.fields, path)
        key = item.get(sublist.key_field) if sublist.key_field else None
        if sublist.table == "transactionline":
            invoices.put_line(self.store, record, None if key is None else int(key), values, path, now)
            return
        address = values.pop("addressbookaddress", None)
        if address is not None:
            values["addressbookaddress"] = self.store.next_id("entityaddress")
            self.store.load("entityaddress", [{"nkey": values["addressbookaddress"], **address}])
            if values.get("defaultbilling"):
                change = {"defaultbillingaddress": values["addressbookaddress"]}
                self.store.upsert("customer", record, change)
        values |= {sublist.parent: record, sublist.key_column: self.store.next_id(sublist.table)}
        self.store.load(sublist.table, [values])

    def _check_external_id(self, kind: RecordType, external_id: str | None) -> None:
        if external_id and self.reader.lookup(kind, f"eid:{external_id}") is not None:
            raise user_error("This entity already exists.")

    def _columns(self, kind: RecordType) -> Mapping[str, str]:
        return self.store.tables[kind.table]

    def _stamped(self, kind: RecordType, values: dict[str, Any], now: str) -> dict[str, Any]:
        known = {name: value for name, value in values.items() if name in self._columns(kind)}
        return known | ({kind.stamp: now} if kind.stamp else {})


def _split(kind: RecordType, body: Body) -> tuple[dict[str, Any], dict[str, Any]]:
    """Body fields and sublists apart."""
    scalars = {name: value for name, value in body.items() if name not in kind.sublists}
    return scalars, {name: value for name, value in body.items() if name in kind.sublists}
