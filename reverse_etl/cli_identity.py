"""Operator commands about identity: what is suggested, and what people said to it."""

from __future__ import annotations

from typing import Any

import click

from config.paths import Home
from reverse_etl import identity as use_cases
from reverse_etl.cli_common import Failure, as_person, ledger, plain_errors, roles_of
from reverse_etl.errors import PublishedCopyError
from reverse_etl.identity import Decision, Pair
from reverse_etl.setup import open_published

_SUGGESTIONS = (
    "SELECT suggestion_id, record_key, record_name, target_key, target_name, method, score, status "
    "FROM canonical.dim_identity_suggestion ORDER BY score DESC, suggestion_id"
)
_LINKS = (
    "SELECT link_id, instance || ':' || object_type || ':' || record_id AS record_key, "
    "target_instance || ':' || target_object_type || ':' || target_record_id AS target_key, method, score, "
    "valid_from FROM canonical.dim_identity_link "
    "WHERE status = 'linked' AND valid_to IS NULL AND subject_type = 'customer'"
)


@click.group()
def identity() -> None:
    """Which records are one: list suggestions, accept or reject them, end a wrong link."""


@identity.command("list")
@plain_errors
def list_command() -> None:
    """List what waits for a person, the likeliest first."""
    rows = _read("suggestions", _SUGGESTIONS)
    for row in rows:
        click.echo(
            f"{row['suggestion_id']}  {row['status']} by {row['method']} {row['score']:.3f}: "
            f"{row['record_key']} ({row['record_name']}) and {row['target_key']} ({row['target_name']})"
        )
    click.echo(f"{len(rows)} suggestion(s)")


@identity.command()
@click.argument("suggestion_id")
@as_person
@click.option("--reason", required=True, help="How you know; kept in the audit.")
@plain_errors
def accept(suggestion_id: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """Say that the two records are one; the next build links them."""
    _told(use_cases.accept(ledger(), _suggested(suggestion_id), actor, roles_of(actor, roles), reason))


@identity.command()
@click.argument("suggestion_id")
@as_person
@click.option("--reason", required=True, help="How you know; kept in the audit.")
@plain_errors
def reject(suggestion_id: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """Say that the two records are not one; the pair is not suggested again."""
    _told(use_cases.reject(ledger(), _suggested(suggestion_id), actor, roles_of(actor, roles), reason))


@identity.command("end")
@click.argument("link_id")
@as_person
@click.option("--reason", required=True, help="Why the link is wrong; kept in the audit.")
@plain_errors
def end_command(link_id: str, actor: str, roles: tuple[str, ...], reason: str) -> None:
    """End a wrong link of customer records; it is kept with its end, and nothing links the two again."""
    pair = _found("link", link_id, "link_id", _LINKS)
    _told(use_cases.end(ledger(), pair, actor, roles_of(actor, roles), reason))


@identity.command("decisions")
@plain_errors
def decisions_command() -> None:
    """List the decisions in force, the newest first."""
    found = use_cases.listing(ledger())
    for one in found:
        click.echo(
            f"{one.decision_id}  {one.kind} {one.decided_at:%Y-%m-%d %H:%M}Z by {one.actor}: "
            f"{one.record_key} and {one.target_key}: {one.reason}"
        )
    click.echo(f"{len(found)} decision(s)")


def _read(name: str, query: str) -> list[dict[str, Any]]:
    try:
        return open_published(Home.from_environment()).read({name: query})[name]
    except PublishedCopyError as error:
        raise Failure(str(error)) from error


def _suggested(suggestion_id: str) -> Pair:
    return _found("suggestion", suggestion_id, "suggestion_id", _SUGGESTIONS)


def _found(what: str, wanted: str, column: str, query: str) -> Pair:
    rows = [row for row in _read(what, query) if row[column] == wanted]
    if not rows:
        raise Failure(
            f"there is no {what} {wanted} in the published copy. What to do: `concord identity list`, or wait "
            "for the next build when it is new."
        )
    return Pair.of(rows[0])


def _told(decision: Decision) -> None:
    click.echo(
        f"{decision.decision_id} {decision.kind}: {decision.record_key} and {decision.target_key}; "
        "the next build shows it"
    )
