"""List parameters to SQL: default filters that hide rows, flags, ranges, order and paging."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.simulators.kantata.errors import syntax
from sandbox.simulators.kantata.schema import SUBJECT_TYPES, TABLES
from sandbox.simulators.kantata.stamps import parse_parameter
from sandbox.simulators.store import Store

MAX_PAGE = 200
DEFAULT_PAGE = 20
_NO_INCREMENTAL = frozenset({"users", "roles", "skills", "skill_memberships"})
_ARCHIVED = "(select id from workspaces where archived = 1)"
_ARCHIVED_STORIES = "(select id from stories where archived = 1)"
_ARCHIVED_WORK = f"(select id from stories where workspace_id in {_ARCHIVED})"
_MEMBERS = "(select user_id from account_memberships where user_id is not null)"
_FLAGS = {
    "time_entries": {
        "approved": "approved = 1",
        "invoiced": "is_invoiced = 1",
        "uninvoiced": "is_invoiced = 0",
    },
    "expenses": {"invoiced": "is_invoiced = 1", "uninvoiced": "is_invoiced = 0"},
    "invoices": {
        "paid": "status = 'accepted payment'",
        "pending": "status = 'new'",
        "without_drafts": "draft = 0",
    },
}
_PLURALS = {"workspace_ids": "workspace_id", "with_user_ids": "user_id", "user_ids": "user_id"}
_SEARCHED = {"workspaces": "title", "stories": "title", "users": "full_name", "workspace_groups": "name"}
_REFERENCE = {
    "external_reference_service_name": "service_name",
    "external_reference_service_model": "service_model",
    "external_reference_service_model_ref": "service_model_ref",
    "external_reference_status": "status",
}


@dataclass
class Where:
    """Conditions and their parameters, joined by `and`."""

    conditions: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)

    def add(self, condition: str, *parameters: str) -> None:
        """One more condition."""
        self.conditions.append(condition)
        self.parameters.extend(parameters)

    def among(self, column: str, listed: str) -> None:
        """`column` in a comma separated list."""
        values = [value.strip() for value in listed.split(",") if value.strip()]
        self.add(f'"{column}" in ({", ".join("?" for _ in values)})', *values)

    @property
    def sql(self) -> str:
        """The where clause, or nothing."""
        return " where " + " and ".join(self.conditions) if self.conditions else ""


def is_true(parameters: Mapping[str, str], name: str, default: bool = False) -> bool:
    """A real boolean parameter (unlike the flags, for which presence alone counts)."""
    value = parameters.get(name)
    return default if value is None else value.lower() in {"true", "1"}


def where(collection: str, parameters: Mapping[str, str], user_id: str) -> Where:
    """Everything that decides which rows of a collection a list call shows."""
    found = visible(collection, parameters, user_id)
    columns = TABLES[collection]
    if "only" in parameters:
        if "search" in parameters:
            raise syntax("search cannot be combined with only")
        found.among("id", parameters["only"])
    if "search" in parameters and collection in _SEARCHED:
        found.add(f'"{_SEARCHED[collection]}" like ?', f"%{parameters['search']}%")
    for flag, condition in _FLAGS.get(collection, {}).items():
        if flag in parameters:
            found.add(condition)
    for name, value in parameters.items():
        column = _PLURALS.get(name, name)
        if column.endswith("_id") and column in columns:
            found.among(column, value)
    _add_ranges(found, collection, parameters)
    _add_references(found, collection, parameters)
    _add_own(found, collection, parameters)
    return found


def visible(collection: str, parameters: Mapping[str, str], user_id: str) -> Where:
    """Default filters: what stays hidden unless a call asks for it."""
    found = Where()
    if collection == "workspaces" and not is_true(parameters, "include_archived"):
        found.add("coalesce(archived, 0) = 0")
    if collection == "time_entries":
        if is_true(parameters, "on_my_account", default=True):
            found.add(f"user_id in {_MEMBERS}")
        if not is_true(parameters, "from_archived_workspaces"):
            found.add(f"workspace_id not in {_ARCHIVED}")
    if collection == "stories":
        _hide_stories(found, parameters, user_id)
    if collection == "assignments":
        if is_true(parameters, "in_unarchived_stories", default=True):
            found.add(f"story_id not in {_ARCHIVED_STORIES}")
        if is_true(parameters, "in_unarchived_workspaces", default=True):
            found.add(f"story_id not in {_ARCHIVED_WORK}")
    return found


def _hide_stories(found: Where, parameters: Mapping[str, str], user_id: str) -> None:
    if not is_true(parameters, "all_on_account"):
        found.add("workspace_id in (select workspace_id from workspace_resources where user_id = ?)", user_id)
    if not is_true(parameters, "show_archived"):
        found.add("coalesce(archived, 0) = 0")
    if not is_true(parameters, "show_from_archived_workspaces"):
        found.add(f"workspace_id not in {_ARCHIVED}")
    if not is_true(parameters, "show_deleted"):
        found.add("deleted_at is null")


def _add_ranges(found: Where, collection: str, parameters: Mapping[str, str]) -> None:
    columns = TABLES[collection]
    for column in ("created_at", "updated_at"):
        if column not in columns or collection in _NO_INCREMENTAL:
            continue
        stem = column.removesuffix("_at")
        for suffix, operator in (("after", ">"), ("before", "<")):
            name = f"{stem}_{suffix}"
            if name in parameters:
                found.add(f"{column} {operator} ?", parse_parameter(name, parameters[name]))
    if "date_performed_between" in parameters and "date_performed" in columns:
        first, _, last = parameters["date_performed_between"].partition(":")
        found.add("date_performed between ? and ?", first, last)


def _add_references(found: Where, collection: str, parameters: Mapping[str, str]) -> None:
    asked = {column: parameters[name] for name, column in _REFERENCE.items() if name in parameters}
    if not asked or collection not in SUBJECT_TYPES:
        return
    inner = Where()
    inner.add("subject_type = ?", SUBJECT_TYPES[collection])
    for column, value in asked.items():
        inner.among(column, value)
    found.add(f"id in (select subject_id from external_references{inner.sql})", *inner.parameters)


def _add_own(found: Where, collection: str, parameters: Mapping[str, str]) -> None:
    if collection == "external_references":
        if "subject_type" not in parameters:
            raise syntax("subject_type is required")
        found.among("subject_type", parameters["subject_type"])
        for name in ("service_name", "service_model", "service_model_ref", "status"):
            if name in parameters:
                found.among(name, parameters[name])
    if collection in ("custom_field_values", "custom_field_sets") and "subject_type" in parameters:
        found.among("subject_type", parameters["subject_type"])
    if collection == "time_entries" and "with_timesheet_id" in parameters:
        found.among("active_submission_id", parameters["with_timesheet_id"])
    if collection == "time_entries" and "in_active_invoice_id" in parameters:
        found.among("invoice_id", parameters["in_active_invoice_id"])
    if collection == "time_entries" and "billable" in parameters:
        found.add(f"billable = {int(is_true(parameters, 'billable'))}")
    if collection == "assignments" and "current" in parameters:
        found.add(f"current = {int(is_true(parameters, 'current'))}")


def order_by(collection: str, parameters: Mapping[str, str]) -> str:
    """`order=field:direction`; the default is newest change first where the collection has stamps."""
    columns = TABLES[collection]
    default = "updated_at:desc" if "updated_at" in columns else "id:asc"
    column, _, direction = parameters.get("order", default).partition(":")
    if column not in columns or direction not in ("", "asc", "desc"):
        raise syntax(f"order {column} is not allowed")
    way = "desc" if direction == "desc" else "asc"
    return f' order by "{column}" {way}, id {way}' if column != "id" else f" order by id {way}"


@dataclass(frozen=True)
class Page:
    """Which slice of the matching rows a call asks for."""

    first: int
    size: int
    number: int


def page(parameters: Mapping[str, str]) -> Page:
    """`limit`/`offset` when both given, else `page`/`per_page`; above 200 clamped, below 1 the default."""
    if "limit" in parameters and "offset" in parameters:
        size = _size(parameters["limit"])
        first = max(_number(parameters["offset"], 0), 0)
        return Page(first=first, size=size, number=first // size + 1)
    size = _size(parameters.get("per_page", ""))
    number = max(_number(parameters.get("page", ""), 1), 1)
    return Page(first=(number - 1) * size, size=size, number=number)


def _size(text: str) -> int:
    wanted = _number(text, DEFAULT_PAGE)
    return DEFAULT_PAGE if wanted < 1 else min(wanted, MAX_PAGE)


def _number(text: str, default: int) -> int:
    try:
        return int(text)
    except ValueError:
        return default


class IdLists:
    """Ids of a query in order, kept until the store changes, so that deep pages cost what page 1 costs."""

    def __init__(self, store: Store, capacity: int = 32) -> None:
        self._store = store
        self._capacity = capacity
        self._lists: OrderedDict[tuple[str, ...], list[str]] = OrderedDict()
        self._version: tuple[int, int] | None = None

    def ids(self, collection: str, found: Where, order: str) -> list[str]:
        """All matching ids; any write, also by another process, forgets them."""
        with self._store.lock:
            version = self._seen()
            if version != self._version:
                self._lists.clear()
                self._version = version
            key = (collection, found.sql, order, *found.parameters)
            if key not in self._lists:
                sql = f"select id from {collection}{found.sql}{order}"
                cursor = self._store.connection.execute(sql, found.parameters)
                self._lists[key] = [row[0] for row in cursor]
                if len(self._lists) > self._capacity:
                    self._lists.popitem(last=False)
            self._lists.move_to_end(key)
            return self._lists[key]

    def _seen(self) -> tuple[int, int]:
        connection = self._store.connection
        (external,) = connection.execute("pragma data_version").fetchone()
        return external, connection.total_changes
