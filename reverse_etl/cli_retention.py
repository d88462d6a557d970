"""Operator commands of retention: what is older than the firm keeps it, and archiving it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from reverse_etl import retention
from reverse_etl.cli_common import as_person, ledger, plain_errors, roles_of


def register(group: click.Group) -> None:
    """Add the commands of this module to `group`."""
    for command in (retention_command, archive_command):
        group.add_command(command)


@click.command("retention")
@plain_errors
def retention_command() -> None:
    """Show what is older than its retention (config/policy.yml), what of it may go, and what is held back."""
    outbox = ledger()
    kept, due = outbox.policy.policy.retention, retention.survey(outbox)
    old = max(0, due.overdue_sequence - due.first_sequence + 1)
    click.echo(_line("audit trail and corrections", kept.corrections_years, due.limits.corrections))
    click.echo(
        f"  {old} audit events are older; {_part(due)}; {len(due.corrections)} corrections go with them"
    )
    if due.carried:
        click.echo(
            f"  {len(due.carried)} settled corrections stay: their story goes on, something refers to them, "
            "or they are a no that stands"
        )
    for one in due.held:
        click.echo(f"  held back from event {one.first_sequence} on: {one.correction_id} is {one.state}")
    click.echo(_line("events and deliveries", kept.events_years, due.limits.events))
    click.echo(f"  {len(due.event_ids)} may go")
    click.echo(_line("vendors' messages", kept.inbox_years, due.limits.inbox))
    click.echo(f"  {len(due.messages)} may go")
    click.echo(f"archived by: {', '.join(outbox.policy.retention_roles)}; nothing goes by itself")


def _line(what: str, years: int, limit: datetime) -> str:
    return f"{what}: kept {years} years, so from {limit:%Y-%m-%d %H:%M}Z on"


def _part(due: retention.Due) -> str:
    if not due.audit_events:
        return "none may go"
    return f"events {due.first_sequence} to {due.last_sequence} may go"


@click.command("archive")
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="New folder for the files.",
)
@click.option("--reason", required=True, help="Why; kept in the audit.")
@as_person
@plain_errors
def archive_command(folder: Path, reason: str, actor: str, roles: tuple[str, ...]) -> None:
    """Move what is older than its retention into files; the chain is verified from there on."""
    done = retention.archive(ledger(), folder, actor, roles_of(actor, roles), reason)
    gone = done.gone
    click.echo(
        f"event {done.event_sequence}: {gone.audit_events} audit events, {len(gone.corrections)} corrections, "
        f"{len(gone.event_ids)} events and {len(gone.messages)} messages are in {folder}"
    )
    for name, digest in sorted(done.files.items()):
        click.echo(f"{digest}  {name}")
