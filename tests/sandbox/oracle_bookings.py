"""H02 once more, straight from vendor rows: short, slow, and written apart from the warehouse's."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from tests.sandbox.vendor_rows import HR, Found, Vendors, day

PLACES = {"New York": "US", "London": "GB", "Berlin": "DE", "Tokyo": "JP"}
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NOTHING = Decimal(0)


class Bookings(Vendors):
    """What the check of bookings must find."""

    def h02(self) -> Found:
        found: Found = set()
        for employee in self.hr["employee"]:
            last = day(employee["terminationDate"] or "9999-12-31")
            if employee["employmentHistoryStatus"] == "Contractor" or last < self.today:
                continue
            weeks: dict[date, list[tuple[Decimal, Decimal, Decimal]]] = defaultdict(list)
            for ahead in range(1, 57):
                date_ = self.today + timedelta(days=ahead)
                there = day(employee["hireDate"]) <= date_ <= last
                free = self.scheduled(employee["id"], date_) if there else NOTHING
                away = min(free, self.leave.get((employee["id"], date_), NOTHING))
                booked = self.hard.get((employee["id"], date_), NOTHING)
                weeks[date_ - timedelta(days=date_.weekday())].append((booked, free - away, away))
            found |= {
                (f"{HR}:{employee['id']}", week.isoformat()) for week, days in weeks.items() if _over(days)
            }
        return found

    @cached_property
    def leave(self) -> dict[tuple[str, date], Decimal]:
        """Hours of approved leave by employee and day."""
        asked = {r["id"]: r for r in self.hr["time_off_request"] if r["status"] == "approved"}
        found: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
        for row in self.hr["time_off_day"]:
            if (
                row["request_id"] in asked and row["employee_id"] in self._people
            ):  # asked before the first day
                key, amount = (row["employee_id"], day(row["ymd"])), Decimal(row["amount"])
                in_days = asked[row["request_id"]]["unit"] == "days"
                found[key] += amount * self.scheduled(*key) if in_days else amount
        return found

    @cached_property
    def hard(self) -> dict[tuple[str, date], Decimal]:
        """Hours firmly booked by employee and day: in proportion to the hours of the day, holidays left out."""
        mails = {e["workEmail"].lower(): e["id"] for e in self.hr["employee"]}
        users = {
            u["id"]: self.refs["User", u["id"]].get(("bamboohr", "employee")) or mails[u["email_address"].lower()]
            for u in self.ka["users"]
        }  # fmt: skip
        seats = {r["id"]: users.get(r["user_id"]) for r in self.ka["workspace_resources"]}
        found: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
        for row in self.ka["workspace_allocations"]:
            own, first, last = (
                seats[row["workspace_resource_id"]],
                day(row["start_date"]),
                day(row["end_date"]),
            )
            if own and row["hard"] and last > self.today:
                span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
                hours = {d: self.scheduled(own, d) for d in span}
                for date_, weight in hours.items():
                    if weight:
                        found[own, date_] += Decimal(row["minutes"]) / 60 * weight / sum(hours.values())
        return found

    @cached_property
    def _people(self) -> dict[str, tuple[str, dict[str, Any]]]:
        places = {e["id"]: PLACES[e["location"]] for e in self.hr["employee"]}
        return {p["employeeId"]: (places[p["employeeId"]], p) for p in self.hr["customWorkPattern"]}

    def scheduled(self, employee: str, date_: date) -> Decimal:
        """Hours of the pattern on a day that is no holiday."""
        place, pattern = self._people[employee]
        if (place, date_.isoformat()) in self.holidays:
            return NOTHING
        return Decimal(pattern[WEEK[date_.weekday()]])


def _over(days: list[tuple[Decimal, Decimal, Decimal]]) -> bool:
    extra = [(round(booked - free, 2), away) for booked, free, away in days]
    hours, free = sum(day_[0] for day_ in days), sum(day_[1] for day_ in days)
    return (
        any(over > 0 and away for over, away in extra)
        or sum(over > 1 for over, _ in extra) >= 3
        or (len(days) == 7 and round(hours, 2) > free * Decimal("1.1"))
    )
