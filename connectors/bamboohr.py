"""BambooHR: HR truth for people, status, dates and time off. Read, and write mapping fields only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from requests.auth import HTTPBasicAuth

from config.clock import Clock
from config.schema import Instance
from connectors.budget import Budget
from connectors.errors import ConnectorError, MalformedResponseError, PermanentError, ValidationError
from connectors.http import Backoff, HttpClient, classify_status

PAGE_LIMIT = 100
LISTING_RESTARTS = 5
# HR decides these; Concord reports about them and never writes them.
NEVER_WRITTEN = frozenset(
    {
        "status",
        "hireDate",
        "originalHireDate",
        "terminationDate",
        "employmentHistoryStatus",
        "payRate",
        "payType",
        "payPer",
        "paidPer",
        "standardHoursPerWeek",
    }
)


def connect(
    instance: Instance,
    *,
    environ: Mapping[str, str],
    budget_dir: Path,
    clock: Clock,  # noqa: ARG001 - one signature for every vendor
    backoff: Backoff | None = None,
) -> BambooHrClient:
    """A client of one account. Raises LookupError naming the variable when its key is missing.

    `options.gateway` true uses the older `/api/gateway.php/{company_domain}` addresses.
    """
    limits = instance.api_budget
    budget = Budget(
        budget_dir,
        instance.name,
        max_concurrent=limits.max_concurrent,
        per_second=limits.per_second,
        daily=limits.daily,
    )
    root = (
        f"/api/gateway.php/{instance.options['company_domain']}"
        if instance.options.get("gateway")
        else "/api"
    )
    http = HttpClient(
        instance.name,
        instance.base_url + root,
        budget=budget,
        auth=HTTPBasicAuth(instance.secret("api_key", dict(environ)), "x"),
        headers={"Accept": "application/json"},  # the default is XML
        classify=_classifier(instance.name),
        backoff=backoff,
    )
    return BambooHrClient(http)


class BambooHrClient:
    """Calls of one BambooHR account. Values come as the vendor sends them: texts, zero dates included."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def employees(self, fields: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Everyone the key may see, active and inactive.

        A page boundary that moved makes the vendor refuse the cursor; the listing then starts again.
        Raises ValidationError when that happens five times in a row.
        """
        for attempt in range(LISTING_RESTARTS):
            try:
                return list(self._listing(fields))
            except ValidationError as error:
                if error.code != "BadPage" or attempt == LISTING_RESTARTS - 1:
                    raise
        raise AssertionError("unreachable")

    def changed(self, since: datetime) -> tuple[datetime | None, dict[str, dict[str, Any]]]:
        """People changed since then: (latest stamp, id -> {action, lastChanged}).

        The stamp is None when nobody changed: keep the old mark.
        """
        stamp = since.astimezone(UTC).isoformat(timespec="seconds")
        body = self._get("employees/changed", "employee", dict, since=stamp)
        people = body.get("employees") or {}
        if not isinstance(people, dict):
            raise self._malformed("employee", "the change feed's employees is not an object")
        self._records("employee", people.values())
        latest = datetime.fromisoformat(body["latest"]) if people and body.get("latest") else None
        return latest, people

    def employee(self, employee_id: str, fields: Sequence[str]) -> dict[str, Any]:
        """One person's fields; those the key may not see are absent. Raises NotFoundError."""
        path = f"employees/{quote(employee_id, safe='')}"
        return self._get(path, "employee", dict, fields=",".join(fields))

    def table(self, name: str, changed_since: datetime | None = None) -> list[dict[str, Any]]:
        """History rows of all people, leavers included, in no order; or all rows of people who changed."""
        if changed_since is None:
            return self._get(f"employees/all/tables/{quote(name)}", name, list)
        stamp = changed_since.astimezone(UTC).isoformat(timespec="seconds")
        body = self._get(f"employees/changed/tables/{quote(name)}", name, dict, since=stamp)
        people = body.get("employees") or {}
        if not isinstance(people, dict):
            raise self._malformed(name, "the changed table's employees is not an object")
        self._records(name, people.values())
        return [
            {"employeeId": person, **row} for person, entry in people.items() for row in entry.get("rows", [])
        ]

    def time_off(self, start: date, end: date) -> list[dict[str, Any]]:
        """Time-off requests of any status that overlap the range, both days included."""
        return self._get("time_off/requests", "time_off_request", list, start=str(start), end=str(end))

    def holidays(self, start: date, end: date) -> list[dict[str, Any]]:
        """Company holidays that overlap the range."""
        entries = self._get("time_off/whos_out", "company_holiday", list, start=str(start), end=str(end))
        return [entry for entry in entries if entry.get("type") == "holiday"]

    def update_employee(self, employee_id: str, fields: Mapping[str, str]) -> dict[str, Any]:
        """Write mapping fields of one person, then read them back: a 200 here proves nothing.

        Raises PermanentError for a field HR alone decides and ValidationError when a value did not stick.
        """
        forbidden = sorted(NEVER_WRITTEN & set(fields))
        if forbidden:
            raise PermanentError(
                "HR alone decides this field; nothing was written.",
                instance=self._http.instance,
                object="employee",
                record=employee_id,
                field=forbidden[0],
            )
        path = f"v1/employees/{quote(employee_id, safe='')}"
        self._http.write("POST", path, object="employee", record=employee_id, json=dict(fields))
        stored = self.employee(employee_id, list(fields))
        for name, value in fields.items():
            if str(stored.get(name) or "") != str(value or ""):
                raise ValidationError(
                    "the vendor answered 200 but did not keep the value.",
                    instance=self._http.instance,
                    object="employee",
                    record=employee_id,
                    field=name,
                    hint="check that the field exists and that this key may write it.",
                )
        return stored

    def _listing(self, fields: Sequence[str]) -> Iterator[dict[str, Any]]:
        cursor = None
        while True:
            parameters = {"page[limit]": str(PAGE_LIMIT), "fields": ",".join(fields)}
            if cursor:
                parameters["page[after]"] = cursor
            body = self._get("employees", "employee", dict, **parameters)
            if not isinstance(body.get("data"), list):
                raise self._malformed("employee", "the list has no data array")
            yield from self._records("employee", body["data"])
            cursor = body.get("meta", {}).get("page", {}).get("nextCursor")
            if not cursor:
                return

    def _get(self, path: str, object: str, kind: type, **parameters: str) -> Any:
        response = self._http.read("GET", f"v1/{path}", object=object, params=parameters)
        body = self._http.json(response, object=object)
        if not isinstance(body, kind):
            raise self._malformed(object, f"the answer is a {type(body).__name__}, not a {kind.__name__}")
        if isinstance(body, list):
            self._records(object, body)
        return body

    def _records(self, object: str, rows: Collection[Any]) -> Collection[dict[str, Any]]:
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, dict):
                raise self._malformed(object, f"entry {number} is a {type(row).__name__}, not a record")
        return rows

    def _malformed(self, object: str, message: str) -> MalformedResponseError:
        return MalformedResponseError(
            f"{message}.",
            instance=self._http.instance,
            object=object,
            hint="run the sync again; if it repeats, the vendor changed its answers or a gateway edits them.",
        )


def _classifier(instance: str) -> Any:
    def classify(response: requests.Response, object: str | None) -> ConnectorError | None:
        if (
            response.status_code < 400
            or response.status_code in (401, 408, 429)
            or response.status_code >= 500
        ):
            return None
        told = response.headers.get("X-BambooHR-Error-Message", "")[:200]
        error = classify_status(instance, response, object)
        return type(error)(
            told or error.message,
            instance=instance,
            object=object,
            status=response.status_code,
            code=_code(response),
            hint=error.hint,
        )

    return classify


def _code(response: requests.Response) -> str | None:
    """`error.code` of newer routes; older ones have an empty body."""
    if "json" not in response.headers.get("Content-Type", ""):
        return None
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    return str(error["code"]) if isinstance(error, dict) and "code" in error else None
