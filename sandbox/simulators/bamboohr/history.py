"""History tables, time off and holidays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from sandbox.simulators.bamboohr.people import Rights, moment
from sandbox.simulators.bamboohr.respond import Refusal, shown
from sandbox.simulators.bamboohr.schema import HISTORY
from sandbox.simulators.store import Store

_STATUSES = frozenset({"approved", "denied", "superceded", "requested", "canceled"})


class History:
    """Handlers over the store; each takes the caller's rights."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def rows(self, person: str, table: str, rights: Rights) -> list[dict[str, Any]]:
        """GET /employees/{id}/tables/{table}; `all` includes leavers. In no particular order."""
        if table not in HISTORY:
            raise Refusal(404, f"Table {table} does not exist")
        if person != "all" and self._store.get("employee", person) is None:
            raise Refusal(404, f"Employee {person} does not exist")
        where, parameters = ("", []) if person == "all" else ('where "employeeId" = ?', [person])
        found = self._store.query(f'select * from "{table}" {where}', parameters)
        visible = [_history_row(row, rights) for row in found if rights.sees(row["employeeId"])]
        return sorted(visible, key=lambda row: hashlib.md5(row["id"].encode()).hexdigest())  # noqa: S324

    def changed(self, table: str, query: Mapping[str, str], rights: Rights) -> dict[str, Any]:
        """GET /employees/changed/tables/{table}: any change to a person re-emits all their rows."""
        since = moment(query.get("since"))
        people = self._store.query('select id, "lastChanged" from employee')
        changed = {row["id"]: row["lastChanged"] for row in people if moment(row["lastChanged"]) >= since}
        employees: dict[str, Any] = {}
        for row in self.rows("all", table, rights):
            if row["employeeId"] in changed:
                entry = employees.setdefault(
                    row["employeeId"], {"lastChanged": changed[row["employeeId"]], "rows": []}
                )
                entry["rows"].append(row)
        return {"table": table, "employees": employees}

    def tables(self) -> list[dict[str, Any]]:
        """GET /meta/tables."""
        listed = []
        for first, (alias, columns) in enumerate(HISTORY.items(), start=1):
            fields = [
                {"id": first * 100 + number, "name": name, "alias": name, "type": "text"}
                for number, name in enumerate(columns)
            ]
            listed.append({"alias": alias, "fields": fields})
        return listed

    def requests(self, query: Mapping[str, str], rights: Rights) -> list[dict[str, Any]]:
        """GET /time_off/requests: all that overlap the range."""
        start, end = _range(query)
        wanted = set(query["status"].split(",")) if query.get("status") else _STATUSES
        if not wanted <= _STATUSES:
            raise Refusal(400, "unknown status")
        found = self._store.query(
            'select r.*, e."displayName" as name from time_off_request r '
            'left join employee e on e.id = r."employeeId" where r."start" <= ? and r."end" >= ?',
            [end, start],
        )
        person = query.get("employeeId")
        rows = [
            row
            for row in found
            if row["status"] in wanted
            and rights.sees(row["employeeId"])
            and person in (None, row["employeeId"])
        ]
        days = self._days({row["id"] for row in rows})
        return [_request(row, days.get(row["id"], {})) for row in rows]

    def whos_out(self, query: Mapping[str, str], rights: Rights, today: date) -> list[dict[str, Any]]:
        """GET /time_off/whos_out: approved time off and company holidays, by date."""
        start = query.get("start", today.isoformat())
        end = query.get("end", date.fromordinal(today.toordinal() + 14).isoformat())
        _range({"start": start, "end": end})
        holidays = self._store.query(
            'select * from company_holiday where "start" <= ? and "end" >= ?', [end, start]
        )
        entries: list[dict[str, Any]] = [
            {
                "id": int(row["id"]),
                "type": "holiday",
                "name": row["name"],
                "start": row["start"],
                "end": row["end"],
            }
            for row in holidays
        ]
        for row in self.requests({"start": start, "end": end, "status": "approved"}, rights):
            entries.append(
                {
                    "id": int(row["id"]),
                    "type": "timeOff",
                    "employeeId": int(row["employeeId"]),
                    "name": row["name"],
                    "start": row["start"],
                    "end": row["end"],
                }
            )
        return sorted(entries, key=lambda entry: (entry["start"], entry["id"]))

    def _days(self, requests: set[str]) -> dict[str, dict[str, str]]:
        days: dict[str, dict[str, str]] = {}
        for row in self._store.query("select * from time_off_day order by ymd"):
            if row["request_id"] in requests:
                days.setdefault(row["request_id"], {})[row["ymd"]] = row["amount"]
        return days


def _history_row(row: Mapping[str, Any], rights: Rights) -> dict[str, Any]:
    visible = shown(row, rights.hidden_fields)
    currency = visible.pop("currency", None)
    if "rate" in visible:
        visible["rate"] = {"currency": currency, "value": row["rate"]}
    return visible


def _request(row: Mapping[str, Any], days: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "employeeId": row["employeeId"],
        "name": row["name"],
        "start": row["start"],
        "end": row["end"],
        "created": row["created"],
        "status": {
            "status": row["status"],
            "lastChanged": row["last_changed"],
            "lastChangedByUserId": "1",
        },
        "type": {"id": "78", "name": row["type_name"]},
        "amount": {"unit": row["unit"], "amount": row["amount"]},
        "dates": days,
        "notes": {"employee": "", "manager": ""},
    }


def _range(query: Mapping[str, str]) -> tuple[str, str]:
    try:
        start, end = date.fromisoformat(query["start"]), date.fromisoformat(query["end"])
    except (KeyError, ValueError):
        raise Refusal(400, "start and end are required, YYYY-MM-DD") from None
    return start.isoformat(), end.isoformat()
