"""What people can do, as Kantata lists it: the catalogue, and who holds which skill at which level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.firm.days import moment, stamp
from sandbox.firm.group import ROLES
from sandbox.firm.ids import Ids, rank
from sandbox.firm.people import Person
from sandbox.firm.world import World

Row = dict[str, Any]
MAX_LEVEL = 5
_OF_PRACTICES = {
    "strategy": ("Market Analysis", "Operating Model", "Business Case", "Facilitation"),
    "cloud": ("Kubernetes", "Terraform", "Networking", "Site Reliability"),
    "data_ai": ("SQL", "Machine Learning", "Data Modelling", "Dashboards"),
    "customer": ("Service Design", "CRM Configuration", "Commerce", "User Research"),
    "finance": ("Consolidation", "ERP Finance", "Planning Models", "Treasury"),
}
_CATALOGUE = [name for names in _OF_PRACTICES.values() for name in names]


@dataclass(frozen=True)
class _Held:
    """A skill of a person, with the level it has by now."""

    person: Person
    skill: str
    level: int
    at: datetime
    changed_at: datetime

    @property
    def key(self) -> str:
        return f"{self.person.key}|{self.skill}"


def skills(world: World, ids: Ids, people: list[Person]) -> dict[str, list[Row]]:
    """The collections `skills` and `skill_memberships` of the people who have joined."""
    held = [one for person in people for one in _held(world, person) if one.at <= world.as_of]
    numbers = rank(((one.at, one.key) for one in held), 9001)
    born = stamp(moment(world.spec.start - timedelta(days=700), 8))
    return {
        "skills": [
            {"id": _skill(name), "name": name, "description": None, "max_level": MAX_LEVEL, "created_at": born,
             "updated_at": born}
            for name in _CATALOGUE
        ],
        "skill_memberships": [
            {"id": numbers[one.key], "user_id": ids.user(one.person.number), "skill_id": _skill(one.skill),
             "cached_skill_name": one.skill, "level": one.level, "max_level": MAX_LEVEL,
             "created_at": stamp(one.at), "updated_at": stamp(one.changed_at)}
            for one in held
        ],
    }  # fmt: skip


def _skill(name: str) -> str:
    return str(301 + _CATALOGUE.index(name))


def _held(world: World, person: Person) -> Iterator[_Held]:
    """Two or three of the own practice, sometimes one of another; the senior hold them at a higher level."""
    chance = world.chance
    own = chance.order(_OF_PRACTICES[person.practice], "skills", person.key)
    names = own[: chance.between(2, 3, "skill count", person.key)]
    if chance.hit(0.3, "other skill", person.key):
        others = [name for name in _CATALOGUE if name not in _OF_PRACTICES[person.practice]]
        names.append(chance.pick(others, "which other skill", person.key))
    for name in names:
        yield _at_level(world, person, name)


def _at_level(world: World, person: Person, name: str) -> _Held:
    """The level of the first entry, and one more from the day of a later review."""
    chance = world.chance
    base = 1 + (len(ROLES) - 1 - ROLES.index(person.role)) // 2
    level = min(MAX_LEVEL, base + chance.between(0, 1, "skill level", person.key, name))
    at = moment(person.hired + timedelta(days=chance.between(1, 40, "skill noted", person.key, name)), 11)
    review = at + timedelta(days=chance.between(150, 1200, "skill review", person.key, name))
    if level < MAX_LEVEL and review <= world.as_of:
        return _Held(person, name, level + 1, at, review)
    return _Held(person, name, level, at, at)
