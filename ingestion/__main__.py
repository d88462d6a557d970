"""Command line: `python -m ingestion sync <instance>`, `python -m ingestion quarantine list|replay|drop`."""

from __future__ import annotations

import logging
import sys

import click

from config import ConfigError, load_config
from config.clock import now
from config.paths import Home
from connectors.errors import ConnectorError
from ingestion import quarantine
from ingestion.errors import IngestionError, told
from ingestion.runner import SyncResult, sync_instance

LOGGER = logging.getLogger("concord.ingestion")


@click.group()
def main() -> None:
    """Bring vendor records into the warehouse."""


@main.command()
@click.argument("instances", nargs=-1)
@click.option("--full", is_flag=True, help="Read everything again, not only what changed.")
@click.option("--accept-shrink", is_flag=True, help="Accept a full read that lost more than half its rows.")
def sync(instances: tuple[str, ...], full: bool, accept_shrink: bool) -> None:
    """Sync the named INSTANCES, or all of the estate. One that fails does not stop the others."""
    cfg = load_config()
    home = Home.from_environment()
    failed = []
    for name in instances or tuple(instance.name for instance in cfg.instances):
        try:
            result = sync_instance(
                cfg,
                name,
                mode="full" if full else "incremental",
                home=home,
                clock=now,
                accept_shrink=accept_shrink,
            )
        except Exception as error:  # whatever it is, the other instances are read
            failed.append(name)
            if not isinstance(error, IngestionError | ConnectorError | LookupError):
                LOGGER.exception("%s: the sync failed", name)
            click.echo(f"{name}: failed: {told(error)}", err=True)
            continue
        _report(result)
    if failed:
        raise SystemExit(1)


@main.group("quarantine")
def quarantine_group() -> None:
    """Rows that were refused."""


@quarantine_group.command("list")
@click.option("--instance", help="Only this instance.")
@click.option("--state", default="open", type=click.Choice(["open", "replayed", "dropped"]))
@click.option("--payload", is_flag=True, help="Show the vendor's row too.")
def list_entries(instance: str | None, state: str, payload: bool) -> None:
    """List refused rows with the reason."""
    found = quarantine.entries(Home.from_environment(), instance=instance, state=state)
    for entry in found:
        click.echo(
            f"{entry.quarantine_id}  {entry.instance} {entry.object} {entry.record_id} {entry.field}: "
            f"{entry.reason} ({entry.rule}, {entry.quarantined_at:%Y-%m-%d %H:%M})"
        )
        if payload:
            click.echo(f"  {entry.payload}")
    if found and state == "open":
        click.echo(
            "What to do: correct the record at the vendor and sync again; or, when the rule was wrong, change it "
            "and `python -m ingestion quarantine replay <instance>`; or let it go with `quarantine drop <id>`."
        )


@quarantine_group.command("replay")
@click.argument("instance")
@click.argument("ids", nargs=-1)
def replay_entries(instance: str, ids: tuple[str, ...]) -> None:
    """Land refused rows of INSTANCE (all open ones, or IDS) under the rules as they are now."""
    try:
        report = quarantine.replay(
            load_config(), Home.from_environment(), instance, clock=now, ids=ids or None
        )
    except (IngestionError, LookupError) as error:
        raise click.ClickException(str(error)) from error
    for entry, reason in report.refused.items():
        click.echo(f"{entry}: still refused: {reason}", err=True)
    click.echo(
        f"{len(report.landed)} landed, {len(report.superseded)} superseded by newer versions, "
        f"{len(report.refused)} still refused"
    )


@quarantine_group.command("drop")
@click.argument("ids", nargs=-1, required=True)
def drop_entries(ids: tuple[str, ...]) -> None:
    """Let refused rows go."""
    click.echo(f"{quarantine.drop(Home.from_environment(), ids)} dropped")


def _report(result: SyncResult) -> None:
    click.echo(
        f"{result.instance}: {result.rows_read} read, {sum(result.rows_by_table.values())} landed, "
        f"{result.quarantined} quarantined, {result.tombstones} deleted ({result.mode}, {result.run_id})"
    )
    for table, rows in result.rows_by_table.items():
        if rows:
            click.echo(f"  {table}: {rows}")
    for table, column, kind in result.drift:
        click.echo(f"  {table}: {kind.replace('_', ' ')} {column!r}")


if __name__ == "__main__":
    try:
        main(standalone_mode=True)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
