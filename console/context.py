"""What every page shares: filters held in the URL, the areas of the bar, and the row scope of the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from console.auth import User, current_user, form_token
from console.published import Published
from reverse_etl.models import Filter, State
from reverse_etl.outbox import Outbox

FILTERS = ("business_unit_id", "practice_id", "legal_entity_id")
OPEN_TOP = 1_000


@dataclass(frozen=True)
class Area:
    """One entry of the bar."""

    id: str
    name: str
    href: str
    count: int = 0


@dataclass(frozen=True)
class Scope:
    """The filters of a page, joined with what the user may see, as SQL and as URL."""

    chosen: dict[str, str]
    allowed_units: tuple[str, ...]

    @classmethod
    def of(cls, request: Request, user: User) -> Scope:
        """Filters from the query string; unknown keys are ignored."""
        chosen = {name: request.query_params[name] for name in FILTERS if request.query_params.get(name)}
        return cls(chosen, user.business_units)

    def where(self, *names: str, alias: str = "") -> tuple[str, list[str]]:
        """A condition over the columns a table has, and its parameters. Rows outside the user's units never match."""
        prefix = f"{alias}." if alias else ""
        marks = ", ".join("?" for _ in self.allowed_units)
        parts = [f"({prefix}business_unit_id is null or {prefix}business_unit_id in ({marks}))"]
        parameters = list(self.allowed_units)
        for name in names:
            if name in self.chosen:
                parts.append(f"{prefix}{name} = ?")
                parameters.append(self.chosen[name])
        return " and ".join(parts), parameters

    def url(self, path: str, **more: str | None) -> str:
        """`path` with the filters kept."""
        query = {**self.chosen, **{name: value for name, value in more.items() if value is not None}}
        return f"{path}?{urlencode(query)}" if query else path


def published(request: Request) -> Published:
    """The published copy of this deployment."""
    return request.app.state.published


def outbox(request: Request) -> Outbox:
    """The ledger's use cases."""
    return request.app.state.outbox


async def page(request: Request, template: str, here: str, **context: Any) -> Response:
    """Render a page with the bar, the as-of stamp and the filters' choices."""
    user = current_user(request)
    shared = await run_in_threadpool(_shared, request, user)
    flash = request.session.pop("flash", None)
    return request.app.state.templates.TemplateResponse(
        request,
        template,
        {
            **shared,
            "user": user,
            "here": here,
            "flash": flash,
            "form_token": form_token(request),
            **context,
        },
    )


def _shared(request: Request, user: User) -> dict[str, Any]:
    waiting = outbox(request).list(
        Filter(states=(State.PROPOSED,), business_units=user.business_units, limit=OPEN_TOP)
    )
    return {
        "areas": [
            Area("overview", "Overview", "/"),
            Area("utilization", "Utilization", "/utilization"),
            Area("revenue", "Revenue", "/revenue"),
            Area("findings", "Findings", "/findings"),
            Area("approvals", "Approvals", "/approvals", len(waiting)),
            Area("health", "Data health", "/health"),
        ],
        "as_of": as_of(published(request)),
        "choices": _choices(request, user),
        "scope": Scope.of(request, user),
    }


def as_of(copy: Published) -> datetime | None:
    """The moment the published figures stand for."""
    row = copy.one("select max(detected_as_of) as moment from reconciliation.fct_check_run")
    return row["moment"] if row else None


def closed_months(copy: Published) -> tuple[date | None, date | None]:
    """The last full month of the figures and the open month after it."""
    moment = as_of(copy)
    if moment is None:
        return None, None
    first = date(moment.year, moment.month, 1)
    last = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    return last, first


def _choices(request: Request, user: User) -> dict[str, Sequence[tuple[str, str]]]:
    config = request.app.state.config
    return {
        "business_unit_id": [(u.id, u.name) for u in config.business_units if u.id in user.business_units],
        "practice_id": [(p.id, p.name) for p in config.practices],
        "legal_entity_id": [(e.id, e.name) for e in config.legal_entities],
    }
