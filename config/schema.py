"""The shape of every configuration file. Unknown keys are refused: a typo must not switch a rule off."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from config.base import Identifier, Strict, System
from config.retention import Retention
from config.sagas import Sagas
from config.workflows import Workflows

CheckId = Annotated[str, Field(pattern=r"^[A-Z]\d{2}$")]
Severity = Literal["S1", "S2", "S3", "S4"]
EnvironmentName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Firm(Strict):
    """The group as a whole."""

    name: str
    reporting_currency: Currency
    reporting_entity: str
    time_zone: str


class BusinessUnit(Strict):
    """A part of the firm that was perhaps a firm of its own once."""

    id: Identifier
    name: str


class Practice(Strict):
    """A line of service, with its target for billable utilization on net available hours."""

    id: Identifier
    name: str
    utilization_target: Decimal


class LegalEntity(Strict):
    """A company with books of its own."""

    id: str
    name: str
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    currency: Currency
    fiscal_year_start_month: Annotated[int, Field(ge=1, le=12)]
    calendar: str
    erp_subsidiary_id: str


class ApiBudget(Strict):
    """How much of a vendor's allowance Concord may use, readers and writers together."""

    max_concurrent: Annotated[int, Field(ge=1)] = 2
    per_second: Annotated[float, Field(gt=0)] | None = None
    daily: Annotated[int, Field(ge=1)] | None = None


class Webhook(Strict):
    """How an instance's incoming webhooks are verified; `options` go to its system's verifier."""

    secret: EnvironmentName
    options: dict[str, str] = {}


class Instance(Strict):
    """One installation of one system. The same system may appear many times."""

    name: Identifier
    system: System
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
    business_units: list[str]
    legal_entities: list[str]
    credentials: dict[str, EnvironmentName]
    api_budget: ApiBudget = ApiBudget()
    options: dict[str, Any] = {}
    webhook: Webhook | None = None
    custom_fields: dict[str, dict[str, str]] = {}

    def secret(self, name: str, environ: dict[str, str]) -> str:
        """The credential `name` from the environment, resolved at use.

        Raises LookupError naming the instance and the variable, never a value, when it is missing.
        """
        variable = self.credentials.get(name)
        if variable is None:
            raise LookupError(f"instance {self.name}: config/estate.yml lists no credential {name!r}.")
        value = environ.get(variable)
        if not value:
            raise LookupError(
                f"instance {self.name}: credential {name!r} is missing; set the environment variable {variable}."
            )
        return value


class Estate(Strict):
    """config/estate.yml."""

    version: Literal[1]
    firm: Firm
    business_units: list[BusinessUnit]
    practices: list[Practice]
    legal_entities: list[LegalEntity]
    instances: list[Instance]

    @model_validator(mode="after")
    def _references(self) -> Estate:
        names = [instance.name for instance in self.instances]
        duplicates = {name for name in names if names.count(name) > 1}
        if duplicates:
            raise ValueError(f"instance names must be unique: {', '.join(sorted(duplicates))}")
        units = {unit.id for unit in self.business_units}
        entities = {entity.id for entity in self.legal_entities}
        for instance in self.instances:
            unknown = (set(instance.business_units) - units) | (set(instance.legal_entities) - entities)
            if unknown:
                raise ValueError(
                    f"instance {instance.name} names {', '.join(sorted(unknown))}, which the estate does not list"
                )
        if self.firm.reporting_entity not in entities:
            raise ValueError(f"firm.reporting_entity {self.firm.reporting_entity} is not a legal entity")
        return self


class CheckRules(Strict):
    """Rules common to all checks."""

    max_source_age_hours: Annotated[int, Field(ge=1)]


class Check(Strict):
    """One reconciliation check's settings."""

    name: str
    severity: Severity
    owner_role: Identifier
    truth_system: str
    grace_days: Annotated[int, Field(ge=0)]
    grace_hours: Annotated[int, Field(ge=0)] = 0
    tolerance: Annotated[Decimal, Field(ge=0)]
    enabled: bool
    parameters: dict[Identifier, Decimal] = {}


class Checks(Strict):
    """config/checks.yml."""

    version: Literal[1]
    rules: CheckRules
    checks: dict[CheckId, Check]


class Copy(Strict):
    """A column of another system that holds a copy of an owned field."""

    system: System
    object: Identifier
    column: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*|\*)$")]
    may_be_cleared: bool = (
        False  # empty is a true value here; otherwise a correction never empties the column
    )


class OwnedField(Strict):
    """A canonical field: its owner, and the copies Concord may correct from it."""

    field: str
    owner: System
    copies: list[Copy]
    on: Literal["update", "create", "any"] = "update"
    business_units: list[str] = []


class Ownership(Strict):
    """config/ownership.yml."""

    version: Literal[1]
    fields: list[OwnedField]


class Role(Strict):
    """An approver role. Without `business_units` it decides for the whole firm."""

    name: str
    business_units: list[str] = []


class PolicyRule(Strict):
    """What may happen to the corrections of one check at one target."""

    check: CheckId
    target: Annotated[str, Field(pattern=r"^[a-z0-9_]+\.[a-z_]+$")]
    operation: Literal["update", "create"] = "update"
    mode: Literal["automatic", "approval", "never"]
    approvers: Annotated[int, Field(ge=1, le=2)] = 1
    roles: list[Identifier] = []
    up_to: Annotated[Decimal, Field(ge=0)] | None = None
    four_eyes_above: Annotated[Decimal, Field(ge=0)] | None = None  # more at risk than this takes two people

    @model_validator(mode="after")
    def _someone_approves(self) -> PolicyRule:
        if self.mode == "approval" and not self.roles:
            raise ValueError("a rule of mode approval must list roles")
        return self


class Caps(Strict):
    """What one run, and one day of the firm, may let through automatically; beyond it the run stops and asks.

    Without a figure per day there is none.
    """

    automatic_count: Annotated[int, Field(ge=0)]
    automatic_amount: Annotated[Decimal, Field(ge=0)]
    automatic_count_per_day: Annotated[int, Field(ge=0)] | None = None
    automatic_amount_per_day: Annotated[Decimal, Field(ge=0)] | None = None


class EscalationStep(Strict):
    """Who may decide too once a correction has waited this long."""

    hours: Annotated[int, Field(ge=1)]
    roles: Annotated[list[Identifier], Field(min_length=1)]


class Flip(Strict):
    """From which correction on a field that keeps coming back is left to a person."""

    times: Annotated[int, Field(ge=2)] = 3
    within_days: Annotated[int, Field(ge=1)] = 7


class Close(Strict):
    """The month-end close of a company: which checks must have run, who signs, and when reminders begin."""

    checks: Annotated[list[CheckId], Field(min_length=1)]
    sign_off_roles: Annotated[list[Identifier], Field(min_length=1)]  # each signed by another person
    reminder_business_days: Annotated[int, Field(ge=0)] = 3


class Policy(Strict):
    """config/policy.yml."""

    version: Literal[1]
    roles: dict[Identifier, Role]
    limits: dict[Identifier, Decimal | None]
    rules: list[PolicyRule]
    expiry_days: Annotated[int, Field(ge=1)]
    caps: Caps
    kill_switches: list[CheckId]
    kill_switch_roles: list[Identifier] = []  # none named: the roles without a limit
    identity_roles: list[Identifier] = []  # none named: the roles without a limit
    event_roles: list[Identifier] = []  # none named: the roles without a limit
    escalate_after_hours: list[EscalationStep] = []
    waive_at_most_days: Annotated[int, Field(ge=1)] | None = None
    flip: Flip = Flip()
    close: Close | None = None  # without it no month is closed here
    retention: Retention = Retention()

    @model_validator(mode="after")
    def _roles_exist(self) -> Policy:
        used = {role for rule in self.rules for role in rule.roles} | set(self.limits)
        used |= {role for step in self.escalate_after_hours for role in step.roles}
        used |= set(self.kill_switch_roles) | set(self.close.sign_off_roles if self.close else ())
        used |= set(self.identity_roles) | set(self.retention.roles) | set(self.event_roles)
        unknown = used - set(self.roles)
        if unknown:
            raise ValueError(f"unknown roles: {', '.join(sorted(unknown))}")
        hours = [step.hours for step in self.escalate_after_hours]
        if hours != sorted(set(hours)):
            raise ValueError("the steps of escalate_after_hours must grow")
        return self


class Person(Strict):
    """A local account: what the person sees and may decide for.

    `own_records` are the e-mail addresses and ids under which the systems know this person: nobody approves a
    correction of their own records.
    """

    id: str
    name: str
    title: str
    roles: list[Identifier]
    business_units: list[str]
    own_records: list[str] = []


class People(Strict):
    """config/people.yml."""

    version: Literal[1]
    people: list[Person]


class Subscription(Strict):
    """Who is told of which events. `types` are names, or a beginning followed by `*`."""

    name: Identifier
    url: Annotated[str, Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])[^\s?#@]*$")]
    types: Annotated[list[Annotated[str, Field(pattern=r"^concord\.[a-z0-9_.]*\*?$")]], Field(min_length=1)]
    secret: EnvironmentName


class EventDelivery(Strict):
    """How patiently events are delivered; seconds."""

    max_attempts: Annotated[int, Field(ge=1)]
    timeout_seconds: Annotated[float, Field(gt=0, le=60)]


class Inbox(Strict):
    """The door for vendors' webhooks."""

    port: Annotated[int, Field(ge=1024, le=65535)]
    max_body_bytes: Annotated[int, Field(ge=1024)]
    tolerance_seconds: Annotated[int, Field(ge=1)]


class Events(Strict):
    """config/events.yml."""

    version: Literal[1]
    delivery: EventDelivery
    inbox: Inbox
    subscriptions: list[Subscription]

    @model_validator(mode="after")
    def _names(self) -> Events:
        names = [one.name for one in self.subscriptions]
        duplicates = {name for name in names if names.count(name) > 1}
        if duplicates:
            raise ValueError(f"subscription names must be unique: {', '.join(sorted(duplicates))}")
        return self


class ValueMapRow(Strict):
    """config/value_maps.csv: a vendor's code and what it means here. instance `*` means every one."""

    system: System
    instance: str
    field: Identifier
    vendor_value: str
    canonical_value: str


class HolidayRow(Strict):
    """config/holidays.csv: a public holiday of a calendar."""

    calendar: str
    holiday_date: date
    name: str


class CostBasis(Strict):
    """From this day an hour costs pay x loading / hours of a year (metrics, project economics: cost rate)."""

    legal_entity: str  # an entity of the estate, or * for those without a line of their own
    valid_from: date
    loading_factor: Annotated[Decimal, Field(gt=0)]
    contract_loading_factor: Annotated[Decimal, Field(gt=0)]
    hours_per_year: Annotated[Decimal, Field(gt=0)]
    full_time_week_hours: Annotated[Decimal, Field(gt=0)]


class CostRates(Strict):
    """config/cost_rates.yml."""

    version: Literal[1]
    basis: Annotated[list[CostBasis], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_line_a_day(self) -> CostRates:
        starts = [(line.legal_entity, line.valid_from) for line in self.basis]
        if len(starts) != len(set(starts)):
            raise ValueError("two lines of basis begin on the same day for one legal entity")
        return self


class TransferPriceRow(Strict):
    """config/transfer_prices.csv: from this day a company charges its partners cost x (1 + markup) for an hour."""

    provider_entity: str
    role: str
    valid_from: date
    currency: str
    cost_per_hour: Annotated[Decimal, Field(gt=0)]
    markup: Annotated[Decimal, Field(ge=0)]


class PlanRow(Strict):
    """config/revenue_plan.csv: planned revenue of a month in reporting currency."""

    legal_entity_id: str
    practice_id: str
    month: date
    amount_rc: Annotated[Decimal, Field(ge=0)]


class Config(Strict):
    """All of config/, loaded and cross-checked."""

    estate: Estate
    check_file: Checks
    ownership: Ownership
    policy: Policy
    people: People
    events: Events
    sagas: Sagas
    workflows: Workflows
    cost_rates: CostRates
    value_maps: list[ValueMapRow]
    holidays: list[HolidayRow]
    revenue_plan: list[PlanRow]
    transfer_prices: list[TransferPriceRow]

    @property
    def firm(self) -> Firm:
        """The group."""
        return self.estate.firm

    @property
    def business_units(self) -> list[BusinessUnit]:
        """All business units."""
        return self.estate.business_units

    @property
    def practices(self) -> list[Practice]:
        """All practices."""
        return self.estate.practices

    @property
    def legal_entities(self) -> list[LegalEntity]:
        """All legal entities."""
        return self.estate.legal_entities

    @property
    def instances(self) -> list[Instance]:
        """All instances."""
        return self.estate.instances

    @property
    def checks(self) -> dict[str, Check]:
        """Check id -> settings."""
        return self.check_file.checks

    @property
    def processes(self) -> frozenset[str]:
        """Ids of the sagas; policy rules name them as they name checks."""
        return frozenset(process.id for process in self.sagas.sagas)

    def instance(self, name: str) -> Instance:
        """The instance called `name`. Raises LookupError listing the known ones."""
        for instance in self.instances:
            if instance.name == name:
                return instance
        known = ", ".join(instance.name for instance in self.instances)
        raise LookupError(f"no instance {name!r} in config/estate.yml; known: {known}")
