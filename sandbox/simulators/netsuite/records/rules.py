"""What the books allow: closed periods, posted documents, billing stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.simulators.netsuite.errors import invalid_content, user_error
from sandbox.simulators.store import Store

_STAGES = ("HOLD", "READY", "PROCESSED")
_FREE_ON_POSTED = {
    "memo", "externalid", "custbody_kantata_invoice_id", "custbody_disputed", "custbody_dispute_opened",
    "custbody_dispute_closed",
}  # fmt: skip


def period_of(store: Store, day: str) -> str:
    """Id of the monthly posting period of a date. Raises ApiError when none is set up."""
    rows = store.query(
        "select id from accountingperiod where startdate <= ? and enddate >= ? "
        "and coalesce(isquarter, 0) = 0 and coalesce(isyear, 0) = 0 and coalesce(isadjust, 0) = 0",
        [day, day],
    )
    if not rows:
        raise user_error(f"The transaction date {day} is not within any accounting period.")
    return str(rows[0]["id"])


def check_period_open(store: Store, period: Any) -> None:
    """Refuse a posting into a closed or locked period."""
    row = store.get("accountingperiod", str(period))
    if row is None:
        raise invalid_content(
            f"You have entered an Invalid Field Value {period} for the following field: postingPeriod",
            "postingPeriod",
        )
    if row["closed"] or row["arlocked"] or row["alllocked"]:
        raise user_error(
            f"This transaction cannot be saved because the period {row['periodname']} is closed or locked."
        )


def check_invoice_change(
    store: Store, before: Mapping[str, Any], changes: Mapping[str, Any], lines: bool
) -> None:
    """Refuse changes of amounts or parties on documents that are in the books."""
    material = lines or bool(
        {name for name in changes if changes[name] != before.get(name)} - _FREE_ON_POSTED
    )
    if not material:
        return
    if before["status"] == "B":
        raise user_error("This transaction is paid in full and cannot be changed.")
    if before["status"] == "V" or before["voided"]:
        raise user_error("This transaction is void and cannot be changed.")
    if before["posting"]:
        check_period_open(store, before["postingperiod"])
        raise user_error("This transaction is posted and its accounting values cannot be changed.")


def check_charge(before: Mapping[str, Any] | None, changes: Mapping[str, Any]) -> None:
    """Refuse a stage nobody knows, and any change of a charge that is already billed."""
    stage = changes.get("stage")
    if stage is not None and stage not in _STAGES:
        raise invalid_content(
            f"You have entered an Invalid Field Value {stage} for the following field: stage", "stage"
        )
    if before is not None and before["stage"] == "PROCESSED":
        raise user_error("This charge has been billed (stage PROCESSED) and cannot be changed.")
    if stage == "PROCESSED":
        raise user_error("The stage PROCESSED is set by billing and cannot be entered.")
