"""Any sequence of proposals, decisions, faults, deaths and reads keeps the promises of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from connectors.errors import TransientError, UnknownOutcomeError
from reverse_etl import audit, conservation, dead_letters, instances
from reverse_etl.delivery import Delivery
from reverse_etl.destinations.base import WriteRequest
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import CorrectionError
from reverse_etl.ledger import ledger_engine
from reverse_etl.models import TRANSITIONS, Filter, State
from reverse_etl.outbox import Outbox
from reverse_etl.values import encode, same
from reverse_etl.verify import verify
from tests.reverse_etl.factories import (
    CRM,
    ERP,
    PSA,
    START,
    charge_row,
    make_governance,
    project_rows,
    sync_row,
)
from tests.reverse_etl.fakes import FakePublished, FakeVendor, TickingClock, refused

ACTORS = st.sampled_from(
    [("bill", "billing_lead"), ("carla", "controller"), ("omar", "delivery_operations"), ("eve", "viewer")]
)


class Governed(RuleBasedStateMachine):
    """Rules are what people, vendors and machines may do; invariants are what must hold after each."""

    new_ledger: Callable[[], str]
    """Gives the URL of a ledger of the run's own."""

    @initialize()
    def start(self):
        self.engine = ledger_engine(self.new_ledger())
        self.clock, self.wall = TickingClock(START), TickingClock(START)
        self.outbox = Outbox(self.engine, make_governance(), self.clock, wall=self.wall)
        self.crm, self.erp, self.psa = FakeVendor(CRM), FakeVendor(ERP, has_versions=False), FakeVendor(PSA)
        for record in "AB":
            self.crm.put("opportunity", record, erp_open_amount=Decimal(100))
        self.erp.put("charge", "501", stage="HOLD")
        self.vendors = {v.instance: v for v in (self.crm, self.erp, self.psa)}
        self.truth = {"A": Decimal(250), "B": Decimal(60)}
        self.is_accepted = self.is_won = True

    def teardown(self):
        if hasattr(self, "engine"):
            self.engine.dispose()

    def rows(self):
        """What dbt would propose now from a fresh read of everything."""
        found = []
        for record, truth in self.truth.items():
            seen = self.crm.value("opportunity", record, "erp_open_amount")
            if seen != truth:
                found.append(
                    sync_row(
                        target_record_id=record,
                        expected_value=seen,
                        new_value=truth,
                        source_loaded_at=self.clock(),
                    )
                )
        if self.is_accepted and self.erp.value("charge", "501", "stage") == "HOLD":
            found.append(charge_row(source_loaded_at=self.clock()))
        if self.is_won and not any(name == "workspace" for name, _ in self.psa.records):
            found += project_rows(source_loaded_at=self.clock())
        return found

    @rule()
    def propose(self):
        self.clock.now += timedelta(minutes=1)
        self.outbox.propose(self.rows())

    @rule(record=st.sampled_from("AB"), amount=st.integers(0, 3))
    def truth_moves(self, record, amount):
        self.truth[record] = Decimal(amount)

    @rule(record=st.sampled_from("AB"), amount=st.integers(0, 3))
    def somebody_edits_the_vendor(self, record, amount):
        self.crm.put("opportunity", record, erp_open_amount=Decimal(amount))

    @rule(
        pick=st.integers(0, 9),
        who=ACTORS,
        action=st.sampled_from(["approve", "reject", "replay", "rollback"]),
    )
    def somebody_decides(self, pick, who, action):
        items = self.outbox.list(Filter(limit=10))
        if not items:
            return
        chosen, (actor, role) = items[pick % len(items)].correction_id, who
        with suppress(CorrectionError):
            if action == "rollback":
                self.outbox.rollback(chosen, actor, "because", roles=["operator"])
            else:
                getattr(self.outbox, action)(chosen, actor, [role], "because")

    @rule(
        name=st.sampled_from([CRM, ERP, PSA]),
        call=st.sampled_from(["read", "write", "find"]),
        kind=st.sampled_from(["transient", "unknown", "refused"]),
        after_commit=st.booleans(),
    )
    def a_fault_waits(self, name, call, kind, after_commit):
        if call != "write" and kind == "unknown":
            kind = "transient"
        after_commit = after_commit and call == "write" and kind == "unknown"
        error = {
            "transient": TransientError("down", instance=name),
            "unknown": UnknownOutcomeError("lost", instance=name),
            "refused": refused(name),
        }[kind]
        self.vendors[name].fail(call, error, after_commit=after_commit)

    @rule()
    def dispatch(self):
        dispatch(self.outbox, self.vendors)

    @rule()
    def everything_is_decided_well(self):
        for item in self.outbox.list(Filter(states=("proposed",))):
            with suppress(CorrectionError):
                self.outbox.approve(item.correction_id, "carla", ["controller"])

    def undo_what_is_there(self, record):
        """The value the approver saw comes back: looks as if our write never happened."""
        for item in self.outbox.list(Filter(states=("in_doubt",), check_id="B05")):
            if item.target_record_id == record:
                self.crm.put("opportunity", record, erp_open_amount=item.changes[0].expected)

    @rule(after_commit=st.booleans(), is_undone=st.booleans())
    def dispatch_with_lost_replies(self, after_commit, is_undone):
        for vendor in self.vendors.values():
            vendor.faults.clear()
            lost = UnknownOutcomeError("lost", instance=vendor.instance)
            vendor.fail("write", lost, after_commit=after_commit)
        dispatch(self.outbox, self.vendors)
        for record in "AB" if is_undone else "":
            self.undo_what_is_there(record)
        self.wall.now += timedelta(minutes=10)

    @rule(has_written=st.booleans())
    def a_worker_dies(self, has_written):
        """It claims, perhaps writes, and is never heard of again."""
        worker = Delivery(self.outbox, worker="gone:1:0")
        claim = worker.claim()
        if claim is None or claim.correction.operation == "create" or claim.earlier.is_acknowledged:
            return
        if has_written:
            item, fields = claim.correction, [c.field for c in claim.correction.changes]
            vendor = self.vendors[item.target_instance]
            vendor.faults.clear()
            live = vendor.read(item.target_object, item.target_record_id, fields)
            if claim.earlier.version not in (None, live.version):
                return  # somebody wrote since its earlier write: no worker would send it again
            if any(not same(live.values[c.field], c.expected) for c in item.changes):
                return
            worker.intend(claim, {name: encode(value) for name, value in live.values.items()}, live.version)
            request = WriteRequest(
                target_object=item.target_object,
                operation="update",
                record_id=item.target_record_id,
                values={c.field: c.new for c in item.changes},
            )
            vendor.write(request, item.idempotency_key, live.version)

    @rule(name=st.sampled_from([CRM, ERP, PSA]), mode=st.sampled_from(["paused", "draining", "running"]))
    def somebody_controls_an_instance(self, name, mode):
        instances.set_mode(self.outbox, name, mode, "dana", ["operator"], "because")
        writes = len(self.vendors[name].writes)
        dispatch(self.outbox, self.vendors)
        assert mode != "paused" or len(self.vendors[name].writes) == writes

    @rule(pick=st.integers(0, 9), amount=st.integers(1, 3))
    def somebody_edits_a_dead_letter(self, pick, amount):
        dead = self.outbox.list(Filter(states=("dead_lettered",), check_id="B05"))
        if dead:
            chosen = dead[pick % len(dead)].correction_id
            with suppress(CorrectionError):
                dead_letters.edit(
                    self.outbox, chosen, {"erp_open_amount": str(amount)}, "carla", ["controller"], "because"
                )

    @rule(minutes=st.sampled_from([1, 10, 60]))
    def time_passes(self, minutes):
        self.wall.now += timedelta(minutes=minutes)
        self.clock.now += timedelta(minutes=minutes)

    @rule(days=st.integers(10, 20))
    def weeks_pass(self, days):
        self.clock.now += timedelta(days=days)

    @rule(is_evaluated=st.booleans())
    def a_fresh_read_is_published(self, is_evaluated):
        self.clock.now += timedelta(minutes=1)
        rows = self.rows()
        copy = FakePublished(
            rows=rows,
            finding_ids={row["finding_id"] for row in rows},
            evaluated={"B05": is_evaluated, "B01": True, "C01": True},
            read_until={(name, "*"): self.clock() for name in self.vendors},
        )
        verify(self.outbox, copy)

    @invariant()
    def every_recorded_step_is_legal(self):
        if not hasattr(self, "engine"):
            return
        for event in audit.events(self.engine):
            if event.from_state and event.from_state != event.to_state:
                assert State(event.to_state) in TRANSITIONS[State(event.from_state)]

    @invariant()
    def the_audit_chain_is_whole(self):
        if hasattr(self, "engine"):
            assert audit.verify_chain(self.engine).is_valid

    @invariant()
    def no_correction_has_more_than_one_effect(self):
        for vendor in getattr(self, "vendors", {}).values():
            keys = [key for key, _ in vendor.effects]
            assert len(keys) == len(set(keys))

    @invariant()
    def no_write_without_its_approval(self):
        for vendor in getattr(self, "vendors", {}).values():
            for key in vendor.writes:
                view = self.outbox.show(key.removeprefix("concord-"))
                people = {a.actor for a in view.approvals if not a.actor.startswith("policy:")}
                assert view.approvals
                assert view.correction.mode == "automatic" or people

    @invariant()
    def at_most_one_project_is_created(self):
        if hasattr(self, "psa"):
            assert sum(name == "workspace" for name, _ in self.psa.records) <= 1

    @invariant()
    def what_came_in_is_in_some_state(self):
        if hasattr(self, "outbox"):
            found = conservation.check(self.engine)
            assert found.is_whole, found.words
            proposed = sum(event.event == "proposed" for event in audit.events(self.engine))
            assert sum(self.outbox.counts().values()) == proposed


EXAMPLES = {"sqlite": 25, "postgresql": 6}
"""The same rules over both; what differs is the database, which needs fewer runs to be known."""


def test_any_sequence_keeps_the_promises_of_the_ledger(blueprints, database):
    class Here(Governed):
        new_ledger = staticmethod(partial(blueprints.new, database))

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES[database],
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
