"""Operator commands of dispatch: pause, resume and drain an instance, and how each stands."""

from __future__ import annotations

from collections.abc import Callable

import click
from rich.table import Table

from config import load_config
from reverse_etl import conservation, dead_letters, instances, outcomes, rollbacks
from reverse_etl.cli_common import Failure, as_person, console, ledger, plain_errors, roles_of
from reverse_etl.destinations import SYSTEMS
from reverse_etl.models import State
from reverse_etl.outbox import Outbox

_NOT_WHOLE = 3


def register(group: click.Group) -> None:
    """Add the commands of this module to `group`."""
    for name, mode, words in (
        ("pause", "paused", "Send nothing more to an instance; what is being written this moment ends as it would."),
        ("drain", "draining", "Take nothing new for an instance; finish what is in flight or in doubt."),
        ("resume", "running", "Send to an instance again, and let its breaker try at once."),
    ):  # fmt: skip
        group.command(name, help=words)(_control(mode))  # type: ignore[arg-type]
    group.command("instances")(instances_command)
    group.command("count")(count_command)
    group.command("stuck")(stuck_command)
    group.command("edit")(edit_command)
    group.command("replay")(replay_command)
    group.command("rollback-set")(rollback_set_command)


def _control(mode: instances.Mode) -> Callable[..., None]:
    @click.argument("instance")
    @as_person
    @click.option("--reason", required=True, help="Why; kept in the audit.")
    @plain_errors
    def run(instance: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
        _require_known(instance)
        status = instances.set_mode(ledger(), instance, mode, actor, roles_of(actor, roles), reason)
        left = f"{status.waiting} waiting, {status.in_flight} in flight, {status.in_doubt} in doubt"
        click.echo(f"{instance} {status.mode}{' and drained' if status.is_drained else ''}: {left}")

    return run


def _require_known(instance: str) -> None:
    known = _writable()
    if instance not in known:
        raise Failure(f"there is no instance {instance} to write to. What to do: one of {', '.join(known)}.")


def _writable() -> list[str]:
    return sorted(i.name for i in load_config().instances if i.system in SYSTEMS)


@plain_errors
def instances_command() -> None:
    """Show how write-back to each instance stands: mode, breaker, what waits and why."""
    table = Table(box=None, pad_edge=False)
    for name in ("instance", "mode", "breaker", "waiting", "in flight", "in doubt"):
        table.add_column(name, overflow="fold")
    known = instances.statuses(ledger(), _writable())
    for s in known:
        is_open = s.breaker == "open" and s.health.open_until
        until = f" until {s.health.open_until:%H:%M:%S}Z" if is_open else ""
        mode, breaker = ("drained" if s.is_drained else s.mode), s.breaker.replace("_", "-")
        counts = (s.waiting, s.in_flight, s.in_doubt)
        table.add_row(s.instance, mode, breaker + until, *map(str, counts))
    console().print(table)
    for s in known:
        if s.why_stopped:
            click.echo(f"{s.instance}: {s.why_stopped}")


@plain_errors
def count_command() -> None:
    """Prove that nothing is lost: the count in against the sum over the states (exit code 3 when not)."""
    found = conservation.check(ledger().engine)
    for state, count in found.by_state.items():
        click.echo(f"{count:>8}  {state}")
    click.echo(found.words, err=not found.is_whole)
    if not found.is_whole:
        raise SystemExit(_NOT_WHOLE)


@click.option("--business-unit", "units", multiple=True, help="Only these business units.")
@plain_errors
def stuck_command(units: tuple[str, ...]) -> None:
    """Show what does not go on by itself: why, whom it holds up, and what to do."""
    found = outcomes.stuck(ledger(), units)
    for outcome in found:
        click.echo(f"{outcome.correction_id}  {outcome.state}")
        click.echo(f"  why: {outcome.words}")
        _print_standing(outcome)
    click.echo(f"{len(found)} stuck")


def print_standing_of(outbox: Outbox, correction_id: str) -> None:
    """Class, who is held up and what to do, of one correction."""
    _print_standing(outcomes.explain(outbox, correction_id))


def _print_standing(outcome: outcomes.Outcome) -> None:
    """The class of a correction's standing, whom it holds up, and what to do."""
    click.echo(f"  class: {outcome.cause}")
    about = (("client", outcome.customer), ("unit", outcome.business_unit), ("project", outcome.project))
    told = [f"{name} {value}" for name, value in about if value]
    if outcome.holds_up:
        told.append(f"corrections {', '.join(outcome.holds_up)}")
    click.echo(f"  holds up: {'; '.join(told) or 'nobody named'}")
    click.echo(f"  next: {outcome.next_step}")


@click.argument("correction_id")
@click.option("--set", "changes", multiple=True, required=True, help="FIELD=VALUE; an empty value clears it.")
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def edit_command(
    correction_id: str, changes: tuple[str, ...], actor: str, roles: tuple[str, ...], reason: str
) -> None:
    """Replace a dead letter by one with other new values; another person approves it."""
    values: dict[str, str | None] = {}
    for change in changes:
        name, sign, value = change.partition("=")
        if not sign:
            raise Failure(f"--set {change} has no value. What to do: write FIELD=VALUE.")
        values[name] = value or None
    new = dead_letters.edit(ledger(), correction_id, values, actor, roles_of(actor, roles), reason)
    click.echo(f"{new.correction_id} {new.state}: replaces {correction_id}; approve it as another person")


@click.argument("correction_ids", nargs=-1, required=True)
@as_person
@click.option("--note", default="", help="What was repaired meanwhile.")
@plain_errors
def replay_command(correction_ids: tuple[str, ...], actor: str, roles: tuple[str, ...], note: str) -> None:
    """Send dead letters again, in the order of the ledger; this is a new approval."""
    for item in dead_letters.replay_in_order(ledger(), correction_ids, actor, roles_of(actor, roles), note):
        more = "" if item.state is State.APPROVED else "; another person must replay it too"
        click.echo(f"{item.correction_id} {item.state}{more}")


@click.argument("correction_ids", nargs=-1)
@click.option("--run", "run_id", help="Everything that this dispatch run applied.")
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def rollback_set_command(
    correction_ids: tuple[str, ...], run_id: str | None, actor: str, roles: tuple[str, ...], reason: str
) -> None:
    """Propose to restore what was there before several applied corrections, the newest first."""
    outbox, held = ledger(), roles_of(actor, roles)
    ids = [*correction_ids, *(rollbacks.of_run(outbox, run_id) if run_id else ())]
    if not ids:
        raise Failure("nothing is named to roll back. What to do: give correction ids, or --run.")
    report = rollbacks.propose(outbox, ids, actor, reason, roles=held)
    for undone, undo in report.proposed.items():
        click.echo(f"{undo} proposed: undoes {undone}; approve it as another person")
    for undone, why in report.refused.items():
        click.echo(f"{undone} stays: {why}")
