"""Operator commands on the inbox: what vendors told us, what was refused, and fetching a feed by hand."""

from __future__ import annotations

import os

import click

from config import clock, load_config
from config.paths import Home
from connectors.errors import ConnectorError
from reverse_etl.cli_common import Failure, plain_errors
from reverse_etl.inbox import store
from reverse_etl.inbox.pull import pull, pulled_instances
from reverse_etl.ledger import open_ledger, reading


@click.group()
def inbox() -> None:
    """Messages from vendors: how they stand, and fetching what is not posted."""


@inbox.command()
@plain_errors
def status() -> None:
    """Show messages that wait for a read, answered ones, repeats and refusals, by instance."""
    with reading(open_ledger(Home.from_environment().ledger_url)) as connection:
        found = store.standing(connection)
    for name, one in found.items():
        refused = ", ".join(f"{count} {why}" for why, count in (one.refused or {}).items())
        click.echo(
            f"{name}: {one.received} waiting, {one.synced} read, {one.repeats} repeated"
            + (f"; refused: {refused}" if refused else "")
        )
    if not found:
        click.echo("no vendor has sent anything yet")


@inbox.command("pull")
@plain_errors
def pull_command() -> None:
    """Fetch the event feeds of vendors that post nothing."""
    config, home = load_config(), Home.from_environment()
    engine = open_ledger(home.ledger_url)
    for instance in pulled_instances(config):
        try:
            fresh = pull(engine, instance, home, os.environ, clock=clock.now)
        except ConnectorError as error:
            raise Failure(str(error)) from error
        click.echo(f"{instance.name}: {fresh} new messages")
