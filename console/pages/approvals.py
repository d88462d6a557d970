"""Approvals: what waits for a decision, its exact change, and the decision itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from config import Config
from console import decisions
from console.auth import ForbiddenError, User, check_form_token, current_user
from console.context import NO_UNIT, Scope, configuration, outbox, page, published
from console.records import side_by_side
from reverse_etl.errors import CorrectionError, UnknownCorrectionError
from reverse_etl.models import Correction, CorrectionView, Filter, State
from reverse_etl.outbox import Outbox

TABS: Mapping[str, tuple[str, tuple[State, ...]]] = {
    "waiting": ("Waiting", (State.PROPOSED,)),
    "under_way": ("Under way", (State.APPROVED, State.IN_FLIGHT, State.DELIVERED)),
    "attention": ("Needs attention", (State.IN_DOUBT, State.CONFLICTED, State.DEAD_LETTERED)),
    "verified": ("Verified", (State.VERIFIED,)),
    "ended": ("Ended", (State.REJECTED, State.EXPIRED, State.SUPERSEDED, State.ROLLED_BACK)),
}
SHOWN = 200
COUNTED = 5_000


async def listing(request: Request) -> Response:
    """GET /approvals: corrections by stage, most money first."""
    user = current_user(request)
    tab = request.query_params.get("tab", "waiting")
    if tab not in TABS:
        raise HTTPException(404)
    scope = Scope.of(request, user)
    context = await run_in_threadpool(_list, outbox(request), user, scope, tab, configuration(request))
    return await page(request, "approvals.html", "approvals", tab=tab, tabs=TABS, **context)


def _list(ledger: Outbox, user: User, scope: Scope, tab: str, config: Config) -> dict[str, Any]:
    by_tab = {name: in_states(ledger, scope, states) for name, (_, states) in TABS.items()}
    found = sorted(by_tab[tab], key=lambda item: (-(item.amount_at_risk_rc or 0), item.sequence))
    rows: list[dict[str, Any]] = [
        {
            "it": item,
            "refusal": decisions.refusal(ledger, item, user) if tab == "waiting" else None,
            "progress": _progress(ledger, item, config),
            "href": scope.url(f"/approvals/{item.correction_id}"),
        }
        for item in found[:SHOWN]
    ]
    return {
        "rows": rows,
        "counts": {name: len(items) for name, items in by_tab.items()},
        "links": {name: scope.url("/approvals", tab=name) for name in TABS},
        "may_any": any(row["refusal"] is None for row in rows),
        "worth": sum((abs(item.amount_at_risk_rc or Decimal(0)) for item in found), Decimal(0)),
        "hidden": max(len(found) - SHOWN, 0),
    }


def _progress(ledger: Outbox, item: Correction, config: Config) -> decisions.Progress | None:
    """Asks the ledger only where more than one person must approve."""
    if decisions.progress(item, (), config) is None:
        return None
    return decisions.progress(item, ledger.show(item.correction_id).approvals, config)


def in_states(ledger: Outbox, scope: Scope, states: tuple[State, ...]) -> list[Correction]:
    """Corrections in these states within the scope, at most COUNTED."""
    entity = scope.chosen.get("legal_entity_id")
    found = ledger.list(Filter(states=states, business_units=scope.units(), limit=COUNTED))
    return [item for item in found if entity in (None, item.legal_entity_id)]


async def detail(request: Request) -> Response:
    """GET /approvals/{id}: the field diff, evidence of each system, history, and the buttons."""
    user = current_user(request)
    context = await run_in_threadpool(_detail, request, user, request.path_params["correction_id"])
    return await page(request, "approval.html", "approvals", **context)


def _detail(request: Request, user: User, correction_id: str) -> dict[str, Any]:
    ledger, config, scope = outbox(request), configuration(request), Scope.of(request, user)
    view = _visible(ledger, correction_id, user, scope)
    item = view.correction
    findings = sorted({change.finding_id for change in item.changes if change.finding_id})
    return {
        "view": view,
        "it": item,
        "findings": findings,
        "evidence": json.dumps(item.evidence, indent=2, default=str) if item.evidence else None,
        "records": side_by_side(published(request), findings),
        "refusal": decisions.refusal(ledger, item, user) if item.state is State.PROPOSED else None,
        "offers": decisions.offers(item, user),
        "progress": decisions.progress(item, view.approvals, config),
        "deciders": decisions.deciders(ledger, item, config),
        "people": {person.id: person.name for person in config.people.people},
        "back": scope.url("/approvals", tab=_tab_of(item)),
    }


def _tab_of(item: Correction) -> str:
    return next(name for name, (_, states) in TABS.items() if item.state in states)


async def decide(request: Request) -> Response:
    """POST /approvals/{id}/decide: approve, reject, send again or take back one correction."""
    user, form = current_user(request), await request.form()
    check_form_token(request, str(form.get("form_token", "")))
    correction_id = request.path_params["correction_id"]
    decision, note = str(form.get("decision")), str(form.get("note", "")).strip()
    seen = Scope.of(request, user)
    request.session["flash"] = await run_in_threadpool(
        _decide, outbox(request), user, seen, correction_id, decision, note
    )
    return RedirectResponse(seen.url(f"/approvals/{correction_id}"), status_code=303)


async def decide_many(request: Request) -> Response:
    """POST /approvals/decide: approve the ticked corrections, each judged on its own."""
    user, form = current_user(request), await request.form()
    check_form_token(request, str(form.get("form_token", "")))
    ticked = [str(value) for value in form.getlist("correction_id")]
    seen = Scope.of(request, user)
    results = [
        await run_in_threadpool(
            _decide, outbox(request), user, seen, one, "approve", "approved from the list"
        )
        for one in ticked
    ]
    refused = [result["text"] for result in results if result["kind"] == "error"]
    text = f"{len(results) - len(refused)} approved." + (f" Refused: {' '.join(refused)}" if refused else "")
    request.session["flash"] = {
        "kind": "error" if refused or not ticked else "",
        "text": text if ticked else "Nothing was ticked.",
    }
    return RedirectResponse(seen.url("/approvals"), status_code=303)


def _decide(
    ledger: Outbox, user: User, scope: Scope, correction_id: str, decision: str, note: str
) -> dict[str, str]:
    view = _visible(ledger, correction_id, user, scope)
    act: Callable[[], str] | None = decisions.action(ledger, view.correction, user, decision, note)
    if act is None:
        raise HTTPException(400)
    try:
        return {"kind": "", "text": act()}
    except CorrectionError as error:
        return {"kind": "error", "text": str(error)}


def _visible(ledger: Outbox, correction_id: str, user: User, scope: Scope) -> CorrectionView:
    """The correction, if it belongs to a business unit this person sees."""
    try:
        view = ledger.show(correction_id)
    except UnknownCorrectionError as error:
        raise HTTPException(404) from error
    unit = view.correction.business_unit_id or NO_UNIT
    if not scope.sees_all and unit not in user.business_units:
        raise ForbiddenError("This correction belongs to a business unit you do not see.")
    return view
