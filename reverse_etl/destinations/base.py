"""The port of every vendor destination: read, write once, and find what a lost reply may have created.

The dispatcher owns comparison, retries and recovery; a destination only translates between canonical values
and one vendor's calls. Failures are the classes of `connectors.errors`:

- ``NotFoundError``: the record is not there (`read`), or vanished (`write`).
- ``TransientError`` / ``RateLimitedError``: nothing was sent; it is safe to send later.
- ``UnknownOutcomeError``: the request left us and the answer never came; the vendor may have applied it.
- ``ConflictError``: the vendor refused because `expected_version` is no longer current; nothing was written.
- ``ValidationError`` / ``PermanentError`` / ``UnauthorizedError``: the vendor refused; nothing was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

Value = Decimal | date | str | bool | int | None
Operation = Literal["update", "create"]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What the vendor holds now, in canonical Python values.

    `values` has exactly the fields asked for; a field which is empty at the vendor is ``None``.
    Money is `Decimal` in main units (never minor units), dates are `date`, ids and codes are `str`.
    `version` is the vendor's own stamp (ETag, SystemModstamp, updated_at) or ``None`` when it has none.
    """

    values: Mapping[str, Value]
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class WriteRequest:
    """One change of one record.

    `values` are the new values by canonical raw column name of `target_object` (the raw table name).
    `expected` are the values just read, which the write replaces.
    For ``create``, `record_id` is ``None``; when a lost reply left a half-made record behind, the dispatcher
    sends the create again with `record_id` set, and the destination must complete that record, and never make
    another.
    """

    target_object: str
    operation: Operation
    record_id: str | None
    values: Mapping[str, Value]
    expected: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WriteResult:
    """The record the vendor says it wrote; for a create this is the new id."""

    record_id: str
    version: str | None = None


class Destination(Protocol):
    """One instance of one vendor as a place to write to.

    A destination is used by one thread at a time. It never retries a write and never swallows an error.
    One whose vendor applies an update whole or not at all sets `writes_in_parts` to False: a record that holds
    some of our values after a lost reply was then changed by somebody else, and is left alone.
    """

    @property
    def instance(self) -> str:
        """Name of the instance in `config/estate.yml`."""

    def read(self, target_object: str, record_id: str, fields: Sequence[str]) -> Snapshot:
        """Read the fields of one record from the live system, never from a cache."""

    def write(self, change: WriteRequest, idempotency_key: str, expected_version: str | None) -> WriteResult:
        """Send the change once.

        `idempotency_key` never changes for one correction. Pass it to the vendor where it has such a key; for
        a create, store it on the record (external id, external reference, or a field kept for it) in the very
        call that creates it where possible, so that `find_created` finds it.
        `expected_version` is the version of the `Snapshot` just read: send it as a condition where the vendor
        has conditional writes (raise ``ConflictError`` when refused), ignore it where it has none.
        """

    def find_created(self, target_object: str, key: str) -> str | None:
        """Id of the record that a create with this idempotency key has made, or ``None`` when there is none.

        Raises when more than one is found: that is for a person to sort out.
        """
