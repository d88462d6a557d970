"""Operator commands about sagas: what can start, what runs, where each deal stands, and who has to act.

Exit codes: 0 done, 1 refused or not found (the text says what to do), 2 wrong usage.
"""

from __future__ import annotations

import json
import os
from typing import Any

import click
from rich.table import Table

from config import Config, load_config
from config.paths import Home
from config.sagas import Process
from reverse_etl import saga_desk
from reverse_etl.cli_common import Failure, as_person, console, plain_errors, roles_of
from reverse_etl.errors import UnknownSagaError
from reverse_etl.ledger import reading
from reverse_etl.saga_engine import SagaReport, Sagas
from reverse_etl.saga_store import find, get
from reverse_etl.sagas import Saga, SagaState, SagaStep
from reverse_etl.setup import open_destinations, open_outbox, open_published


def _open() -> tuple[Config, Sagas]:
    config, home = load_config(), Home.from_environment()
    return config, Sagas(open_outbox(config, home), open_destinations(config, home, os.environ))


def _process(config: Config, name: str) -> Process:
    try:
        return config.sagas.process(name)
    except LookupError as error:
        raise Failure(f"{error}.") from error


@click.group()
def sagas() -> None:
    """Processes across systems: start them, see where each deal stands, answer, cancel."""


@sagas.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice([s.value for s in SagaState]))
@click.option("--process", "name", help="Only this process, by id or name.")
@click.option("--limit", default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@plain_errors
def list_command(states: tuple[str, ...], name: str | None, limit: int, as_json: bool) -> None:
    """List sagas, newest first, with the progress of each."""
    config, engine = _open()
    process_id = _process(config, name).id if name else None
    wanted = [SagaState(state) for state in states]
    with reading(engine.outbox.engine) as connection:
        found = find(connection, states=wanted, process_id=process_id, limit=limit)
    if as_json:
        for saga in found:
            click.echo(json.dumps(facts_of(saga), default=str))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("key", "state", "done", "title", "why"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "key")
    for saga in found:
        table.add_row(
            saga.saga_key, saga.state.value, f"{saga.steps_done} of {len(saga.steps)}", saga.title,
            saga.state_reason or "",
        )  # fmt: skip
    console().print(table)


def facts_of(saga: Saga) -> dict[str, Any]:
    """One saga as plain data."""
    return {
        "key": saga.saga_key, "process": saga.process_name, "state": saga.state.value, "why": saga.state_reason,
        "title": saga.title, "started_by": saga.started_by, "started_at": saga.started_at,
        "steps": [
            {"step": s.step_id, "state": s.state.value, "why": s.state_reason, "correction": s.correction_id,
             "correction_state": s.correction_state, "undo": s.undo_correction_id, "result": s.result}
            for s in saga.steps
        ],
    }  # fmt: skip


@sagas.command()
@click.argument("saga_key")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@plain_errors
def show(saga_key: str, as_json: bool) -> None:
    """Show one saga: every step, the correction it stands for, and what it waits for."""
    _, engine = _open()
    with reading(engine.outbox.engine) as connection:
        saga = get(connection, saga_key)
    if as_json:
        click.echo(json.dumps(facts_of(saga), default=str))
        return
    _print(saga)


def _print(saga: Saga) -> None:
    click.echo(f"{saga.saga_key}  {saga.process_name}  {saga.state}")
    click.echo(f"  {saga.title}")
    if saga.state_reason:
        click.echo(f"  {saga.state}: {saga.state_reason}")
    click.echo(f"  started by {saga.started_by} at {saga.started_at:%Y-%m-%d %H:%M}Z\n")
    table = Table(box=None, pad_edge=False)
    for heading in ("  step", "state", "correction", "record", "why"):
        table.add_column(heading, overflow="fold")
    for step in saga.steps:
        table.add_row(
            f"  {step.step_id}", step.state.value, _correction(step), step.result or "", step.state_reason
        )
    console().print(table)


def _correction(step: SagaStep) -> str:
    done = f"{step.correction_id} {step.correction_state}" if step.correction_id else ""
    return f"{done}, undo {step.undo_correction_id} {step.undo_state}" if step.undo_correction_id else done


@sagas.command()
@click.argument("process")
@plain_errors
def triggers(process: str) -> None:
    """List what a process can be started for: one JSON object of facts per line."""
    config, _ = _open()
    for facts in open_published(Home.from_environment()).saga_facts(_process(config, process).facts):
        click.echo(json.dumps(facts, ensure_ascii=False))


@sagas.command()
@click.argument("process")
@click.argument("trigger_key")
@click.option(
    "--input", "inputs", multiple=True, metavar="NAME=VALUE", help="A fact you give; repeat for several."
)
@as_person
@plain_errors
def start(
    process: str, trigger_key: str, inputs: tuple[str, ...], actor: str, roles: tuple[str, ...]
) -> None:
    """Start a process for one trigger, such as a won deal; the same trigger starts once."""
    config, engine = _open()
    wanted = _process(config, process)
    rows = open_published(Home.from_environment()).saga_facts(wanted.facts, trigger_key)
    if not rows:
        raise UnknownSagaError(
            f"{wanted.name} knows no trigger {trigger_key} in the published copy.",
            hint=f"`concord sagas triggers {wanted.name}` lists them; run the loop when it is new.",
        )
    given = dict(_pair(text) for text in inputs)
    saga = saga_desk.start(engine.outbox, wanted, trigger_key, rows[0], actor, roles_of(actor, roles), given)
    _go_on(engine, saga.saga_key)
    if saga.state is SagaState.REFUSED:
        raise Failure(f"{saga.saga_key} is refused and nothing was written: {saga.state_reason}")


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark:
        raise click.UsageError(f"--input {text}: write NAME=VALUE")
    return name, value


def _go_on(engine: Sagas, saga_key: str) -> None:
    report = SagaReport()
    engine.advance_saga(saga_key, report)
    with reading(engine.outbox.engine) as connection:
        _print(get(connection, saga_key))
    for words in report.waiting.values():
        click.echo(f"\nit goes on with the next run of the loop: {words}")


@sagas.command()
@click.argument("saga_key")
@click.argument("step_id")
@click.option("--value", required=True, help="Id of the record in the owning system.")
@as_person
@plain_errors
def answer(saga_key: str, step_id: str, value: str, actor: str, roles: tuple[str, ...]) -> None:
    """Answer what a step asks a person for."""
    _, engine = _open()
    saga_desk.answer(engine.outbox, saga_key, step_id, value, actor, roles_of(actor, roles))
    _go_on(engine, saga_key)


@sagas.command()
@click.argument("saga_key")
@as_person
@click.option("--reason", required=True, help="Why; kept in the audit.")
@plain_errors
def cancel(saga_key: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """Stop a saga and take back what it did; each correction of that is approved as all others."""
    config, engine = _open()
    process = _process(config, saga_key.partition("/")[0])
    saga_desk.cancel(engine.outbox, saga_key, process, actor, roles_of(actor, roles), reason)
    _go_on(engine, saga_key)


@sagas.command()
@click.argument("saga_key")
@as_person
@click.option("--reason", required=True, help="What was repaired; kept in the audit.")
@plain_errors
def retry(saga_key: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """Let a stuck saga try again to take back what it did."""
    config, engine = _open()
    process = _process(config, saga_key.partition("/")[0])
    saga_desk.retry(engine.outbox, saga_key, process, actor, roles_of(actor, roles), reason)
    _go_on(engine, saga_key)
