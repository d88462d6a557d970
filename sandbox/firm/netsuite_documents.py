"""Invoices, credit memos, payments, their lines and links, and the log of deleted records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.firm.billing import Line
from sandbox.firm.contract_books import main_units, rounded
from sandbox.firm.days import add_months, period_id, stamp
from sandbox.firm.group import CURRENCY_IDS, ENTITIES, UNITS, money
from sandbox.firm.ids import Ids, number_prefix
from sandbox.firm.receipts import mistakes
from sandbox.firm.receivables import Receivable, Settlement
from sandbox.firm.world import World

Row = dict[str, Any]
CLEARED, EXCHANGE_DIFFERENCE = "Receivable cleared", "Exchange difference"
_DELETED_DRAFTS = 8_900_001  # ids of drafts that were deleted before history reached us


def documents(world: World, ids: Ids) -> dict[str, list[Row]]:
    """Rows of the tables around transactions."""
    numbers, missing = ids.invoice_numbers
    applied = sorted(
        ((s, r) for r in world.receivables for s in r.settlements if s.at <= world.as_of),
        key=lambda pair: (pair[0].at, pair[0].key),
    )
    headers = [_invoice(world, ids, item, numbers[item.invoice.key]) for item in world.receivables]
    lines = [line for item in world.receivables for line in _invoice_lines(world, ids, item)]
    memos: dict[str, int] = {}
    for settlement, item in applied:
        entity = item.entity
        if settlement.kind == "Payment":
            headers.append(_payment(world, ids, settlement, item))
            lines.extend(_payment_lines(world, ids, settlement, item))
        else:
            memos[entity] = memos.get(entity, 5000) + 1
            headers.append(_credit(world, ids, settlement, item, memos[entity]))
            lines.extend(_credit_lines(world, ids, settlement, item))
    wrong = mistakes(world)
    for settlement in wrong:
        if settlement.deleted_at and settlement.deleted_at > world.as_of:
            headers.append(_mistake(world, ids, settlement))
            lines.extend(_mistake_lines(world, ids, settlement))
    return {
        "transaction": headers,
        "transactionline": lines,
        "nexttransactionlinelink": [_link(ids, settlement, item) for settlement, item in applied],
        "deletedrecord": [*_deleted_receipts(world, ids, wrong), *_deleted_drafts(world, missing)],
    }


def _payment_lines(world: World, ids: Ids, settlement: Settlement, item: Receivable) -> Iterator[Row]:
    """Money in at the rate of its day, the receivable out at the rate it was booked at, and the difference."""
    day, changed = settlement.at.date(), stamp(settlement.at)
    received = functional(world, item, settlement.amount, day)
    earlier = sum(s.amount for s in item.settlements if s.at < settlement.at)
    cleared = carried(world, item, earlier + settlement.amount) - carried(world, item, earlier)
    amount = money(settlement.amount, item.currency)
    zero = money(0, item.currency)
    yield _line(ids, settlement.key, 0, changed, amount, str(received), mainline=True)
    yield _line(ids, settlement.key, 1, changed, f"-{amount}", str(-cleared), memo=CLEARED)
    yield _line(ids, settlement.key, 2, changed, zero, str(cleared - received), memo=EXCHANGE_DIFFERENCE)


def carried(world: World, item: Receivable, settled: int) -> Decimal:
    """The part of an invoice's booked amount that so much settlement takes away; all of it at the end."""
    booked = -sum((amount for _, amount in booked_lines(world, item)), Decimal(0))
    if settled >= item.gross:
        return booked
    return _booked(world, item, settled)


def document_rate(world: World, item: Receivable) -> Decimal:
    """The rate on an invoice: that of its day, unless it was keyed in wrongly."""
    rate = _rate(world, item, item.invoice.created_at.date()) * Decimal(item.invoice.rate_factor)
    return rate.quantize(Decimal("0.00000001"))


def _rate(world: World, item: Receivable, day: date) -> Decimal:
    return world.fx.rate(ENTITIES[item.entity].currency, item.currency, day)


def functional(world: World, item: Receivable, minor: int, day: date) -> Decimal:
    """Amount in the entity's own currency at the rate of a day, rounded to its minor unit."""
    amount = main_units(minor, item.currency) * _rate(world, item, day)
    return rounded(amount, ENTITIES[item.entity].currency)


def _booked(world: World, item: Receivable, minor: int) -> Decimal:
    """The same at the rate of the invoice."""
    amount = main_units(minor, item.currency) * document_rate(world, item)
    return rounded(amount, ENTITIES[item.entity].currency)


def booked_lines(world: World, item: Receivable) -> list[tuple[int, Decimal]]:
    """What an invoice posts beside the receivable, as (document amount, functional amount), credits negative.

    The receivable is booked as the sum of its rounded lines, which is why it may differ from the converted total.
    """
    parts = [line.amount for line in item.invoice.lines] + ([item.tax] if item.tax else [])
    parts += [item.invoice.header_error] if item.invoice.header_error else []
    found = [(-part, _booked(world, item, -part)) for part in parts]
    if item.invoice.conversion_error:
        found[0] = (found[0][0], found[0][1] - item.invoice.conversion_error)
    return found


def _header(ids: Ids, key: str, item: Receivable, day: date, rate: Decimal) -> Row:
    return {
        "id": ids.transactions[key],
        "entity": ids.erp_customer(item.project.account.key),
        "trandate": day.isoformat(),
        "postingperiod": period_id(day),
        "currency": CURRENCY_IDS[item.currency],
        "exchangerate": str(rate),
        "subsidiary": ENTITIES[item.entity].subsidiary,
        "posting": True,
        "voided": False,
    }


def posting_month(item: Receivable) -> date:
    """First day of the month an invoice posts in: that of its date, unless it was posted beside it."""
    return add_months(item.invoice.created_at.date().replace(day=1), item.invoice.period_shift)


def _invoice(world: World, ids: Ids, item: Receivable, number: str) -> Row:
    invoice, currency, at = item.invoice, item.currency, world.as_of
    posted, still_open = item.is_posted(at), item.open_amount(at)
    opened, closed = item.dispute or (None, None)
    day = invoice.created_at.date()
    return _header(ids, invoice.key, item, day, document_rate(world, item)) | {
        "postingperiod": period_id(posting_month(item)),
        "tranid": number,
        "type": "CustInvc",
        "duedate": item.due.isoformat(),
        "status": "D" if not posted else "A" if still_open else "B",
        "posting": posted,
        "foreigntotal": money(item.gross, currency),
        "foreignamountunpaid": money(still_open, currency),
        "memo": item.project.name,
        "createddate": stamp(invoice.created_at),
        "lastmodifieddate": stamp(item.changed_at(at)),
        "custbody_kantata_invoice_id": ids.psa_invoices[invoice.psa] if invoice.psa else None,
        "custbody_disputed": item.is_disputed(at),
        "custbody_dispute_opened": opened.date().isoformat() if opened and opened <= at else None,
        "custbody_dispute_closed": closed.date().isoformat() if closed and closed <= at else None,
    }


def _line(ids: Ids, key: str, number: int, changed: str, amount: str, functional: str, **more: Any) -> Row:
    transaction = ids.transactions[key]
    return {
        "transaction": transaction, "id": str(number), "uniquekey": str(int(transaction) * 1000 + number),
        "linesequencenumber": number, "mainline": False, "taxline": False, "entity": None, "item": None, "memo": None,
        "quantity": None, "rate": None, "foreignamount": amount, "netamount": functional,
        "linelastmodifieddate": changed,
    } | more  # fmt: skip


def _invoice_lines(world: World, ids: Ids, item: Receivable) -> Iterator[Row]:
    at = item.invoice.posted_at if item.is_posted(world.as_of) else item.invoice.created_at
    yield from _document_lines(world, ids, item, item.invoice.key, 1, stamp(at or item.invoice.created_at))


def _credit_lines(world: World, ids: Ids, settlement: Settlement, item: Receivable) -> Iterator[Row]:
    yield from _document_lines(world, ids, item, settlement.key, -1, stamp(settlement.at))


def _document_lines(
    world: World, ids: Ids, item: Receivable, key: str, sign: int, changed: str
) -> Iterator[Row]:
    """Lines of an invoice; of its credit note with sign -1, at the rate of the invoice it takes back."""
    currency, booked = item.currency, booked_lines(world, item)
    total = -sum((amount for _, amount in booked), Decimal(0))
    yield _line(ids, key, 0, changed, money(sign * item.gross, currency), str(sign * total), mainline=True)
    number = 0
    for number, line in enumerate(item.invoice.lines, start=1):
        yield _line(
            ids, key, number, changed, money(-sign * line.amount, currency), str(sign * booked[number - 1][1]),
            entity=ids.job(item.project.key), item=ITEMS[line.source], memo=line.text,
            quantity=_quantity(line), rate=money(line.rate, currency) if line.rate is not None else None,
            custcol_source_type=line.source, custcol_source_ref=_reference(ids, line),
            custcol_price_reason=line.reason or None,
            custcol_service_start=line.service_start.isoformat(), custcol_service_end=line.service_end.isoformat(),
        )  # fmt: skip
    if item.tax:
        yield _line(ids, key, number + 1, changed, money(-sign * item.tax, currency), str(sign * booked[number][1]),
                    taxline=True, item="Tax")  # fmt: skip


ITEMS = {
    "time": "Professional services", "expense": "Reimbursable expense", "milestone": "Milestone fee",
    "fixed_fee": "Fixed fee", "retainer": "Retainer", "extra": "Additional services", "discount": "Discount",
}  # fmt: skip


def _quantity(line: Line) -> str:
    if line.minutes is None:
        return "1"
    return str(Decimal(line.minutes) / 60) if line.minutes % 60 else str(line.minutes // 60)


def _reference(ids: Ids, line: Line) -> str | None:
    if not line.reference:
        return None
    kind, *parts = line.reference
    if kind == "time":
        return f"{ids.user(int(parts[0][1:]))}|{ids.role(parts[1])}"
    if kind == "expense":
        return ids.expenses[parts[0]]
    if kind == "milestone":
        return ids.milestone(parts[0])
    if kind == "charge":
        return ids.charges[parts[0]]
    if kind == "change":
        return ids.changes[parts[0]]
    return f"{int(ids.sf_contracts['K-' + parts[0]]):08d}"


def _payment(world: World, ids: Ids, settlement: Settlement, item: Receivable) -> Row:
    day, number = settlement.at.date(), ids.transactions[settlement.key]
    return _header(ids, settlement.key, item, day, _rate(world, item, day)) | {
        "tranid": f"PMT{number}", "type": "CustPymt", "status": "C", "memo": None,
        "foreigntotal": money(settlement.amount, item.currency), "foreignamountunpaid": None,
        "createddate": stamp(settlement.at), "lastmodifieddate": stamp(settlement.at),
    }  # fmt: skip


def _credit(world: World, ids: Ids, settlement: Settlement, item: Receivable, number: int) -> Row:
    psa = item.invoice.psa
    rate = document_rate(world, item)
    return _header(ids, settlement.key, item, settlement.at.date(), rate) | {
        "tranid": f"CM{number_prefix(item.entity).removeprefix('INV')}{number}",
        "type": "CustCred", "status": "B",
        "memo": "Credited and billed again", "foreigntotal": money(settlement.amount, item.currency),
        "foreignamountunpaid": money(0, item.currency), "createddate": stamp(settlement.at),
        "lastmodifieddate": stamp(settlement.at), "custbody_kantata_invoice_id": ids.psa_invoices[psa] if psa else None,
    }  # fmt: skip


def _link(ids: Ids, settlement: Settlement, item: Receivable) -> Row:
    return {
        "previousdoc": ids.transactions[item.invoice.key], "previousline": "0",
        "nextdoc": ids.transactions[settlement.key], "nextline": "0",
        "foreignamount": money(settlement.amount, item.currency), "linktype": settlement.kind,
        "lastmodifieddate": stamp(settlement.at),
    }  # fmt: skip


def _mistake(world: World, ids: Ids, settlement: Settlement) -> Row:
    customer = world.customers["C0000"]
    day, number = settlement.at.date(), ids.transactions[settlement.key]
    return {
        "id": number, "tranid": f"PMT{number}", "type": "CustPymt",
        "entity": ids.erp_customer(customer.accounts[0].key),
        "trandate": day.isoformat(), "postingperiod": period_id(day), "currency": CURRENCY_IDS[customer.currency],
        "exchangerate": "1.00000000", "subsidiary": ENTITIES[customer.entity].subsidiary, "status": "B",
        "posting": True,
        "voided": False, "foreigntotal": money(settlement.amount * UNITS[customer.currency] // 100, customer.currency),
        "createddate": stamp(settlement.at), "lastmodifieddate": stamp(settlement.at),
    }  # fmt: skip


def _mistake_lines(world: World, ids: Ids, settlement: Settlement) -> Iterator[Row]:
    currency, changed = world.customers["C0000"].currency, stamp(settlement.at)
    amount = money(settlement.amount * UNITS[currency] // 100, currency)
    yield _line(ids, settlement.key, 0, changed, amount, amount, mainline=True)
    yield _line(ids, settlement.key, 1, changed, f"-{amount}", f"-{amount}", memo=CLEARED)


def _deleted_receipts(world: World, ids: Ids, wrong: list[Settlement]) -> Iterator[Row]:
    for settlement in wrong:
        if settlement.deleted_at and settlement.deleted_at <= world.as_of:
            number = ids.transactions[settlement.key]
            yield {
                "recordid": number, "recordtypeid": "33", "type": "CustPymt", "name": f"Payment #PMT{number}",
                "deleteddate": stamp(settlement.deleted_at),
            }  # fmt: skip


def _deleted_drafts(world: World, missing: list[tuple[str, str, Receivable]]) -> Iterator[Row]:
    for number, (_, name, following) in enumerate(missing):
        if world.gaps[following.invoice.key]:
            yield {
                "recordid": str(_DELETED_DRAFTS + number), "recordtypeid": "7", "type": "CustInvc",
                "name": f"Invoice #{name}", "deleteddate": stamp(following.invoice.created_at + timedelta(days=1)),
            }  # fmt: skip
