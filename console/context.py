"""What every page shares: filters held in the URL, the areas of the bar, and the row scope of the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from config import Config
from console.auth import User, current_user, form_token
from console.published import Published
from reverse_etl import holds
from reverse_etl.models import Filter, State
from reverse_etl.outbox import Outbox

FILTERS = ("business_unit_id", "practice_id", "legal_entity_id")
PERIODS = {
    "12m": "Last 12 closed months",
    "6m": "Last 6 closed months",
    "3m": "Last 3 closed months",
    "ytd": "Calendar year to date",
}
DEFAULT_PERIOD = "12m"
NO_UNIT = "(none)"
OPEN_TOP = 1_000


@dataclass(frozen=True)
class Area:
    """One entry of the bar."""

    id: str
    name: str
    href: str
    count: int = 0


@dataclass(frozen=True)
class Window:
    """The closed months a page shows (first days), and the open month that it leaves out."""

    first: date
    last: date
    open_month: date | None


@dataclass(frozen=True)
class Scope:
    """The filters of a page, joined with what the user may see, as SQL and as URL.

    Rows without a business unit belong to the whole firm: only people who see every unit see them.
    """

    chosen: Mapping[str, str]
    allowed_units: tuple[str, ...]
    sees_all: bool
    period: str = DEFAULT_PERIOD

    @classmethod
    def of(cls, request: Request, user: User) -> Scope:
        """Filters from the query string; unknown keys are ignored, an unknown period is not there (404)."""
        query = request.query_params
        chosen = {name: query[name] for name in FILTERS if query.get(name)}
        period = query.get("period") or DEFAULT_PERIOD
        if period not in PERIODS:
            raise HTTPException(404)
        every = {unit.id for unit in request.app.state.config.business_units}
        return cls(chosen, user.business_units, every <= set(user.business_units), period)

    @property
    def is_narrowed(self) -> bool:
        """Whether the page shows less than the whole firm."""
        return bool(self.chosen) or not self.sees_all

    @property
    def has_plan(self) -> bool:
        """Whether revenue can be held against plan: the plan knows companies and practices, no units."""
        return self.sees_all and "business_unit_id" not in self.chosen

    def where(self, *names: str, alias: str = "") -> tuple[str, list[str]]:
        """A condition over the columns a table has, and its parameters. Rows outside the user's units never match."""
        prefix = f"{alias}." if alias else ""
        parts = ["true"]
        parameters: list[str] = []
        if not self.sees_all:
            marks = ", ".join("?" for _ in self.allowed_units) or "null"
            parts.append(f"{prefix}business_unit_id in ({marks})")
            parameters += self.allowed_units
        for name in names:
            if name in self.chosen:
                parts.append(f"{prefix}{name} = ?")
                parameters.append(self.chosen[name])
        return " and ".join(parts), parameters

    def units(self) -> tuple[str, ...]:
        """The business units to ask the ledger for; empty means every correction, with or without a unit."""
        chosen = self.chosen.get("business_unit_id")
        if chosen:
            return (chosen,) if chosen in self.allowed_units else (NO_UNIT,)
        return self.visible_units()

    def visible_units(self) -> tuple[str, ...]:
        """As `units`, whatever filter is chosen."""
        return () if self.sees_all else self.allowed_units or (NO_UNIT,)

    def url(self, path: str, **more: str | None) -> str:
        """`path` with the filters kept; a value of None leaves its filter out."""
        period = {"period": self.period} if self.period != DEFAULT_PERIOD else {}
        query = {**self.chosen, **period, **more}
        kept = {name: value for name, value in query.items() if value is not None}
        return f"{path}?{urlencode(kept)}" if kept else path


def published(request: Request) -> Published:
    """The published copy of this deployment."""
    copy: Published = request.app.state.published
    return copy


def outbox(request: Request) -> Outbox:
    """The ledger's use cases."""
    ledger: Outbox = request.app.state.outbox
    return ledger


def configuration(request: Request) -> Config:
    """The deployment's configuration."""
    config: Config = request.app.state.config
    return config


async def page(request: Request, template: str, here: str, *, status: int = 200, **context: Any) -> Response:
    """Render a page with the bar, the as-of stamp and the filters' choices."""
    user = current_user(request)
    shared = await run_in_threadpool(_shared, request, user)
    flash = request.session.pop("flash", None)
    response: Response = request.app.state.templates.TemplateResponse(
        request,
        template,
        {**shared, "user": user, "here": here, "flash": flash, "form_token": form_token(request), **context},
        status_code=status,
    )
    return response


def _shared(request: Request, user: User) -> dict[str, Any]:
    scope = Scope.of(request, user)
    waiting = outbox(request).list(
        Filter(states=(State.PROPOSED,), business_units=scope.units(), limit=OPEN_TOP)
    )
    return {
        "areas": [
            Area("overview", "Overview", scope.url("/")),
            Area("utilization", "Utilization", scope.url("/utilization")),
            Area("revenue", "Revenue", scope.url("/revenue")),
            Area("metrics", "Metrics", scope.url("/metrics")),
            Area("findings", "Findings", scope.url("/findings")),
            Area("approvals", "Approvals", scope.url("/approvals"), len(waiting)),
            Area("health", "Data health", scope.url("/health")),
        ],
        "as_of": as_of(published(request)),
        "choices": _choices(configuration(request), user),
        "held": holds.listing(outbox(request).engine),
        "scope": scope,
    }


def as_of(copy: Published) -> datetime | None:
    """The moment the published figures stand for."""
    row = copy.one("select max(detected_as_of) as moment from reconciliation.fct_check_run")
    return row["moment"] if row else None


def window(copy: Published, scope: Scope) -> Window | None:
    """The closed months of the chosen period, or None while no month is closed."""
    last = copy.one("select month from leadership.rpt_month where months_back = 1 and not is_open_month")
    if last is None:
        return None
    opened = copy.one("select min(month) as month from leadership.rpt_month where is_open_month")
    if scope.period == "ytd":
        first = last["month"].replace(month=1)
    else:
        first = months_before(last["month"], int(scope.period.removesuffix("m")) - 1)
    return Window(first, last["month"], opened["month"] if opened else None)


def months_before(month: date, number: int) -> date:
    """The first day of the month `number` months earlier."""
    index = month.year * 12 + month.month - 1 - number
    return date(index // 12, index % 12 + 1, 1)


def parse_month(text: str) -> date:
    """The first day of a month given as a date in the URL. An unreadable one is not there (404)."""
    try:
        return date.fromisoformat(text).replace(day=1)
    except ValueError as error:
        raise HTTPException(404) from error


def page_number(request: Request) -> int:
    """Which page of a long list is asked for; one that cannot be is not there (404)."""
    number = request.query_params.get("page", "1")
    if not number.isdecimal() or not 0 < int(number) < 10_000:
        raise HTTPException(404)
    return int(number)


def _choices(config: Config, user: User) -> dict[str, Sequence[tuple[str, str]]]:
    return {
        "business_unit_id": [(u.id, u.name) for u in config.business_units if u.id in user.business_units],
        "practice_id": [(p.id, p.name) for p in config.practices],
        "legal_entity_id": [(e.id, e.name) for e in config.legal_entities],
        "period": list(PERIODS.items()),
    }
