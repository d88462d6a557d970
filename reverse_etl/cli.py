"""Operator commands: what is proposed, what it would change, who decided, and whether the trail is whole.

Exit codes: 0 done, 1 refused or not found (the text says what to do), 2 wrong usage, 3 the audit chain is broken.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import click
from rich.table import Table

from config.paths import Home
from reverse_etl import cli_dispatch, cli_governance, cli_plan, cli_retention, cli_run
from reverse_etl.authority import current_round
from reverse_etl.cli_audit import audit_group
from reverse_etl.cli_common import as_person, console, ledger, plain_errors, roles_of
from reverse_etl.errors import PublishedCopyError
from reverse_etl.escalations import clocks
from reverse_etl.models import Approval, Correction, CorrectionView, Filter, State
from reverse_etl.setup import open_published


@click.group()
def corrections() -> None:
    """Corrections to other systems: list, look at, decide, undo, audit."""


cli_dispatch.register(corrections)
cli_governance.register(corrections)
cli_plan.register(corrections)
cli_run.register(corrections)
cli_retention.register(audit_group)


@corrections.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice([s.value for s in State]))
@click.option("--check", "check_id", help="Only this check, such as B01.")
@click.option("--instance", help="Only corrections to this instance.")
@click.option("--business-unit", "units", multiple=True, help="Only these business units.")
@click.option("--limit", default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@plain_errors
def list_command(
    states: tuple[str, ...],
    check_id: str | None,
    instance: str | None,
    units: tuple[str, ...],
    limit: int,
    as_json: bool,
) -> None:
    """List corrections, newest first."""
    outbox = ledger()
    query = Filter(
        states=states, check_id=check_id, target_instance=instance, business_units=units, limit=limit
    )
    items = outbox.list(query)
    waits = clocks(outbox, items)
    if as_json:
        for item in items:
            click.echo(json.dumps({**_facts(item), "waits": waits[item.correction_id]}, default=str))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("id", "state", "check", "target", "record", "at risk", "client", "why"):
        justify: Literal["left", "right"] = "right" if name == "at risk" else "left"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=name == "id")
    for item in items:
        money = "" if item.amount_at_risk_rc is None else f"{item.amount_at_risk_rc:,.2f}"
        table.add_row(
            item.correction_id, item.state.value, item.check_id,
            f"{item.target_instance}.{item.target_object}",
            item.target_record_id or item.created_record_id or "(new)", money, item.customer_name or "",
            item.state_class or waits[item.correction_id],
        )  # fmt: skip
    console().print(table)
    counts = ", ".join(f"{count} {state}" for state, count in outbox.counts().items() if count)
    click.echo(f"\n{len(items)} shown; in the ledger: {counts or 'nothing yet'}")


def _facts(item: Correction) -> dict[str, Any]:
    return {
        "id": item.correction_id, "state": item.state.value, "class": item.state_class, "check": item.check_id,
        "instance": item.target_instance, "object": item.target_object, "record": item.target_record_id,
        "operation": item.operation, "amount_at_risk_rc": item.amount_at_risk_rc, "customer": item.customer_name,
        "project": item.project_name, "business_unit": item.business_unit_id,
        "changes": [{"field": c.field, "from": c.expected_value, "to": c.new_value} for c in item.changes],
    }  # fmt: skip


@corrections.command()
@click.argument("correction_id")
@plain_errors
def show(correction_id: str) -> None:
    """Show one correction: the field diff, the evidence, who decided, what was tried."""
    outbox = ledger()
    view = outbox.show(correction_id)
    item = view.correction
    _print_head(item, clocks(outbox, [item])[correction_id], view.approvals)
    cli_dispatch.print_standing_of(outbox, correction_id)
    _print_diff(item)
    _print_evidence(item)
    _print_history(view)


def _print_head(item: Correction, waits: str, approvals: Sequence[Approval]) -> None:
    record = item.target_record_id or item.created_record_id or "(new record)"
    click.echo(f"{item.correction_id}  {item.check_id}  {item.state}")
    click.echo(f"  {item.operation} {item.target_instance}.{item.target_object} {record}")
    click.echo(f"  why: {item.reason}")
    if item.state_reason:
        click.echo(f"  {item.state}: {item.state_reason}")
    if item.amount_at_risk is not None:
        click.echo(f"  at risk: {item.amount_at_risk:,.2f} {item.currency or ''}".rstrip())
    for name in ("customer_name", "project_name", "business_unit_id", "legal_entity_id"):
        if getattr(item, name):
            click.echo(f"  {name.removesuffix('_name').removesuffix('_id')}: {getattr(item, name)}")
    if item.state is State.PROPOSED:
        roles = ", ".join(item.approver_roles)
        click.echo(
            f"  needs {item.approvals_needed} approval(s) by: {roles}; until {item.expires_at:%Y-%m-%d}"
        )
        given = [one.actor for one in current_round(item, approvals) if one.decision == "approve"]
        if given:
            click.echo(f"  {len(given)} of {item.approvals_needed} approvals, by {', '.join(given)}")
        click.echo(f"  waits: {waits}")


def _print_diff(item: Correction) -> None:
    click.echo("\nchange")
    table = Table(box=None, pad_edge=False)
    for name in ("  field", "seen", "new", "before our write"):
        table.add_column(name, overflow="fold")
    for c in item.changes:
        before = (c.before_value or "(empty)") if c.is_before_known else ""
        table.add_row(f"  {c.field}", c.expected_value or "(empty)", c.new_value or "(empty)", before)
    console().print(table)


def _print_evidence(item: Correction) -> None:
    click.echo("\nevidence")
    for fact in item.evidence or []:
        click.echo(f"  {json.dumps(fact, ensure_ascii=False, default=str)}")
    findings = sorted({c.finding_id for c in item.changes if c.finding_id})
    try:
        rows = open_published(Home.from_environment()).evidence(findings)
    except PublishedCopyError as error:
        click.echo(f"  (records behind the finding are not shown: {error.message})")
        return
    for row in rows:
        click.echo(
            f"  {row['role']:<9} {row['instance']}.{row['object_type']} {row['record_id']}"
            f"  {row['field_name']} = {row['field_value']}"
        )


def _print_history(view: CorrectionView) -> None:
    click.echo("\nhistory")
    for event in view.events:
        step = f"{event.from_state or ''} -> {event.to_state}" if event.from_state != event.to_state else ""
        reason = f"  {event.reason}" if event.reason else ""
        click.echo(
            f"  {event.sequence:>5}  {event.occurred_at:%Y-%m-%d %H:%M:%S}Z  {event.event}  {step}  "
            f"{event.actor}{reason}"
        )


@corrections.command()
@click.argument("correction_ids", nargs=-1, required=True)
@as_person
@click.option("--note", default="", help="Kept with the approval.")
@plain_errors
def approve(correction_ids: tuple[str, ...], actor: str, roles: tuple[str, ...], note: str) -> None:
    """Approve corrections as yourself, in a role that may."""
    outbox, held = ledger(), roles_of(actor, roles)
    for correction_id in correction_ids:
        item = outbox.approve(correction_id, actor, held, note)
        more = "" if item.state is State.APPROVED else "; another person must approve too"
        click.echo(f"{correction_id} {item.state}{more}")


@corrections.command()
@click.argument("correction_id")
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def reject(correction_id: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """Reject a correction, or drop a dead letter."""
    item = ledger().reject(correction_id, actor, roles_of(actor, roles), reason)
    click.echo(f"{correction_id} {item.state}")


@corrections.command()
@click.argument("correction_id")
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def rollback(correction_id: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """Propose to restore what was there before an applied correction; another person approves."""
    item = ledger().rollback(correction_id, actor, reason, roles=roles_of(actor, roles))
    click.echo(f"{item.correction_id} {item.state}: undoes {correction_id}; approve it as another person")


corrections.add_command(audit_group)
