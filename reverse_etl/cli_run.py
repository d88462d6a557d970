"""Operator commands that do now what the schedule does in time: propose from the published copy, deliver."""

from __future__ import annotations

import os

import click

from config import load_config
from config.paths import Home
from reverse_etl.cli_common import ledger, plain_errors
from reverse_etl.dispatch_report import DispatchReport
from reverse_etl.dispatcher import dispatch
from reverse_etl.setup import open_destinations, open_published


def register(group: click.Group) -> None:
    """Add the commands of this module to `group`."""
    group.command("propose")(propose_command)
    group.command("dispatch")(dispatch_command)


@plain_errors
def propose_command() -> None:
    """Propose what the published copy shows; nothing is sent. What is known already is not proposed again."""
    report = ledger().propose(open_published(Home.from_environment()).proposals())
    click.echo(
        f"{len(report.proposed)} wait for a person, {len(report.approved)} approved by policy, "
        f"{len(report.forbidden)} refused by policy, {report.unchanged} known already, "
        f"{report.switched_off} of checks that are switched off"
    )
    if report.held_by_cap:
        click.echo(f"held for a person: {report.cap_reason}")
    for item in report.malformed:
        click.echo(f"not proposed: {item.words}", err=True)


@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many corrections.")
@plain_errors
def dispatch_command(limit: int | None) -> None:
    """Deliver what is approved and due, and say what became of each."""
    config, home = load_config(), Home.from_environment()
    report = dispatch(ledger(), open_destinations(config, home, os.environ), limit=limit)
    _tell(report)


def _tell(report: DispatchReport) -> None:
    for item in report.items:
        held_up = ", ".join(name for name in (item.customer_name, item.project_name) if name)
        place = f" ({held_up})" if held_up else ""
        click.echo(f"{item.correction_id} {item.outcome}{place}: {item.words}")
    for instance, words in report.stopped_instances.items():
        click.echo(f"{instance} is left alone: {words}")
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in report.outcomes.items())
    click.echo(f"{outcomes or 'nothing sent'}; {report.waiting} waiting")
