"""`concord close`: where each company's month stands, signatures, freeze, reopening, and what changed since."""

from __future__ import annotations

from datetime import date

import click
from rich.table import Table

from orchestration.closing import CloseDesk
from orchestration.runtime import Runtime
from reverse_etl import closing
from reverse_etl.cli_common import Failure, as_person, console, plain_errors, roles_of


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise Failure(f"{text!r} is no month. What to do: write 2026-05.") from error


def _open() -> CloseDesk:
    return CloseDesk.open(Runtime.from_environment())


@click.group()
def close() -> None:
    """The month-end close, per company."""


@close.command()
@click.argument("month")
@click.option("--entity", "entities", multiple=True, help="Only this company; repeat for several.")
@plain_errors
def status(month: str, entities: tuple[str, ...]) -> None:
    """Show what each company's month still needs: checks, signatures, freeze."""
    desk = _open()
    for picture in desk.pictures(_month(month), entities):
        now = closing.standing(desk.outbox, picture.legal_entity_id, picture.month)
        click.echo(f"{picture.legal_entity_id} {month}  {now.state}, round {now.round}")
        if now.state == "frozen":
            click.echo(f"  frozen {now.frozen_at:%Y-%m-%d %H:%M}Z by {now.frozen_by}")
        for one in picture.evidence:
            amount = "" if one.amount_at_risk_rc is None else f", {one.amount_at_risk_rc:,.2f} at risk"
            click.echo(
                f"  {one.check_id}  {one.outcome.replace('_', ' ')}, {one.findings} finding(s){amount}"
            )
        for problem in picture.problems if now.state != "frozen" else ():
            click.echo(f"  blocked: {problem}")
        for role in desk.rules.sign_off_roles:
            who, signed = now.signed.get(role, (None, None))
            stale = (
                "" if signed in (None, picture.hash) or now.state == "frozen" else ", and it changed since"
            )
            click.echo(f"  {role}: {f'signed by {who}{stale}' if who else 'not signed'}")


@close.command("sign-off")
@click.argument("entity")
@click.argument("month")
@click.option("--as", "role", required=True, help="The role to sign in; one person signs in one role.")
@as_person
@click.option("--note", "words", default="", help="Kept in the audit.")
@plain_errors
def sign_off(entity: str, month: str, role: str, actor: str, roles: tuple[str, ...], words: str) -> None:
    """Sign a company's month on the evidence as it is now."""
    desk = _open()
    (picture,) = desk.pictures(_month(month), [entity])
    closing.sign_off(desk.outbox, desk.rules, picture, actor, roles_of(actor, roles), role, words)
    click.echo(f"{entity} {month} is signed as {role} by {actor}, evidence {picture.hash[:12]}")


@close.command()
@click.argument("entity")
@click.argument("month")
@as_person
@plain_errors
def freeze(entity: str, month: str, actor: str, roles: tuple[str, ...]) -> None:
    """Freeze the figures and records of a month that every role has signed."""
    desk = _open()
    (picture,) = desk.pictures(_month(month), [entity])
    now = closing.freeze(desk.outbox, desk.rules, picture, actor, roles_of(actor, roles))
    click.echo(
        f"{entity} {month} is frozen, round {now.round}: {len(picture.figures)} figures, {len(picture.items)} records"
    )


@close.command()
@click.argument("entity")
@click.argument("month")
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def reopen(entity: str, month: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """Open a frozen month again; what was frozen is kept."""
    now = closing.reopen(_open().outbox, entity, _month(month), actor, roles_of(actor, roles), reason)
    click.echo(f"{entity} {month} is open again; the next close is round {now.round}")


@close.command()
@click.argument("entity")
@click.argument("month")
@plain_errors
def differences(entity: str, month: str) -> None:
    """Show a frozen month as reported and as now, and each record that changed with its cause."""
    desk = _open()
    if closing.standing(desk.outbox, entity, _month(month)).state != "frozen":
        raise Failure(f"{entity} {month} is not frozen. What to do: `concord close status {month}`.")
    figures, changes = desk.differences(_month(month), entity)
    table = Table("figure", "unit", "as reported", "as now", "difference", box=None)
    for row in figures:
        table.add_row(
            row["metric_id"],
            row["unit"],
            *(_number(row[n]) for n in ("frozen_value", "metric_value", "difference")),
        )
    console().print(table)
    listed = Table("cause", "record", "date", "now", "hours", "now", "amount", "now", "effect", "", box=None)
    for row in changes:
        pairs = [
            _number(row[name]) for name in ("frozen_quantity", "now_quantity", "frozen_amount", "now_amount")
        ]
        days = [str(row[name] or "") for name in ("frozen_date", "now_date")]
        listed.add_row(row["cause"], f"{row['item_kind']} {row['item_id']}", *days, *pairs,
                       _number(row["amount_effect"]), row["currency"])  # fmt: skip
    console().print(listed)
    click.echo(f"{len(changes)} difference(s) since the close")


def _number(value: object) -> str:
    return "" if value is None else f"{value:,.2f}"
