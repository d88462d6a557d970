"""Operator commands about the ledger as a whole: back it up, restore it."""

from __future__ import annotations

from pathlib import Path

import click

from config import clock, load_config
from config.paths import Home
from reverse_etl.backup import take_backup
from reverse_etl.cli_common import ledger, plain_errors
from reverse_etl.policies import Governance
from reverse_etl.restore import restore_backup


@click.group("ledger")
def ledger_group() -> None:
    """The ledger of corrections as a whole."""


@ledger_group.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@plain_errors
def backup_command(file: Path) -> None:
    """Write the ledger to FILE while work goes on; the file restores into SQLite and PostgreSQL alike."""
    done = take_backup(ledger().engine, file, clock.now())
    counts = ", ".join(f"{count} {table}" for table, count in sorted(done.rows.items()))
    click.echo(f"backed up to {file}: {counts}; chain ends with event {done.end_sequence}, {done.end_hash}")


@ledger_group.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--actor", envvar="CONCORD_ACTOR", required=True, help="Who you are (CONCORD_ACTOR); kept in the audit."
)
@plain_errors
def restore_command(file: Path, actor: str) -> None:
    """Fill the empty ledger of this deployment (CONCORD_LEDGER_URL) from FILE, and verify it."""
    version = Governance.from_config(load_config()).version
    url = Home.from_environment().ledger_url
    done = restore_backup(url, file, actor=actor, now=clock.now(), policy_version=version)
    click.echo(
        f"restored the ledger of {done.taken_at:%Y-%m-%d %H:%M}Z: {done.rows.get('correction', 0)} corrections, "
        f"{done.end_sequence} events; the audit chain is whole and goes on"
    )
