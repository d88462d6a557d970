"""The fake vendor behaves as the destination port says, or every other test proves nothing."""

from __future__ import annotations

import pytest

from connectors.errors import ConflictError, NotFoundError, UnknownOutcomeError
from reverse_etl.destinations.base import WriteRequest
from tests.reverse_etl.fakes import FakeVendor


@pytest.fixture
def vendor():
    fake = FakeVendor("x")
    fake.put("thing", "1", name="a")
    return fake


def change(record_id="1", operation="update", **values):
    return WriteRequest(target_object="thing", operation=operation, record_id=record_id, values=values)


def test_a_write_is_read_back_under_a_new_version(vendor):
    before = vendor.read("thing", "1", ["name"])
    vendor.write(change(name="b"), "k", before.version)
    after = vendor.read("thing", "1", ["name"])
    assert (after.values, after.version != before.version) == ({"name": "b"}, True)


def test_a_stale_version_is_refused(vendor):
    with pytest.raises(ConflictError):
        vendor.write(change(name="b"), "k", "0")
    assert vendor.effects == []


def test_an_absent_record_is_not_found(vendor):
    with pytest.raises(NotFoundError):
        vendor.read("thing", "2", ["name"])


@pytest.mark.parametrize(("after_commit", "value"), [(True, "b"), (False, "a")])
def test_a_lost_reply_may_or_may_not_have_been_applied(vendor, after_commit, value):
    vendor.fail("write", UnknownOutcomeError("lost", instance="x"), after_commit=after_commit)
    with pytest.raises(UnknownOutcomeError):
        vendor.write(change(name="b"), "k", "1")
    assert vendor.value("thing", "1", "name") == value


def test_a_created_record_is_found_by_its_key(vendor):
    made = vendor.write(change(None, "create", name="n"), "key", None)
    assert vendor.find_created("thing", "key") == made.record_id
    assert vendor.find_created("thing", "other") is None


def test_writing_the_same_value_again_is_no_effect(vendor):
    vendor.write(change(name="b"), "k", "1")
    vendor.write(change(name="b"), "k", "2")
    assert (len(vendor.writes), len(vendor.effects)) == (2, 1)
