"""What the firm has laid down, in one value: policy, ownership, people, business units, and its calendar day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from config.schema import Config, Ownership, Person, Policy
from reverse_etl.models import Proposal
from reverse_etl.values import digest


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why not: a class for machines, words for people, and what to do."""

    error_class: str
    reason: str
    hint: str


@dataclass(frozen=True)
class Governance:
    """The firm's policy and ownership of fields, with one version for the audit trail.

    `people` are the listed accounts: business units, and the records that are about themselves. Somebody who is
    not listed (signed in from outside) is bound by their roles alone. `business_units` are all units of the firm.
    """

    policy: Policy
    ownership: Ownership
    people: tuple[Person, ...] = ()
    business_units: tuple[str, ...] = ()
    time_zone: str = "UTC"

    @classmethod
    def from_config(cls, config: Config) -> Governance:
        """The governance of a loaded configuration."""
        units = tuple(unit.id for unit in config.business_units)
        return cls(config.policy, config.ownership, tuple(config.people.people), units, config.firm.time_zone)

    @cached_property
    def version(self) -> str:
        """Changes whenever one of the files says something else about who may do what."""
        facts = {
            "policy": self.policy.model_dump(mode="json"),
            "own": self.ownership.model_dump(mode="json"),
            "people": [[p.id, p.roles, p.business_units, p.own_records] for p in self.people],
        }
        return f"{self.policy.version}-{digest(facts)[:12]}"

    @cached_property
    def unlimited_roles(self) -> tuple[str, ...]:
        """Roles without a money limit: they decide what a rule leaves open."""
        return tuple(role for role, limit in self.policy.limits.items() if limit is None)

    @cached_property
    def kill_switch_roles(self) -> tuple[str, ...]:
        """Roles that turn kill switches at run time; unless the policy names them, those without a limit."""
        return tuple(self.policy.kill_switch_roles) or self.unlimited_roles

    @cached_property
    def identity_roles(self) -> tuple[str, ...]:
        """Roles that say which records are one; unless the policy names them, those without a limit."""
        return tuple(self.policy.identity_roles) or self.unlimited_roles

    @cached_property
    def event_roles(self) -> tuple[str, ...]:
        """Roles that decide what subscribers are told again; unless the policy names them, those without a limit."""
        return tuple(self.policy.event_roles) or self.unlimited_roles

    @cached_property
    def retention_roles(self) -> tuple[str, ...]:
        """Roles that archive what is older than its retention; unless the policy names them, those without a limit."""
        return tuple(self.policy.retention.roles) or self.unlimited_roles

    def is_killed(self, check_id: str) -> bool:
        """Whether configuration switches the check off; a switch set at run time is in the ledger."""
        return check_id in self.policy.kill_switches

    def person(self, actor: str) -> Person | None:
        """The listed account of that id, or None."""
        return next((person for person in self.people if person.id == actor), None)

    def day_start(self, now: datetime) -> datetime:
        """Midnight, in the firm's time zone, of the day that `now` falls on."""
        zone = ZoneInfo(self.time_zone)
        return datetime.combine(now.astimezone(zone).date(), time(), zone)


def amount(proposal: Proposal) -> Decimal:
    """Money at risk in reporting currency, unsigned; a correction without money counts as zero."""
    return abs(proposal.amount_at_risk_rc or Decimal(0))
