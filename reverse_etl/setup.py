"""Puts the pieces together for command line, console and orchestration: nothing else knows the concrete ones."""

from __future__ import annotations

from collections.abc import Mapping

from config import Config, clock
from config.clock import Clock
from config.paths import Home
from reverse_etl.destinations import LazyDestinations
from reverse_etl.ledger import open_ledger
from reverse_etl.outbox import Outbox
from reverse_etl.policies import Governance
from reverse_etl.warehouse import Published


def open_outbox(config: Config, home: Home, *, now: Clock = clock.now) -> Outbox:
    """The outbox of a deployment, its ledger created or migrated when needed. Raises `LedgerError`."""
    return Outbox(open_ledger(home.ledger_url), Governance.from_config(config), now)


def open_destinations(
    config: Config, home: Home, environ: Mapping[str, str], *, now: Clock = clock.now
) -> LazyDestinations:
    """Every instance of the estate that can be written to; each is signed in at first use."""
    return LazyDestinations(config.instances, environ=environ, budget_dir=home.budget, clock=now)


def open_published(home: Home) -> Published:
    """The published copy of a deployment."""
    return Published(home.published)
