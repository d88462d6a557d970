"""Our client against the simulated account: signing, paging to the end, errors by their meaning."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.errors import (
    MalformedResponseError,
    NotFoundError,
    PermanentError,
    RateLimitedError,
    TransientError,
    UnauthorizedError,
    UnknownOutcomeError,
    ValidationError,
)
from connectors.http import Backoff
from connectors.netsuite import AccountTime, NetSuiteClient, Select, connect
from sandbox.simulators.faults import Fault
from sandbox.simulators.netsuite import settings_for
from tests.netsuite.account import SECRETS, Account, OpenAccount, charge

CHARGES = Select(
    columns={"id": "id", "stage": "stage"}, table="charge", key=("id",), numeric=frozenset({"id"})
)


def client(account: Account, **changes: Any) -> NetSuiteClient:
    return connect(
        account.instance(**changes),
        environ=account.environ,
        budget_dir=account.budget_dir,
        clock=account.clock,
        backoff=Backoff(attempts=3, start=0.0),
        timeout=10.0,
    )


def ids(netsuite: NetSuiteClient, select: Select | str = CHARGES) -> list[str]:
    return [row["id"] for page in netsuite.suiteql_pages(select) for row in page]


def test_a_key_read_goes_past_the_row_cap_and_misses_nothing(open_account: OpenAccount) -> None:
    rows = [charge(str(number), "HOLD", "2026-05-04T14:00:00Z") for number in range(1, 2501)]
    account = open_account({"charge": rows}, row_cap=1000)
    assert ids(client(account)) == [str(number) for number in range(1, 2501)]


def test_an_offset_read_is_refused_past_the_cap_and_without_an_order(open_account: OpenAccount) -> None:
    rows = [charge(str(number), "HOLD", "2026-05-04T14:00:00Z") for number in range(1, 1201)]
    netsuite = client(open_account({"charge": rows}))
    assert len(ids(netsuite, "SELECT id FROM charge ORDER BY id")) == 1200
    with pytest.raises(PermanentError, match="ORDER BY"):
        ids(netsuite, "SELECT id FROM charge")


def test_composite_keys_page_within_a_transaction(account: Account) -> None:
    select = Select(
        columns={"transaction": "transaction", "id": "id"},
        table="transactionline",
        key=("transaction", "id"),
        numeric=frozenset({"transaction", "id"}),
    )
    text = select.text(after=["5001", "1"])
    rows = [(row["transaction"], row["id"]) for page in client(account).suiteql_pages(text) for row in page]
    assert rows == [("5001", "2"), ("5002", "0"), ("5002", "1"), ("5002", "2")]


def test_every_attempt_is_signed_anew(account: Account) -> None:
    account.faults.order(Fault(kind="status", path="suiteql", times=2, status=503))
    assert ids(client(account)) == ["600", "601", "602"]
    assert [call["status"] for call in account.faults.calls] == [503, 503, 200]


def test_a_wrong_secret_is_named_by_variable_never_by_value(account: Account) -> None:
    account.environ["NS_TOKEN_SECRET"] = "guessed-secret"
    with pytest.raises(UnauthorizedError) as raised:
        ids(client(account))
    assert "netsuite_test" in str(raised.value)
    assert "INVALID_LOGIN" in str(raised.value)
    assert "guessed-secret" not in str(raised.value)
    del account.environ["NS_TOKEN"]
    with pytest.raises(UnauthorizedError, match="NS_TOKEN"):
        client(account)


def certificate_account(open_account: OpenAccount, **settings: Any) -> tuple[Account, dict[str, Any]]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    secrets = {"client_id": "client-1", "certificate_id": "cert-1", "private_key": pem}
    options = {"auth": "m2m", "account": "4471023_SB1", "time_zone": "UTC"}
    known = settings_for(secrets, options)
    account = open_account(client_id=known.client_id, certificates=known.certificates, **settings)
    account.environ |= {f"NS_{name.upper()}": value for name, value in secrets.items()}
    names = {name: f"NS_{name.upper()}" for name in secrets}
    return account, {"credentials": names, "options": options}


def test_a_certificate_signs_in_and_a_dead_token_is_renewed_once(open_account: OpenAccount) -> None:
    account, changes = certificate_account(open_account)
    netsuite = client(account, **changes)
    assert ids(netsuite) == ["600", "601", "602"]
    account.faults.order(
        Fault(
            kind="status",
            path="suiteql",
            status=401,
            body={"o:errorDetails": [{"o:errorCode": "INVALID_LOGIN"}]},
        )
    )
    assert ids(netsuite) == ["600", "601", "602"]
    paths = [call["path"].rpartition("/")[2] for call in account.faults.calls]
    assert paths == ["token", "suiteql", "suiteql", "token", "suiteql"]


def test_a_certificate_the_account_does_not_know_is_refused(open_account: OpenAccount) -> None:
    account, changes = certificate_account(open_account)
    account.environ["NS_CERTIFICATE_ID"] = "cert-2"
    with pytest.raises(UnauthorizedError, match="certificate id"):
        ids(client(account, **changes))


def test_our_budget_keeps_readers_and_writers_under_the_accounts_limit(open_account: OpenAccount) -> None:
    account = open_account(concurrency=2, service_seconds=0.1)
    limits = {"api_budget": {"max_concurrent": 2}}
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: ids(client(account, **limits)), range(6)))
    assert found == [["600", "601", "602"]] * 6
    assert {call["status"] for call in account.faults.calls} == {200}


def test_blocked_calls_are_transient_and_reads_go_on_when_slots_free(open_account: OpenAccount) -> None:
    account = open_account(concurrency=1, service_seconds=0.2)
    wide = {"api_budget": {"max_concurrent": 4}}
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: _outcome(client(account, **wide)), range(4)))
    assert "read" in outcomes
    assert set(outcomes) <= {"read", "RateLimitedError"}
    assert 429 in {call["status"] for call in account.faults.calls}


def _outcome(netsuite: NetSuiteClient) -> str:
    try:
        ids(netsuite)
    except RateLimitedError:
        return "RateLimitedError"
    return "read"


def test_hidden_columns_and_records_say_which_right_is_missing(open_account: OpenAccount) -> None:
    account = open_account(hidden={"charge": frozenset({"stage"})})
    with pytest.raises(ValidationError, match="permission") as raised:
        ids(client(account))
    assert (raised.value.object, raised.value.field) == ("charge", "stage")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(kind="truncate", path="suiteql"), "not JSON"),
        (Fault(kind="rewrite", path="suiteql", at="items", value={"id": "1"}), "list of items"),
        (Fault(kind="rewrite", path="suiteql", at="hasMore", remove=True), "hasMore"),
        (Fault(kind="rewrite", path="suiteql", at="count", value=7), "announces 7 rows and has 3"),
    ],
)
def test_malformed_pages_are_never_half_read(account: Account, fault: Fault, words: str) -> None:
    account.faults.order(fault)
    with pytest.raises(MalformedResponseError, match=words) as raised:
        ids(client(account))
    assert (raised.value.instance, raised.value.object) == ("netsuite_test", "charge")


def test_a_write_is_sent_once_and_a_lost_answer_is_unknown(account: Account) -> None:
    netsuite = client(account)
    account.faults.order(Fault(kind="drop_after", method="PATCH"))
    with pytest.raises(UnknownOutcomeError) as raised:
        netsuite.update("charge", "600", {"stage": {"id": "READY"}})
    assert (raised.value.object, raised.value.record) == ("charge", "600")
    account.faults.order(Fault(kind="status", method="PATCH", status=500))
    with pytest.raises(UnknownOutcomeError):
        netsuite.update("charge", "602", {"stage": {"id": "HOLD"}})
    assert netsuite.get("charge", "600")["stage"]["id"] == "READY"
    assert netsuite.get("charge", "602")["stage"]["id"] == "READY"


def test_a_blocked_write_did_not_happen(account: Account) -> None:
    account.faults.order(Fault(kind="status", method="PATCH", status=429))
    with pytest.raises(TransientError):
        client(account).update("charge", "600", {"stage": {"id": "READY"}})


def test_refusals_keep_code_field_and_record(account: Account) -> None:
    netsuite = client(account)
    with pytest.raises(ValidationError, match="PROCESSED") as billed:
        netsuite.update("charge", "601", {"stage": {"id": "READY"}})
    assert (billed.value.code, billed.value.record) == ("USER_ERROR", "601")
    with pytest.raises(ValidationError) as misspelt:
        netsuite.update("charge", "600", {"stag": {"id": "READY"}})
    assert (misspelt.value.code, misspelt.value.field) == ("INVALID_CONTENT", "stag")
    with pytest.raises(NotFoundError):
        netsuite.get("charge", "1")


def test_external_ids_with_signs_that_need_escaping(account: Account) -> None:
    netsuite = client(account)
    first = netsuite.upsert("customer", "a b&c=é", {"companyName": "Odd"})
    assert netsuite.upsert("customer", "a b&c=é", {"companyName": "Odd 2"}) == first
    assert netsuite.get("customer", "eid:a b&c=é")["companyName"] == "Odd 2"


def test_an_estate_without_time_zone_or_sign_in_is_refused_before_any_call(account: Account) -> None:
    with pytest.raises(PermanentError, match="time_zone"):
        client(account, options={"auth": "tba", "account": "4471023_SB1"})
    with pytest.raises(PermanentError, match=r"options\.auth"):
        client(account, options={"auth": "basic", "account": "4471023_SB1", "time_zone": "UTC"})
    assert account.faults.calls == []


NEW_YORK = AccountTime(ZoneInfo("America/New_York"))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "read_at", "moment"),
    [
        ("2026-01-15 23:30:00", utc(2026, 6, 1), utc(2026, 1, 16, 4, 30)),
        ("2026-07-15 23:30:00", utc(2026, 8, 1), utc(2026, 7, 16, 3, 30)),
        ("2026-03-08 03:00:00", utc(2026, 6, 1), utc(2026, 3, 8, 7)),
        ("2025-11-02 01:30:00", utc(2025, 11, 2, 5, 45), utc(2025, 11, 2, 5, 30)),
        ("2025-11-02 01:30:00", utc(2025, 11, 2, 6, 45), utc(2025, 11, 2, 6, 30)),
    ],
)
def test_account_texts_become_utc(text: str, read_at: datetime, moment: datetime) -> None:
    assert NEW_YORK.from_account(text, read_at) == moment


def test_bounds_inside_the_repeated_hour_move_outwards() -> None:
    inside = utc(2025, 11, 2, 6, 15)
    assert "'2025-11-02 00:15:00'" in NEW_YORK.lower_bound(inside)
    assert "'2025-11-02 02:15:00'" in NEW_YORK.upper_bound(inside)


def test_secrets_stay_out_of_representations(account: Account) -> None:
    shown = repr(account.settings)
    assert all(SECRETS[name] not in shown for name in ("NS_SECRET", "NS_TOKEN_SECRET"))
