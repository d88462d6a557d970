"""Each vendor's check: the real one passes, anything else is refused for a named reason, and no secret is told."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import load_config
from connectors.webhooks import NotGenuineError, Post, verifier_of
from connectors.webhooks.bamboohr import BambooHrVerifier
from connectors.webhooks.netsuite import NetSuiteVerifier
from connectors.webhooks.salesforce import SalesforceVerifier

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
SECRET, FIVE_MINUTES = "hook-secret-of-the-tests", timedelta(minutes=5)
STAMP = str(int(NOW.timestamp()))
PEOPLE = json.dumps(
    {"employees": [{"id": "12", "action": "Updated"}, {"id": 13, "action": "Created"}]}
).encode()
CHANGE = json.dumps({"ChangeEventHeader": {
    "entityName": "Opportunity", "recordIds": ["006A"], "changeType": "UPDATE", "transactionKey": "0003-ab",
    "sequenceNumber": 2}, "StageName": "Closed Won"}).encode()  # fmt: skip
SAVED = json.dumps({"id": "m-1", "type": "edit", "recordType": "invoice", "recordId": "501"}).encode()


def mac(text: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def post(body: bytes, **headers: str) -> Post:
    names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return Post(method="POST", url="http://127.0.0.1/hooks/x", headers=names, body=body, received_at=NOW)


def bamboo(body: bytes = PEOPLE, stamp: str = STAMP, signature: str | None = None) -> Post:
    signature = mac(body + stamp.encode()) if signature is None else signature
    return post(body, X_BambooHR_Timestamp=stamp, X_BambooHR_Signature=signature)


def stamped(body: bytes, name: str, stamp: str = STAMP, secret: str = SECRET) -> Post:
    return post(body, **{name: f"t={stamp},v1={mac(stamp.encode() + b'.' + body, secret)}"})


BAMBOO = BambooHrVerifier(SECRET, tolerance=FIVE_MINUTES)
CRM = SalesforceVerifier(SECRET, tolerance=FIVE_MINUTES)
ERP = NetSuiteVerifier(SECRET, tolerance=FIVE_MINUTES)


def refused(verifier, given_post):
    with pytest.raises(NotGenuineError) as caught:
        verifier.check(given_post)
    assert SECRET not in str(caught.value)
    return caught.value.error_class


def test_bamboohr_names_the_people():
    (change,) = BAMBOO.check(bamboo()).changes
    assert (change.object, change.record_ids) == ("employee", ("12", "13"))
    assert BAMBOO.check(bamboo()).changes == (change,), "sent again, it is the same message"
    other = json.dumps({"employees": [{"id": "12", "action": "Deleted"}]}).encode()
    assert BAMBOO.check(bamboo(other)).changes[0].message_id != change.message_id


def test_bamboohr_joins_body_and_timestamp_as_configured():
    other = BambooHrVerifier(SECRET, tolerance=FIVE_MINUTES, signs="timestamp_body")
    turned = bamboo(signature=mac(STAMP.encode() + PEOPLE))
    assert other.check(turned).changes
    assert refused(BAMBOO, turned) == "wrong"
    with pytest.raises(LookupError, match="signs"):
        BambooHrVerifier(SECRET, tolerance=FIVE_MINUTES, signs="body")


def test_salesforce_change_events_carry_their_own_id():
    (change,) = CRM.check(stamped(CHANGE, "X_Relay_Signature")).changes
    assert (change.message_id, change.object, change.record_ids) == ("0003-ab/2", "Opportunity", ("006A",))


def test_netsuite_names_the_saved_record():
    (change,) = ERP.check(stamped(SAVED, "X_NetSuite_Signature")).changes
    assert (change.message_id, change.object, change.record_ids) == ("m-1", "invoice", ("501",))


@pytest.mark.parametrize(
    ("verifier", "body", "name"), [(CRM, CHANGE, "X_Relay_Signature"), (ERP, SAVED, "X_NetSuite_Signature")]
)
def test_a_stamped_post_is_refused_for_a_named_reason(verifier, body, name):
    old, later = str(int(STAMP) - 301), str(int(STAMP) + 301)
    assert refused(verifier, post(body)) == "unsigned"
    assert refused(verifier, post(body, **{name: "v1=beef"})) == "malformed"
    assert refused(verifier, stamped(body, name, secret="another")) == "wrong"
    assert refused(verifier, stamped(body, name, old)) == "stale"
    assert refused(verifier, stamped(body, name, later)) == "stale"
    moved = stamped(body, name).headers[name.replace("_", "-").lower()].replace(f"t={STAMP}", f"t={later}")
    assert refused(verifier, post(body, **{name: moved})) == "wrong", "the time is signed as well"
    assert refused(verifier, stamped(b"{", name)) == "malformed"
    assert refused(verifier, stamped(b"[]", name)) == "malformed"
    assert refused(verifier, stamped(b"{}", name)) == "malformed"


def test_bamboohr_is_refused_for_a_named_reason():
    assert refused(BAMBOO, post(PEOPLE)) == "unsigned"
    assert refused(BAMBOO, post(PEOPLE, X_BambooHR_Timestamp=STAMP)) == "unsigned"
    assert refused(BAMBOO, bamboo(signature=mac(PEOPLE + STAMP.encode(), "another"))) == "wrong"
    assert refused(BAMBOO, bamboo(stamp=str(int(STAMP) - 301))) == "stale"
    assert refused(BAMBOO, bamboo(stamp="yesterday")) == "malformed"
    assert refused(BAMBOO, bamboo(b'{"employees": [{"name": "no id"}]}')) == "malformed"


@given(st.integers(0, len(PEOPLE) - 1), st.integers(1, 255))
def test_one_changed_byte_is_enough(place, shift):
    changed = bytearray(PEOPLE)
    changed[place] = (changed[place] + shift) % 256
    genuine = bamboo()
    forged = post(
        bytes(changed),
        X_BambooHR_Timestamp=STAMP,
        X_BambooHR_Signature=genuine.headers["x-bamboohr-signature"],
    )
    assert refused(BAMBOO, forged) == "wrong"


@given(st.text(max_size=80))
def test_whatever_stands_in_the_header_is_refused_not_a_crash(text):
    assert refused(BAMBOO, post(PEOPLE, X_BambooHR_Timestamp=STAMP, X_BambooHR_Signature=text)) in {
        "unsigned",
        "wrong",
    }
    assert refused(CRM, post(CHANGE, X_Relay_Signature=text)) in {"unsigned", "malformed", "wrong"}


def test_every_webhook_of_the_estate_has_a_verifier_and_a_missing_secret_is_named():
    hooked = [one for one in load_config().instances if one.webhook is not None]
    assert {one.system for one in hooked} == {"salesforce", "netsuite", "bamboohr"}
    for one in hooked:
        assert verifier_of(one, {one.webhook.secret: "x"}, FIVE_MINUTES)
        with pytest.raises(LookupError, match=one.webhook.secret):
            verifier_of(one, {}, FIVE_MINUTES)


def test_an_instance_without_a_webhook_and_a_system_without_a_verifier_are_named():
    kantata = load_config().instance("kantata_group")
    with pytest.raises(LookupError, match="kantata_group"):
        verifier_of(kantata, {}, FIVE_MINUTES)
    hook = load_config().instance("netsuite_group").webhook
    with pytest.raises(LookupError, match="sends no webhooks"):
        verifier_of(kantata.model_copy(update={"webhook": hook}), {}, FIVE_MINUTES)
