"""Operator commands on events: what happened, who was told, dead letters, replay, and checking a signature.

Exit codes: 0 done, 1 refused or not found (the text says what to do), 2 wrong usage, 3 a signature does not hold.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any, BinaryIO

import click
from rich.table import Table

from config import load_config
from config.paths import Home
from config.schema import Subscription
from reverse_etl import event_desk
from reverse_etl.cli_common import Failure, as_person, console, ledger, plain_errors, roles_of
from reverse_etl.events import deliver as delivering
from reverse_etl.events import log, queue, signing
from reverse_etl.ledger import open_ledger, reading
from reverse_etl.outbox import wall_clock

_BAD_SIGNATURE = 3


class Moment(click.ParamType):
    """An instant with its zone, such as 2026-06-30T18:00:00Z."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse; naive times are refused, they would be read in the wrong zone."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not an ISO time such as 2026-06-30T18:00:00Z", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} has no time zone; write 2026-06-30T18:00:00Z", param, ctx)
        return moment


def _ledger() -> Any:
    return open_ledger(Home.from_environment().ledger_url)


def _subscription(name: str) -> Subscription:
    known = load_config().events.subscriptions
    for one in known:
        if one.name == name:
            return one
    listed = ", ".join(one.name for one in known) or "none"
    raise Failure(f"config/events.yml lists no subscription {name}; known: {listed}.")


_since = click.option("--from", "since", type=Moment(), help="Happened or recorded at this time or later.")
_until = click.option("--to", "until", type=Moment(), help="Happened or recorded before this time.")
_types = click.option(
    "--type", "types", multiple=True, help="Only this type; may end in *. Repeat for several."
)


@click.group()
def events() -> None:
    """Events of the business and of corrections: list, deliver, replay."""


@events.command("list")
@_since
@_until
@click.option("--type", "types", multiple=True, help="Only this type. Repeat for several.")
@click.option("--subject", help="Only this record or correction.")
@click.option("--limit", default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One CloudEvent per line.")
@plain_errors
def list_command(
    since: datetime | None,
    until: datetime | None,
    types: tuple[str, ...],
    subject: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List events, newest first."""
    with reading(_ledger()) as connection:
        found = log.find(connection, types=types, subject=subject, since=since, until=until, limit=limit)
    if as_json:
        for one in found:
            click.echo(json.dumps(one.cloudevent(), ensure_ascii=False))
        return
    table = _table("sequence", "time", "type", "subject", "id")
    for one in found:
        when = f"{one.occurred_at:%Y-%m-%d %H:%M:%S}Z"
        table.add_row(str(one.sequence), when, one.type, one.subject, one.event_id[:12])
    console().print(table)
    click.echo(f"\n{len(found)} shown")


@events.command()
@plain_errors
def subscriptions() -> None:
    """Show who subscribes to what, and how their deliveries stand."""
    with reading(_ledger()) as connection:
        states = queue.counts(connection)
    for one in load_config().events.subscriptions:
        mine = states.get(one.name, {})
        numbers = ", ".join(
            f"{mine.get(state, 0)} {state.replace('_', ' ')}"
            for state in (queue.PENDING, queue.DELIVERED, queue.DEAD, queue.DROPPED)
        )
        secret = "" if os.environ.get(one.secret) else f"; {one.secret} is not set: nothing is sent"
        click.echo(f"{one.name}  {one.url}  {' '.join(one.types)}\n  {numbers}{secret}")


@events.command()
@plain_errors
def deliver() -> None:
    """Deliver what is due now."""
    config = load_config()
    report = delivering.deliver(
        _ledger(), config.events.subscriptions, os.environ, settings=config.events.delivery, wall=wall_clock
    )
    for name, told in report.subscriptions.items():
        stop = f"; stopped: {told.stopped_by}" if told.stopped_by else ""
        click.echo(f"{name}: {told.delivered} delivered, {told.dead_lettered} dead letters{stop}")


@events.command()
@click.argument("subscription")
@click.option("--from", "since", type=Moment(), required=True, help="Happened or recorded from this time on.")
@_until
@_types
@as_person
@plain_errors
def replay(
    subscription: str,
    since: datetime,
    until: datetime | None,
    types: tuple[str, ...],
    actor: str,
    roles: tuple[str, ...],
) -> None:
    """Queue events again for a subscription from a point in time; their ids stay the same."""
    wanted = _subscription(subscription)
    held = roles_of(actor, roles)
    count = event_desk.replay(ledger(), wanted, actor, held, since=since, until=until, types=types)
    click.echo(f"{count} events queued for {subscription}")


@events.command("dead-letters")
@click.option("--subscription", help="Only of this subscription.")
@plain_errors
def dead_letters(subscription: str | None) -> None:
    """List deliveries that wait for a person; later events of the same subject wait behind them."""
    with reading(_ledger()) as connection:
        found = queue.dead_letters(connection, subscription)
    table = _table("delivery", "subscription", "type", "subject", "attempts", "class")
    for one in found:
        table.add_row(
            str(one.delivery_id), one.subscription, one.type, one.subject, str(one.attempts), one.error_class
        )
    console().print(table)
    click.echo(f"\n{len(found)} dead letters")


@events.command()
@click.argument("deliveries", nargs=-1, required=True, type=int)
@as_person
@plain_errors
def revive(deliveries: tuple[int, ...], actor: str, roles: tuple[str, ...]) -> None:
    """Send dead letters again, in their order."""
    event_desk.revive(ledger(), deliveries, actor, roles_of(actor, roles))
    click.echo(f"{len(deliveries)} queued")


@events.command()
@click.argument("delivery", type=int)
@click.option("--reason", required=True, help="Why; kept in the audit.")
@as_person
@plain_errors
def drop(delivery: int, reason: str, actor: str, roles: tuple[str, ...]) -> None:
    """Give a dead letter up; the later events of its subject go on."""
    event_desk.drop(ledger(), delivery, actor, roles_of(actor, roles), reason)
    click.echo(f"delivery {delivery} dropped")


@events.command("verify-signature")
@click.option("--secret-env", required=True, help="Environment variable that holds the secret.")
@click.option("--signature", required=True, help=f"Value of the {signing.HEADER} header.")
@click.option("--at", "at", type=Moment(), help="As if it were this time; default: now.")
@click.argument("body", type=click.File("rb"))
@plain_errors
def verify_signature(secret_env: str, signature: str, at: datetime | None, body: BinaryIO) -> None:
    """Check a received BODY (a file, or - for standard input) against its signature header."""
    secret = os.environ.get(secret_env)
    if not secret:
        raise Failure(f"the environment variable {secret_env} is not set.")
    try:
        signing.verify(secret, body.read(), signature, at or datetime.now(UTC))
    except signing.SignatureError as error:
        click.echo(f"{error.error_class}: {error}", err=True)
        raise SystemExit(_BAD_SIGNATURE) from error
    click.echo("the signature holds")


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table
