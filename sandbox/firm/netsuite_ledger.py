"""The general ledger of the ERP: what documents and journals post, in every accounting book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.firm import accounts
from sandbox.firm.accounts import Account
from sandbox.firm.contract_books import Billing, ContractBooks, Step, average_rate, main_units, rounded
from sandbox.firm.days import add_months, month_end, months_between, period_id, stamp
from sandbox.firm.group import CURRENCY_IDS, ENTITIES, money
from sandbox.firm.ids import Ids
from sandbox.firm.intercompany import CrossCharge, cross_charges
from sandbox.firm.journals import (
    books,
    provider_key,
    receiver_key,
    recognition_key,
    recognition_opened,
    valuation_key,
    valued_at,
)
from sandbox.firm.netsuite_documents import CLEARED, EXCHANGE_DIFFERENCE, booked_lines, carried, posting_month
from sandbox.firm.receivables import Receivable
from sandbox.firm.recognition import closes_at
from sandbox.firm.world import World

Row = dict[str, Any]
Tables = dict[str, list[Row]]
_BY_MEMO = {CLEARED: accounts.RECEIVABLE, EXCHANGE_DIFFERENCE: accounts.REALISED_FX}
_DIFFERENCE_LINE = 900  # posted by the system itself: no line of the document


def ledger(world: World, ids: Ids, documents: Tables) -> Tables:
    """The documents' tables with journals added, and the tables of the ledger."""
    journals = _Journals(world, ids)
    headers = [*documents["transaction"], *journals.headers]
    lines = [*documents["transactionline"], *(line for line, _ in journals.lines)]
    posted = [*_of_documents(documents), *journals.postings()]
    return documents | {
        "transaction": headers,
        "transactionline": lines,
        "account": accounts.account_rows(),
        "accountingbook": accounts.book_rows(),
        "transactionaccountingline": [row for posting in posted for row in _in_books(posting)],
    }


def _in_books(row: Row) -> Iterator[Row]:
    entity = row.pop("_subsidiary")
    yield row
    if entity == ENTITIES[accounts.SECONDARY_ENTITY].subsidiary:
        yield row | {"accountingbook": accounts.SECONDARY_BOOK}


def _posting(header: Row, line: str, account: Account, amount: Decimal, changed: str) -> Row:
    side = {"debit": str(amount), "credit": None} if amount >= 0 else {"debit": None, "credit": str(-amount)}
    return {
        "transaction": header["id"], "transactionline": line, "accountingbook": accounts.PRIMARY_BOOK,
        "account": account.id, **side, "amount": str(amount), "netamount": str(amount),
        "posting": header["posting"], "exchangerate": header["exchangerate"], "lastmodifieddate": changed,
        "_subsidiary": header["subsidiary"],
    }  # fmt: skip


def _of_documents(documents: Tables) -> Iterator[Row]:
    headers = {header["id"]: header for header in documents["transaction"]}
    left: dict[str, Decimal] = defaultdict(Decimal)
    for line in documents["transactionline"]:
        header, amount = headers[line["transaction"]], Decimal(line["netamount"])
        left[header["id"]] += amount
        yield _posting(header, line["id"], _account(header, line), amount, line["linelastmodifieddate"])
    for number, rest in left.items():
        if rest:
            header = headers[number]
            yield _posting(
                header, str(_DIFFERENCE_LINE), accounts.DIFFERENCES, -rest, header["lastmodifieddate"]
            )


def _account(header: Row, line: Row) -> Account:
    if header["type"] == "CustPymt":
        return accounts.BANK if line["mainline"] else _BY_MEMO[line["memo"]]
    if line["mainline"]:
        return accounts.RECEIVABLE
    return accounts.TAX if line["taxline"] else accounts.DEFERRED


class _Journals:
    """Revenue recognition and valuation journals."""

    def __init__(self, world: World, ids: Ids) -> None:
        self._world, self._ids = world, ids
        self.headers: list[Row] = []
        self.lines: list[tuple[Row, Account]] = []
        self._recognise()
        self._value()
        self._lend()

    def postings(self) -> Iterator[Row]:
        """What the journals post."""
        headers = {header["id"]: header for header in self.headers}
        for line, account in self.lines:
            header = headers[line["transaction"]]
            amount = Decimal(line["netamount"])
            yield _posting(header, line["id"], account, amount, header["lastmodifieddate"])

    def _header(
        self, key: str, kind: str, entity: str, currency: str, day: date, month: date, rate: Decimal,
        opened: datetime, changed: datetime, memo: str,
    ) -> None:  # fmt: skip
        number = self._ids.transactions[key]
        self.headers.append({
            "id": number, "tranid": f"JE{number}", "type": kind, "entity": None, "trandate": day.isoformat(),
            "postingperiod": period_id(month), "currency": CURRENCY_IDS[currency], "exchangerate": str(rate),
            "subsidiary": ENTITIES[entity].subsidiary, "posting": True, "voided": False, "status": "B", "memo": memo,
            "foreigntotal": "0", "createddate": stamp(opened), "lastmodifieddate": stamp(changed),
        })  # fmt: skip

    def _line(
        self, key: str, number: int, account: Account, foreign: str, amount: Decimal, changed: datetime,
        memo: str, job: str | None = None,
    ) -> None:  # fmt: skip
        own = self._ids.transactions[key]
        row = {
            "transaction": own, "id": str(number), "uniquekey": str(int(own) * 1_000_000 + number),
            "linesequencenumber": number, "mainline": False, "taxline": False, "entity": job, "memo": memo,
            "foreignamount": foreign, "netamount": str(amount), "linelastmodifieddate": stamp(changed),
        }  # fmt: skip
        self.lines.append((row, account))

    def _recognise(self) -> None:
        world = self._world
        steps: dict[str, list[Step]] = defaultdict(list)
        contracts = ContractBooks(world, _billings(world))
        for step in contracts.steps():
            key = recognition_key(step.project.entity, step.project.currency, step.month)
            steps[key].append(step)
        for month in contracts.months:
            if recognition_opened(month) > world.as_of:
                continue
            day, changed = min(month_end(month), world.as_of.date()), min(world.as_of, closes_at(month))
            for entity, currency in books(world):
                key = recognition_key(entity, currency, month)
                rate = average_rate(world, ENTITIES[entity].currency, currency, month)
                self._header(key, "Journal", entity, currency, day, month, rate, recognition_opened(month),
                             changed, f"Revenue recognition {month:%B %Y}")  # fmt: skip
                for step in steps[key]:
                    self._step(key, step, changed)

    def _step(self, key: str, step: Step, changed: datetime) -> None:
        project, currency = step.project, step.project.currency
        first, job = (project.number + 1) * 10, self._ids.job(project.key)
        for place, (account, minor, amount) in enumerate((
            (accounts.REVENUE, -step.revenue, -step.revenue_functional),
            (accounts.DEFERRED, step.drawn, step.drawn_functional),
            (accounts.UNBILLED, step.unbilled, step.unbilled_functional),
            (accounts.REALISED_FX, 0, step.exchange_difference),
        )):  # fmt: skip
            self._line(
                key, first + place, account, money(minor, currency), amount, changed, account.name, job
            )

    def _lend(self) -> None:
        """Pairs of intercompany journals: the provider's receivable and revenue, the receiver's cost and payable."""
        for charge in cross_charges(self._world):
            own, other = provider_key(charge), receiver_key(charge)
            paired = charge.fault != "x01_one_sided"
            extra = 15_000 if charge.fault == "x01_amount" else 0
            later = add_months(charge.month, 1) if charge.fault == "x01_period" else charge.month
            self._charge(
                charge, own, other if paired else None, charge.provider, charge.receiver, charge.month, 0
            )
            if paired:
                self._charge(charge, other, own, charge.receiver, charge.provider, later, extra)

    def _charge(
        self,
        charge: CrossCharge,
        key: str,
        pair: str | None,
        entity: str,
        partner: str,
        month: date,
        extra: int,
    ) -> None:
        currency, sign = ENTITIES[charge.provider].currency, 1 if entity == charge.provider else -1
        home, last, ids = ENTITIES[entity].currency, month_end(charge.month), self._ids
        rate = self._world.fx.rate(home, currency, last)
        number = f"IC{ids.transactions[provider_key(charge)]}"
        self._header(key, "Journal", entity, currency, last, month, rate, charge.at, charge.at,
                     f"Lent by {charge.provider} to {charge.receiver} in {charge.month:%B %Y}")  # fmt: skip
        self.headers[-1] |= {"tranid": number, "intercotransaction": ids.transactions[pair] if pair else None}
        inner, outer = (
            (accounts.PARTNER_REVENUE, accounts.PARTNER_RECEIVABLE)
            if sign > 0
            else (accounts.PARTNER_COST, accounts.PARTNER_PAYABLE)
        )
        total = Decimal(0)
        amounts = [
            (line, line.amount + (extra if place == 0 else 0)) for place, line in enumerate(charge.lines)
        ]
        for place, (line, minor) in enumerate(amounts, start=1):
            amount = rounded(main_units(minor, currency) * rate, home)
            total += amount
            self._line(key, place, inner, money(-sign * minor, currency), -sign * amount, charge.at,
                       f"{line.role} hours", ids.job(line.project))  # fmt: skip
            self._partner(partner, quantity=str(Decimal(line.minutes) / 60), rate=money(line.price, currency),
                          custcol_source_type="intercompany_time", custcol_source_ref=ids.role(line.role))  # fmt: skip
        whole = sum(minor for _, minor in amounts)
        self._line(
            key, len(amounts) + 1, outer, money(sign * whole, currency), sign * total, charge.at, "Partner"
        )
        self._partner(partner)

    def _partner(self, partner: str, **more: str) -> None:
        self.lines[-1][0].update({"duetofromsubsidiary": ENTITIES[partner].subsidiary} | more)

    def _value(self) -> None:
        world = self._world
        for month in months_between(world.spec.start, world.as_of.date()):
            at = valued_at(month)
            if at > world.as_of:
                continue
            for entity in ENTITIES:
                home, differences = ENTITIES[entity].currency, self._differences(entity, month, at)
                for reverses in (False, True):
                    posted = add_months(month, 1) if reverses else month
                    day = posted if reverses else month_end(month)
                    key = valuation_key(entity, month, reverses)
                    self._header(key, "FxReval", entity, home, day, posted, Decimal(1), at, at,
                                 f"Valuation of receivables {month:%B %Y}")  # fmt: skip
                    self._valuation_lines(key, differences, at, -1 if reverses else 1)

    def _valuation_lines(self, key: str, differences: dict[str, Decimal], at: datetime, sign: int) -> None:
        for place, (currency, amount) in enumerate(sorted(differences.items())):
            memo = f"{currency} at the closing rate"
            self._line(key, 2 * place + 1, accounts.VALUATION, "0", sign * amount, at, memo)
            self._line(key, 2 * place + 2, accounts.UNREALISED_FX, "0", -sign * amount, at, memo)

    def _differences(self, entity: str, month: date, at: datetime) -> dict[str, Decimal]:
        """Open foreign receivables at the closing rate against what they were booked at."""
        world, home, last = self._world, ENTITIES[entity].currency, month_end(month)
        found: dict[str, Decimal] = defaultdict(Decimal)
        for item in world.receivables:
            currency = item.currency
            if item.entity != entity or currency == home or item.invoice.created_at.date() > last:
                continue
            settled = sum(s.amount for s in item.settlements if s.at.date() <= last)
            if settled != item.gross and item.is_posted(at):
                booked = carried(world, item, item.gross) - carried(world, item, settled)
                at_closing = main_units(item.gross - settled, currency) * world.fx.rate(home, currency, last)
                found[currency] += rounded(at_closing, home) - booked
        return found


def _billings(world: World) -> dict[str, list[Billing]]:
    """What posted documents billed, by project."""
    months = {
        month: place for place, month in enumerate(months_between(world.spec.start, world.as_of.date()))
    }
    found: dict[str, list[Billing]] = defaultdict(list)

    def add(item: Receivable, day: date, sign: int) -> None:
        lines = item.invoice.lines
        amount = sum((-booked for _, booked in booked_lines(world, item)[: len(lines)]), Decimal(0))
        found[item.project.key].append(
            Billing(months[day.replace(day=1)], sign * item.invoice.net, sign * amount)
        )

    for item in world.receivables:
        of_contract = (item.entity, item.currency) == (item.project.entity, item.project.currency)
        if item.is_posted(world.as_of) and of_contract:
            add(item, posting_month(item), 1)
            for settlement in item.settlements:
                if settlement.kind == "CreditMemoApplication" and settlement.at <= world.as_of:
                    add(item, settlement.at.date(), -1)
    return found
