"""What the operator commands share: who acts in which role, refusals as plain text, the ledger."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from rich.console import Console

from config import ConfigError, load_config
from config.paths import Home
from reverse_etl.errors import CorrectionError
from reverse_etl.outbox import Outbox
from reverse_etl.setup import open_outbox

Command = TypeVar("Command", bound=Callable[..., Any])


def console() -> Console:
    """A terminal that never breaks ids apart."""
    return Console(highlight=False, soft_wrap=True, width=None)


class Failure(click.ClickException):
    """A refusal: exit code 1 and a text that says what to do."""

    exit_code = 1


def ledger() -> Outbox:
    """The outbox of this deployment."""
    return open_outbox(load_config(), Home.from_environment())


def plain_errors(command: Command) -> Command:
    """Turn refusals into a `Failure`; anything else is a defect and keeps its traceback."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (CorrectionError, ConfigError) as error:
            raise Failure(str(error)) from error

    return run  # type: ignore[return-value]


def as_person(command: Command) -> Command:
    """Add `--actor` and `--role`: every decision is somebody's, in a role."""
    command = click.option(
        "--role",
        "roles",
        multiple=True,
        envvar="CONCORD_ROLES",
        help="Role to act in; repeat for several. Default: CONCORD_ROLES, else the actor's in config/people.yml.",
    )(command)
    return click.option(
        "--actor",
        envvar="CONCORD_ACTOR",
        required=True,
        help="Who you are (CONCORD_ACTOR); kept in the audit.",
    )(command)


def roles_of(actor: str, roles: Sequence[str]) -> list[str]:
    """The roles `actor` acts in: those given, else those of config/people.yml.

    Raises `Failure` when none is known, or when a listed person claims a role the file does not give them.
    """
    given = [part for role in roles for part in role.replace(",", " ").split()]
    listed = next((person for person in load_config().people.people if person.id == actor), None)
    if listed is None and not given:
        raise Failure(
            f"no role is known for {actor}. What to do: add --role, set CONCORD_ROLES, "
            "or list the person in config/people.yml."
        )
    if listed is None:
        return given
    foreign = [role for role in given if role not in listed.roles]
    if foreign:
        raise Failure(
            f"config/people.yml gives {actor} no role {', '.join(foreign)}. "
            f"What to do: act in one of {', '.join(listed.roles)}, or ask somebody who holds the role."
        )
    return given or list(listed.roles)
