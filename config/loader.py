"""Reads config/ into a Config, or says which file, line and key is wrong."""

from __future__ import annotations

import csv
import os
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from config.check_parameters import PARAMETERS
from config.consistency import check_consistency
from config.errors import ConfigError
from config.sagas import Sagas
from config.schema import (
    Checks,
    Config,
    CostRates,
    Estate,
    Events,
    HolidayRow,
    Ownership,
    People,
    PlanRow,
    Policy,
    TransferPriceRow,
    ValueMapRow,
)
from config.workflows import Workflows

CUT_SHORT = "the last line has no end: the file looks cut short"
Model = TypeVar("Model", bound=BaseModel)


def load_config(directory: Path | str | None = None) -> Config:
    """Load and cross-check every file of `directory` (default: CONCORD_CONFIG_DIR, or config/ beside this code).

    Raises ConfigError for the first problem; nothing runs on half a configuration.
    """
    root = Path(directory or os.environ.get("CONCORD_CONFIG_DIR") or Path(__file__).parent)
    config = Config(
        estate=_yaml(root / "estate.yml", Estate),
        check_file=_yaml(root / "checks.yml", Checks),
        ownership=_yaml(root / "ownership.yml", Ownership),
        policy=_yaml(root / "policy.yml", Policy),
        people=_yaml(root / "people.yml", People),
        events=_yaml(root / "events.yml", Events),
        sagas=_yaml(root / "sagas.yml", Sagas),
        workflows=_yaml(root / "workflows.yml", Workflows),
        cost_rates=_yaml(root / "cost_rates.yml", CostRates),
        value_maps=_csv(
            root / "value_maps.csv", ValueMapRow, ("system", "instance", "field", "vendor_value")
        ),
        holidays=_csv(root / "holidays.csv", HolidayRow, ("calendar", "holiday_date")),
        revenue_plan=_csv(root / "revenue_plan.csv", PlanRow, ("legal_entity_id", "practice_id", "month")),
        transfer_prices=_csv(
            root / "transfer_prices.csv", TransferPriceRow, ("provider_entity", "role", "valid_from")
        ),
    )
    _cross_check(config, root)
    check_consistency(config, root)
    return config


def _yaml(path: Path, model: type[Model]) -> Model:
    document = _read_yaml(path)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        # A misspelt key also makes the right one "missing": the misspelling is what to mend.
        first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        location = first["loc"]
        key = ".".join(str(part) for part in location) or path.stem
        raise ConfigError(path, _line(document, location), key, _words(first)) from error


def _read_yaml(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        document = _parsed(text)
    except FileNotFoundError as error:
        raise ConfigError(path, None, "", "the file is missing") from error
    except UnicodeDecodeError as error:
        raise ConfigError(path, None, "", f"not UTF-8 at byte {error.start}") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise ConfigError(path, line, "", f"not valid YAML: {error.problem or error.context}") from error
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise ConfigError(path, line, "", f"not valid YAML: {error.reason}") from error
    if document is None:
        raise ConfigError(path, 1, "", "the file is empty")
    if not text.endswith("\n"):
        raise ConfigError(path, text.count("\n") + 1, "", CUT_SHORT)
    return document


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """Nobody changes a document, and parsing one with its lines takes long: the same text is parsed once."""
    return YAML(typ="rt").load(text)


def _line(document: Any, location: tuple[str | int, ...]) -> int | None:
    """The line of the deepest part of `location` that exists in the document."""
    node, line = document, 1
    for part in location:
        positions = getattr(node, "lc", None)
        if positions is None:
            return line
        try:
            line = positions.item(part)[0] + 1 if isinstance(node, list) else positions.key(part)[0] + 1
            node = node[part]
        except (KeyError, IndexError, TypeError):
            return line
    return line


def _words(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return "unknown key; check the spelling"
    if problem["type"] == "missing":
        return "a required key is missing"
    text = str(problem["msg"]).removeprefix("Value error, ")
    value = problem.get("input")
    return f"{text} (found {value!r})" if isinstance(value, str | int | float | bool) else text


def _csv(path: Path, model: type[Model], key: tuple[str, ...]) -> list[Model]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(path, None, "", "the file is missing") from error
    if text and not text.endswith("\n"):
        last = text.count("\n") + 1
        raise ConfigError(path, last, "", CUT_SHORT)
    rows: list[Model] = []
    seen: dict[tuple[str, ...], int] = {}
    reader = csv.reader(text.splitlines())
    header = next(reader, None)
    expected = list(model.model_fields)
    if header != expected:
        raise ConfigError(path, 1, "header", f"expected {','.join(expected)}, found {','.join(header or [])}")
    for values in reader:
        rows.append(_csv_row(path, reader.line_num, header, values, model))
        mark = tuple(values[header.index(name)] for name in key)
        if mark in seen:
            raise ConfigError(path, reader.line_num, "|".join(mark), f"repeats line {seen[mark]}")
        seen[mark] = reader.line_num
    return rows


def _csv_row(path: Path, line: int, header: list[str], values: list[str], model: type[Model]) -> Model:
    if len(values) != len(header):
        problem = f"{len(values)} values for {len(header)} columns; the line looks cut or has a stray comma"
        raise ConfigError(path, line, values[0] if values else "", problem)
    try:
        return model.model_validate(dict(zip(header, values, strict=True)))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(path, line, ".".join(str(part) for part in first["loc"]), _words(first)) from error


def _cross_check(config: Config, root: Path) -> None:
    for rule in config.policy.rules:
        if rule.check not in config.checks and rule.check not in config.processes:
            words = "no such check in checks.yml and no such saga in sagas.yml"
            raise ConfigError(root / "policy.yml", None, f"rules.{rule.check}", words)
    units = {unit.id for unit in config.business_units}
    for name, role in config.policy.roles.items():
        unknown = sorted(set(role.business_units) - units)
        if unknown:
            key = f"roles.{name}.business_units"
            raise ConfigError(root / "policy.yml", None, key, f"unknown business unit {', '.join(unknown)}")
    _cross_check_sagas(config, root)
    _cross_check_parameters(config, root)
    _cross_check_cost_rates(config, root)
    calendars = {row.calendar for row in config.holidays}
    for entity in config.legal_entities:
        if entity.calendar not in calendars:
            raise ConfigError(
                root / "holidays.csv", None, entity.calendar, f"no holidays for the calendar of {entity.id}"
            )
    entities = {entity.id for entity in config.legal_entities}
    practices = {practice.id for practice in config.practices}
    _check_transfer_prices(config, root, entities)
    for number, row in enumerate(config.revenue_plan, start=2):
        if row.legal_entity_id not in entities:
            raise ConfigError(root / "revenue_plan.csv", number, row.legal_entity_id, "unknown legal entity")
        if row.practice_id not in practices:
            raise ConfigError(root / "revenue_plan.csv", number, row.practice_id, "unknown practice")


def _check_transfer_prices(config: Config, root: Path, entities: set[str]) -> None:
    for number, price in enumerate(config.transfer_prices, start=2):
        if price.provider_entity not in entities:
            problem = "unknown legal entity"
            raise ConfigError(root / "transfer_prices.csv", number, price.provider_entity, problem)


def _cross_check_sagas(config: Config, root: Path) -> None:
    """Roles exist, and every correction of a saga has a policy rule: else it would be refused half way."""
    path = root / "sagas.yml"
    ruled = {(rule.check, rule.target, rule.operation) for rule in config.policy.rules}
    for number, process in enumerate(config.sagas.sagas):
        place: tuple[str | int, ...] = ("sagas", number)
        used = {role for step in process.steps if step.request for role in step.request.roles}
        unknown = (used | set(process.start_roles)) - set(config.policy.roles)
        if unknown:
            words = f"unknown roles: {', '.join(sorted(unknown))}"
            raise ConfigError(path, _line(_read_yaml(path), place), process.id, words)
        for position, step in enumerate(process.steps):
            place_of_step = (*place, "steps", position)
            for part in (step.correction, step.undo.correction):
                if part is None:
                    continue
                key: tuple[str, str, str] = (process.id, f"{part.system}.{part.object}", part.operation)
                if key not in ruled:
                    raise _no_rule(path, place_of_step, f"{process.id}.{step.id}", key)
            if step.undo.restore and step.correction:
                key = (process.id, f"{step.correction.system}.{step.correction.object}", "update")
                if key not in ruled:
                    raise _no_rule(path, place_of_step, f"{process.id}.{step.id}", key)


def _no_rule(path: Path, place: tuple[str | int, ...], step: str, key: tuple[str, str, str]) -> ConfigError:
    return ConfigError(path, _line(_read_yaml(path), place), step, f"policy.yml has no rule {' '.join(key)}")


def _cross_check_cost_rates(config: Config, root: Path) -> None:
    known = {entity.id for entity in config.legal_entities} | {"*"}
    for line in config.cost_rates.basis:
        if line.legal_entity not in known:
            raise ConfigError(root / "cost_rates.yml", None, line.legal_entity, "unknown legal entity")


def _cross_check_parameters(config: Config, root: Path) -> None:
    """Every limit a check compares with is given, and none is given that it does not know."""
    path = root / "checks.yml"
    for check_id, check in config.checks.items():
        needed = PARAMETERS.get(check_id, frozenset())
        wrong = sorted(needed ^ check.parameters.keys())
        if wrong:
            line = _line(_read_yaml(path), ("checks", check_id))
            words = "the check needs this limit" if wrong[0] in needed else "the check knows no such limit"
            raise ConfigError(path, line, f"checks.{check_id}.parameters.{wrong[0]}", words)
