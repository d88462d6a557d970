"""Who is looking: local accounts for the demo, roles and business units from config/people.yml."""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass

from starlette.requests import Request

from config import Config
from config.schema import Person


class SignInRequiredError(Exception):
    """Nobody is signed in; the page asks for it."""


class ForbiddenError(Exception):
    """This person may not do this; the text says what would be needed."""


@dataclass(frozen=True)
class User:
    """The person of a request."""

    id: str
    name: str
    title: str
    roles: tuple[str, ...]
    business_units: tuple[str, ...]

    @property
    def initials(self) -> str:
        """Two letters for the badge."""
        return "".join(part[0] for part in self.name.split()[:2]).upper()


def check_password(given: str) -> bool:
    """Compare with CONCORD_CONSOLE_PASSWORD in constant time.

    Raises LookupError when the deployment has not set it: there is no default password.
    """
    expected = os.environ.get("CONCORD_CONSOLE_PASSWORD")
    if not expected:
        raise LookupError("local sign-in is off: set the environment variable CONCORD_CONSOLE_PASSWORD.")
    return hmac.compare_digest(given.encode(), expected.encode())


def find_person(config: Config, person_id: str) -> Person | None:
    """The local account with that id, or None."""
    return next((person for person in config.people.people if person.id == person_id), None)


def current_user(request: Request) -> User:
    """The signed-in person. Raises SignInRequiredError when there is none or the account is gone."""
    person = find_person(request.app.state.config, request.session.get("person", ""))
    if person is None:
        raise SignInRequiredError
    return User(person.id, person.name, person.title, tuple(person.roles), tuple(person.business_units))


def form_token(request: Request) -> str:
    """The session's token that every form must send back."""
    token: str = request.session.setdefault("form_token", secrets.token_urlsafe(24))
    return token


def check_form_token(request: Request, given: str) -> None:
    """Refuse a post that does not come from a page of this session. Raises ForbiddenError."""
    expected = request.session.get("form_token", "")
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise ForbiddenError("This form is out of date. Go back, load the page again and repeat.")
