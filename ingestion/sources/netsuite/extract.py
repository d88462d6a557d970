"""Reads one NetSuite account: SuiteQL by key, stamps from the account's zone to UTC, whole transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.schema import Instance
from connectors.errors import MalformedResponseError, PermanentError
from connectors.netsuite import NetSuiteClient, Select, literal
from ingestion.extract import ExtractContext, Tombstone, TombstoneOrigin
from ingestion.sources.netsuite.tables import TRANSACTION_TYPES
from ingestion.tables import Column, Table

DATE_FORMAT = "YYYY-MM-DD"
STAMP_FORMAT = "YYYY-MM-DD HH24:MI:SS"
#: More of a table than this vanishing at once looks like a lost right, not like deletions.
LARGEST_VANISHING_SHARE = 0.5
VANISHING_MINIMUM_ROWS = 20

# deletedrecord.type in lower case -> raw table. Transactions are listed by type code or by record name; other
# types are not landed.
DELETED_TYPES: Mapping[str, str] = {
    "customer": "customer",
    "job": "job",
    "charge": "charge",
    "custinvc": "transaction",
    "custcred": "transaction",
    "custpymt": "transaction",
    "invoice": "transaction",
    "creditmemo": "transaction",
    "customerpayment": "transaction",
    "journal": "transaction",
    "journalentry": "transaction",
    "fxreval": "transaction",
}
_FLAGS = {"T": True, "F": False}
_TYPES = ", ".join(literal(kind) for kind in TRANSACTION_TYPES)
_LINES = frozenset({"transactionline", "transactionaccountingline"})  # read whole with their transaction
_NOT_NUMERIC = frozenset({"linktype"})


def build_source(instance: Instance, *, client: NetSuiteClient, context: ExtractContext) -> NetSuiteExtract:
    """The extract of one account."""
    return NetSuiteExtract(instance, client, context)


@dataclass(frozen=True)
class _Children:
    """Rows that live and die with a transaction and never appear among the deleted records."""

    table: str
    parent: str  # column with the transaction's id
    position: int  # of the parent's id in the record id


_CHILDREN = (
    _Children("transactionline", "transaction", 0),
    _Children("transactionaccountingline", "transaction", 0),
    _Children("nexttransactionlinelink", "nextdoc", 1),
    _Children("nexttransactionlinelink", "previousdoc", 0),
)


class NetSuiteExtract:
    """Reads one account. Columns under `options.hidden_columns` are not asked for and land as null."""

    def __init__(self, instance: Instance, client: NetSuiteClient, context: ExtractContext) -> None:
        self._client = client
        self._tables = context.tables
        self._instance = instance
        hidden = instance.options.get("hidden_columns", {})
        self._hidden: dict[str, frozenset[str]] = {name: frozenset(listed) for name, listed in hidden.items()}
        self._seen: dict[str, set[str]] = {}

    def pages(self, table: str, since: datetime | None, until: datetime) -> Iterator[list[dict[str, Any]]]:
        """Rows changed in [since, until]; lines come with all lines of a transaction that changed."""
        declared = self._tables[table]
        select = self._select(declared, self._where(declared, since, until))
        seen = self._seen[table] = set()
        for page in self._client.suiteql_pages(select):
            seen.update(key for row in page if (key := _key(declared, row)))
            yield [self._row(declared, row, until) for row in page]

    def tombstones(
        self, since: datetime | None, until: datetime, known_ids: Callable[[str], set[str]]
    ) -> Iterator[Tombstone]:
        """Deleted records with their lines and links, and lines that left a changed transaction.

        On a run that reads everything (`since` None) whatever it did not show and the account no longer has is gone,
        so that a change missed before cannot last. What is deleted behind the reader's back is in the next run's feed.
        """
        if since is None:
            for name, declared in self._tables.items():
                if declared.deletes == "deleted_feed":
                    yield from self._absent(declared, known_ids(name), until)
            return
        yield from self._deleted(since, until, known_ids)
        yield from self._replaced(since, until, known_ids)

    def _deleted(
        self, since: datetime, until: datetime, known_ids: Callable[[str], set[str]]
    ) -> Iterator[Tombstone]:
        select = Select(
            columns={
                "recordid": "recordid",
                "recordtypeid": "recordtypeid",
                "type": "type",
                "deleteddate": f"TO_CHAR(deleteddate, '{STAMP_FORMAT}')",
            },
            table="deletedrecord",
            key=("recordid", "recordtypeid"),
            numeric=frozenset({"recordid", "recordtypeid"}),
            where=f"deleteddate >= {self._client.time.lower_bound(since)}",
        )
        for page in self._client.suiteql_pages(select):
            for row in page:
                table = DELETED_TYPES.get(row.get("type", "").lower())
                if table is None:
                    continue
                moment = self._moment(row.get("deleteddate"), "deletedrecord", "deleteddate", until)
                yield _stone(table, row["recordid"], moment, "deleted_feed")
                if table == "transaction":
                    yield from self._orphans({row["recordid"]}, moment, known_ids)

    def _orphans(
        self, transactions: set[str], moment: datetime, known_ids: Callable[[str], set[str]]
    ) -> Iterator[Tombstone]:
        for child in _CHILDREN:
            for record in sorted(known_ids(child.table)):
                if record.split("|")[child.position] in transactions:
                    yield _stone(child.table, record, moment, "deleted_feed")

    def _replaced(
        self, since: datetime, until: datetime, known_ids: Callable[[str], set[str]]
    ) -> Iterator[Tombstone]:
        """Lines and links we hold of changed transactions that the account no longer has."""
        changed = self._column("transaction", "id", self._changed(since, until))
        for child in _CHILDREN:
            held = {
                record for record in known_ids(child.table) if record.split("|")[child.position] in changed
            }
            if held:
                where = f"{child.parent} IN ({self._changed_ids(since, until)})"
                for record in sorted(held - self._keys(self._tables[child.table], where)):
                    yield _stone(child.table, record, until, "line_replace")

    def _absent(self, declared: Table, known: set[str], until: datetime) -> Iterator[Tombstone]:
        unseen = known - self._seen[declared.name]
        if not unseen:
            return
        gone = unseen - self._keys(declared, self._scope(declared))
        if len(known) >= VANISHING_MINIMUM_ROWS and len(gone) > len(known) * LARGEST_VANISHING_SHARE:
            raise PermanentError(
                f"{len(gone)} of {len(known)} records are gone at once; none is taken for deleted.",
                instance=self._instance.name,
                object=declared.name,
                hint="check the integration role's permissions and subsidiary restrictions.",
            )
        for record in sorted(gone):
            yield _stone(declared.name, record, until, "sweep")

    def _keys(self, declared: Table, where: str) -> set[str]:
        sources = [declared.column(name).source for name in declared.key]
        select = Select(
            columns={source: source for source in sources},
            table=declared.name,
            key=sources,
            numeric=frozenset(sources) - _NOT_NUMERIC,
            where=where,
        )
        return {
            key for page in self._client.suiteql_pages(select) for row in page if (key := _key(declared, row))
        }

    def _column(self, table: str, column: str, where: str) -> set[str]:
        select = Select(
            columns={column: column}, table=table, key=(column,), numeric=frozenset({column}), where=where
        )
        return {row[column] for page in self._client.suiteql_pages(select) for row in page}

    def _select(self, declared: Table, where: str) -> Select:
        hidden = self._hidden.get(declared.name, frozenset())
        wanted = [column for column in declared.columns if column.source and column.source not in hidden]
        key = [declared.column(name).source for name in declared.key]
        return Select(
            columns={column.source: _expression(column) for column in wanted},
            table=declared.name,
            key=key,
            numeric=frozenset(key) - _NOT_NUMERIC,
            where=where,
        )

    def _where(self, declared: Table, since: datetime | None, until: datetime) -> str:
        scope = self._scope(declared)
        if since is None or declared.cursor is None:
            return scope
        if declared.name in _LINES:
            touched = self._window(declared.column(declared.cursor).source, since, until)
            lines = f"SELECT transaction FROM {declared.name} WHERE {touched}"  # noqa: S608 - our own text
            return f"transaction IN ({self._changed_ids(since, until)}) OR transaction IN ({lines})"
        window = self._window(declared.column(declared.cursor).source, since, until)
        return f"{scope} AND {window}" if scope else window

    def _scope(self, declared: Table) -> str:
        if declared.name == "transaction":
            return f"type IN ({_TYPES})"
        if declared.name in _LINES:
            return f"transaction IN (SELECT id FROM transaction WHERE type IN ({_TYPES}))"  # noqa: S608
        return ""

    def _changed(self, since: datetime, until: datetime) -> str:
        return f"type IN ({_TYPES}) AND {self._window('lastmodifieddate', since, until)}"

    def _changed_ids(self, since: datetime, until: datetime) -> str:
        return f"SELECT id FROM transaction WHERE {self._changed(since, until)}"  # noqa: S608 - our own text

    def _window(self, column: str, since: datetime, until: datetime) -> str:
        time = self._client.time
        return f"{column} >= {time.lower_bound(since)} AND {column} <= {time.upper_bound(until)}"

    def _row(self, declared: Table, row: dict[str, str], until: datetime) -> dict[str, Any]:
        typed: dict[str, Any] = dict(row)
        for column in declared.columns:
            value = row.get(column.source)
            if value is None:
                continue
            if column.type == "bool":
                typed[column.source] = _FLAGS.get(value, value)
            elif column.type == "timestamp":
                typed[column.source] = self._stamp(value, until)
        return typed

    def _stamp(self, text: str, until: datetime) -> datetime | str:
        """The UTC moment; a text in another form goes on as it is and is refused at landing."""
        try:
            return self._client.time.from_account(text, until)
        except (ValueError, TypeError):
            return text

    def _moment(self, text: str | None, table: str, field: str, until: datetime) -> datetime:
        moment = self._stamp(text or "", until)
        if isinstance(moment, str):
            raise MalformedResponseError(
                f"{text!r} is not a time as we asked for it.",
                instance=self._instance.name,
                object=table,
                field=field,
            )
        return moment


def _key(declared: Table, row: Mapping[str, str]) -> str | None:
    """Record id of a row; None when part of it is missing, which landing refuses."""
    sources = [declared.column(name).source for name in declared.key]
    return "|".join(row[source] for source in sources) if row.keys() >= set(sources) else None


def _expression(column: Column) -> str:
    if column.type == "timestamp":
        return f"TO_CHAR({column.source}, '{STAMP_FORMAT}')"
    if column.type == "date":
        return f"TO_CHAR({column.source}, '{DATE_FORMAT}')"
    return column.source


def _stone(table: str, record: str, moment: datetime, origin: TombstoneOrigin) -> Tombstone:
    return Tombstone(object=table, record_id=record, deleted_at=moment, origin=origin)
