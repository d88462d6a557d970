"""Tells subscribers what happened: signed HTTP posts, at least once, in order per subject."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import requests
import sqlalchemy as sa

from config.clock import Clock
from config.schema import EventDelivery, Subscription
from reverse_etl.events import queue, signing
from reverse_etl.events.log import CONTENT_TYPE, Event
from reverse_etl.events.retry import Answer, Decision, decide
from reverse_etl.ledger import reading, writing
from reverse_etl.values import canonical_json

LOGGER = logging.getLogger("concord.events")
_LONGEST_RETRY_AFTER = 7200


@dataclass
class Told:
    """One subscription's share of a run."""

    queued: int = 0
    delivered: int = 0
    dead_lettered: int = 0
    stopped_by: str | None = None
    """Why the rest waits: the receiver's trouble as a class, or that its secret is missing."""


Send = Callable[[Subscription, str, Event, datetime], Answer]
"""Post one event to a subscriber, signed with the secret as of a moment."""


@dataclass
class Report:
    """What a run of deliveries did, by subscription."""

    subscriptions: dict[str, Told] = field(default_factory=dict)


def deliver(
    engine: sa.Engine,
    subscriptions: Sequence[Subscription],
    environ: Mapping[str, str],
    *,
    settings: EventDelivery,
    wall: Clock,
    send: Send | None = None,
) -> Report:
    """Queue what is new and deliver what is due; a subscription in trouble does not stop the others.

    `environ` holds the secrets by the names the subscriptions give. `wall` is real time: signatures and delays
    concern machines. `send` replaces the HTTP post. Run again, it goes on where it stopped; a post whose answer was
    lost is sent again.
    """
    report = Report()
    for wanted in subscriptions:
        with writing(engine) as connection:
            told = Told(queued=queue.fan_out(connection, wanted, wall()))
        report.subscriptions[wanted.name] = told
        secret = environ.get(wanted.secret)
        if not secret:
            told.stopped_by = "secret_missing"
            LOGGER.error("subscription %s: set the environment variable %s", wanted.name, wanted.secret)
            continue
        with _session() as session:
            post = send or _HttpPost(session, settings.timeout_seconds)
            _Telling(engine, wanted, secret, post, settings, wall).run(told)
    return report


@contextmanager
def _session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False  # a proxy or .netrc of the host must not touch what we send
        yield session


@dataclass(frozen=True)
class _Telling:
    """One run over one subscription's queue."""

    engine: sa.Engine
    wanted: Subscription
    secret: str
    send: Send
    settings: EventDelivery
    wall: Clock

    def run(self, told: Told) -> None:
        while told.stopped_by is None:
            claimed = self._claim()
            if claimed is None:
                return
            answer = self.send(self.wanted, self.secret, claimed.event, self.wall())
            decision = decide(answer, claimed.attempts, self.settings.max_attempts)
            self._settle(claimed, decision)
            told.delivered += decision.action == "delivered"
            told.dead_lettered += decision.action == "dead_letter"
            told.stopped_by = decision.error_class if decision.is_receiver_wide else None

    def _claim(self) -> queue.Claim | None:
        lease = timedelta(seconds=2 * self.settings.timeout_seconds + 30)
        with writing(self.engine) as connection:
            return queue.claim(connection, self.wanted.name, self.wall(), lease)

    def _settle(self, claimed: queue.Claim, decision: Decision) -> None:
        words = None if decision.action == "delivered" else self._words(claimed, decision)
        with writing(self.engine) as connection:
            queue.settle(connection, claimed, decision, words, self.wall())

    def _words(self, claimed: queue.Claim, decision: Decision) -> str:
        end = "no further attempt is made" if decision.action == "dead_letter" else "it is sent again"
        return (
            f"subscription {self.wanted.name}, {claimed.event.type} of {claimed.event.subject}: attempt "
            f"{claimed.attempts} of {self.settings.max_attempts} ended {decision.error_class}; {end}."
        )


@dataclass(frozen=True)
class _HttpPost:
    """The signed post that a subscriber receives."""

    session: requests.Session
    timeout: float

    def __call__(self, wanted: Subscription, secret: str, event: Event, now: datetime) -> Answer:
        body = canonical_json(event.cloudevent()).encode()
        headers = {
            "Content-Type": f"{CONTENT_TYPE}; charset=utf-8",
            signing.HEADER: signing.sign(secret, body, now),
        }
        try:
            response = self.session.post(
                wanted.url, data=body, headers=headers, timeout=self.timeout, allow_redirects=False
            )
        except requests.Timeout:
            return Answer(status=None, error_class="timeout")
        except requests.RequestException as error:
            return Answer(status=None, error_class="unreachable" if _is_connection(error) else "bad_answer")
        return Answer(status=response.status_code, retry_after=_retry_after(response))


def _is_connection(error: requests.RequestException) -> bool:
    return isinstance(error, requests.ConnectionError)


def _retry_after(response: requests.Response) -> timedelta | None:
    text = response.headers.get("Retry-After", "")
    return timedelta(seconds=min(int(text), _LONGEST_RETRY_AFTER)) if text.isdigit() else None


def next_work(engine: sa.Engine, subscriptions: Sequence[Subscription], now: datetime) -> str | None:
    """A mark of what a run would do, for a sensor that asks for one run per change; None when nothing is due."""
    with reading(engine) as connection:
        marks = [queue.next_work(connection, wanted, now) for wanted in subscriptions]
    return "|".join(mark for mark in marks if mark) or None
