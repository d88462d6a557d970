"""The firm of a run: its records, what is true about them, its people, and what each change demands.

The demands are written out here a second time, by hand, so that the policy code is not judged by itself.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from config.schema import Ownership, Policy
from reverse_etl.destinations.base import Value
from reverse_etl.policies import Governance
from reverse_etl.values import encode
from tests.chaos.vendor import Surroundings, Vendor
from tests.reverse_etl.factories import CRM, ERP, OWNERSHIP, POLICY, PSA, sync_row
from tests.reverse_etl.saga_factory import FACTS, PROJECT_STATE, SAGA_RULES

PEOPLE: Mapping[str, tuple[str, ...]] = {
    "bill": ("billing_lead",),
    "carla": ("controller",),
    "mara": ("controller",),
    "omar": ("delivery_operations",),
    "rita": ("resource_manager",),
    "eve": ("viewer",),
}
LIMITS: Mapping[str, Decimal | None] = {
    "billing_lead": Decimal(100000),
    "controller": None,
    "delivery_operations": Decimal(200000),
    "resource_manager": Decimal(50000),
}
OPPORTUNITY = "crm_opportunity_ref"

#: (operation, object, column) -> the entry of ownership that allows it; "*" is any column
OWNED: Mapping[tuple[str, str, str], str] = {
    ("update", "account", "legal_name"): "customer.legal_name",
    ("update", "opportunity", "erp_open_amount"): "receivable.open_amount",
    ("update", "opportunity", "erp_overdue_bucket"): "receivable.overdue_bucket",
    ("create", "workspace", "*"): "project.draft",
    ("update", "workspace", "status_key"): "project.state",
    ("update", "workspace_allocation", "end_date"): "assignment.end",
    ("update", "charge", "stage"): "billing_schedule.stage",
}


@dataclass(frozen=True)
class Demand:
    """Who must have agreed before a correction of a check is written."""

    roles: frozenset[str]
    people: int = 1
    alone_up_to: Decimal | None = None
    """Money up to which the standing rule suffices; None: never."""


DEMANDS: Mapping[str, Demand] = {
    "B05": Demand(frozenset({"controller"}), alone_up_to=Decimal("Infinity")),
    "C03": Demand(frozenset({"controller"}), alone_up_to=Decimal(1000)),
    "C01": Demand(frozenset({"delivery_operations", "controller"})),
    "H01": Demand(frozenset({"resource_manager", "controller"}), people=2),
    "B01": Demand(frozenset({"billing_lead", "controller"})),
    "S01": Demand(frozenset({"controller"})),
}


@dataclass(frozen=True)
class Rules:
    """What the configuration says while a process runs; processes read it when they start."""

    killed: frozenset[str] = frozenset()
    disowned: frozenset[str] = frozenset()

    def governance(self) -> Governance:
        """As the product reads it."""
        owned = deepcopy(OWNERSHIP)
        owned["fields"].append(PROJECT_STATE)
        owned["fields"] = [f for f in owned["fields"] if f["field"] not in self.disowned]
        policy = {
            **POLICY,
            "rules": [*POLICY["rules"], *SAGA_RULES],
            "kill_switches": sorted(self.killed),
            "caps": {"automatic_count": 4, "automatic_amount": "5000"},
        }
        return Governance(Policy.model_validate(policy), Ownership.model_validate(owned))


@dataclass
class Firm:
    """Vendors' records and the truth they should show."""

    vendors: dict[str, Vendor]
    truth: dict[tuple[str, str, str, str], Value] = field(default_factory=dict)
    """(instance, object, record, column) -> what it should be."""
    about: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """(object, record) -> check, money, business unit."""
    won: list[str] = field(default_factory=list)
    """Opportunities that should have a project."""
    deals: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """Deals a saga can be started for, with its facts."""

    @property
    def touchable(self) -> list[tuple[str, str, str, str]]:
        """Fields that people at the vendors change, too."""
        of_deals = [(CRM, "account", str(facts["account"]), "legal_name") for facts in self.deals.values()]
        return sorted([*self.truth, *of_deals])

    def rows(
        self, seen: Mapping[str, Mapping[tuple[str, str], Mapping[str, Value]]], read_at: datetime
    ) -> list[dict[str, Any]]:
        """What a read of these records proposes, one row per field that is not as it should be."""
        found = []
        for (instance, name, record, column), truth in self.truth.items():
            held = seen[instance][name, record].get(column)
            if encode(held) != encode(truth):
                found.append(self._row(instance, name, record, column, held, truth, read_at))
        existing = {held.get(OPPORTUNITY) for (name, _), held in seen[PSA].items() if name == "workspace"}
        for opportunity in self.won:
            if opportunity not in existing:
                found += _project(opportunity, read_at)
        return found

    def _row(
        self, instance: str, name: str, record: str, column: str, held: Value, truth: Value, read_at: datetime
    ) -> dict[str, Any]:
        system = {CRM: "salesforce", ERP: "netsuite", PSA: "kantata"}[instance]
        kind = {date: "date", Decimal: "decimal"}.get(type(truth if truth is not None else held), "text")
        return sync_row(
            target_system=system, target_instance=instance, target_object=name, target_record_id=record,
            field=column, expected_value=encode(held), new_value=encode(truth), value_type=kind,
            source_loaded_at=read_at, **self.about[name, record],
        )  # fmt: skip


def _project(opportunity: str, read_at: datetime) -> list[dict[str, Any]]:
    shared = {
        "correction_key": f"C01|{PSA}|{opportunity}", "check_id": "C01", "target_system": "kantata",
        "target_instance": PSA, "target_object": "workspace", "target_record_id": None, "operation": "create",
        "expected_value": None, "amount_at_risk_rc": "120000", "finding_id": f"f-c01-{opportunity}",
        "source_loaded_at": read_at,
    }  # fmt: skip
    return [
        sync_row(**shared, field="title", value_type="text", new_value=f"Rollout {opportunity}"),
        sync_row(**shared, field="price", value_type="decimal", new_value="120000.00"),
        sync_row(**shared, field="stage", value_type="text", new_value="estimate"),
        sync_row(**shared, field=OPPORTUNITY, value_type="text", new_value=opportunity),
    ]


def found_firm(chance: random.Random, world: Surroundings, *, least_deals: int = 0) -> Firm:
    """A small firm with something of every kind to correct, and some things that nobody may."""
    rounding = _rounded if chance.random() < 0.1 else None
    vendors = {
        CRM: Vendor(CRM, world, is_conditional=True, normalise=rounding),
        ERP: Vendor(ERP, world),
        PSA: Vendor(PSA, world, two_step=(OPPORTUNITY,), unique=OPPORTUNITY),
    }
    firm = Firm(vendors)
    for number in range(chance.randint(1, 3)):
        _opportunity(firm, f"006{number}", chance)
    for number in range(chance.randint(1, 2)):
        _account(firm, f"001{number}", chance)
    for number in range(chance.randint(1, 2)):
        _charge(firm, f"50{number}", chance)
    _allocation(firm, "77", chance)
    for number in range(max(chance.choice([0, 1, 1, 2]), least_deals)):
        _deal(firm, f"deal{number}", chance)
    firm.won = [f"won{n}" for n in range(chance.randint(1, 2))]
    return firm


def _deal(firm: Firm, name: str, chance: random.Random) -> None:
    lines = [f"{name}-line{n}" for n in range(chance.randint(1, 2))]
    firm.vendors[CRM].put("account", f"{name}-account", legal_name="Acme")
    for line in lines:
        firm.vendors[ERP].put("charge", line, stage="HOLD")
    firm.deals[name] = {
        **FACTS, "name": f"Acme {name}", "account": f"{name}-account", "customer": chance.choice([None, "700"]),
        "opportunity": name, "is_won": chance.choice(["true"] * 9 + ["false"]),
        "lines": json.dumps([{"charge": line} for line in lines]),
    }  # fmt: skip


def _rounded(_name: str, value: Value) -> Value:
    return value.quantize(Decimal(10)) if isinstance(value, Decimal) else value


def _opportunity(firm: Firm, record: str, chance: random.Random) -> None:
    firm.vendors[CRM].put("opportunity", record, erp_open_amount=Decimal(100), erp_overdue_bucket="current")
    firm.about["opportunity", record] = {"check_id": "B05", "amount_at_risk_rc": str(chance.randint(1, 3000))}
    firm.truth[CRM, "opportunity", record, "erp_open_amount"] = Decimal(chance.randint(101, 999)) / 4
    if chance.random() < 0.5:
        firm.truth[CRM, "opportunity", record, "erp_overdue_bucket"] = chance.choice(["1-30", "31-60", None])


def _account(firm: Firm, record: str, chance: random.Random) -> None:
    firm.vendors[CRM].put("account", record, legal_name="Acme", tax_id="1")
    money = chance.choice(["500", "1000", "1000.01", "90000"])
    firm.about["account", record] = {"check_id": "C03", "amount_at_risk_rc": money}
    firm.truth[CRM, "account", record, chance.choice(["legal_name", "legal_name", "tax_id"])] = "Acme Inc."


def _charge(firm: Firm, record: str, chance: random.Random) -> None:
    firm.vendors[ERP].put("charge", record, stage="HOLD")
    firm.about["charge", record] = {
        "check_id": "B01",
        "amount_at_risk_rc": chance.choice(["42000", "250000"]),
        "business_unit_id": chance.choice(["advisory", "advisory", "advisory", "managed"]),
    }
    firm.truth[ERP, "charge", record, "stage"] = "READY"


def _allocation(firm: Firm, record: str, chance: random.Random) -> None:
    firm.vendors[PSA].put("workspace_allocation", record, end_date=date(2026, 9, 30))
    firm.about["workspace_allocation", record] = {
        "check_id": "H01",
        "amount_at_risk_rc": chance.choice(["20000", "60000"]),
    }
    firm.truth[PSA, "workspace_allocation", record, "end_date"] = date(2026, 6, 15)


def another(value: Value, chance: random.Random) -> Value:
    """A value that somebody else might enter instead."""
    if isinstance(value, Decimal):
        return Decimal(chance.randint(1, 400)) / 4
    if isinstance(value, date):
        return value + timedelta(days=chance.randint(-20, 20))
    return chance.choice(["HOLD", "current", "Acme", "Acme Inc.", "READY", "other"])


Clock = Callable[[], datetime]
