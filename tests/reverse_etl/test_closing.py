"""A month is signed on its evidence, by role and by different people, frozen, and opened again only for a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from config.schema import Close
from reverse_etl import audit, closing
from reverse_etl.closing import Evidence, MonthPicture
from reverse_etl.errors import IllegalTransitionError, NotAllowedError
from reverse_etl.ledger import reading
from reverse_etl.ledger.closing import close_evidence, close_figure, close_item, close_month
from tests.reverse_etl.factories import START

MAY = date(2026, 5, 1)
RULES = Close(checks=["B03", "X03"], sign_off_roles=["finance_manager", "controller"])
GRACE = ("grace", ["finance_manager", "controller"])
CARLA = ("carla", ["controller"])


def evidence(check="B03", **facts):
    same = {"outcome": "evaluated", "reason": None, "rule_version": "1", "query_version": "q", "findings": 0,
            "blocking": 0, "amount_at_risk_rc": None, "rows_hash": "0" * 64, "source_loaded_at": START}  # fmt: skip
    return Evidence(check_id=check, **{**same, **facts})


def picture(hours="100.0000", checks=None, **facts):
    items = [{"item_kind": "time_entry", "item_id": "k:1", "item_date": MAY, "quantity": Decimal(hours),
              "rate": Decimal("10"), "amount": Decimal("1000"), "currency": "USD", "is_counted": True,
              "item_status": "billable", "item_hash": hours, "recorded_at": None}]  # fmt: skip
    figures = [{"metric": "approved_hours", "unit": "hours", "value": Decimal(hours)}]
    shown = checks if checks is not None else (evidence(), evidence("X03"))
    return MonthPicture(
        legal_entity_id="US", month=MAY, as_of=START, is_over=facts.get("is_over", True), evidence=shown,
        figures=tuple(figures), items=tuple(items),
    )  # fmt: skip


def sign(outbox, who, role, shown=None):
    return closing.sign_off(outbox, RULES, shown or picture(), *who, role, "checked")


@pytest.fixture
def signed(outbox):
    sign(outbox, GRACE, "finance_manager")
    sign(outbox, CARLA, "controller")
    return outbox


def rows(outbox, table):
    with reading(outbox.engine) as connection:
        return connection.execute(sa.select(table)).mappings().all()


def test_both_sign_and_the_month_is_frozen_with_figures_rows_and_evidence(signed):
    now = closing.freeze(signed, RULES, picture(), *CARLA)
    assert (now.state, now.round, now.frozen_by) == ("frozen", 1, "carla")
    assert [(one["metric"], one["value"]) for one in rows(signed, close_figure)] == [
        ("approved_hours", Decimal(100))
    ]
    assert [(one["item_id"], one["quantity"]) for one in rows(signed, close_item)] == [("k:1", Decimal(100))]
    assert {(one["check_id"], one["outcome"]) for one in rows(signed, close_evidence)} == {
        ("B03", "evaluated"), ("X03", "evaluated"),
    }  # fmt: skip
    assert [event.event for event in audit.events(signed.engine)] == [
        "close_signed",
        "close_signed",
        "close_frozen",
    ]
    assert audit.verify_chain(signed.engine).is_valid


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (picture(checks=(evidence(outcome="missing", reason="no such check ran"),)), "B03 missing"),
        (picture(checks=(evidence(outcome="not_evaluated", reason="stale"),)), "B03 not evaluated: stale"),
        (picture(checks=(evidence(findings=3, blocking=2),)), "2 open S1"),
        (picture(is_over=False), "not over"),
    ],
)
def test_what_was_not_evaluated_or_blocks_cannot_be_signed(outbox, shown, words):
    with pytest.raises(NotAllowedError, match=words):
        sign(outbox, CARLA, "controller", shown)
    assert rows(outbox, close_evidence) == []


def test_one_person_signs_in_one_role_and_only_in_their_own(outbox):
    sign(outbox, GRACE, "finance_manager")
    with pytest.raises(NotAllowedError, match="four_eyes"):
        sign(outbox, GRACE, "controller")
    with pytest.raises(NotAllowedError, match=r"\(role\)"):
        sign(outbox, CARLA, "finance_manager")
    with pytest.raises(NotAllowedError, match="signs no close"):
        sign(outbox, ("olga", ["pricing_owner"]), "pricing_owner")


def test_a_signature_missing_or_on_other_evidence_does_not_freeze(outbox):
    sign(outbox, GRACE, "finance_manager")
    with pytest.raises(NotAllowedError, match="not signed by controller"):
        closing.freeze(outbox, RULES, picture(), *CARLA)
    sign(outbox, CARLA, "controller")
    for later in (
        picture(hours="101.0000"),
        replace(picture(), evidence=(evidence(findings=1), evidence("X03"))),
    ):
        with pytest.raises(NotAllowedError, match="changed since finance_manager signed"):
            closing.freeze(outbox, RULES, later, *CARLA)
    assert rows(outbox, close_month) == []


def test_reopening_takes_a_reason_and_a_controller_and_keeps_what_was_frozen(signed):
    closing.freeze(signed, RULES, picture(), *CARLA)
    with pytest.raises(IllegalTransitionError, match="frozen already"):
        sign(signed, CARLA, "controller")
    with pytest.raises(NotAllowedError, match="reason"):
        closing.reopen(signed, "US", MAY, *CARLA, " ")
    with pytest.raises(NotAllowedError, match=r"\(role\)"):
        closing.reopen(signed, "US", MAY, "olga", ["billing_lead"], "a mistake")
    now = closing.reopen(signed, "US", MAY, *CARLA, "an invoice was posted twice")
    assert (now.state, now.round, dict(now.signed)) == ("reopened", 2, {})
    later = picture(hours="90.0000")
    sign(signed, GRACE, "finance_manager", later)
    sign(signed, CARLA, "controller", later)
    closing.freeze(signed, RULES, later, *CARLA)
    assert [(one["round"], one["state"]) for one in rows(signed, close_month)] == [
        (1, "reopened"),
        (2, "frozen"),
    ]
    assert [one["value"] for one in rows(signed, close_figure)] == [Decimal(100), Decimal(90)]
    with pytest.raises(IllegalTransitionError, match="not frozen"):
        closing.reopen(signed, "DE", MAY, *CARLA, "why")
    assert audit.verify_chain(signed.engine).is_valid


def test_evidence_is_kept_once_even_when_it_cannot_be_signed(outbox):
    shown = picture(checks=(evidence(outcome="not_evaluated", reason="stale"), evidence("X03")))
    assert closing.record_evidence(outbox, shown)
    assert not closing.record_evidence(outbox, shown)
    assert [(one["check_id"], one["outcome"]) for one in rows(outbox, close_evidence)] == [
        ("B03", "not_evaluated"), ("X03", "evaluated"),
    ]  # fmt: skip
