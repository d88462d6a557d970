"""What a person may do with a correction, who else may, and why not: the ledger's policy in words for the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config import Config
from console.auth import ForbiddenError, User
from reverse_etl import policies
from reverse_etl.models import Approval, Correction, State
from reverse_etl.outbox import Outbox

PEOPLE_LISTED = 20
TAKES_BACK = frozenset({"operator", "controller"})


@dataclass(frozen=True)
class Decider:
    """One account and whether policy lets it approve."""

    name: str
    title: str
    why_not: str | None


@dataclass(frozen=True)
class Progress:
    """How far the approvals of a waiting correction are."""

    given: int
    needed: int
    by: tuple[str, ...]
    """Names of those who gave theirs, oldest first."""

    @property
    def words(self) -> str:
        """Such as ``1 of 2 approvals, by Carla Mendes``."""
        names = f", by {' and '.join(self.by)}" if self.by else ""
        return f"{self.given} of {self.needed} approvals{names}"


@dataclass(frozen=True)
class Offers:
    """The buttons of a correction's page."""

    approve: bool = False
    reject: bool = False
    replay: bool = False
    take_back: bool = False

    @property
    def any(self) -> bool:
        """Whether there is anything to decide in this state."""
        return self.approve or self.reject or self.replay or self.take_back


def refusal(ledger: Outbox, item: Correction, user: User) -> str | None:
    """Why this person may not approve, or None when they may."""
    found = ledger.why_not(item.correction_id, user.id, user.roles)
    if found is None:
        return None
    return f"{found.reason.replace(user.id, user.name)}; {found.hint.replace('_', ' ')}"


def offers(item: Correction, user: User) -> Offers:
    """Which decisions the state allows and this person may try; approving is judged apart, by `refusal`."""
    may_reject = policies.may_reject(item, user.id, user.roles) is None
    has_role = bool(set(user.roles) & (TAKES_BACK | set(item.approver_roles)))
    applied = item.state in (State.DELIVERED, State.VERIFIED)
    return Offers(
        approve=item.state is State.PROPOSED,
        reject=may_reject and item.state in (State.PROPOSED, State.CONFLICTED, State.DEAD_LETTERED),
        replay=may_reject and item.state is State.DEAD_LETTERED,
        take_back=has_role and applied and item.operation == "update" and item.kind == "sync",
    )


def progress(item: Correction, approvals: Sequence[Approval], config: Config) -> Progress | None:
    """The approvals of a correction that waits for more than one person, or None."""
    if item.state is not State.PROPOSED or item.approvals_needed < 2:
        return None
    names = {person.id: person.name for person in config.people.people}
    given = [a for a in policies.current_round(item, approvals) if a.decision == "approve"]
    return Progress(len(given), item.approvals_needed, tuple(names.get(a.actor, a.actor) for a in given))


def deciders(ledger: Outbox, item: Correction, config: Config) -> list[Decider]:
    """The local accounts and whether each may approve; only while it waits."""
    if item.state is not State.PROPOSED:
        return []
    found = []
    for person in config.people.people[:PEOPLE_LISTED]:
        reason = ledger.why_not(item.correction_id, person.id, person.roles)
        words = None if reason is None else reason.reason.replace(person.id, person.name)
        found.append(Decider(person.name, person.title, words))
    return sorted(found, key=lambda one: (one.why_not is not None, one.name))


def action(
    ledger: Outbox, item: Correction, user: User, decision: str, note: str
) -> Callable[[], str] | None:
    """The decision as a call that returns what to tell the person, or None for an unknown decision."""
    actions: dict[str, Callable[[], str]] = {
        "approve": lambda: _approve(ledger, item, user, note),
        "reject": lambda: _reject(ledger, item, user, note),
        "replay": lambda: _replay(ledger, item, user, note),
        "take_back": lambda: _take_back(ledger, item, user, note),
    }
    return actions.get(decision)


def _approve(ledger: Outbox, item: Correction, user: User, note: str) -> str:
    after = ledger.approve(item.correction_id, user.id, user.roles, note)
    if after.state is State.PROPOSED:
        return "Your approval is recorded. One more person has to approve."
    return "Approved. It is written to its system at the next dispatch."


def _reject(ledger: Outbox, item: Correction, user: User, note: str) -> str:
    ledger.reject(item.correction_id, user.id, user.roles, note)
    return "Rejected. Nothing is written."


def _replay(ledger: Outbox, item: Correction, user: User, note: str) -> str:
    after = ledger.replay(item.correction_id, user.id, user.roles, note)
    if after.state is State.DEAD_LETTERED:
        return "Your approval is recorded. One more person has to send it again."
    return "Sent again. It is written at the next dispatch."


def _take_back(ledger: Outbox, item: Correction, user: User, note: str) -> str:
    if not offers(item, user).take_back:
        raise ForbiddenError(
            "Taking back a correction needs the role of its approver, operator or controller."
        )
    inverse = ledger.rollback(
        item.correction_id, user.id, note or "asked for on the console", roles=user.roles
    )
    return f"Taking it back is proposed as {inverse.correction_id}; somebody else approves it."
