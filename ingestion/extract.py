"""The seam between a vendor and the core: what a vendor module offers, what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol, runtime_checkable

from config.schema import Instance
from ingestion.tables import Table

TombstoneOrigin = Literal["deleted_feed", "sweep", "window", "line_replace", "recycle_bin"]


@dataclass(frozen=True, kw_only=True)
class Tombstone:
    """A vendor record that is gone."""

    object: str  # raw table name
    record_id: str  # key columns joined with '|'
    deleted_at: datetime  # aware; when the vendor says, else when we saw it missing
    origin: TombstoneOrigin


@dataclass(frozen=True, kw_only=True)
class ExtractContext:
    """What an extract needs to know besides its client."""

    instance: Instance
    tables: Mapping[str, Table]  # raw name -> table bound to this instance's custom fields
    clock: Callable[[], datetime]
    full: bool  # a full run: `since` is None for every table
    history_start: datetime | None = None  # earliest moment of interest for window reloads


class KnownIds(Protocol):
    """Record ids of a raw table that the warehouse holds alive (keys joined with '|').

    `overlap` narrows them to rows whose `Table.window` columns touch that range of days, both included.
    """

    def __call__(self, table: str, overlap: tuple[date, date] | None = None) -> set[str]: ...


class Extract(Protocol):
    """Reads one instance. Built by `build_source(instance, *, client, context)` of the system's module.

    Rows are flat dicts of vendor fields (`Column.source`), values as the vendor sent them: texts, numbers,
    booleans, ISO 8601 stamps WITH offset (or aware datetimes), ISO dates, Decimals, None. Fields that are
    not declared are kept in `_extra` and reported as drift.
    """

    def pages(self, table: str, since: datetime | None, until: datetime) -> Iterator[list[dict[str, Any]]]:
        """Rows changed in [since, until], both ends included; `since` None means everything.

        `since` already has the overlap taken off. Pages of an `ordered` table come in ascending cursor order.
        """
        ...

    def tombstones(self, since: datetime | None, until: datetime, known_ids: KnownIds) -> Iterator[Tombstone]:
        """Deletions in [since, until], called once after all pages of all tables were read.

        `since` is the last complete run's end less an overlap (None at first).
        """
        ...


@runtime_checkable
class WithCanaries(Protocol):
    """An extract that can ask the vendor for counts to hold the landing against."""

    def canaries(self) -> Mapping[str, int]:
        """Name -> count as the vendor states it, called after the pages were read."""
        ...


class BuildSource(Protocol):
    """Signature of `build_source` in `ingestion/sources/<system>.py`."""

    def __call__(self, instance: Instance, *, client: Any, context: ExtractContext) -> Extract: ...
