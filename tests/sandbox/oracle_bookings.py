"""H02 once more, straight from vendor rows: short, slow, and written apart from the warehouse's."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from tests.sandbox.vendor_rows import HR, KA, Found, Vendors, day

PLACES = {"New York": "US", "London": "GB", "Berlin": "DE", "Tokyo": "JP"}
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
RUNNING = ("on_track", "at_risk", "in_trouble", "not_started", "on_hold")
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
        return found | self.plans_apart()

    def plans_apart(self) -> Found:
        """People and projects whose hours on tasks are more than an hour off the firm ones."""
        gone = {
            e["id"] for e in self.hr["employee"] if day(e["terminationDate"] or "9999-12-31") < self.today
        }
        back = {
            e["id"] for e in self.hr["employee"] if e["hireDate"] > (e["terminationDate"] or "9999-12-31")
        }
        of_task = {s["id"]: s["workspace_id"] for s in self.ka["stories"]}
        seats = {r["id"]: (r["workspace_id"], r["user_id"]) for r in self.ka["workspace_resources"]}
        minutes: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in self.ka["assignments"]:
            if row["current"] and row["allocated_minutes"]:
                minutes[of_task[row["story_id"]], row["assignee_id"]]["tasks"] += row["allocated_minutes"]
        by_task = {workspace for workspace, _ in minutes}
        for row in self.ka["workspace_allocations"]:
            if (pair := seats[row["workspace_resource_id"]])[0] in by_task:
                minutes[pair]["firm" if row["hard"] else "tentative"] += row["minutes"]
        found: Found = set()
        for (workspace, user), held in minutes.items():
            shown, own = self.workspaces[workspace], self.employees.get(user)
            running = shown["status_key"] in RUNNING and day(shown["due_date"]) > self.today
            only_tentative = held["tentative"] and not held["firm"]
            apart = abs(held["tasks"] - held["firm"]) > 60 and not only_tentative
            if own not in gone - back and running and not shown["archived"] and apart:
                found.add((f"{HR}:{own}|{KA}:{workspace}", ""))
        return found

    @cached_property
    def employees(self) -> dict[str, str]:
        """Employee of each Kantata user."""
        mails = {e["workEmail"].lower(): e["id"] for e in self.hr["employee"]}
        return {
            u["id"]: self.refs["User", u["id"]].get(("bamboohr", "employee")) or mails[u["email_address"].lower()]
            for u in self.ka["users"]
        }  # fmt: skip

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
        seats = {r["id"]: self.employees.get(r["user_id"]) for r in self.ka["workspace_resources"]}
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
