"""The world as BambooHR shows it. All values are text."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sandbox.firm.days import holidays, moment, stamp
from sandbox.firm.group import BAMBOOHR, BUSINESS_UNITS, ENTITIES, PRACTICES
from sandbox.firm.leave import Leave
from sandbox.firm.pay import KNOWN_AHEAD, Pay
from sandbox.firm.people import NOTICE, Person
from sandbox.firm.world import World

Row = dict[str, Any]
INSTANCE = BAMBOOHR
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def project_bamboohr(world: World) -> dict[str, list[Row]]:
    """Rows by object, in API field names. People appear a week before their first day."""
    people = [p for p in world.people if moment(p.hired - timedelta(days=7), 9) <= world.as_of]
    known = {person.key for person in people}
    leaves = sorted(world.leaves, key=lambda leave: (leave.created_at, leave.key))
    numbered = [(str(1001 + number), leave) for number, leave in enumerate(leaves)]
    return {
        "employee": [_employee(world, person) for person in people],
        "jobInfo": [row for person in people for row in _jobs(world, person)],
        "employmentStatus": [row for person in people for row in _statuses(world, person)],
        "customWorkPattern": [_pattern(person) for person in people],
        "compensation": [
            _pay(pay)
            for pay in world.payroll.rows
            if pay.person.key in known and moment(pay.start - KNOWN_AHEAD, 9) <= world.as_of
        ],
        "time_off_request": [_request(world, key, leave) for key, leave in numbered],
        "time_off_day": [row for key, leave in numbered for row in _days(key, leave)],
        "company_holiday": _holidays(),
    }


def employee_id(person: Person) -> str:
    """BambooHR's id of a person."""
    return str(301 + person.number)


def _begun(world: World, person: Person) -> tuple[date, date | None]:
    """The employment that HR shows: the last one entered, a week before it starts."""
    known = [span for span in person.spans if moment(span[0] - timedelta(days=7), 9) <= world.as_of]
    return known[-1]


def _last_day(world: World, span: tuple[date, date | None]) -> date | None:
    """The last day, once it has been announced."""
    last = span[1]
    return last if last and moment(last - NOTICE, 9) <= world.as_of else None


def _employee(world: World, person: Person) -> Row:
    span = _begun(world, person)
    last = _last_day(world, span)
    left = last is not None and last < world.as_of.date()
    team = person.team_on(world.as_of.date())
    manager = _manager(world, person)
    return {
        "id": employee_id(person),
        "employeeNumber": f"M{1001 + person.number}",
        "firstName": person.first,
        "lastName": person.last,
        "displayName": person.name,
        "workEmail": person.email,
        "status": "Inactive" if left else "Active",
        "hireDate": span[0].isoformat(),
        "originalHireDate": person.hired.isoformat(),
        "terminationDate": last.isoformat() if last else None,
        "employmentHistoryStatus": "Terminated" if left else _kind(person),
        "jobTitle": person.role,
        "department": PRACTICES[team.practice].department,
        "division": BUSINESS_UNITS[team.unit].division,
        "location": ENTITIES[person.entity].location,
        "supervisor": manager.name if manager else None,
        "supervisorEId": employee_id(manager) if manager else None,
        "standardHoursPerWeek": str(sum(person.pattern)),
        "lastChanged": stamp(_changed(world, person)),
        "created": stamp(moment(person.hired - timedelta(days=7), 9)),
    }


def _changed(world: World, person: Person) -> datetime:
    moments = [moment(start - timedelta(days=7), 9) for start, _ in person.spans]
    for _, last in person.spans:
        if last:
            moments += [moment(last - NOTICE, 9), moment(last + timedelta(days=1), 0, 5)]
    moments += [moment(team.day, 7) for team in person.teams[1:]]
    return max(at for at in moments if at <= world.as_of)


def _kind(person: Person) -> str:
    if person.contractor:
        return "Contractor"
    return "Full-Time" if sum(person.pattern) >= 40 else "Part-Time"


def _manager(world: World, person: Person) -> Person | None:
    heads = [p for p in world.people[:6] if p.entity == person.entity] or world.people[:1]
    return heads[0] if heads[0] is not person else (world.people[0] if person.number else None)


def _jobs(world: World, person: Person) -> list[Row]:
    manager = _manager(world, person)
    return [
        {
            "id": str((301 + person.number) * 10 + order),
            "employeeId": employee_id(person),
            "date": team.day.isoformat(),
            "location": ENTITIES[person.entity].location,
            "department": PRACTICES[team.practice].department,
            "division": BUSINESS_UNITS[team.unit].division,
            "jobTitle": person.role,
            "reportsTo": manager.name if manager else None,
        }
        for order, team in enumerate(person.teams)
        if order == 0 or moment(team.day, 7) <= world.as_of
    ]


def _statuses(world: World, person: Person) -> list[Row]:
    rows: list[tuple[date, str, str | None]] = []
    for start, last in person.spans:
        if moment(start - timedelta(days=7), 9) <= world.as_of:
            rows.append((start, _kind(person), None))
        if last and moment(last - NOTICE, 9) <= world.as_of:
            rows.append((last, "Terminated", "1"))
    return [
        {
            "id": str((301 + person.number) * 10 + order), "employeeId": employee_id(person), "date": day.isoformat(),
            "employmentStatus": kind, "comment": None, "terminationTypeId": reason,
        }
        for order, (day, kind, reason) in enumerate(rows)
    ]  # fmt: skip


def _pattern(person: Person) -> Row:
    hours = dict(zip(_WEEKDAYS, map(str, person.pattern), strict=True))
    return {
        "id": str(301 + person.number),
        "employeeId": employee_id(person),
        "date": person.hired.isoformat(),
    } | hours


def _pay(pay: Pay) -> Row:
    return {
        "id": str((301 + pay.person.number) * 100 + pay.order), "employeeId": employee_id(pay.person),
        "startDate": pay.start.isoformat(), "rate": str(pay.rate), "currency": pay.currency, "type": pay.kind,
        "paidPer": pay.per, "paySchedule": "Monthly", "reason": pay.reason,
    }  # fmt: skip


def _request(world: World, key: str, leave: Leave) -> Row:
    decided = leave.decided_at <= world.as_of
    hours = sum(leave.person.pattern[day.weekday()] for day in leave.days)
    return {
        "id": key, "employeeId": employee_id(leave.person), "start": leave.days[0].isoformat(),
        "end": leave.days[-1].isoformat(), "status": leave.status_at(world.as_of), "type_name": leave.kind,
        "unit": "hours" if leave.in_hours else "days", "amount": str(hours if leave.in_hours else len(leave.days)),
        "created": leave.created_at.date().isoformat(),
        "last_changed": (leave.decided_at if decided else leave.created_at).date().isoformat(),
    }  # fmt: skip


def _days(key: str, leave: Leave) -> list[Row]:
    pattern = leave.person.pattern
    return [
        {
            "request_id": key, "employee_id": employee_id(leave.person), "ymd": day.isoformat(),
            "amount": str(pattern[day.weekday()]) if leave.in_hours else "1",
        }
        for day in leave.days
    ]  # fmt: skip


def _holidays() -> list[Row]:
    found = sorted((day, name) for days in holidays().values() for day, name in days.items())
    return [
        {"id": str(1 + number), "name": name, "start": day.isoformat(), "end": day.isoformat()}
        for number, (day, name) in enumerate(found)
    ]
