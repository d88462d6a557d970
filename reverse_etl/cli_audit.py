"""Operator commands about the audit trail: verify it, and hand it out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from reverse_etl import audit
from reverse_etl.cli_common import ledger, plain_errors

BROKEN_CHAIN = 3
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("audit")
def audit_group() -> None:
    """The audit trail."""


@audit_group.command("verify")
@click.option(
    "--against", type=EXISTING, help="Compare with an earlier export too: finds a rewritten history."
)
@plain_errors
def verify_command(against: Path | None) -> None:
    """Recompute the whole chain; says where it breaks (exit code 3)."""
    engine = ledger().engine
    report = audit.verify_chain(engine)
    if against is not None:
        with against.open(encoding="utf-8") as lines:
            found = audit.compare_with_export(engine, lines)
        report = replace(report, problems=(*report.problems, *found))
    tell(report, "compare with the last export or backup; nothing was changed.")
    click.echo(f"audit chain is whole: {report.events} events, head {report.head}")
    if report.anchor is not None:
        first = report.anchor.last_sequence + 1
        click.echo(f"it is verified from event {first} on: {report.anchor.words}")


@audit_group.command("verify-export")
@click.argument("file", type=EXISTING)
@plain_errors
def verify_export_command(file: Path) -> None:
    """Verify an export by itself, without a ledger (exit code 3 when it is not whole)."""
    with file.open(encoding="utf-8") as lines:
        report = audit.verify_export(lines)
    tell(report, "ask for a new export; this one is not what was written.")
    click.echo(f"export is whole: {report.events} events, head {report.head}")


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
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), help="First day (UTC); default: all.")
@click.option("--to", "end", type=click.DateTime(["%Y-%m-%d"]), help="Last day (UTC), included.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; default: standard output."
)
@plain_errors
def export_command(start: datetime | None, end: datetime | None, output: Path | None) -> None:
    """Write the chain as JSON lines with a manifest, so that an outsider can verify it."""
    first = start.replace(tzinfo=UTC) if start else None
    last = end.replace(tzinfo=UTC) + timedelta(days=1) if end else None
    lines = audit.export(ledger().engine, first, last)
    if output is None:
        for line in lines:
            click.echo(line)
        return
    with output.open("w", encoding="utf-8") as file:
        count = sum(1 for line in lines if file.write(line + "\n"))
    click.echo(f"{count - 1} events written to {output}")
