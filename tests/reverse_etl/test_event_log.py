"""Events are written with their cause, once per cause, and say what their published schema says."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from reverse_etl import audit, store
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import PublishedCopyError
from reverse_etl.events import business, log, schemas
from reverse_etl.events.types import TYPES
from reverse_etl.ledger import open_ledger, reading
from reverse_etl.models import State
from reverse_etl.warehouse import Published
from tests.reverse_etl.factories import ERP, START, allocation_row, charge_row, sync_row
from tests.reverse_etl.fakes import refused
from tests.reverse_etl.published_copy import PublishedCopy


def events_of(engine, subject=None):
    with reading(engine) as connection:
        return list(reversed(log.find(connection, subject=subject, limit=100_000)))


def names(found):
    return [one.type.removeprefix("concord.").removesuffix(".v1") for one in found]


def approved_by(actor):
    return store.Move(to=State.APPROVED, event="approved", actor=actor, now=START, policy_version="1")


# ---- corrections ------------------------------------------------------------------------------


def test_a_correction_is_announced_at_each_state_with_its_audit_event(outbox, vendors):
    (charge,) = outbox.propose([charge_row()]).proposed
    outbox.approve(charge, "bo", ["billing_lead"])
    dispatch(outbox, vendors)
    outbox.confirm(charge, "a fresh read agrees")
    found = events_of(outbox.engine, charge)
    assert names(found) == [
        "correction.proposed", "correction.approved", "correction.delivered", "correction.verified",
    ]  # fmt: skip
    chain = {one.hash: one for one in audit.events(outbox.engine, charge)}
    for one in found:
        assert chain[one.event_id].sequence == one.data["audit_sequence"]
        assert chain[one.event_id].to_state == one.data["state"]
    assert found[1].data["actor"] == "bo"
    assert found[0].data["fields"] == ["stage"]
    assert Decimal(found[0].data["amount_at_risk"]) == Decimal("150.50")
    assert audit.verify_chain(outbox.engine).is_valid


def test_an_event_carries_no_value_of_the_correction(outbox):
    outbox.propose([charge_row(expected_value="BEFORE-WORD", new_value="AFTER-WORD")])
    (one,) = events_of(outbox.engine)
    assert "BEFORE-WORD" not in json.dumps(one.cloudevent())
    assert "AFTER-WORD" not in json.dumps(one.cloudevent())


def test_the_first_of_two_approvals_is_not_yet_news(outbox):
    (one,) = outbox.propose([allocation_row()]).proposed
    outbox.approve(one, "rosa", ["resource_manager"])
    assert names(events_of(outbox.engine, one)) == ["correction.proposed"]
    outbox.approve(one, "carl", ["controller"])
    assert names(events_of(outbox.engine, one)) == ["correction.proposed", "correction.approved"]


def test_a_failed_attempt_is_no_second_approval_and_a_dead_letter_says_why(outbox, vendors):
    (charge,) = outbox.propose([charge_row()]).proposed
    outbox.approve(charge, "bo", ["billing_lead"])
    vendors[ERP].fail("write", refused(ERP))
    dispatch(outbox, vendors)
    found = events_of(outbox.engine, charge)
    assert names(found)[1:] == ["correction.approved", "correction.dead_lettered"]
    assert found[-1].data["state_class"]
    outbox.replay(charge, "bo", ["billing_lead"], "repaired")
    dispatch(outbox, vendors)
    assert names(events_of(outbox.engine, charge))[3:] == ["correction.approved", "correction.delivered"]


def test_a_cause_that_is_undone_takes_its_event_along(outbox, monkeypatch):
    (charge,) = outbox.propose([charge_row()]).proposed
    before = events_of(outbox.engine)
    with outbox.engine.connect() as connection, connection.begin() as transaction:
        store.move(connection, charge, approved_by("bo"))
        assert names(log.find(connection, subject=charge))[0] == "correction.approved"
        transaction.rollback()
    assert events_of(outbox.engine) == before
    assert audit.verify_chain(outbox.engine).is_valid


def test_the_envelope_is_cloudevents_1_0(outbox):
    outbox.propose([sync_row()])
    found = events_of(outbox.engine)[0].cloudevent()
    assert found["specversion"] == "1.0"
    assert set(found) == {
        "specversion", "id", "source", "type", "subject", "time", "dataschema", "datacontenttype", "sequence",
        "data",
    }  # fmt: skip
    assert found["type"] == "concord.correction.proposed.v1"
    assert found["source"] == "/concord/ledger"
    assert datetime.fromisoformat(found["time"]).tzinfo is not None
    assert found["dataschema"] == json.loads((schemas.FOLDER / f"{found['type']}.json").read_text())["$id"]


# ---- published schemas ------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(TYPES))
def test_the_published_schema_is_what_the_code_sends(name):
    published = (schemas.FOLDER / f"{name}.json").read_text()
    assert published == schemas.text_of(TYPES[name].schema()), "run `python -m reverse_etl.events.schemas`"


def test_every_published_schema_still_has_a_type():
    assert {file.stem for file in schemas.FOLDER.glob("*.json")} == set(TYPES)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda s: s["properties"].pop("amount"), "amount is gone"),
        (lambda s: s["properties"].update(amount={"type": "number"}), "amount was"),
        (lambda s: s["required"].remove("currency"), "currency was always there"),
        (lambda s: s.update({"$id": "urn:other"}), "id was"),
    ],
)
def test_a_published_version_refuses_a_breaking_change(edit, words):
    name = "concord.opportunity.won.v1"
    wanted = TYPES[name].schema()
    changed = json.loads(json.dumps(wanted))
    edit(changed)
    assert [one for one in schemas.breaking_changes(wanted, changed) if words in one]


def test_a_published_version_takes_an_additional_fact(tmp_path):
    schemas.publish(tmp_path)
    file = tmp_path / "concord.opportunity.won.v1.json"
    older = json.loads(file.read_text())
    del older["properties"]["practice_id"]
    older["required"].remove("practice_id")
    file.write_text(json.dumps(older))
    assert schemas.publish(tmp_path) == []
    assert json.loads(file.read_text()) == TYPES["concord.opportunity.won.v1"].schema()


def test_publishing_leaves_a_file_it_would_break(tmp_path):
    schemas.publish(tmp_path)
    file = tmp_path / "concord.invoice.posted.v1.json"
    richer = json.loads(file.read_text())
    richer["properties"]["approver"] = {"type": "string"}
    file.write_text(json.dumps(richer))
    (refusal,) = schemas.publish(tmp_path)
    assert "concord.invoice.posted.v1: approver is gone" in refusal
    assert json.loads(file.read_text()) == richer


# ---- the business -----------------------------------------------------------------------------

CRM, ERPS, PSAS = "salesforce_group", "netsuite_group", "kantata_group"


@pytest.fixture
def copy(tmp_path):
    made = PublishedCopy(tmp_path / "published.duckdb")
    made.read_by(CRM, ERPS, PSAS)
    made.put("dim_customer", customer_id="cus_1", customer_name="Acme")
    return made


def won(copy, record, **facts):
    given = {
        "opportunity_id": f"{CRM}:{record}", "instance": CRM, "source_id": record, "customer_id": "cus_1",
        "opportunity_name": "Rollout", "is_closed": True, "is_won": True, "close_date": date(2026, 6, 20),
        "amount": Decimal("120000.5"), "currency": "EUR",
    }  # fmt: skip
    copy.put("fct_opportunity", **(given | facts))


def test_what_was_so_at_the_first_read_is_baseline_and_what_follows_is_news(engine, copy, clock):
    won(copy, "006A")
    assert business.derive(engine, copy.published, clock) == business.Derived(announced=0, baseline=1)
    won(copy, "006B")
    assert business.derive(engine, copy.published, clock) == business.Derived(announced=1, baseline=0)
    first, second = events_of(engine)
    assert (first.is_baseline, second.is_baseline) == (True, False)
    assert second.subject == f"{CRM}:006B"
    assert second.source == f"/concord/{CRM}"
    assert second.data["customer_name"] == "Acme"
    assert Decimal(second.data["amount"]) == Decimal("120000.5")


def test_an_empty_first_read_does_not_swallow_the_first_news(engine, copy, clock):
    assert business.derive(engine, copy.published, clock) == business.Derived(announced=0, baseline=0)
    won(copy, "006A")
    assert business.derive(engine, copy.published, clock).announced == 1


def test_an_acquired_instance_brings_its_past_as_baseline(engine, copy, clock):
    business.derive(engine, copy.published, clock)
    copy.read_by("salesforce_acquired")
    won(copy, "006Z", opportunity_id="salesforce_acquired:006Z", instance="salesforce_acquired")
    won(copy, "006A")
    assert business.derive(engine, copy.published, clock) == business.Derived(announced=1, baseline=1)


def test_the_same_fact_is_one_event_however_often_it_is_read_and_whatever_changes_on_it(engine, copy, clock):
    business.derive(engine, copy.published, clock)
    won(copy, "006A")
    business.derive(engine, copy.published, clock)
    copy.run("update canonical.fct_opportunity set amount = 7, source_modified_at = now()")
    for _ in range(3):
        assert business.derive(engine, copy.published, clock) == business.Derived(announced=0, baseline=0)
    assert len(events_of(engine)) == 1


def test_the_id_does_not_depend_on_the_ledger(engine, copy, clock, tmp_path):
    won(copy, "006A")
    business.derive(engine, copy.published, clock)
    other = open_ledger(f"sqlite:///{tmp_path / 'other.db'}")
    business.derive(other, copy.published, clock)
    assert [e.event_id for e in events_of(engine)] == [e.event_id for e in events_of(other)]
    other.dispose()


def test_each_kind_of_business_event_is_told_from_its_table(engine, copy, clock):
    business.derive(engine, copy.published, clock)
    won(copy, "006A")
    won(copy, "006L", is_won=False)
    project = {"instance": PSAS, "customer_id": "cus_1", "is_chargeable": True}
    copy.put(
        "dim_project", project_id="p:1", source_id="1", project_name="A", project_status="active", **project
    )
    copy.put(
        "dim_project", project_id="p:2", source_id="2", project_name="B", project_status="draft", **project
    )
    copy.put("dim_project", project_id="p:3", source_id="3", project_name="C", project_status=None, **project)
    mile = {"instance": PSAS, "project_id": "p:1"}
    copy.put("fct_milestone", milestone_id="m:1", source_id="1", is_complete=True, amount=Decimal(5), **mile)
    copy.put("fct_milestone", milestone_id="m:2", source_id="2", is_complete=False, **mile)
    bill = {
        "instance": ERPS, "document_type": "invoice", "invoice_date": date(2026, 6, 1), "currency": "EUR",
        "net_amount": Decimal(10), "tax_amount": Decimal(2), "is_disputed": False,
    }  # fmt: skip
    for number, status in enumerate(("open", "paid", "draft", "voided", None)):
        copy.put(
            "fct_invoice", invoice_id=f"i:{number}", source_id=str(number), invoice_status=status, **bill
        )
    change = {"instance": CRM, "opportunity_id": f"{CRM}:006A"}
    copy.put(
        "fct_change_request", change_request_id="c:1", source_id="1", approved_on=date(2026, 6, 1), **change
    )
    copy.put("fct_change_request", change_request_id="c:2", source_id="2", **change)
    business.derive(engine, copy.published, clock)
    found = events_of(engine)
    assert sorted(zip(names(found), (one.subject for one in found), strict=True)) == [
        ("change.approved", "c:1"), ("invoice.posted", "i:0"), ("invoice.posted", "i:1"),
        ("milestone.completed", "m:1"), ("opportunity.won", f"{CRM}:006A"), ("project.initiated", "p:1"),
    ]  # fmt: skip


def test_a_timesheet_is_told_once_its_week_is_over(engine, copy, clock):
    business.derive(engine, copy.published, clock)
    entry = {
        "instance": PSAS, "resource_id": "hr:1", "is_productive": True, "is_invoiced": False,
        "loaded_at": datetime(2026, 6, 29, 6, 0, tzinfo=UTC),
    }  # fmt: skip
    monday, present = date(2026, 6, 22), date(2026, 6, 29)
    for number, (day, hours, billable, approved) in enumerate(
        [(monday, 8, True, True), (monday + timedelta(days=6), 4, True, False), (present, 8, False, False)]
    ):
        copy.put(
            "fct_time_entry", time_entry_id=f"t:{number}", source_id=str(number), project_id=f"p:{number}",
            work_date=day, hours=hours, is_billable=billable, is_approved=approved, **entry,
        )  # fmt: skip
    business.derive(engine, copy.published, clock)
    (sheet,) = events_of(engine)
    assert sheet.subject == "hr:1/2026-06-22"
    facts = {name: Decimal(sheet.data[name]) for name in ("hours", "billable_hours", "approved_hours")}
    assert facts == {"hours": 12, "billable_hours": 12, "approved_hours": 8}
    assert (sheet.data["entries"], sheet.data["projects"]) == (2, 2)


def test_a_copy_that_lacks_a_table_is_an_error_and_records_nothing(engine, copy, clock):
    won(copy, "006A")
    copy.run("drop table canonical.fct_invoice")
    with pytest.raises(PublishedCopyError, match="fct_invoice"):
        business.derive(engine, copy.published, clock)
    assert events_of(engine) == []


def test_no_copy_is_an_error(engine, clock, tmp_path):
    with pytest.raises(PublishedCopyError):
        business.derive(engine, Published(tmp_path / "none.duckdb"), clock)
