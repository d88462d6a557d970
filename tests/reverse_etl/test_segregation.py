"""Segregation of duties under the shipped configuration: every role on every action, against one table."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config import load_config
from config.schema import Subscription
from reverse_etl import (
    audit,
    dead_letters,
    delegations,
    event_desk,
    instances,
    planning,
    retention,
    saga_desk,
    switches,
    waivers,
)
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import NotAllowedError
from reverse_etl.events import queue
from reverse_etl.events.retry import Decision
from reverse_etl.ledger import writing
from reverse_etl.ledger.schema import event_subscription
from reverse_etl.models import SERVICE_ACTOR, Filter
from reverse_etl.outbox import Outbox
from reverse_etl.policies import POLICY_ACTOR, Governance
from reverse_etl.proposals import group
from reverse_etl.saga_engine import Sagas
from tests.reverse_etl.factories import ERP, START, charge_row
from tests.reverse_etl.fakes import FakeVendor, TickingClock, refused

CONFIG = load_config()
SAGA = CONFIG.sagas.process("opportunity_to_cash").model_copy(update={"requires": []})
ROLES = ("none", "viewer", "operator", *CONFIG.policy.roles)
APPROVERS = frozenset({"billing_lead", "finance_manager", "controller"})
DECIDERS = frozenset(CONFIG.policy.limits)

ALLOWED: Mapping[str, frozenset[str]] = {
    "list": frozenset(ROLES),
    "plan": frozenset(ROLES),
    "approve": APPROVERS,
    "reject": APPROVERS,
    "waive": APPROVERS,
    "replay": APPROVERS,
    "rollback": APPROVERS | {"operator"},
    "delegate": DECIDERS,
    "kill": frozenset({"controller"}),
    "unkill": frozenset({"controller"}),
    "edit": APPROVERS,
    "end_waiver": APPROVERS,
    "revoke": frozenset({"controller"}),
    "pause": frozenset({"controller", "operator"}),
    "drain": frozenset({"controller", "operator"}),
    "resume": frozenset({"controller", "operator"}),
    "start_saga": frozenset(SAGA.start_roles),
    "cancel_saga": frozenset(SAGA.start_roles),
    "answer_saga": frozenset({"finance_manager", "controller"}),
    "replay_events": frozenset({"operator", "data_steward", "controller"}),
    "revive_event": frozenset({"operator", "data_steward", "controller"}),
    "drop_event": frozenset({"data_steward", "controller"}),
    "archive": frozenset({"controller"}),
}
"""Who may do what with a billing line of 42,000 (B01), by role."""
TOLD = Subscription(name="bi", url="https://bi.example.com/", types=["concord.*"], secret="BI_SECRET")
READING = frozenset({"list", "plan"})
MACHINES = (SERVICE_ACTOR, POLICY_ACTOR, "worker:host:1:0", "", " ")


@pytest.fixture
def outbox(make_outbox: Callable[..., Outbox]) -> Outbox:
    return make_outbox(Governance.from_config(CONFIG))


def prepared(outbox: Outbox, vendors: dict[str, FakeVendor], action: str, maker: str = SERVICE_ACTOR) -> str:
    """A correction in the state in which the action makes sense."""
    if maker == SERVICE_ACTOR:
        new = outbox.propose([charge_row()]).proposed[0]
    else:
        (asked,), _ = group([charge_row()])
        new = outbox.propose_one(replace(asked, proposed_by=maker)).correction_id
    if action == "unkill":
        switches.kill(outbox, "B01", "grace", ["controller"], "wrong")
    if action == "end_waiver":
        waivers.waive(outbox, new, "grace", ["controller"], "agreed", START + timedelta(days=5))
    if action == "revoke":
        delegations.delegate(
            outbox, "omar", ["billing_lead"], to_actor="eve", role="billing_lead", valid_from=START,
            valid_until=START + timedelta(days=5), reason="leave",
        )  # fmt: skip
    if action.endswith("_saga"):
        begin_saga(outbox)
    if action.endswith(("_event", "_events")):
        tell_in_vain(outbox)
    if action == "archive":
        outbox.reject(new, "grace", ["controller"], "no")
        outbox.clock = TickingClock(START + timedelta(days=4000))
    if action in ("replay", "rollback", "edit"):
        outbox.approve(new, "grace", ["controller"])
        if action != "rollback":
            vendors[ERP].fail("write", refused(ERP))
        dispatch(outbox, vendors)
    return new


def do(outbox: Outbox, vendors: Any, action: str, new: str, actor: str, roles: list[str]) -> None:
    """The action as this actor in these roles; raises `NotAllowedError` when it is refused."""
    until = START + timedelta(days=5)
    mode: dict[str, instances.Mode] = {"pause": "paused", "drain": "draining", "resume": "running"}
    if action in mode:
        instances.set_mode(outbox, ERP, mode[action], actor, roles, "because")
        return
    if action.endswith("_saga"):
        about_saga(outbox, action, actor, roles)
        return
    since = START - timedelta(days=1)
    actions: dict[str, Callable[[], Any]] = {
        "archive": lambda: retention.archive(outbox, Path(tempfile.mkdtemp()), actor, roles, "old"),
        "replay_events": lambda: event_desk.replay(outbox, TOLD, actor, roles, since=since),
        "revive_event": lambda: event_desk.revive(outbox, [1], actor, roles),
        "drop_event": lambda: event_desk.drop(outbox, 1, actor, roles, "told by mail"),
        "unkill": lambda: switches.restore(outbox, "B01", actor, roles, "right"),
        "edit": lambda: dead_letters.edit(outbox, new, {"stage": "READY"}, actor, roles, "again"),
        "end_waiver": lambda: waivers.end(outbox, new, actor, roles, "no longer"),
        "revoke": lambda: delegations.revoke(outbox, handed_over(outbox), actor, roles, "back early"),
        "list": lambda: outbox.list(Filter()),
        "plan": lambda: planning.plan(outbox, vendors, [new]),
        "approve": lambda: outbox.approve(new, actor, roles),
        "reject": lambda: outbox.reject(new, actor, roles, "no"),
        "waive": lambda: waivers.waive(outbox, new, actor, roles, "agreed", until),
        "replay": lambda: outbox.replay(new, actor, roles, "repaired"),
        "rollback": lambda: outbox.rollback(new, actor, "wrong", roles=roles),
        "delegate": lambda: delegations.delegate(
            outbox, actor, roles, to_actor="eve", role=roles[0] if roles else "controller",
            valid_from=START, valid_until=until, reason="leave",
        ),
        "kill": lambda: switches.kill(outbox, "B01", actor, roles, "wrong"),
    }  # fmt: skip
    actions[action]()


def handed_over(outbox: Outbox) -> str:
    """A delegation between two others."""
    return delegations.listing(outbox)[0].delegation_id


def tell_in_vain(outbox: Outbox) -> None:
    """The subscriber refused the first thing it was told: a dead letter."""
    with writing(outbox.engine) as connection:
        facts = {"subscription": TOLD.name, "position": 0, "subscribed_at": START}
        connection.execute(event_subscription.insert().values(**facts))
        queue.fan_out(connection, TOLD, START)
        claimed = queue.claim(connection, TOLD.name, START, timedelta(minutes=1))
        assert claimed is not None
        given_up = Decision(action="dead_letter", error_class="http_422")
        queue.settle(connection, claimed, given_up, "no", START)


def begin_saga(outbox: Outbox) -> str:
    """A saga whose first step asks finance for the customer, and waits."""
    facts = dict.fromkeys(("erp_customer_id", "crm_account_id", "crm_instance"))
    known = {
        "customer_name": "Acme",
        "legal_entity_id": "E1",
        "opportunity_name": "Rollout",
        "billing_lines": "[]",
    }
    key = saga_desk.start(outbox, SAGA, "deal-1", {**facts, **known}, "omar", list(SAGA.start_roles)).saga_key
    Sagas(outbox).advance()
    return key


def about_saga(outbox: Outbox, action: str, actor: str, roles: list[str]) -> None:
    """What a person does about a saga."""
    if action == "start_saga":
        facts = {"opportunity_name": "Rollout", "customer_name": "Acme", "billing_lines": "[]"}
        saga_desk.start(outbox, SAGA, "deal-2", facts, actor, roles)
    elif action == "cancel_saga":
        saga_desk.cancel(outbox, "S01/deal-1", SAGA, actor, roles, "withdrawn")
    else:
        saga_desk.answer(outbox, "S01/deal-1", "erp_customer", "700", actor, roles)


def attempt(outbox: Outbox, vendors: Any, action: str, new: str, actor: str, roles: list[str]) -> bool:
    """Whether it was allowed; a refused action leaves no event and no change of state."""
    before = list(audit.events(outbox.engine))
    state = outbox.show(new).correction.state
    try:
        do(outbox, vendors, action, new, actor, roles)
    except NotAllowedError:
        assert list(audit.events(outbox.engine)) == before
        assert outbox.show(new).correction.state == state
        return False
    if action not in READING:
        assert list(audit.events(outbox.engine))[-1].actor == actor, "the trail names who did it"
    return True


def as_pat(outbox: Outbox, vendors: Any, action: str, new: str, role: str) -> bool:
    """Whether Pat may, in this role."""
    return attempt(outbox, vendors, action, new, "pat", [] if role == "none" else [role])


@pytest.mark.parametrize(
    ("action", "role"), [(one, role) for one in ALLOWED for role in sorted(ALLOWED[one])]
)
def test_a_role_of_the_table_may(outbox, vendors, action, role):
    assert as_pat(outbox, vendors, action, prepared(outbox, vendors, action), role)


@pytest.mark.parametrize("action", [name for name in ALLOWED if ALLOWED[name] != frozenset(ROLES)])
def test_no_other_role_may(outbox, vendors, action):
    # A refusal leaves no trace, which `attempt` holds it to: one ledger serves them all.
    new = prepared(outbox, vendors, action)
    others = [role for role in ROLES if role not in ALLOWED[action]]
    assert others
    assert [role for role in others if as_pat(outbox, vendors, action, new, role)] == []


@pytest.mark.parametrize("action", [name for name in ALLOWED if name not in READING])
def test_no_machine_decides_anything_whatever_role_it_claims(outbox, vendors, action):
    new = prepared(outbox, vendors, action)
    every = list(CONFIG.policy.roles)
    assert [one for one in MACHINES if attempt(outbox, vendors, action, new, one, every)] == []


@pytest.mark.parametrize(
    ("action", "may"),
    [
        ("approve", False),
        ("waive", False),
        ("replay", False),
        ("reject", True),
        ("rollback", True),
        ("edit", True),
    ],
)
def test_a_maker_with_every_role_may_withdraw_and_undo_and_never_release(outbox, vendors, action, may):
    new = prepared(outbox, vendors, action, maker="pat")
    roles = ["operator", *CONFIG.policy.roles]
    assert attempt(outbox, vendors, action, new, "pat", roles) == may


def test_who_asks_for_a_rollback_does_not_approve_it(outbox, vendors):
    new = prepared(outbox, vendors, "rollback")
    undo = outbox.rollback(new, "pat", "wrong", roles=["controller"]).correction_id
    assert not attempt(outbox, vendors, "approve", undo, "pat", ["controller"])
    assert attempt(outbox, vendors, "approve", undo, "grace", ["controller"])


def test_the_table_names_every_role_of_the_policy():
    assert set().union(*ALLOWED.values()) == set(ROLES)
