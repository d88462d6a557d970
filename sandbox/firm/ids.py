"""Ids per system. A record keeps its id as time advances because ids follow the order of creation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from sandbox.firm.crm_accounts import CrmAccount
from sandbox.firm.customers import crm_of
from sandbox.firm.group import CURRENCY_IDS, KESTREL, PRACTICES, ROLES, SALESFORCE
from sandbox.firm.journals import journals
from sandbox.firm.receipts import mistakes
from sandbox.firm.receivables import Receivable
from sandbox.firm.timesheets import TimeEntry
from sandbox.firm.world import World
from sandbox.simulators.salesforce.ids import make_id

#: Where the records of each CRM are made, as the fourth and fifth characters of their ids say.
PODS = {SALESFORCE: "5g", KESTREL: "8d"}
_STORIES = 20  # story ids reserved for each project


def rank(items: Iterable[tuple[datetime, str]], first: int) -> dict[str, str]:
    """Numbers in order of creation, from `first`; ties by key."""
    return {key: str(first + number) for number, (_, key) in enumerate(sorted(items))}


class Ids:
    """The ids of one world's records in the four systems."""

    def __init__(self, world: World) -> None:
        self._world = world

    # Salesforce

    @staticmethod
    def account(customer: int) -> str:
        """Salesforce account of a customer."""
        return make_id("Account", 1000 + customer, PODS[crm_of(customer)])

    @staticmethod
    def crm_account(account: CrmAccount) -> str:
        """Salesforce account beside those of the customers."""
        return make_id("Account", account.number, PODS[account.crm])

    @staticmethod
    def sf_user(person: int, crm: str = SALESFORCE) -> str:
        """Salesforce user of a person; who works in both CRMs is a user of each."""
        return make_id("User", 100 + person, PODS[crm])

    def crm(self, deal: str) -> str:
        """The CRM instance in which a deal is kept."""
        return self._crms[deal]

    @cached_property
    def _crms(self) -> dict[str, str]:
        return {d.key: self._world.customers[d.customer].crm for d in self._world.deals}

    def _of_crms(
        self, object_name: str, made: Iterable[tuple[datetime, str, str]], first: int
    ) -> dict[str, str]:
        """Ids in order of creation by (moment, key, deal), each CRM counting for itself."""
        found: dict[str, str] = {}
        listed = list(made)
        for crm, pod in PODS.items():
            numbers = rank(((at, key) for at, key, deal in listed if self.crm(deal) == crm), first)
            found |= {key: make_id(object_name, number, pod) for key, number in numbers.items()}
        return found

    @cached_property
    def opportunities(self) -> dict[str, str]:
        """Opportunity id by deal."""
        return self._of_crms("Opportunity", ((d.created_at, d.key, d.key) for d in self._world.deals), 2000)

    @cached_property
    def sf_contracts(self) -> dict[str, str]:
        """Running number of a contract."""
        return rank(((c.signed_at, c.key) for c in self._world.contracts), 300)

    @cached_property
    def changes(self) -> dict[str, str]:
        """Change request id."""
        made = ((c.created_at, c.key, c.deal) for c in self._world.changes)
        return self._of_crms("Change_Request__c", made, 100)

    # Kantata

    def workspace(self, project: str) -> str:
        """Workspace of a project, or of internal work."""
        if project.startswith("internal:"):
            return str(101 + list(PRACTICES).index(project.removeprefix("internal:")))
        return str(1001 + self._world.projects[project].number)

    def story(self, project: str, order: int) -> str:
        """Task of a workspace, counted from 0; milestones follow after ten."""
        return str(int(self.workspace(project)) * _STORIES + order)

    def milestone(self, key: str) -> str:
        """Story of a milestone, whose key is 'project#order'."""
        project, _, order = key.rpartition("#")
        return self.story(project, 10 + int(order))

    @staticmethod
    def user(person: int) -> str:
        """Kantata user of a person."""
        return str(501 + person)

    @staticmethod
    def role(name: str) -> str:
        """Kantata role."""
        return str(11 + ROLES.index(name))

    @cached_property
    def entries(self) -> dict[str, str]:
        """Time entry ids."""
        return rank(((e.created_at, e.key) for e in self._world.entries), 10_001)

    @cached_property
    def submissions(self) -> dict[str, str]:
        """Submission ids by 'project|person|week'."""
        first: dict[str, datetime] = {}
        for entry in self._world.entries:
            key = submission_key(entry)
            at = entry.submitted_at
            if key not in first or at < first[key]:
                first[key] = at
        return rank(((at, key) for key, at in first.items()), 5001)

    @cached_property
    def expenses(self) -> dict[str, str]:
        """Expense ids."""
        return rank(((e.created_at, e.key) for e in self._world.expenses), 3001)

    @cached_property
    def psa_invoices(self) -> dict[str, str]:
        """Kantata invoice ids by PSA key."""
        first: dict[str, datetime] = {}
        for item in self._world.receivables:
            if item.invoice.psa:
                first.setdefault(item.invoice.psa, item.invoice.created_at)
        return rank(((at, key) for key, at in first.items()), 7001)

    @cached_property
    def bookings(self) -> dict[str, str]:
        """Allocation ids by assignment."""
        return rank(((self.booked_at(b.key), b.key) for b in self._world.bookings), 4001)

    @cached_property
    def _booked(self) -> dict[str, datetime]:
        return {b.key: self._world.projects[b.project].opened_at for b in self._world.bookings}

    def booked_at(self, key: str) -> datetime:
        """When the booking was made."""
        return self._booked[key]

    # NetSuite

    def erp_customer(self, account: str) -> str:
        """NetSuite customer of a billing account."""
        customer = self._world.customers[account.partition("/")[0]]
        order = [a.key for a in customer.accounts].index(account)
        return str(601 + customer.number * 4 + order)

    def job(self, project: str) -> str:
        """NetSuite job of a project."""
        return str(200_001 + self._world.projects[project].number)

    @staticmethod
    def currency(code: str) -> str:
        """NetSuite currency."""
        return CURRENCY_IDS[code]

    @cached_property
    def transactions(self) -> dict[str, str]:
        """Transaction ids of invoices, credit memos and payments."""
        world = self._world
        made = [(r.invoice.created_at, r.invoice.key) for r in world.receivables]
        made += [(s.at, s.key) for r in world.receivables for s in r.settlements if s.at <= world.as_of]
        made += [(s.at, s.key) for s in mistakes(world)]
        made += journals(world)
        return rank(made, 20_001)

    @cached_property
    def invoice_numbers(self) -> tuple[dict[str, str], list[tuple[str, str, Receivable]]]:
        """Number of each invoice, and the missing ones as (entity, number, the invoice that follows)."""
        numbers: dict[str, str] = {}
        missing: list[tuple[str, str, Receivable]] = []
        last: dict[str, int] = {}
        for item in self._world.receivables:
            entity, key = item.entity, item.invoice.key
            if item.invoice.story == "t02_number":
                numbers[key] = numbers[self._world.doubles.first[key]]
                continue
            following = last.get(entity, 100_000) + 1
            if key in self._world.gaps:
                missing.append((entity, f"{number_prefix(entity)}{following}", item))
                following += 1
            last[entity] = following
            numbers[key] = f"{number_prefix(entity)}{following}"
        return numbers, missing

    @cached_property
    def charges(self) -> dict[str, str]:
        """Billing-schedule line ids."""
        charges = self._world.billed.charges
        return rank(((c.created_at, c.key) for c in charges if c.created_at <= self._world.as_of), 801)


def number_prefix(entity: str) -> str:
    """What invoice numbers of an entity begin with."""
    return f"INV{entity.removeprefix('MCG-')}"


def submission_key(entry: TimeEntry) -> str:
    """One timesheet: a person's week on one project."""
    return f"{entry.project}|{entry.person.key}|{entry.week}"
