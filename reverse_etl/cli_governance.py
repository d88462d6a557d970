"""Operator commands of governance: kill switches, delegation, waivers, and the clock of decisions."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from config import load_config
from reverse_etl import delegations, escalations, switches, waivers
from reverse_etl.cli_common import Failure, as_person, ledger, plain_errors, roles_of


def register(group: click.Group) -> None:
    """Add the commands of this module to `group`."""
    for command in (
        kill, unkill, switches_command, delegate, undelegate, delegations_command, waive, unwaive, waivers_command,
        escalate,
    ):  # fmt: skip
        group.add_command(command)


def moment_of(text: str) -> datetime:
    """A day (its first moment in the firm's time zone) or a moment with its offset. Raises `Failure` otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(
            f"{text!r} is neither a day nor a moment. What to do: write 2026-12-31, or 2026-12-31T18:00+00:00."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(load_config().firm.time_zone))


def _until(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z"


@click.command()
@click.argument("check_id")
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def kill(check_id: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """Switch a check off at once: nothing of it is proposed, approved or written."""
    switches.kill(ledger(), check_id, actor, roles_of(actor, roles), reason)
    click.echo(f"{check_id} is switched off: nothing of it is proposed, approved or written")


@click.command()
@click.argument("check_id")
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def unkill(check_id: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """Switch a check on again that was killed at run time."""
    switches.restore(ledger(), check_id, actor, roles_of(actor, roles), reason)
    click.echo(f"{check_id} is switched on")


@click.command("switches")
@plain_errors
def switches_command() -> None:
    """List the checks that are switched off, by whom and why."""
    found = switches.listing(ledger())
    for one in found:
        since = f"since {_until(one.changed_at)} by {one.actor}" if one.changed_at else "by configuration"
        click.echo(f"{one.check_id}  off {since}: {one.reason}")
    click.echo(f"{len(found)} check(s) switched off")


@click.command()
@click.argument("role")
@click.option("--to", "to_actor", required=True, help="Who decides in your place.")
@click.option("--from", "valid_from", help="First day, or moment; default: now.")
@click.option(
    "--until", required=True, help="The day, or moment, at which it ends; that day is not included."
)
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def delegate(
    role: str,
    to_actor: str,
    valid_from: str | None,
    until: str,
    actor: str,
    roles: tuple[str, ...],
    reason: str,
) -> None:
    """Hand one of your own roles to another person for a while."""
    outbox = ledger()
    given = delegations.delegate(
        outbox, actor, roles_of(actor, roles), to_actor=to_actor, role=role, reason=reason,
        valid_from=moment_of(valid_from) if valid_from else outbox.clock(), valid_until=moment_of(until),
    )  # fmt: skip
    click.echo(f"{given.delegation_id} {to_actor} decides as {role} for {actor} until {until}")


@click.command()
@click.argument("delegation_id")
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def undelegate(delegation_id: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """End a delegation now: its giver, its receiver or a controller may."""
    ended = delegations.revoke(ledger(), delegation_id, actor, roles_of(actor, roles), reason)
    click.echo(
        f"{delegation_id} ended: {ended.to_actor} decides no longer as {ended.role} for {ended.from_actor}"
    )


@click.command("delegations")
@plain_errors
def delegations_command() -> None:
    """List the delegations in force and to come."""
    found = delegations.listing(ledger())
    for one in found:
        period = f"from {_until(one.valid_from)} to {_until(one.valid_until)}"
        click.echo(
            f"{one.delegation_id}  {one.to_actor} as {one.role} for {one.from_actor} {period}: {one.reason}"
        )
    click.echo(f"{len(found)} delegation(s)")


@click.command()
@click.argument("correction_id")
@click.option("--until", required=True, help="The day, or moment, from which it may be proposed again.")
@as_person
@click.option("--reason", required=True, help="Why the difference is accepted; kept in the audit.")
@plain_errors
def waive(correction_id: str, until: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """Accept a difference for a while: the correction ends, and its finding is not proposed before that day."""
    waivers.waive(ledger(), correction_id, actor, roles_of(actor, roles), reason, moment_of(until))
    click.echo(f"{correction_id} waived until {until}")


@click.command()
@click.argument("correction_id")
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def unwaive(correction_id: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """End a waiver before its time: the next read may propose the correction again."""
    waivers.end(ledger(), correction_id, actor, roles_of(actor, roles), reason)
    click.echo(f"{correction_id} is not waived any more")


@click.command("waivers")
@plain_errors
def waivers_command() -> None:
    """List the waivers in force, the one that ends first at the top."""
    found = waivers.listing(ledger())
    for one in found:
        click.echo(f"{one.correction_id}  until {_until(one.expires_at)} by {one.actor}: {one.reason}")
    click.echo(f"{len(found)} waiver(s)")


@click.command()
@plain_errors
def escalate() -> None:
    """Let the clock of decisions run now; the deployment does so by itself every few minutes."""
    taken = escalations.escalate(ledger())
    for one in taken:
        click.echo(f"{one.correction_id} escalated to {', '.join(one.roles)}")
    click.echo(f"{len(taken)} escalation(s)")
