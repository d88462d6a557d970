"""What the approver saw, what is to be written, and what the vendor holds: compared, and told."""

from __future__ import annotations

from reverse_etl.destinations.base import Snapshot
from reverse_etl.governance import Refusal
from reverse_etl.models import Correction, FieldChange
from reverse_etl.values import encode, same


def holds_new(item: Correction, live: Snapshot) -> bool:
    """Whether the record holds all that is to be written."""
    return all(same(live.values[c.field], c.new) for c in item.changes)


def holds_some_new(item: Correction, live: Snapshot) -> bool:
    """A vendor that needs several calls for one record may have got half of ours."""
    return any(same(live.values[c.field], c.new) for c in item.changes)


def moved(item: Correction, live: Snapshot) -> list[FieldChange]:
    """Fields that hold neither what the approver saw nor what is to be written."""
    return [
        change
        for change in item.changes
        if not same(live.values[change.field], change.expected)
        and not same(live.values[change.field], change.new)
    ]


def values_words(item: Correction, live: Snapshot) -> str:
    """The fields as the record holds them."""
    return ", ".join(f"{c.field}={encode(live.values[c.field])}" for c in item.changes)


def moved_words(item: Correction, live: Snapshot) -> str:
    """What moved under us, and what to do."""
    told = [
        f"{c.field} is {encode(live.values[c.field])}, the approver saw {c.expected_value}"
        for c in moved(item, live)
    ]
    return (
        f"instance {item.target_instance}, object {item.target_object}, record {item.target_record_id}: "
        f"{'; '.join(told)}. Nothing was written. "
        "What to do: nothing; the next read proposes again from what is there now."
    )


def refused_words(refusal: Refusal, *, is_unresolved: bool) -> str:
    """Why policy stops it at the moment of writing, and whether something may have been written before."""
    done = (
        "An earlier write of it may have reached the vendor; look at the record."
        if is_unresolved
        else "Nothing was written."
    )
    return f"{refusal.reason}. {done} What to do: {refusal.hint}"


def version_words(item: Correction) -> str:
    """Why a record that looks untouched is left alone after a lost write."""
    return (
        f"instance {item.target_instance}, object {item.target_object}, record {item.target_record_id}: the values "
        "are as the approver saw them, but the record has changed since a write of ours was lost; it may have been "
        "applied and undone. Nothing more was written. What to do: nothing; the next read proposes again."
    )
