"""The state of one simulated org, and what guards every call to it: session, quota, error wording."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.simulators.base import Clock
from sandbox.simulators.salesforce.auth import Sessions, Settings
from sandbox.simulators.salesforce.change_events import ChangeEvents
from sandbox.simulators.salesforce.errors import Refusal, not_found
from sandbox.simulators.salesforce.records import Records
from sandbox.simulators.salesforce.soql import Compiler, Query, SoqlError, parse
from sandbox.simulators.salesforce.values import stamp
from sandbox.simulators.store import Store

Handler = Callable[[Request], Awaitable[Response]]

RECYCLE_BIN = timedelta(days=15)
_OPEN_CURSORS = 10
_RETIRED_VERSIONS = range(21, 31)
_NEWEST_VERSION = 66


@dataclass
class Org:
    """One org: its store and everything it remembers between calls."""

    store: Store
    settings: Settings
    clock: Clock
    sessions: Sessions = field(init=False)
    records: Records = field(init=False)
    events: ChangeEvents = field(init=False)
    calls: deque[datetime] = field(default_factory=deque)
    cursors: OrderedDict[str, Cursor] = field(default_factory=OrderedDict)
    jobs: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.settings, self.clock)
        self.events = ChangeEvents(self.store, self.clock, self.settings.courier)
        self.records = Records(self.store, self.clock, self.events, self.settings.schema)

    def used(self) -> int:
        """Calls in the last 24 h."""
        horizon = self.clock() - timedelta(days=1)
        while self.calls and self.calls[0] <= horizon:
            self.calls.popleft()
        return len(self.calls)

    def select(self, soql: str, *, deleted: bool) -> tuple[Query, list[dict[str, Any]]]:
        """Run a query. Rows deleted longer ago than the recycle bin keeps them are gone for good."""
        now = self.clock()
        query = Compiler(now=now, deleted=deleted, schema=self.settings.schema).compile(parse(soql))
        if deleted:
            self.purge(query.object.name, now)
        return query, self.store.query(query.sql, query.parameters)

    def purge(self, object_name: str, now: datetime) -> None:
        """Empty the recycle bin of what has been in it too long."""
        if "IsDeleted" not in self.store.tables[object_name]:
            return
        horizon = stamp(now - RECYCLE_BIN)
        with self.store.transaction() as connection:
            connection.execute(
                f'delete from "{object_name}" where "IsDeleted" = 1 and "SystemModstamp" < ?', [horizon]
            )

    def remember(self, key: str, cursor: Cursor) -> None:
        """Keep a cursor for the following pages; the oldest is forgotten when there are too many."""
        self.cursors[key] = cursor
        while len(self.cursors) > _OPEN_CURSORS:
            self.cursors.popitem(last=False)


@dataclass(frozen=True)
class Cursor:
    """An open query result."""

    query: Query
    rows: list[dict[str, Any]]
    batch: int


def org_of(request: Request) -> Org:
    """The org behind a request."""
    found: Org = request.app.state.org
    return found


def guarded(handler: Handler) -> Handler:
    """The handler behind version, session and quota checks, its refusals worded as the org words them."""

    async def call(request: Request) -> Response:
        org = org_of(request)
        try:
            _check(request, org)
            response = await handler(request)
        except Refusal as refusal:
            response = refusal.response()
        except SoqlError as error:
            response = Refusal(error.code, str(error)).response()
        response.headers["Sforce-Limit-Info"] = f"api-usage={org.used()}/{org.settings.daily_api_requests}"
        return response

    return call


def _check(request: Request, org: Org) -> None:
    version = request.path_params.get("version", "")
    number = version.partition(".")[0]
    if number.isdigit() and int(number) in _RETIRED_VERSIONS:
        raise Refusal("GONE", f"API version {version} is retired", status=410)
    if not number.isdigit() or int(number) > _NEWEST_VERSION:
        raise not_found()
    if not org.sessions.holds(request.headers.get("authorization", "")):
        raise Refusal("INVALID_SESSION_ID", "Session expired or invalid", status=401)
    if org.used() >= org.settings.daily_api_requests:
        raise Refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
    org.calls.append(org.clock().astimezone(UTC))
