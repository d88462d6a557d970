"""A person says which records are one: audited, one decision in force per pair, a wrong one ended and kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from reverse_etl import audit, identity
from reverse_etl.errors import IllegalTransitionError, NotAllowedError
from reverse_etl.identity import Pair
from reverse_etl.ledger import reading
from reverse_etl.ledger.identity import identity_decision

PAIR = Pair(record_key="a:account:1", target_key="b:account:1", method="name_similarity", score="0.91000000")
LINK = Pair(
    record_key="e:customer:1", target_key="a:account:1", method="tax_id_country", score="1",
    linked_from=datetime(2026, 1, 2, tzinfo=UTC),
)  # fmt: skip


def rows(outbox):
    with reading(outbox.engine) as connection:
        query = sa.select(identity_decision).order_by(identity_decision.c.event_sequence)
        return [dict(row) for row in connection.execute(query).mappings()]


def test_an_accepted_suggestion_is_a_record_and_an_audit_event(outbox):
    made = identity.accept(outbox, PAIR, "carla", ["controller"], "same letterhead")
    assert [one.kind for one in identity.listing(outbox)] == ["accepted"]
    row = rows(outbox)[0]
    assert (row["decision_id"], row["method"], row["score"], row["ended_at"]) == (
        made.decision_id, "name_similarity", "0.91000000", None,
    )  # fmt: skip
    assert list(audit.events(outbox.engine))[-1].event == "identity_accepted"
    assert audit.verify_chain(outbox.engine).is_valid


def test_another_decision_on_the_pair_ends_the_one_before_and_keeps_it(outbox):
    identity.reject(outbox, PAIR, "carla", ["controller"], "another firm of that name")
    identity.accept(outbox, PAIR, "carla", ["controller"], "they merged")
    first, second = rows(outbox)
    assert (first["kind"], first["ended_by"]) == ("rejected", "carla")
    assert first["ended_at"] is not None
    assert (second["kind"], second["ended_at"]) == ("accepted", None)


def test_an_ended_link_says_how_it_came_and_since_when(outbox):
    identity.end(outbox, LINK, "carla", ["controller"], "the tax number was a typo")
    row = rows(outbox)[0]
    assert (row["kind"], row["method"], row["linked_from"]) == ("ended", "tax_id_country", LINK.linked_from)


def test_the_same_decision_twice_is_refused(outbox):
    identity.accept(outbox, PAIR, "carla", ["controller"], "sure")
    with pytest.raises(IllegalTransitionError, match="already accepted by carla"):
        identity.accept(outbox, PAIR, "eve", ["controller"], "sure too")
    assert len(rows(outbox)) == 1


@pytest.mark.parametrize(
    ("actor", "roles", "reason", "words"),
    [
        ("eve", ["billing_lead"], "sure", "does not decide which records are one"),
        ("eve", ["controller"], "  ", "needs a reason"),
        ("worker:1", ["controller"], "sure", "not a person"),
    ],
)
def test_only_a_person_with_the_role_and_a_reason_decides(outbox, actor, roles, reason, words):
    with pytest.raises(NotAllowedError, match=words):
        identity.accept(outbox, PAIR, actor, roles, reason)
    assert rows(outbox) == []
