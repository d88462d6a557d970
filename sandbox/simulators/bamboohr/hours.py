"""Hour records of the time-tracking add-on: upsert by the caller's own id, and 201 even where items failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.simulators.bamboohr.people import Rights, stamp
from sandbox.simulators.bamboohr.respond import Refusal
from sandbox.simulators.base import Clock
from sandbox.simulators.store import Store

LONGEST_ID = 36
REACH = timedelta(days=365)
_RATE_TYPES = frozenset({"REG", "OT", "DT"})


class Hours:
    """Handlers over the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def record(self, items: Any, rights: Rights) -> list[dict[str, Any]]:
        """POST /timetracking/record: each item is judged on its own; nobody hears of a failure but the reader."""
        if not isinstance(items, list):
            raise Refusal(400, "the body is not a list of records")
        return [self._one(item, rights) for item in items]

    def entries(self, query: Mapping[str, str], rights: Rights) -> list[dict[str, Any]]:
        """GET /time_tracking/timesheet_entries: the last 365 days only."""
        start, end = _day(query.get("start")), _day(query.get("end"))
        today = self._clock().date()
        if start is None or end is None or not today - REACH <= start <= end <= today:
            raise Refusal(400, "start and end must lie within the last 365 days")
        people = set(query["employeeIds"].split(",")) if query.get("employeeIds") else None
        rows = self._store.query(
            'select * from hour_record where "date" between ? and ? order by "date", id',
            [start.isoformat(), end.isoformat()],
        )
        return [
            _entry(row)
            for row in rows
            if rights.sees(row["employeeId"]) and (people is None or row["employeeId"] in people)
        ]

    def _one(self, item: Any, rights: Rights) -> dict[str, Any]:
        given = item if isinstance(item, dict) else {}
        key = str(given.get("timeTrackingId", ""))
        problem = self._problem(given, key, rights)
        if problem is None:
            before = self._store.get("hour_record", key)
            now = stamp(self._clock())
            self._store.upsert(
                "hour_record",
                key,
                {
                    "employeeId": str(given["employeeId"]),
                    "date": given["dateHoursWorked"],
                    "hours": str(given["hoursWorked"]),
                    "rateType": given["rateType"],
                    "createdAt": before["createdAt"] if before else now,
                    "updatedAt": now,
                },
            )
        return {"success": problem is None, "response": {"id": key, "message": problem}}

    def _problem(self, given: Mapping[str, Any], key: str, rights: Rights) -> str | None:
        if not 0 < len(key) <= LONGEST_ID:
            return f"timeTrackingId must have 1 to {LONGEST_ID} characters"
        person = self._store.get("employee", str(given.get("employeeId", "")))
        if person is None or not rights.sees(person["id"]):
            return "Invalid employee id"
        day = _day(given.get("dateHoursWorked"))
        if day is None or day > self._clock().date():
            return "Invalid date"
        if given.get("rateType") not in _RATE_TYPES:
            return "Invalid rate type"
        return None if _is_hours(given.get("hoursWorked")) else "Invalid hours"


def _is_hours(value: Any) -> bool:
    try:
        return 0 < Decimal(str(value)) <= 24
    except InvalidOperation:
        return False


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "employeeId": row["employeeId"],
        "type": "hour",
        "date": row["date"],
        "start": None,
        "end": None,
        "timezone": None,
        "hours": row["hours"],
        "note": None,
        "projectInfo": None,
        "approved": False,
        "approvedAt": None,
        "createdAt": row["createdAt"],
        "updatedAt": row["updatedAt"],
    }
