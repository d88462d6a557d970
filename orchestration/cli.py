"""The `concord` command: what an operator does without the Dagster UI."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import click

from config import Config, ConfigError, load_config
from config.clock import now
from config.paths import Home
from orchestration.cli_close import close
from reverse_etl.cli import corrections
from reverse_etl.cli_events import events
from reverse_etl.cli_findings import findings
from reverse_etl.cli_identity import identity
from reverse_etl.cli_inbox import inbox
from reverse_etl.cli_ledger import ledger_group
from reverse_etl.cli_sagas import sagas

LOGGER = logging.getLogger("concord.cli")


@click.group()
def main() -> None:
    """Concord keeps CRM, ERP, project delivery and HR in agreement."""


main.add_command(close)
main.add_command(corrections)
main.add_command(events)
main.add_command(findings)
main.add_command(identity)
main.add_command(inbox)
main.add_command(ledger_group)
main.add_command(sagas)


@main.command("check-config")
def check_config() -> None:
    """Load config/ and say whether it is sound."""
    config = _sound_config()
    click.echo(
        f"config is sound: {len(config.instances)} instances, {len(config.checks)} checks, "
        f"{len(config.policy.rules)} policy rules, {len(config.value_maps)} value mappings"
    )


@main.command()
def prepare() -> None:
    """Parse the dbt project into the manifest that Dagster loads; a part of installing or upgrading."""
    from orchestration.runtime import Runtime, ensure_manifest

    try:
        manifest = ensure_manifest(Runtime.from_environment())
    except (ConfigError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"manifest: {manifest}")


@main.command()
@click.argument("instances", nargs=-1)
@click.option("--full", is_flag=True, help="Re-read everything and sweep for deletions.")
def sync(instances: tuple[str, ...], full: bool) -> None:
    """Read the named instances (default: all); one that fails does not stop the others."""
    config, home = _sound_config(), Home.from_environment()
    names = instances or [instance.name for instance in config.instances]
    done = [_sync(config, home, name, "full" if full else "incremental") for name in names]
    sys.exit(0 if all(done) else 1)


def _sync(config: Config, home: Home, name: str, mode: Literal["incremental", "full"]) -> bool:
    from connectors.errors import ConnectorError
    from ingestion.errors import IngestionError, told
    from ingestion.runner import sync_instance

    try:
        done = sync_instance(config, name, mode=mode, home=home, clock=now)
    except Exception as error:  # whatever it is, the other instances are read
        if not isinstance(error, ConnectorError | IngestionError | LookupError):
            LOGGER.exception("%s: the sync failed", name)
        click.echo(f"{name}: FAILED. {told(error)}", err=True)
        return False
    refused = ""
    if done.quarantined:
        listing = f"python -m ingestion quarantine list --instance {name}"
        refused = f", {done.quarantined} refused (see `{listing}`)"
    click.echo(f"{name}: {done.rows_read} rows read{refused}")
    return True


def _sound_config() -> Config:
    try:
        return load_config()
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


@main.command()
def ties() -> None:
    """Print every figure from the vendor's page to the report and the ledger; exit 1 when any differs."""
    from orchestration.ties import lines, read_ties

    try:
        found = read_ties(Home.from_environment())
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error
    for line in lines(found):
        click.echo(line)
    broken = sum(tie.difference != 0 for tie in found)
    click.echo(f"\n{len(found)} ties, {broken} broken")
    sys.exit(1 if broken or not found else 0)


@main.group()
def demo() -> None:
    """The simulated firm: run the loop on it, or open it."""


@demo.command("run")
@click.option("--people", default=150, show_default=True, help="Size of the firm, when it is made.")
@click.option("--seed", default=1, show_default=True, help="Seed of the firm, when it is made.")
@click.option("--days", default=7, show_default=True, help="How far the firm advances between the two reads.")
def demo_run(people: int, seed: int, days: int) -> None:
    """Turn the whole loop: read, agree, find, correct, advance the firm, read again, prove."""
    from orchestration.demo import run

    with _told_without_traceback():
        run(people=people, seed=seed, days=days)


@demo.command("up")
def demo_up() -> None:
    """Serve simulators, Dagster UI and console until interrupted."""
    from orchestration.demo import up

    with _told_without_traceback():
        up()


@contextmanager
def _told_without_traceback() -> Iterator[None]:
    """What an operator can mend is said in words; anything else is a fault of ours and keeps its traceback."""
    try:
        yield
    except (ConfigError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
