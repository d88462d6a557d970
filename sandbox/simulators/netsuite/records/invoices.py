"""How an invoice is put together: defaults of the header, lines with credit sign, totals on the main line."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.simulators.netsuite.errors import ApiError, invalid_content, user_error
from sandbox.simulators.netsuite.records import rules
from sandbox.simulators.store import Store

_PENDING, _APPROVED = "1", "2"


def complete(store: Store, values: dict[str, Any]) -> None:
    """Fill the header of a new invoice. Without an approval it is a draft and does not post."""
    customer = _required(store, values, "entity", "customer")
    if not values.get("trandate"):
        raise _missing("tranDate")
    values.setdefault("currency", customer["currency"])
    subsidiary = _required(store, values, "subsidiary", "subsidiary")
    if not values.get("postingperiod"):
        values["postingperiod"] = rules.period_of(store, values["trandate"])
    rules.check_period_open(store, values["postingperiod"])
    values.setdefault(
        "exchangerate", _rate(store, subsidiary["currency"], values["currency"], values["trandate"])
    )
    if not values.get("duedate"):
        values["duedate"] = _due(store, customer, values["trandate"])
    values.setdefault("tranid", f"INV{values['id']}")
    values |= {"voided": 0, "foreigntotal": "0", "foreignamountunpaid": "0"}
    _approve(values, values.pop("approvalstatus", None) or _PENDING)


def apply_approval(store: Store, before: dict[str, Any], changes: dict[str, Any]) -> None:
    """Approving a draft posts it, if its period is open."""
    approval = changes.pop("approvalstatus", None)
    if approval is None or before["status"] != "D":
        return
    if approval == _APPROVED:
        rules.check_period_open(store, before["postingperiod"])
        store.upsert("transaction", str(before["id"]), {"status": "A", "posting": 1})


def _approve(values: dict[str, Any], approval: str) -> None:
    if approval not in (_PENDING, _APPROVED):
        raise invalid_content(
            f"You have entered an Invalid Field Value {approval} for the following field: approvalStatus",
            "approvalStatus",
        )
    draft = approval == _PENDING
    values |= {"status": "D" if draft else "A", "posting": int(not draft)}


def put_line(store: Store, record: str, key: int | None, values: dict[str, Any], path: str, now: str) -> None:
    """Change line `key`, or add one when the key is None."""
    if key is not None:
        if store.get("transactionline", [record, str(key)]) is None:
            raise invalid_content(f"Line {key} does not exist", f"{path}line")
        store.upsert("transactionline", [record, str(key)], values | {"linelastmodifieddate": now})
        return
    if "foreignamount" not in values and values.get("quantity") and values.get("rate"):
        values["foreignamount"] = str(-Decimal(values["quantity"]) * Decimal(values["rate"]))
    if "foreignamount" not in values:
        raise invalid_content("Please enter value(s) for: Amount", f"{path}amount")
    (highest,) = store.query('select max(id) as n from transactionline where "transaction" = ?', [record])
    number = (highest["n"] or 0) + 1
    values |= {"transaction": record, "id": number, "linesequencenumber": number, "mainline": 0, "taxline": 0}
    values |= {"uniquekey": store.next_id("uniquekey"), "linelastmodifieddate": now}
    store.load("transactionline", [values])


def total(store: Store, record: str, now: str) -> None:
    """Make header and main line agree with the lines."""
    header = store.get("transaction", record)
    lines = store.query('select * from transactionline where "transaction" = ? and mainline = 0', [record])
    if header is None:
        raise KeyError(f"transaction {record} vanished while it was written")
    rate = Decimal(header["exchangerate"])
    for line in lines:
        net = str(Decimal(line["foreignamount"]) * rate)
        store.upsert("transactionline", [record, str(line["id"])], {"netamount": net})
    gross = -sum((Decimal(line["foreignamount"]) for line in lines), Decimal(0))
    main = {"transaction": record, "id": 0, "linesequencenumber": 0, "mainline": 1, "taxline": 0}
    main |= {"foreignamount": str(gross), "netamount": str(gross * rate), "linelastmodifieddate": now}
    if store.get("transactionline", [record, "0"]) is None:
        main["uniquekey"] = store.next_id("uniquekey")
    store.upsert("transactionline", [record, "0"], main)
    applied = Decimal(header["foreigntotal"] or 0) - Decimal(header["foreignamountunpaid"] or 0)
    changes = {"foreigntotal": str(gross), "foreignamountunpaid": str(gross - applied)}
    store.upsert("transaction", record, changes)


def _required(store: Store, values: dict[str, Any], column: str, table: str) -> dict[str, Any]:
    row = store.get(table, str(values[column])) if values.get(column) else None
    if row is None:
        raise _missing(column)
    return row


def _missing(name: str) -> ApiError:
    return invalid_content(f"Please enter value(s) for: {name}", name)


def _rate(store: Store, base: Any, currency: Any, day: str) -> str:
    if base == currency:
        return "1"
    rows = store.query(
        "select exchangerate from currencyrate where basecurrency = ? and transactioncurrency = ? "
        "and effectivedate <= ? order by effectivedate desc limit 1",
        [base, currency, day],
    )
    if not rows:
        raise user_error(f"No exchange rate from currency {currency} to {base} on {day}.")
    return str(rows[0]["exchangerate"])


def _due(store: Store, customer: dict[str, Any], day: str) -> str:
    term = store.get("term", str(customer["terms"])) if customer.get("terms") else None
    days = int(term["daysuntilnetdue"]) if term else 0
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
