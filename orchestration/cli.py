"""The `concord` command: what an operator does without the Dagster UI."""

from __future__ import annotations

import sys

import click

from config import ConfigError, load_config
from config.clock import now
from config.paths import Home
from reverse_etl.cli import corrections


@click.group()
def main() -> None:
    """Concord keeps CRM, ERP, project delivery and HR in agreement."""


main.add_command(corrections)


@main.command("check-config")
def check_config() -> None:
    """Load config/ and say whether it is sound."""
    try:
        config = load_config()
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"config is sound: {len(config.instances)} instances, {len(config.checks)} checks, "
        f"{len(config.policy.rules)} policy rules, {len(config.value_maps)} value mappings"
    )


@main.command()
@click.argument("instances", nargs=-1)
@click.option("--full", is_flag=True, help="Re-read everything and sweep for deletions.")
def sync(instances: tuple[str, ...], full: bool) -> None:
    """Read the named instances (default: all); one that fails does not stop the others."""
    from connectors.errors import ConnectorError
    from ingestion.runner import sync_instance

    config, home = load_config(), Home.from_environment()
    failed = False
    for name in instances or [instance.name for instance in config.instances]:
        try:
            done = sync_instance(config, name, mode="full" if full else "incremental", home=home, clock=now)
        except (ConnectorError, LookupError, ValueError) as error:
            click.echo(f"{name}: FAILED. {error}", err=True)
            failed = True
            continue
        click.echo(f"{name}: {done.rows_read} rows read")
    sys.exit(1 if failed else 0)


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

    run(people=people, seed=seed, days=days)


@demo.command("up")
def demo_up() -> None:
    """Serve simulators, Dagster UI and console until interrupted."""
    from orchestration.demo import up

    up()


if __name__ == "__main__":
    main()
