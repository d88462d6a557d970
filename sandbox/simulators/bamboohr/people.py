"""People: the paged list, one person, the change feed, and the one write Concord may do."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from sandbox.simulators.bamboohr.hooks import Hooks
from sandbox.simulators.bamboohr.respond import Refusal, shown
from sandbox.simulators.bamboohr.schema import TABLES
from sandbox.simulators.base import Clock
from sandbox.simulators.store import Store

DEFAULT_PAGE, MAXIMUM_PAGE, MAXIMUM_FIELDS = 250, 2500, 400
_READ_ONLY = frozenset({"id", "lastChanged", "created", "status"})

# Optional fields of the list -> where the store keeps them.
_OPTIONAL = {
    "workEmail": "workEmail",
    "hireDate": "hireDate",
    "divisionName": "division",
    "departmentName": "department",
    "locationName": "location",
    "employmentStatusName": "employmentHistoryStatus",
    "reportsToName": "supervisor",
}


class Rights:
    """What one key may see; the rest is left out without a word."""

    def __init__(
        self, hidden_fields: frozenset[str] = frozenset(), hidden_people: frozenset[str] = frozenset()
    ) -> None:
        self.hidden_fields = hidden_fields
        self.hidden_people = hidden_people

    def sees(self, person: Any) -> bool:
        """Whether this key may see that person at all."""
        return str(person) not in self.hidden_people


class People:
    """Handlers over the store; each takes the caller's rights."""

    def __init__(self, store: Store, clock: Clock, hooks: Hooks) -> None:
        self._hooks = hooks
        self._store = store
        self._clock = clock

    def listed(self, query: Mapping[str, str], rights: Rights, base: str) -> dict[str, Any]:
        """GET /employees."""
        rows = self._filtered(query, rights)
        limit = _limit(query.get("page[limit]"))
        start = _start(rows, query.get("page[after]"))
        page = rows[start : start + limit]
        cursor = _cursor(page[-1]) if start + limit < len(rows) else None
        links = {"self": {"href": f"{base}?page%5Blimit%5D={limit}"}}
        if cursor:
            links["next"] = {"href": f"{base}?page%5Blimit%5D={limit}&page%5Bafter%5D={cursor}"}
        optional = [name for name in query.get("fields", "").split(",") if name in _OPTIONAL]
        return {
            "data": [_summary(row, optional, rights) for row in page],
            "meta": {
                "total": len(rows),
                "page": {"limit": limit, "nextCursor": cursor, "prevCursor": None},
            },
            "_links": links,
        }

    def directory(self, rights: Rights) -> dict[str, Any]:
        """GET /employees/directory: active people only."""
        fields = ("id", "displayName", "firstName", "lastName", "jobTitle", "workEmail", "department")
        rows = [row for row in self._visible(rights) if row["status"] == "Active"]
        return {
            "fields": [{"id": field, "type": "text", "name": field} for field in fields],
            "employees": [{field: row[field] for field in fields} for row in rows],
        }

    def one(self, person: str, query: Mapping[str, str], rights: Rights) -> dict[str, Any]:
        """GET /employees/{id}."""
        fields = query.get("fields", "firstName,lastName").split(",")
        if len(fields) > MAXIMUM_FIELDS:
            raise Refusal(400, f"at most {MAXIMUM_FIELDS} fields")
        row = self._person(person, rights)
        known = {field: row[field] for field in fields if field in row}
        return {"id": row["id"], **shown(known, rights.hidden_fields)}

    def changed(self, query: Mapping[str, str], rights: Rights) -> dict[str, Any]:
        """GET /employees/changed."""
        since = moment(query.get("since"))
        kind = query.get("type", "all").lower()
        if kind not in ("inserted", "updated", "deleted", "all"):
            raise Refusal(400, "unknown type")
        found: dict[str, dict[str, str]] = {}
        for row in self._store.query('select id, "lastChanged", created from employee'):
            if moment(row["lastChanged"]) >= since and rights.sees(row["id"]):
                action = "Inserted" if row["created"] and moment(row["created"]) >= since else "Updated"
                found[row["id"]] = {"id": row["id"], "action": action, "lastChanged": row["lastChanged"]}
        for row in self._store.query('select id, "lastChanged" from deleted_employee'):
            if moment(row["lastChanged"]) >= since:
                found[row["id"]] = {"id": row["id"], "action": "Deleted", "lastChanged": row["lastChanged"]}
        wanted = {key: row for key, row in found.items() if kind in ("all", row["action"].lower())}
        latest = max((moment(row["lastChanged"]) for row in wanted.values()), default=since)
        return {"latest": stamp(latest), "employees": wanted}

    def update(self, person: str, fields: Mapping[str, Any], rights: Rights) -> None:
        """POST /employees/{id}: what may not be written is skipped without a word."""
        self._person(person, rights)
        wanted = {
            field: value
            for field, value in fields.items()
            if field in TABLES["employee"] and field not in _READ_ONLY | rights.hidden_fields
        }
        if wanted:
            now = stamp(self._clock())
            self._store.upsert("employee", person, {**wanted, "lastChanged": now})
            self._hooks.updated(person, wanted, now)

    def _person(self, person: str, rights: Rights) -> dict[str, Any]:
        row = self._store.get("employee", person)
        if row is None:
            raise Refusal(404, f"Employee {person} does not exist")
        if not rights.sees(person):
            raise Refusal(403, "You do not have permission to see this employee")
        return row

    def _visible(self, rights: Rights) -> list[dict[str, Any]]:
        rows = self._store.query("select * from employee order by cast(id as integer)")
        return [row for row in rows if rights.sees(row["id"])]

    def _filtered(self, query: Mapping[str, str], rights: Rights) -> list[dict[str, Any]]:
        rows = self._visible(rights)
        status = query.get("filter[status]")
        if status is not None:
            if status.lower() not in ("active", "inactive"):
                raise Refusal(400, "filter[status] is active or inactive", "BadRequest")
            rows = [row for row in rows if row["status"].lower() == status.lower()]
        ids = query.get("filter[ids]")
        if ids is not None:
            wanted = set(ids.split(","))
            rows = [row for row in rows if row["id"] in wanted]
        return rows


def moment(value: str | None) -> datetime:
    """An ISO 8601 stamp; 400 without it."""
    try:
        found = datetime.fromisoformat(value or "")
    except ValueError:
        raise Refusal(400, "since must be an ISO 8601 timestamp") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def stamp(value: datetime) -> str:
    """BambooHR's own form: seconds and offset."""
    return value.astimezone(UTC).isoformat(timespec="seconds")


def _limit(value: str | None) -> int:
    if value is None:
        return DEFAULT_PAGE
    if not value.isdigit() or not 1 <= int(value) <= MAXIMUM_PAGE:
        raise Refusal(400, f"page[limit] is 1 to {MAXIMUM_PAGE}", "BadRequest")
    return int(value)


def _cursor(row: Mapping[str, Any]) -> str:
    raw = orjson.dumps({"after": row["id"], "stamp": row["lastChanged"]})
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _start(rows: list[dict[str, Any]], cursor: str | None) -> int:
    """Position after the boundary person; BadPage when that person changed or left the listing."""
    if not cursor:
        return 0
    try:
        boundary = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, orjson.JSONDecodeError, UnicodeDecodeError):
        raise Refusal(400, "malformed cursor", "BadPage") from None
    for position, row in enumerate(rows):
        if row["id"] == boundary["after"] and row["lastChanged"] == boundary["stamp"]:
            return position + 1
    raise Refusal(400, "the boundary employee changed between calls", "BadPage")


def _summary(row: Mapping[str, Any], optional: list[str], rights: Rights) -> dict[str, Any]:
    fields = {
        "employeeId": row["id"],
        "firstName": row["firstName"],
        "lastName": row["lastName"],
        "preferredName": None,
        "photoUrl": None,
        "jobTitleName": row["jobTitle"],
        "status": row["status"],
        **{name: row[_OPTIONAL[name]] for name in optional},
    }
    restricted = [name for name in fields if _OPTIONAL.get(name, name) in rights.hidden_fields]
    return {**fields, **dict.fromkeys(restricted), "_restrictedFields": restricted}
