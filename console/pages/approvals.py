"""Approvals: what waits for a decision, its exact change, and the decision itself."""

from __future__ import annotations

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.auth import ForbiddenError, User, check_form_token, current_user
from console.context import Scope, outbox, page, published
from console.pages.findings import side_by_side
from reverse_etl.errors import CorrectionError, UnknownCorrectionError
from reverse_etl.models import Correction, Filter, State
from reverse_etl.outbox import Outbox

TABS = {
    "waiting": (State.PROPOSED,),
    "under_way": (State.APPROVED, State.IN_FLIGHT, State.DELIVERED),
    "attention": (State.IN_DOUBT, State.CONFLICTED, State.DEAD_LETTERED),
    "verified": (State.VERIFIED,),
    "ended": (State.REJECTED, State.EXPIRED, State.SUPERSEDED, State.ROLLED_BACK),
}
SHOWN = 500


async def listing(request: Request) -> Response:
    """GET /approvals: corrections by stage."""
    user = current_user(request)
    tab = request.query_params.get("tab", "waiting")
    if tab not in TABS:
        raise HTTPException(404)
    context = await run_in_threadpool(_list, outbox(request), user, Scope.of(request, user), tab)
    return await page(request, "approvals.html", "approvals", tab=tab, tabs=TABS, **context)


def _list(ledger: Outbox, user: User, scope: Scope, tab: str) -> dict[str, Any]:
    units = user.business_units
    chosen = scope.chosen.get("business_unit_id")
    if chosen:
        units = tuple(unit for unit in units if unit == chosen)
    found = ledger.list(Filter(states=tuple(TABS[tab]), business_units=units, limit=SHOWN))
    counts = {
        name: len(ledger.list(Filter(states=tuple(states), business_units=units, limit=10 * SHOWN)))
        for name, states in TABS.items()
    }
    rows = [
        {"it": item, "refusal": _refusal(ledger, item, user) if tab == "waiting" else None} for item in found
    ]
    return {"rows": rows, "counts": counts, "may_any": any(row["refusal"] is None for row in rows)}


def _refusal(ledger: Outbox, item: Correction, user: User) -> str | None:
    refusal = ledger.why_not(item.correction_id, user.id, user.roles)
    return None if refusal is None else f"{refusal.reason} {refusal.hint}"


async def detail(request: Request) -> Response:
    """GET /approvals/{id}: the field diff, evidence of each system, history, and the buttons."""
    user = current_user(request)
    context = await run_in_threadpool(_detail, request, user, request.path_params["correction_id"])
    return await page(request, "approval.html", "approvals", **context)


def _detail(request: Request, user: User, correction_id: str) -> dict[str, Any]:
    ledger = outbox(request)
    view = _visible(ledger, correction_id, user)
    item = view.correction
    findings = sorted({change.finding_id for change in item.changes if change.finding_id})
    return {
        "view": view,
        "it": item,
        "evidence": json.dumps(item.evidence, indent=2, default=str) if item.evidence else None,
        "records": side_by_side(published(request), findings) if findings else [],
        "refusal": _refusal(ledger, item, user) if item.state is State.PROPOSED else None,
    }


async def decide(request: Request) -> Response:
    """POST /approvals/{id}/decide: approve or reject one correction."""
    user, form = current_user(request), await request.form()
    check_form_token(request, str(form.get("form_token", "")))
    correction_id = request.path_params["correction_id"]
    note = str(form.get("note", "")).strip()
    words = await run_in_threadpool(
        _decide, outbox(request), user, correction_id, str(form.get("decision")), note
    )
    request.session["flash"] = words
    return RedirectResponse(f"/approvals/{correction_id}", status_code=303)


async def decide_many(request: Request) -> Response:
    """POST /approvals/decide: approve the ticked corrections, each judged on its own."""
    user, form = current_user(request), await request.form()
    check_form_token(request, str(form.get("form_token", "")))
    ticked = [str(value) for value in form.getlist("correction_id")]
    results = [
        await run_in_threadpool(_decide, outbox(request), user, one, "approve", "approved from the list")
        for one in ticked
    ]
    refused = [result["text"] for result in results if result["kind"] == "error"]
    text = f"{len(results) - len(refused)} approved." + (f" Refused: {' '.join(refused)}" if refused else "")
    request.session["flash"] = {
        "kind": "error" if refused else "",
        "text": text if ticked else "Nothing was ticked.",
    }
    return RedirectResponse("/approvals", status_code=303)


def _decide(ledger: Outbox, user: User, correction_id: str, decision: str, note: str) -> dict[str, str]:
    _visible(ledger, correction_id, user)
    try:
        if decision == "approve":
            ledger.approve(correction_id, user.id, user.roles, note)
            return {"kind": "", "text": "Approved. It is written to its system within a minute."}
        if decision == "reject":
            ledger.reject(correction_id, user.id, user.roles, note)
            return {"kind": "", "text": "Rejected."}
    except CorrectionError as error:
        return {"kind": "error", "text": str(error)}
    raise HTTPException(400)


def _visible(ledger: Outbox, correction_id: str, user: User) -> Any:
    """The correction, if it belongs to a business unit this person sees."""
    try:
        view = ledger.show(correction_id)
    except UnknownCorrectionError as error:
        raise HTTPException(404) from error
    unit = view.correction.business_unit_id
    if unit is not None and unit not in user.business_units:
        raise ForbiddenError("This correction belongs to a business unit you do not see.")
    return view
