"""Each end says why, whom it holds up and what to do; dead letters are edited, replayed in order, dropped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner

from config import load_config
from config.paths import Home
from connectors.errors import TransientError, UnknownOutcomeError, ValidationError
from reverse_etl import audit, dead_letters, outcomes
from reverse_etl.cli import corrections
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import IllegalTransitionError, InvalidProposalError, NotAllowedError
from reverse_etl.models import Dependency
from reverse_etl.outcomes import Cause
from reverse_etl.setup import open_outbox
from tests.reverse_etl.factories import CRM, ERP, charge_row, project_rows, sync_row
from tests.reverse_etl.fakes import refused
from tests.reverse_etl.test_instances import charge_proposal, state_of

BILL = ("bill", ["billing_lead"])


def dead_amount(outbox, vendors, **facts):
    new = outbox.propose([sync_row(**facts)]).approved[0]
    vendors[CRM].fail("write", ValidationError("too large", instance=CRM, field="erp_open_amount"))
    dispatch(outbox, vendors)
    assert state_of(outbox, new) == "dead_lettered"
    return new


def test_delivered_conflicted_in_doubt_and_dead_each_say_why_for_whom_and_what_next(outbox, vendors):
    for name in ("006B", "006C", "006D"):
        vendors[CRM].put("opportunity", name, erp_open_amount=100)
    delivered = outbox.propose([sync_row(target_record_id="006B")]).approved[0]
    dispatch(outbox, vendors)
    conflicted = outbox.propose([sync_row(target_record_id="006C", expected_value="7")]).approved[0]
    dispatch(outbox, vendors)
    dead = dead_amount(outbox, vendors)
    doubtful = outbox.propose([sync_row(target_record_id="006D", project_name="Rollout")]).approved[0]
    vendors[CRM].fail("write", UnknownOutcomeError("lost", instance=CRM))
    dispatch(outbox, vendors)
    told = {i: outcomes.explain(outbox, i) for i in (delivered, conflicted, dead, doubtful)}
    causes = [told[i].cause for i in (delivered, conflicted, dead, doubtful)]
    assert causes == [Cause.DONE, Cause.MOVED, Cause.REFUSED, Cause.REPLY_LOST]
    assert (told[dead].customer, told[dead].business_unit) == ("Acme", "advisory")
    assert told[doubtful].project == "Rollout"
    assert "edit the value" in told[dead].next_step
    assert [o.correction_id for o in outcomes.stuck(outbox)] == [conflicted, dead, doubtful]
    assert outcomes.stuck(outbox, ["digital"]) == []


def test_what_depends_on_a_dead_letter_is_held_up_and_says_so(outbox, vendors):
    dead = dead_amount(outbox, vendors)
    after = outbox.propose_one(charge_proposal("501", Dependency(correction_id=dead))).correction_id
    outbox.approve(after, *BILL)
    assert dispatch(outbox, vendors).items == []
    held = outcomes.explain(outbox, after)
    assert (held.cause, held.waits_for) == (Cause.HELD_BY_OTHER, (dead,))
    assert f"settle it first: {dead} is dead_lettered" in held.next_step
    assert outcomes.explain(outbox, dead).holds_up == (after,)
    assert {o.correction_id for o in outcomes.stuck(outbox)} == {dead, after}
    outbox.replay(dead, "carla", ["controller"])
    assert [i.correction_id for i in dispatch(outbox, vendors).items] == [dead, after]


def test_a_dead_letter_of_standing_policy_can_be_dropped_by_an_unlimited_role(outbox, vendors):
    dead = dead_amount(outbox, vendors)
    with pytest.raises(NotAllowedError):
        outbox.reject(dead, *BILL, "no")
    assert outbox.reject(dead, "carla", ["controller"], "corrected by hand").state == "rejected"


def test_an_error_of_our_own_is_a_defect_and_not_the_vendors_fault(outbox, vendors):
    new = outbox.propose([sync_row()]).approved[0]
    vendors[CRM].fail("read", KeyError("surprise"))
    dispatch(outbox, vendors)
    assert outcomes.explain(outbox, new).cause is Cause.DEFECT


def test_an_edited_dead_letter_needs_another_persons_approval_and_is_then_written(outbox, vendors):
    dead = dead_amount(outbox, vendors)
    new = dead_letters.edit(
        outbox, dead, {"erp_open_amount": "240.00"}, "carla", ["controller"], "agreed by mail"
    )
    assert (new.state, new.proposed_by, new.supersedes_id) == ("proposed", "carla", dead)
    assert "edited by carla: agreed by mail" in new.reason
    assert state_of(outbox, dead) == "superseded"
    with pytest.raises(NotAllowedError, match="maker"):
        outbox.approve(new.correction_id, "carla", ["controller"])
    outbox.approve(new.correction_id, "omar", ["controller"])
    dispatch(outbox, vendors)
    assert str(vendors[CRM].value("opportunity", "006A", "erp_open_amount")) == "240"
    assert audit.verify_chain(outbox.engine).is_valid


@pytest.mark.parametrize(
    ("values", "roles", "error"),
    [
        ({"erp_open_amount": "many"}, ["controller"], InvalidProposalError),
        ({"erp_open_amount": None}, ["controller"], NotAllowedError),
        ({"amount": "1"}, ["controller"], NotAllowedError),
        ({}, ["controller"], NotAllowedError),
        ({"erp_open_amount": "1"}, ["viewer"], NotAllowedError),
    ],
)
def test_an_edit_outside_law_type_ownership_or_role_leaves_the_dead_letter(
    outbox, vendors, values, roles, error
):
    new = outbox.propose([sync_row(expected_value="100")]).approved[0]
    vendors[CRM].fail("write", refused(CRM))
    dispatch(outbox, vendors)
    with pytest.raises(error):
        dead_letters.edit(outbox, new, values, "carla", roles, "why")
    assert state_of(outbox, new) == "dead_lettered"


def test_a_create_that_may_have_happened_is_not_edited_into_a_second_one(outbox, vendors, wall):
    new = outbox.propose(project_rows()).proposed[0]
    outbox.approve(new, "omar", ["delivery_operations"])
    psa = vendors["kantata_group"]
    psa.fail("write", UnknownOutcomeError("lost", instance="kantata_group"), after_commit=True)
    dispatch(outbox, vendors)
    for _ in range(8):
        wall.now += timedelta(hours=1)
        psa.fail("find", TransientError("down", instance="kantata_group"))
        dispatch(outbox, vendors)
    assert state_of(outbox, new) == "dead_lettered"
    with pytest.raises(NotAllowedError, match="second one"):
        dead_letters.edit(outbox, new, {"title": "Other"}, "carla", ["controller"], "why")


def test_dead_letters_of_one_record_are_replayed_together_and_in_order(outbox, vendors):
    first = dead_amount(outbox, vendors, correction_key="k1")
    bucket = {
        "field": "erp_overdue_bucket",
        "value_type": "text",
        "expected_value": "current",
        "new_value": "90+",
    }
    second = dead_amount(outbox, vendors, correction_key="k2", **bucket)
    carla = ("carla", ["controller"])
    with pytest.raises(NotAllowedError, match=first):
        dead_letters.replay_in_order(outbox, [second], *carla)
    assert state_of(outbox, second) == "dead_lettered"
    replayed = dead_letters.replay_in_order(outbox, [second, first], *carla)
    assert [i.correction_id for i in replayed] == [first, second]
    assert [i.correction_id for i in dispatch(outbox, vendors).items] == [first, second]
    with pytest.raises(IllegalTransitionError):
        dead_letters.replay_in_order(outbox, [first], *carla)


def test_the_operator_sees_edits_and_replays(tmp_path, monkeypatch, vendors, ledger_url):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    monkeypatch.setenv("CONCORD_LEDGER_URL", ledger_url)
    outbox = open_outbox(load_config(), Home.from_environment())
    charge = outbox.propose([charge_row()]).proposed[0]
    outbox.approve(charge, *BILL)
    vendors[ERP].fail("write", ValidationError("period locked", instance=ERP))
    dispatch(outbox, vendors)
    person = ["--actor", "pat", "--role", "controller"]

    def run(*words):
        return CliRunner().invoke(corrections, list(words))

    for output in (run("stuck").output, run("show", charge).output):
        assert "class: refused_by_vendor" in output
        assert "holds up: client Acme; unit advisory" in output
        assert "next: edit the value it refused" in output
    assert run("edit", charge, "--set", "stage", *person, "--reason", "x").exit_code == 1
    refused_value = run("edit", charge, "--set", "stage=BILLED", *person, "--reason", "x")
    assert (refused_value.exit_code, "never_auto" in refused_value.output) == (1, True)
    assert run("replay", charge, *person).output == f"{charge} approved\n"
