"""Objects of the store behind the BambooHR simulator, with the vendor's own field names. All text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def _text(*fields: str) -> dict[str, str]:
    return dict.fromkeys(fields, "text")


TABLES: Mapping[str, Mapping[str, str]] = {
    "employee": _text(
        "id",
        "employeeNumber",
        "firstName",
        "lastName",
        "displayName",
        "workEmail",
        "status",
        "hireDate",
        "originalHireDate",
        "terminationDate",
        "employmentHistoryStatus",
        "jobTitle",
        "department",
        "division",
        "location",
        "supervisor",
        "supervisorEId",
        "standardHoursPerWeek",
        "psaResourceId",
        "lastChanged",
        "created",
    ),
    "jobInfo": _text(
        "id", "employeeId", "date", "location", "department", "division", "jobTitle", "reportsTo"
    ),
    "employmentStatus": _text("id", "employeeId", "date", "employmentStatus", "comment", "terminationTypeId"),
    "customWorkPattern": _text(
        "id",
        "employeeId",
        "date",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ),
    "compensation": _text(
        "id", "employeeId", "startDate", "rate", "currency", "type", "paidPer", "paySchedule", "reason"
    ),
    "time_off_request": _text(
        "id", "employeeId", "start", "end", "status", "type_name", "unit", "amount", "created", "last_changed"
    ),
    "time_off_day": _text("request_id", "employee_id", "ymd", "amount"),
    "company_holiday": _text("id", "name", "start", "end"),
    # the time-tracking add-on; id is the caller's own timeTrackingId
    "hour_record": _text("id", "employeeId", "date", "hours", "rateType", "createdAt", "updatedAt"),
    # people removed for good, for the change feed
    "deleted_employee": _text("id", "lastChanged"),
}

KEYS: Mapping[str, Sequence[str]] = {"time_off_day": ("request_id", "employee_id", "ymd")}

INDEXES: Mapping[str, Sequence[Sequence[str]]] = {
    "employee": [("lastChanged",)],
    "time_off_request": [("start", "end")],
    **{
        name: [("employeeId",)]
        for name in ("jobInfo", "employmentStatus", "customWorkPattern", "compensation")
    },
}

# Alias of each history table -> its columns as /meta/tables lists them.
HISTORY: Mapping[str, tuple[str, ...]] = {
    name: tuple(field for field in TABLES[name] if field not in ("id", "employeeId"))
    for name in ("jobInfo", "employmentStatus", "customWorkPattern", "compensation")
}

DATE_FIELDS = frozenset(
    {"hireDate", "originalHireDate", "terminationDate", "date", "startDate", "start", "end", "created"}
)
