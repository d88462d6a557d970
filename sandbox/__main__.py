"""`python -m sandbox`: make the simulated firm, let its time pass, serve its systems."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import UTC
from pathlib import Path

import click

from config import load_config
from config.paths import REPOSITORY, Home
from sandbox.clock import resume_clock
from sandbox.credentials import read_credentials
from sandbox.firm.days import parse_moment
from sandbox.firm.estate import advance_firm, create_firm, read_firm
from sandbox.firm.revenue_plan import write_plan
from sandbox.firm.spec import FirmSpec


@click.group()
def main() -> None:
    """The simulated firm."""


def _spec(seed: int, people: int, months: int, as_of: str) -> FirmSpec:
    try:
        return FirmSpec(seed, people, months, parse_moment(as_of).astimezone(UTC))
    except ValueError as problem:
        raise click.BadParameter(str(problem)) from problem


@main.command()
@click.option("--seed", default=1, show_default=True, help="Another seed is another firm.")
@click.option("--people", default=150, show_default=True, help="Head count on the first day, about.")
@click.option("--months", default=18, show_default=True, help="Months of history.")
@click.option("--as-of", default="2026-06-30T18:00:00Z", show_default=True, help="The firm's first day.")
def init(seed: int, people: int, months: int, as_of: str) -> None:
    """Generate the firm and fill its systems."""
    world = create_firm(Home.from_environment().sandbox, _spec(seed, people, months, as_of))
    click.echo(
        f"A firm of {people} people: {len(world.customers)} customers, {len(world.projects)} projects, "
        f"{len(world.entries)} time entries, {len(world.receivables)} invoices."
    )


@main.command()
@click.option("--days", default=7, show_default=True, help="How far to move the firm's clock.")
@click.option("--when-told", is_flag=True, help="Work it all out, then wait for a line on standard input.")
def advance(days: int, when_told: bool) -> None:
    """Let time pass in the firm."""
    folder = Home.from_environment().sandbox
    try:
        changes = advance_firm(folder, days, _wait_for_line if when_told else None)
    except (FileNotFoundError, ValueError) as problem:
        raise click.ClickException(str(problem)) from problem
    for title, counts in (
        ("new", changes.inserted),
        ("changed", changes.updated),
        ("deleted", changes.deleted),
    ):
        click.echo(
            f"{title}: {sum(counts.values())} rows ({', '.join(f'{k} {v}' for k, v in sorted(counts.items()))})"
        )


def _wait_for_line() -> None:
    if not sys.stdin.readline():
        sys.exit("nobody told the firm to live on")


@main.command()
def serve() -> None:
    """Serve the simulators until interrupted."""
    from sandbox.server import serve as start

    folder = Home.from_environment().sandbox
    try:
        read_firm(folder)
    except FileNotFoundError as problem:
        raise click.ClickException(str(problem)) from problem
    resume_clock(folder / "clock.json")
    config = load_config()
    inbox = f"http://127.0.0.1:{config.events.inbox.port}"
    servers = start(config.instances, folder, read_credentials(folder / "sandbox.env"), inbox=inbox)
    for name, server in servers.items():
        click.echo(f"{name}: {server.url}")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    for server in servers.values():
        server.stop()


@main.command()
@click.option(
    "--to", "target", type=click.Path(path_type=Path), default=REPOSITORY / "config" / "revenue_plan.csv"
)
def plan(target: Path) -> None:
    """Write the yearly revenue plan of the default firm."""
    count = write_plan(target, _spec(1, 150, 18, "2026-06-30T18:00:00Z"))
    click.echo(f"{target}: {count} rows")


if __name__ == "__main__":
    main()
