"""The group: entities, units and practices with the codes each vendor system uses for them."""

from __future__ import annotations

from dataclasses import dataclass

SALESFORCE, KESTREL, NETSUITE, KANTATA, BAMBOOHR = (
    "salesforce_group",
    "salesforce_kestrel",
    "netsuite_group",
    "kantata_group",
    "bamboohr_group",
)
UNITS = {"USD": 100, "GBP": 100, "EUR": 100, "JPY": 1}  # minor units in one main unit
CURRENCY_IDS = {"USD": "1", "GBP": "2", "EUR": "3", "JPY": "4"}
PARENT_SUBSIDIARY = "1"


@dataclass(frozen=True)
class Entity:
    """A legal entity and its codes."""

    id: str
    name: str
    country: str
    currency: str
    calendar: str
    subsidiary: str
    salesforce: str
    kantata: str
    location: str
    short: str
    tax_percent: int
    weight: float


@dataclass(frozen=True)
class Practice:
    """A practice and its codes."""

    id: str
    salesforce: str
    kantata: str
    department: str
    unit: str
    engagements: tuple[str, ...]


@dataclass(frozen=True)
class Unit:
    """A business unit and its codes."""

    id: str
    salesforce: str
    kantata: str
    division: str


ENTITIES = {
    entity.id: entity
    for entity in (
        Entity("MCG-US", "Meridian Consulting Group, Inc.", "US", "USD", "US", "2", "US01", "MCG US",
               "New York", "US", 0, 0.44),
        Entity("MCG-UK", "Meridian Consulting Ltd", "GB", "GBP", "GB", "3", "UK01", "MCG UK",
               "London", "UK", 20, 0.24),
        Entity("MCG-DE", "Meridian Consulting GmbH", "DE", "EUR", "DE", "4", "DE01", "MCG DE",
               "Berlin", "DE", 19, 0.19),
        Entity("MCG-JP", "Meridian Consulting K.K.", "JP", "JPY", "JP", "5", "JP01", "MCG JP",
               "Tokyo", "JP", 10, 0.13),
    )
}  # fmt: skip

PRACTICES = {
    practice.id: practice
    for practice in (
        Practice("strategy", "Strategy", "STR", "Strategy", "advisory",
                 ("Growth Strategy", "Operating Model Design", "Market Entry Study", "Cost Programme",
                  "Post-Merger Integration", "Portfolio Review")),
        Practice("cloud", "Cloud Platforms", "CLD", "Cloud Platforms", "digital",
                 ("Cloud Migration", "Landing Zone Build", "Platform Engineering", "Application Modernisation",
                  "Site Reliability Programme", "Kubernetes Rollout")),
        Practice("data_ai", "Data and AI", "DAI", "Data & AI", "data",
                 ("Data Platform Build", "Demand Forecasting", "Master Data Programme", "Analytics Roadmap",
                  "Document Intelligence Pilot", "Data Governance Setup")),
        Practice("customer", "Customer Experience", "CX", "Customer Experience", "digital",
                 ("Service Design", "Commerce Replatforming", "CRM Rollout", "Contact Centre Redesign",
                  "Loyalty Programme", "Digital Self-Service")),
        Practice("finance", "Finance Transformation", "FIN", "Finance Transformation", "advisory",
                 ("Fast Close Programme", "ERP Finance Rollout", "Planning and Forecasting", "Shared Services Setup",
                  "Treasury Redesign", "Billing Transformation")),
    )
}  # fmt: skip

BUSINESS_UNITS = {
    "advisory": Unit("advisory", "Advisory", "ADV", "Advisory"),
    "digital": Unit("digital", "Digital", "DIG", "Northlight Digital"),
    "data": Unit("data", "Data", "DAT", "Kestrel Data"),
}

CONTRACT_TYPES = {
    "time_and_materials": ("Time & Materials", "TM"),
    "fixed_fee": ("Fixed Fee", "FF"),
    "milestone": ("Milestone", "MS"),
    "retainer": ("Retainer", "RT"),
}

ROLES = ("Partner", "Principal", "Senior Manager", "Manager", "Senior Consultant", "Consultant", "Analyst")


def money(minor: int, currency: str) -> str:
    """Minor units as decimal text of the currency: two decimals, none for JPY."""
    if UNITS[currency] == 1:
        return str(minor)
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"
