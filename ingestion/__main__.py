"""Command line: `python -m ingestion sync <instance>`, `python -m ingestion quarantine list|replay|drop`."""

from __future__ import annotations

import sys

import click

from config import ConfigError, load_config
from config.clock import now
from config.paths import Home
from connectors.errors import ConnectorError
from ingestion.errors import IngestionError
from ingestion.runner import SyncResult, sync_instance


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
        except (IngestionError, ConnectorError, LookupError) as error:
            failed.append(name)
            click.echo(f"{name}: failed: {error}", err=True)
            continue
        _report(result)
    if failed:
        raise SystemExit(1)


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
