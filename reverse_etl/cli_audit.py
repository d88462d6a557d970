"""Operator commands about the audit trail: verify it, and hand it out."""

from __future__ import annotations

from pathlib import Path

import click

from reverse_etl import audit
from reverse_etl.cli_common import ledger, plain_errors

BROKEN_CHAIN = 3


@click.group("audit")
def audit_group() -> None:
    """The audit trail."""


@audit_group.command("verify")
@plain_errors
def verify_command() -> None:
    """Recompute the whole chain; says where it breaks (exit code 3)."""
    report = audit.verify_chain(ledger().engine)
    tell(report, "compare with the last export or backup; nothing was changed.")
    click.echo(f"audit chain is whole: {report.events} events, head {report.head}")


def tell(report: audit.ChainReport, hint: str) -> None:
    """Print what is broken and end with exit code 3; does nothing when the chain is whole."""
    for problem in report.problems:
        event = f"event {problem.sequence} ({problem.event or problem.kind}), " if problem.sequence else ""
        about = f"correction {problem.correction_id}: " if problem.correction_id else ""
        click.echo(f"BROKEN  {event}{about}{problem.words}", err=True)
    if not report.is_valid:
        click.echo(f"{len(report.problems)} problem(s). What to do: {hint}", err=True)
        raise SystemExit(BROKEN_CHAIN)


@audit_group.command("export")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; default: standard output."
)
@plain_errors
def export_command(output: Path | None) -> None:
    """Write the chain as JSON lines, so that an outsider can verify it."""
    lines = audit.export(ledger().engine)
    if output is None:
        for line in lines:
            click.echo(line)
        return
    with output.open("w", encoding="utf-8") as file:
        count = sum(1 for line in lines if file.write(line + "\n"))
    click.echo(f"{count} events written to {output}")
