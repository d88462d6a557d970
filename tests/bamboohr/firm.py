"""Six people of a small company, as the store holds them."""

from __future__ import annotations

from typing import Any

HIDDEN = "4"


def person(number: int, **fields: Any) -> dict[str, Any]:
    row = {
        "id": str(number),
        "employeeNumber": f"E{number:03}",
        "firstName": f"First{number}",
        "lastName": f"Last{number}",
        "displayName": f"First{number} Last{number}",
        "workEmail": f"first{number}@example.com",
        "status": "Active",
        "hireDate": "2024-02-01",
        "originalHireDate": None,
        "terminationDate": None,
        "employmentHistoryStatus": "Full-Time",
        "jobTitle": "Consultant",
        "department": "Strategy",
        "division": "Advisory",
        "location": "New York",
        "supervisor": "First1 Last1",
        "supervisorEId": "1",
        "standardHoursPerWeek": "40.00",
        "lastChanged": f"2026-06-{number:02}T08:00:00+00:00",
        "created": "2024-02-01T08:00:00+00:00",
    }
    return {**row, **fields}


def leaver(number: int) -> dict[str, Any]:
    return person(
        number,
        status="Inactive",
        terminationDate="2026-05-31",
        employmentHistoryStatus="Terminated",
    )


def time_off(number: int, employee: int, start: str, end: str, status: str = "approved") -> dict[str, Any]:
    return {
        "id": str(number),
        "employeeId": str(employee),
        "start": start,
        "end": end,
        "status": status,
        "type_name": "Vacation",
        "unit": "hours",
        "amount": "16",
        "created": "2026-05-01",
        "last_changed": "2026-05-02",
    }


def firm_rows() -> dict[str, list[dict[str, Any]]]:
    people = [person(n) for n in range(1, 6)] + [leaver(6)]
    return {
        "employee": people,
        "jobInfo": [
            {
                "id": f"10{p['id']}",
                "employeeId": p["id"],
                "date": "2024-02-01",
                "location": p["location"],
                "department": p["department"],
                "division": p["division"],
                "jobTitle": p["jobTitle"],
                "reportsTo": "First1 Last1",
            }
            for p in people
        ],
        "employmentStatus": [
            {
                "id": f"20{p['id']}",
                "employeeId": p["id"],
                "date": "2024-02-01",
                "employmentStatus": "Full-Time",
            }
            for p in people
        ],
        "customWorkPattern": [
            {
                "id": f"30{p['id']}",
                "employeeId": p["id"],
                "date": "2024-02-01",
                **dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "8"),
                "saturday": "0",
                "sunday": "0",
            }
            for p in people
        ],
        "compensation": [
            {
                "id": "401",
                "employeeId": "1",
                "startDate": "2025-04-01",
                "rate": "96000.00",
                "currency": "EUR",
                "type": "Salary",
                "paidPer": "Year",
            }
        ],
        "time_off_request": [
            time_off(501, 2, "2026-06-16", "2026-06-17"),
            time_off(502, 3, "2025-03-03", "2025-03-04"),
            time_off(503, 3, "2026-07-06", "2026-07-07", status="requested"),
        ],
        "time_off_day": [
            {"request_id": "501", "employee_id": "2", "ymd": "2026-06-16", "amount": "8"},
            {"request_id": "501", "employee_id": "2", "ymd": "2026-06-17", "amount": "8"},
            {"request_id": "502", "employee_id": "3", "ymd": "2025-03-03", "amount": "8"},
            {"request_id": "502", "employee_id": "3", "ymd": "2025-03-04", "amount": "8"},
            {"request_id": "503", "employee_id": "3", "ymd": "2026-07-06", "amount": "8"},
            {"request_id": "503", "employee_id": "3", "ymd": "2026-07-07", "amount": "8"},
        ],
        "company_holiday": [
            {"id": "601", "name": "Independence Day", "start": "2026-07-03", "end": "2026-07-03"}
        ],
    }
