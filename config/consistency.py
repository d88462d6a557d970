"""What one file says against another and against itself: a typo that each file alone would let through.

A name that nobody else knows is refused where it stands, before anything runs on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.errors import ConfigError
from config.schema import Config

# Roles of the console that decide nothing: they are not in policy.yml, which lists approvers.
CONSOLE_ROLES = frozenset({"viewer", "operator"})


def check_consistency(config: Config, root: Path) -> None:
    """Raises ConfigError with file and key for the first contradiction."""
    _check_estate(config, root / "estate.yml")
    _check_people(config, root / "people.yml")
    _once(root / "ownership.yml", "fields", (field.field for field in config.ownership.fields))
    _check_value_maps(config, root / "value_maps.csv")


def _check_estate(config: Config, path: Path) -> None:
    _once(path, "business_units", (unit.id for unit in config.business_units))
    _once(path, "practices", (practice.id for practice in config.practices))
    _once(path, "legal_entities", (entity.id for entity in config.legal_entities))
    try:
        ZoneInfo(config.firm.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            path,
            _line_of(path, config.firm.time_zone),
            "firm.time_zone",
            f"no such time zone: {config.firm.time_zone}",
        ) from error
    for practice in config.practices:
        if not 0 < practice.utilization_target <= 1:
            key = f"practices.{practice.id}.utilization_target"
            words = f"a share between 0 and 1 is expected (found {practice.utilization_target})"
            raise ConfigError(path, _line_of(path, practice.id), key, words)
    for instance in config.instances:
        if urlsplit(instance.base_url).username is not None:
            words = "an address carries no credentials; name environment variables under credentials"
            key = f"instances.{instance.name}.base_url"
            raise ConfigError(path, _line_of(path, instance.base_url), key, words)


def _check_people(config: Config, path: Path) -> None:
    _once(path, "people", (person.id for person in config.people.people))
    roles = CONSOLE_ROLES | set(config.policy.roles)
    units = {unit.id for unit in config.business_units}
    for person in config.people.people:
        _known(path, f"people.{person.id}.roles", "role", person.roles, roles)
        _known(path, f"people.{person.id}.business_units", "business unit", person.business_units, units)


def _check_value_maps(config: Config, path: Path) -> None:
    canonical = {
        "legal_entity": {entity.id for entity in config.legal_entities},
        "practice": {practice.id for practice in config.practices},
        "business_unit": {unit.id for unit in config.business_units},
    }
    systems = {instance.name: instance.system for instance in config.instances}
    for line, row in enumerate(config.value_maps, start=2):
        if row.field in canonical and row.canonical_value not in canonical[row.field]:
            words = f"estate.yml has no {row.field.replace('_', ' ')} {row.canonical_value}"
            raise ConfigError(path, line, "canonical_value", words)
        if row.instance != "*" and systems.get(row.instance) != row.system:
            words = f"estate.yml has no {row.system} instance {row.instance}"
            raise ConfigError(path, line, "instance", words)


def _once(path: Path, key: str, names: Iterable[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ConfigError(
            path, _line_of(path, f": {twice[0]},"), key, f"listed more than once: {', '.join(twice)}"
        )


def _known(path: Path, key: str, what: str, names: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ConfigError(path, _line_of(path, unknown[0]), key, f"unknown {what} {', '.join(unknown)}")


def _line_of(path: Path, name: str) -> int | None:
    """The last line that writes the name, which of two is the one to look at."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return max((number for number, line in enumerate(lines, start=1) if name in line), default=None)
