"""SuiteQL of the simulated account: the traps a reader of a real one falls into."""

from __future__ import annotations

from typing import Any

import pytest

from tests.netsuite.account import Account, OpenAccount, invoice


def items(account: Account, text: str, **window: int) -> list[dict[str, Any]]:
    answer = account.query(text, **window)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def refused(account: Account, text: str, **window: int) -> str:
    answer = account.query(text, **window)
    assert answer.status_code == 400
    return str(answer.json()["o:errorDetails"][0]["detail"])


def test_values_are_texts_aliases_lower_case_and_nulls_absent(account: Account) -> None:
    (row,) = items(account, "SELECT ID AS CustomerId, isInactive, email, terms FROM Customer WHERE id = 701")
    assert row == {"links": [], "customerid": "701", "isinactive": "T"}


def test_numbers_lose_trailing_zeros_and_sums_stay_exact(account: Account) -> None:
    text = "SELECT SUM(foreignamount) AS total FROM transactionline WHERE mainline = 'F'"
    assert items(account, text) == [{"links": [], "total": "-2000"}]
    text = "SELECT id FROM transaction WHERE foreignamountunpaid > 999.99"
    assert [row["id"] for row in items(account, text)] == ["5001"]


def test_bare_dates_follow_the_users_preference_and_lose_the_time(open_account: OpenAccount) -> None:
    text = "SELECT trandate, lastmodifieddate FROM transaction WHERE id = 5001"
    assert items(open_account(), text)[0]["lastmodifieddate"] == "5/4/2026"
    assert items(open_account(date_format="DD.MM.YYYY"), text)[0]["trandate"] == "04.05.2026"


def test_stamps_and_literals_are_in_the_users_time_zone(open_account: OpenAccount) -> None:
    stamp = "2026-03-01T04:59:59Z"  # 23:59:59 the day before in New York, 13:59:59 in Tokyo
    rows = {"transaction": [invoice("1", "A", stamp)]}
    text = "SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS lm FROM transaction WHERE {}"
    edge = "lastmodifieddate >= TO_TIMESTAMP('2026-03-01 00:00:00', 'YYYY-MM-DD HH24:MI:SS')"
    new_york, tokyo = open_account(rows), open_account(rows, time_zone="Asia/Tokyo")
    assert items(new_york, text.format("1 = 1"))[0]["lm"] == "2026-02-28 23:59:59"
    assert items(tokyo, text.format("1 = 1"))[0]["lm"] == "2026-03-01 13:59:59"
    assert (len(items(new_york, text.format(edge))), len(items(tokyo, text.format(edge)))) == (0, 1)
    day = "lastmodifieddate < TO_DATE('2026-03-01', 'YYYY-MM-DD')"
    assert (len(items(new_york, text.format(day))), len(items(tokyo, text.format(day)))) == (1, 0)


def test_labels_truncation_decode_and_subqueries(account: Account) -> None:
    text = """
        SELECT BUILTIN.DF(t.status) AS status, BUILTIN.DF(t.currency) AS currency, NVL(t.memo, 'none') AS memo,
               TO_CHAR(TRUNC(t.lastmodifieddate), 'YYYY-MM-DD') AS day, COUNT(tl.id) AS lines
        FROM transaction t INNER JOIN transactionline tl ON tl.transaction = t.id
        WHERE t.entity IN (SELECT id FROM customer WHERE companyname LIKE 'Acme%') AND t.status = 'B'
        GROUP BY BUILTIN.DF(t.status), BUILTIN.DF(t.currency), NVL(t.memo, 'none'), TRUNC(t.lastmodifieddate)
    """
    assert items(account, text) == [
        {"links": [], "currency": "US Dollar", "day": "2026-05-04", "lines": "3", "memo": "none",
         "status": "Invoice : Paid In Full"}
    ]  # fmt: skip


def test_pages_are_multiples_of_the_limit_and_link_onwards(account: Account) -> None:
    text = "SELECT id FROM charge ORDER BY id"
    first = account.query(text, limit=2, offset=0).json()
    assert (first["count"], first["hasMore"], first["totalResults"]) == (2, True, 3)
    assert first["links"][0]["rel"] == "next"
    assert "offset=2" in first["links"][0]["href"]
    last = account.query(text, limit=2, offset=2).json()
    assert (last["count"], last["hasMore"], last["items"][0]["id"]) == (1, False, "602")
    assert "divisible" in refused(account, text, limit=2, offset=3)
    assert "limit" in refused(account, text, limit=1001, offset=0)


def test_rows_beyond_the_cap_are_never_shown(open_account: OpenAccount) -> None:
    account = open_account(row_cap=2)
    page = account.query("SELECT id FROM charge ORDER BY id", limit=1, offset=1).json()
    assert (page["totalResults"], page["hasMore"]) == (3, False)
    assert "first 2 results" in refused(account, "SELECT id FROM charge ORDER BY id", limit=1, offset=2)


def test_the_transient_preference_is_required(account: Account) -> None:
    answer = account.call("POST", "query/v1/suiteql", json={"q": "SELECT id FROM charge"})
    assert (answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]) == (400, "INVALID_HEADER")


def test_what_the_role_may_not_see_does_not_exist(open_account: OpenAccount) -> None:
    account = open_account(
        hidden={"customer": frozenset({"vatregnumber"})}, hidden_tables=frozenset({"currencyrate"})
    )
    assert "Unknown identifier 'vatregnumber'" in refused(account, "SELECT vatregnumber FROM customer")
    assert "Record 'currencyrate' was not found" in refused(account, "SELECT id FROM currencyrate")
    assert "vatregnumber" not in items(account, "SELECT * FROM customer")[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT id FROM nowhere", "Record 'nowhere' was not found"),
        ("SELECT nothing FROM charge", "Unknown identifier 'nothing'"),
        ("DELETE FROM charge", "only SELECT"),
        ("SELECT id FROM charge LIMIT 1", "LIMIT"),
        ("SELEC id", "only SELECT"),
        ("SELECT id FROM charge WHERE lastmodifieddate > '2026-01-01'", "must be M/D/YYYY"),
        ("SELECT id FROM charge WHERE lastmodifieddate > TO_DATE('x', 'YYYY')", "does not match"),
        ("SELECT TO_CHAR(chargedate, 'QQ') FROM charge", "format"),
        ("SELECT LOAD_EXTENSION('x') FROM charge", "not"),
        ("SELECT _job.id FROM _job", "was not found"),
        ("SELECT name FROM sqlite_master", "was not found"),
    ],
)
def test_texts_it_cannot_run_are_refused_with_words(account: Account, text: str, words: str) -> None:
    assert words in refused(account, text)


def test_rownum_limits_from_the_top(account: Account) -> None:
    assert len(items(account, "SELECT id FROM charge WHERE ROWNUM <= 2")) == 2
