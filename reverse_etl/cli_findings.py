"""Operator commands about findings: what is open, who has seen it, what is accepted and until when."""

from __future__ import annotations

import click

from reverse_etl import findings as use_cases
from reverse_etl.cli_common import as_person, ledger, plain_errors, roles_of
from reverse_etl.cli_governance import moment_of
from reverse_etl.ledger.findings import FINDING_STATES, WAIVER_CLASSES


@click.group()
def findings() -> None:
    """Findings: list them, acknowledge, waive until a day."""


@findings.command("list")
@click.option("--check", "check_id", help="Only this check.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(FINDING_STATES), help="Default: what is open."
)
@click.option("--limit", default=50, show_default=True)
@plain_errors
def list_command(check_id: str | None, states: tuple[str, ...], limit: int) -> None:
    """List findings as the last build left them, the most money at risk first."""
    rows = use_cases.listing(ledger(), check_id=check_id, states=states, limit=limit)
    for row in rows:
        at_risk = row["amount_at_risk_rc"]
        money = "" if at_risk is None else f"  {at_risk:,.2f} {row['reporting_currency']}"
        back = f", came back {row['times_reopened']}x" if row["times_reopened"] else ""
        since = f"since {row['opened_at']:%Y-%m-%d}{back}"
        what = f"{row['check_id']} {row['severity']} {row['finding_state']}"
        click.echo(f"{row['finding_id']}  {what} {since}{money}  {row['title']}")
    click.echo(f"{len(rows)} finding(s)")


@findings.command()
@click.argument("finding_id")
@as_person
@click.option("--reason", required=True, help="What is being done; kept in the audit.")
@plain_errors
def acknowledge(finding_id: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """Say that its owner has seen an open finding."""
    use_cases.acknowledge(ledger(), finding_id, actor, roles_of(actor, roles), reason)
    click.echo(f"{finding_id} is acknowledged by {actor}; the next build shows it")


@findings.command()
@click.argument("finding_id")
@click.option("--until", required=True, help="The day, or moment, from which it is open again.")
@click.option("--class", "reason_class", type=click.Choice(WAIVER_CLASSES), default="accepted", show_default=True,
              help="rule_wrong counts as a false positive of the check.")  # fmt: skip
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def waive(
    finding_id: str, until: str, reason_class: str, actor: str, roles: tuple[str, ...], reason: str
) -> None:
    """Accept an open finding until a day."""
    use_cases.waive(
        ledger(),
        finding_id,
        actor,
        roles_of(actor, roles),
        reason,
        until=moment_of(until),
        reason_class=reason_class,
    )
    click.echo(f"{finding_id} is waived until {until}; the next build shows it")


@findings.command()
@click.argument("finding_id")
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def unwaive(finding_id: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """End a finding's waiver before its time."""
    use_cases.end_waiver(ledger(), finding_id, actor, roles_of(actor, roles), reason)
    click.echo(f"{finding_id} is not waived any more")
