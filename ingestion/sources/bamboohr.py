"""BambooHR: people by change feed, history tables whole, time off by window.

Pay is read only when the instance says `read_pay: true`, for the cost of an hour (R03); its values stay in the raw
table of the build file, which nothing publishes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from config.schema import Instance
from connectors.bamboohr import BambooHrClient
from connectors.errors import NotFoundError
from ingestion.extract import ExtractContext, KnownIds, Tombstone
from ingestion.tables import Column, Table, fields

WINDOW_BACK = timedelta(days=60)
WINDOW_AHEAD = timedelta(days=180)
EARLIEST = date(2000, 1, 1)
HISTORY = {
    "job_info": "jobInfo",
    "employment_status": "employmentStatus",
    "work_pattern": "customWorkPattern",
    "compensation": "compensation",
}
_NO_DATE = "0000-00-00"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _hours(name: str, source: str) -> Column:
    return Column(name, "hours", source, minimum=0)


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            "employee",
            ("id",),
            (
                *fields("id!", "employeeNumber", "firstName", "lastName", "displayName", "workEmail"),
                Column("status", "text", "status", required=True, allowed=frozenset({"Active", "Inactive"})),
                *fields("hireDate:d", "originalHireDate:d", "terminationDate:d", "employmentHistoryStatus"),
                *fields("jobTitle", "department", "division", "location", "supervisorEId=>supervisor_eid"),
                _hours("standard_hours_per_week", "standardHoursPerWeek"),
                *fields("lastChanged:ts!"),
            ),
            cursor="last_changed",
            overlap=timedelta(minutes=10),
            deletes="deleted_feed",
            page_size=100,
        ),
        Table(
            "job_info",
            ("id",),
            fields(
                *("id!", "employeeId!", "date:d!", "location", "department", "division", "jobTitle"),
                "reportsTo",
            ),
            deletes="full",
        ),
        Table(
            "employment_status",
            ("id",),
            fields("id!", "employeeId!", "date:d!", "employmentStatus!", "comment", "terminationTypeId"),
            deletes="full",
        ),
        Table(
            "work_pattern",
            ("id",),
            (*fields("id!", "employeeId!", "date:d!"), *(_hours(day, day) for day in _WEEKDAYS)),
            deletes="full",
        ),
        Table(
            "compensation",
            ("id",),
            (
                *fields("id!", "employeeId!", "startDate:d!"),
                Column("rate", "money", "rate", required=True, minimum=0, confidential=True),
                *fields("currency!", "type", "paidPer!"),
            ),
            deletes="full",
        ),
        Table(
            "time_off_request",
            ("id",),
            (
                *fields("id!", "employeeId!", "start:d!", "end:d!", "status!", "type_name", "unit!"),
                _hours("amount", "amount"),
                *fields("created:d", "last_changed:d"),
            ),
            deletes="window",
            window=("start", "end"),
            partial=True,
        ),
        Table(
            "time_off_day",
            ("request_id", "employee_id", "ymd"),
            (*fields("request_id!", "employee_id!", "ymd:d!"), _hours("amount", "amount")),
            deletes="window",
            window=("ymd", "ymd"),
            partial=True,
        ),
        Table(
            "company_holiday",
            ("id",),
            fields("id!", "name!", "start:d!", "end:d!"),
            deletes="window",
            window=("start", "end"),
            partial=True,
        ),
    )
}


def build_source(instance: Instance, *, client: BambooHrClient, context: ExtractContext) -> BambooHrExtract:
    """The extract of one account."""
    return BambooHrExtract(instance, client, context)


class BambooHrExtract:
    """Reads one account. Window tables remember what they saw, so that the rest of the window is gone."""

    def __init__(self, instance: Instance, client: BambooHrClient, context: ExtractContext) -> None:
        self._instance = instance
        self._client = client
        self._context = context
        self._deleted: dict[str, datetime] = {}
        self._window: tuple[date, date] | None = None
        self._requests: list[dict[str, Any]] = []
        self._seen: dict[str, set[str]] = {}

    def pages(self, table: str, since: datetime | None, until: datetime) -> Iterator[list[dict[str, Any]]]:
        """Rows of a raw table."""
        if table == "employee":
            yield from self._employees(since)
        elif table == "compensation":
            if self._instance.options.get("read_pay") is True:
                yield [_pay_row(row) for row in self._client.table(HISTORY[table])]
        elif table in HISTORY:
            yield [_without_zero_dates(row) for row in self._client.table(HISTORY[table])]
        elif table == "time_off_request":
            yield self._time_off(since, until)
        elif table == "time_off_day":
            yield self._time_off_days()
        else:
            yield self._holidays(since, until)

    def tombstones(
        self,
        since: datetime | None,  # noqa: ARG002 - the change feed was read with the people
        until: datetime,
        known_ids: KnownIds,
    ) -> Iterator[Tombstone]:
        """People deleted by the feed, and what vanished from a re-read window."""
        for person, deleted_at in self._deleted.items():
            yield Tombstone(object="employee", record_id=person, deleted_at=deleted_at, origin="deleted_feed")
        for table, seen in self._seen.items():
            for record in sorted(known_ids(table, self._window) - seen):
                yield Tombstone(object=table, record_id=record, deleted_at=until, origin="window")

    def canaries(self) -> dict[str, int]:
        """How many people the vendor lists: a cut right must not look like everyone left."""
        return {"listed_people": len(self._client.employees())}

    def _employees(self, since: datetime | None) -> Iterator[list[dict[str, Any]]]:
        table = self._context.tables["employee"]
        people = self._everyone() if since is None else self._changed(since)
        for first in range(0, len(people), table.page_size):
            page = [self._employee(person, table) for person in people[first : first + table.page_size]]
            yield [row for row in page if row is not None]

    def _everyone(self) -> list[str]:
        self._changed(datetime(2000, 1, 1, tzinfo=UTC))  # for the deletions
        return [str(person["employeeId"]) for person in self._client.employees()]

    def _changed(self, since: datetime) -> list[str]:
        _, people = self._client.changed(since)
        for person, change in people.items():
            if change.get("action") == "Deleted":
                self._deleted[str(person)] = datetime.fromisoformat(change["lastChanged"])
        alive = {str(person) for person in people} - set(self._deleted)
        return sorted(alive, key=lambda person: (len(person), person))

    def _employee(self, person: str, table: Table) -> dict[str, Any] | None:
        try:
            row = self._client.employee(person, table.sources)
        except NotFoundError:  # deleted between the feed and this call: the next feed says so
            return None
        return _without_zero_dates(row)

    def _time_off(self, since: datetime | None, until: datetime) -> list[dict[str, Any]]:
        self._window = self._window_for(since, until)
        self._requests = self._client.time_off(*self._window)
        rows = [_request_row(request) for request in self._requests]
        self._seen["time_off_request"] = {str(row["id"]) for row in rows}
        return rows

    def _time_off_days(self) -> list[dict[str, Any]]:
        rows = [
            {"request_id": request["id"], "employee_id": request["employeeId"], "ymd": day, "amount": amount}
            for request in self._requests
            for day, amount in (request.get("dates") or {}).items()
        ]
        self._seen["time_off_day"] = {f"{r['request_id']}|{r['employee_id']}|{r['ymd']}" for r in rows}
        return rows

    def _holidays(self, since: datetime | None, until: datetime) -> list[dict[str, Any]]:
        entries = self._client.holidays(*self._window_for(since, until))
        rows = [{name: entry.get(name) for name in ("id", "name", "start", "end")} for entry in entries]
        self._seen["company_holiday"] = {str(row["id"]) for row in rows}
        return rows

    def _window_for(self, since: datetime | None, until: datetime) -> tuple[date, date]:
        """Everything at first, then 60 days back from the last complete read and 180 ahead."""
        start = self._context.history_start
        first = start.date() if start else EARLIEST
        return (since.date() - WINDOW_BACK if since else first), until.date() + WINDOW_AHEAD


def _request_row(request: Mapping[str, Any]) -> dict[str, Any]:
    status, kind, amount = request.get("status") or {}, request.get("type") or {}, request.get("amount") or {}
    return _without_zero_dates(
        {
            "id": request.get("id"),
            "employeeId": request.get("employeeId"),
            "start": request.get("start"),
            "end": request.get("end"),
            "status": status.get("status"),
            "type_name": kind.get("name"),
            "unit": amount.get("unit"),
            "amount": amount.get("amount"),
            "created": request.get("created"),
            "last_changed": status.get("lastChanged"),
        }
    )


def _pay_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Only what an hourly cost needs; the amount comes as an object with its currency."""
    rate = row.get("rate")
    amount = rate if isinstance(rate, Mapping) else {}
    kept = {name: row.get(name) for name in ("id", "employeeId", "startDate", "type", "paidPer")}
    return _without_zero_dates({**kept, "rate": amount.get("value"), "currency": amount.get("currency")})


def _without_zero_dates(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if value == _NO_DATE else value for name, value in row.items()}
