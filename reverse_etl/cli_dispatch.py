"""Operator commands of dispatch: pause, resume and drain an instance, and how each stands."""

from __future__ import annotations

from collections.abc import Callable

import click
from rich.table import Table

from config import load_config
from reverse_etl import conservation, instances
from reverse_etl.cli_common import Failure, as_person, console, ledger, plain_errors, roles_of
from reverse_etl.destinations import SYSTEMS

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
