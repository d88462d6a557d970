"""Findings in the ledger: recorded once per build, decided by their owner, and every decision audited."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from reverse_etl import audit, findings
from reverse_etl.cli_findings import findings as cli
from reverse_etl.errors import IllegalTransitionError, NotAllowedError, UnknownFindingError
from reverse_etl.ledger import open_ledger, reading
from reverse_etl.ledger.findings import finding_decision
from reverse_etl.models import SERVICE_ACTOR
from tests.reverse_etl.factories import START, make_governance, person

UNTIL = START + timedelta(days=10)
OWNER = ("olga", ["pricing_owner"])


def row(finding_id="f1", **facts):
    moments = dict.fromkeys(
        ("state_since", "first_seen_at", "opened_at", "last_seen_at", "source_loaded_at"), START
    )
    absent = dict.fromkeys(
        ("closed_at", "closed_by", "hours_to_resolve", "truth_values", "other_values", "truth_modified_at",
         "other_modified_at", "truth_loaded_at", "other_loaded_at", "legal_entity_id", "amount_at_risk_fc",
         "functional_currency")
    )  # fmt: skip
    return {
        "finding_id": finding_id, "check_id": "R01", "rule_version": "1", "matching_key": "k", "period": "2026-06",
        "severity": "S2", "title": "Billable time has no rate", "owner_role": "pricing_owner",
        "business_unit_id": "digital", "amount_at_risk": Decimal("10.0000"), "currency": "EUR",
        "amount_at_risk_rc": Decimal("11.5000"), "reporting_currency": "USD", "finding_state": "open", "is_open": True,
        "times_reopened": 0, "times_recurred": 0, **moments, **absent, **facts,
    }  # fmt: skip


@pytest.fixture
def recorded(outbox):
    findings.record(outbox.engine, [row(), row("f2", finding_state="closed", is_open=False, closed_at=START)])
    return outbox


def test_a_build_recorded_twice_changes_nothing_and_a_later_one_what_moved(outbox):
    rows = [row(), row("f2")]
    assert findings.record(outbox.engine, rows) == 2
    assert findings.record(outbox.engine, rows) == 0
    assert findings.record(outbox.engine, [row(last_seen_at=UNTIL), row("f2")]) == 1
    assert [one["finding_id"] for one in findings.listing(outbox)] == ["f1", "f2"]
    assert findings.listing(outbox)[0]["last_seen_at"] == UNTIL
    assert findings.listing(outbox)[0]["amount_at_risk_rc"] == Decimal("11.5")


def test_what_is_closed_is_listed_only_when_asked_for(recorded):
    assert [one["finding_id"] for one in findings.listing(recorded)] == ["f1"]
    assert [one["finding_id"] for one in findings.listing(recorded, states=["closed"])] == ["f2"]
    assert findings.listing(recorded, check_id="T01") == []


def test_the_owner_waives_with_a_class_and_an_end_and_the_audit_says_so(recorded):
    made = findings.waive(
        recorded, "f1", *OWNER, "a fixed price in disguise", until=UNTIL, reason_class="rule_wrong"
    )
    with reading(recorded.engine) as connection:
        kept = connection.execute(sa.select(finding_decision)).mappings().one()
    assert (kept["decision_id"], kept["reason_class"], kept["expires_at"]) == (
        made.decision_id,
        "rule_wrong",
        UNTIL,
    )
    event = list(audit.events(recorded.engine))[-1]
    assert (event.event, event.actor, event.detail["finding"]) == ("finding_waived", "olga", "f1")
    findings.end_waiver(recorded, "f1", *OWNER, "the rule was right")
    with reading(recorded.engine) as connection:
        assert connection.execute(sa.select(finding_decision.c.ended_by)).scalar_one() == "olga"
    with pytest.raises(IllegalTransitionError, match="no waiver"):
        findings.end_waiver(recorded, "f1", *OWNER, "again")
    assert audit.verify_chain(recorded.engine).is_valid


def test_acknowledging_is_a_decision_too(recorded):
    assert findings.acknowledge(recorded, "f1", *OWNER, "card is on its way").kind == "acknowledged"
    assert list(audit.events(recorded.engine))[-1].event == "finding_acknowledged"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"roles": ["billing_lead"]}, r"\(role\)"),
        ({"actor": SERVICE_ACTOR}, "not_a_person"),
        ({"reason": " "}, r"\(reason\)"),
        ({"until": START - timedelta(days=1)}, "future"),
        ({"until": START + timedelta(days=400)}, "at most"),
        ({"reason_class": "later"}, "reason_class"),
    ],
)
def test_who_or_what_is_refused(make_outbox, facts, words):
    outbox = make_outbox(waive_at_most_days=180)
    findings.record(outbox.engine, [row()])
    asked = {
        "actor": "olga",
        "roles": ["pricing_owner"],
        "reason": "why",
        "until": UNTIL,
        "reason_class": "accepted",
    }
    asked |= facts
    with pytest.raises(NotAllowedError, match=words):
        findings.waive(outbox, "f1", asked["actor"], asked["roles"], asked["reason"],
                       until=asked["until"], reason_class=asked["reason_class"])  # fmt: skip
    with reading(outbox.engine) as connection:
        assert connection.execute(sa.select(finding_decision)).all() == []


def test_a_closed_or_unknown_finding_is_not_decided(recorded):
    with pytest.raises(IllegalTransitionError, match="closed"):
        findings.acknowledge(recorded, "f2", *OWNER, "seen")
    with pytest.raises(UnknownFindingError, match="no build has recorded"):
        findings.acknowledge(recorded, "f9", *OWNER, "seen")


def test_somebody_of_another_business_unit_does_not_decide(make_outbox):
    outbox = make_outbox(make_governance(person("olga", "pricing_owner", units=("advisory",))))
    findings.record(outbox.engine, [row()])
    with pytest.raises(NotAllowedError, match="business_unit"):
        findings.acknowledge(outbox, "f1", *OWNER, "seen")


def test_the_command_line_lists_and_decides_with_whole_ids(tmp_path, monkeypatch, ledger_url):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    monkeypatch.setenv("CONCORD_LEDGER_URL", ledger_url)
    engine = open_ledger(ledger_url)
    findings.record(engine, [row("a" * 32)])
    engine.dispose()
    run = CliRunner()
    listed = run.invoke(cli, ["list"])
    assert listed.output.startswith(f"{'a' * 32}  R01 S2 open since ")
    assert listed.output.endswith("1 finding(s)\n")
    who = ["--actor", "olga", "--role", "pricing_owner", "--reason", "card is on its way"]
    assert run.invoke(cli, ["acknowledge", "a" * 32, *who]).exit_code == 0
    refused = run.invoke(cli, ["waive", "a" * 32, "--until", "2020-01-01", *who])
    assert refused.exit_code == 1
    assert "must end in the future" in refused.output
