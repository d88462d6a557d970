"""A wrong configuration file stops everything with file, line and key; a right one loads whole."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from config import ConfigError, load_config
from config.check_parameters import PARAMETERS
from config.paths import REPOSITORY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "config"
    shutil.copytree(REPOSITORY / "config", target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return target


def edit(path: Path, old: str, new: str) -> int:
    """Replace text once; returns the line it stood on."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def test_the_shipped_configuration_loads(folder: Path) -> None:
    config = load_config(folder)
    assert {instance.system for instance in config.instances} == {
        "salesforce",
        "netsuite",
        "kantata",
        "bamboohr",
    }
    assert config.checks["T01"].grace_days == 30


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "words"),
    [
        (
            "estate.yml",
            "    base_url: http://127.0.0.1:18102",
            "    base_ulr: x",
            "base_ulr",
            "check the spelling",
        ),
        ("estate.yml", "system: kantata", "system: kantatta", "instances.2.system", "kantatta"),
        ("policy.yml", "expiry_days: 14", "expiry_days: soon", "expiry_days", "soon"),
        ("policy.yml", "mode: automatic", "mode: automatc", "rules.0.mode", "automatc"),
        ("checks.yml", "severity: S1", "severity: S9", "severity", "S9"),
        ("ownership.yml", "owner: netsuite", "owner: net suite", "owner", "net suite"),
    ],
)
def test_a_typo_names_file_line_and_key(
    folder: Path, file: str, old: str, new: str, key: str, words: str
) -> None:
    line = edit(folder / file, old, new)
    with pytest.raises(ConfigError) as caught:
        load_config(folder)
    assert caught.value.path.endswith(file)
    assert caught.value.line == line
    assert key in str(caught.value)
    assert words in str(caught.value)


def test_broken_yaml_names_the_line(folder: Path) -> None:
    line = edit(folder / "policy.yml", "version: 1", "version: [1")
    with pytest.raises(ConfigError, match="not valid YAML") as caught:
        load_config(folder)
    assert caught.value.line is not None
    assert caught.value.line >= line


def test_a_truncated_csv_is_refused_with_its_line(folder: Path) -> None:
    path = folder / "holidays.csv"
    text = path.read_text()
    path.write_text(text[: len(text) // 2])
    with pytest.raises(ConfigError, match="cut") as caught:
        load_config(folder)
    assert caught.value.line == path.read_text().count("\n") + 1


def test_a_csv_line_with_a_missing_value_names_the_line(folder: Path) -> None:
    line = edit(folder / "value_maps.csv", "salesforce,*,practice,Strategy,strategy", "salesforce,*,practice")
    with pytest.raises(ConfigError, match="3 values for 5 columns") as caught:
        load_config(folder)
    assert caught.value.line == line


def test_a_repeated_code_is_refused(folder: Path) -> None:
    path = folder / "value_maps.csv"
    path.write_text(path.read_text() + "salesforce,*,practice,Strategy,cloud\n")
    with pytest.raises(ConfigError, match="repeats line"):
        load_config(folder)


def test_a_missing_secret_names_instance_and_variable_and_no_value() -> None:
    instance = load_config(REPOSITORY / "config").instance("kantata_group")
    with pytest.raises(LookupError, match=r"kantata_group.*CONCORD_KANTATA_GROUP_TOKEN"):
        instance.secret("token", {})


def test_a_limit_that_no_check_knows_is_refused(folder: Path) -> None:
    line = edit(folder / "checks.yml", "grace_days: 30,", "grace_days: 30, parameters: {dayz: 3},")
    with pytest.raises(ConfigError, match=rf"checks\.yml:{line}.*checks\.T01\.parameters\.dayz"):
        load_config(folder)


def test_models_compare_with_exactly_the_limits_that_configuration_must_give() -> None:
    """A limit that is not demanded on load could be missing, and its check would find nothing."""
    used: dict[str, set[str]] = {}
    for path in (REPOSITORY / "dbt_project").rglob("*.sql"):
        for check, name in re.findall(r"check_parameter\('(\w+)', *'(\w+)'\)", path.read_text()):
            used.setdefault(check, set()).add(name)
    assert used == {check: set(names) for check, names in PARAMETERS.items()}


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "words"),
    [
        ("estate.yml", "America/New_York", "America/New_Yrok", "firm.time_zone", "America/New_Yrok"),
        (
            "estate.yml",
            'utilization_target: "0.74"',
            'utilization_target: "74"',
            "practices.strategy",
            "found 74",
        ),
        (
            "estate.yml",
            "http://127.0.0.1:18101",
            "http://me:pw@host",
            "salesforce_group.base_url",
            "credentials",
        ),
        ("people.yml", "id: omar.delivery", "id: carla.cfo", "people", "more than once: carla.cfo"),
        (
            "people.yml",
            "[viewer, controller]",
            "[viewer, controler]",
            "people.carla.cfo.roles",
            "role controler",
        ),
        (
            "people.yml",
            "units: [advisory, ",
            "units: [advisori, ",
            "business_units",
            "business unit advisori",
        ),
        (
            "ownership.yml",
            "field: customer.erp_reference",
            "field: receivable.open_amount",
            "fields",
            "more than once",
        ),
        ("value_maps.csv", "US01,MCG-US", "US01,MCG-USA", "canonical_value", "no legal entity MCG-USA"),
        (
            "value_maps.csv",
            "Strategy,strategy",
            "Strategy,strategi",
            "canonical_value",
            "no practice strategi",
        ),
        (
            "value_maps.csv",
            "salesforce,*,practice",
            "salesforce,kantata_group,practice",
            "instance",
            "kantata_group",
        ),
    ],
)
def test_what_files_say_against_each_other_is_refused_with_its_line(
    folder: Path, file: str, old: str, new: str, key: str, words: str
) -> None:
    line = edit(folder / file, old, new)
    with pytest.raises(ConfigError) as wrong:
        load_config(folder)
    assert f"{file}:{line}: " in str(wrong.value)
    assert key in wrong.value.key
    assert words in wrong.value.problem


def test_a_yaml_file_that_was_cut_short_is_refused(folder: Path) -> None:
    path = folder / "estate.yml"
    text = path.read_text()
    path.write_text(text[: text.index("custcol_source_type") + 24])
    with pytest.raises(ConfigError, match=r"estate\.yml:\d+: .*cut short"):
        load_config(folder)


def test_a_character_that_yaml_does_not_know_names_the_line(folder: Path) -> None:
    line = edit(folder / "policy.yml", "expiry_days: 14", "expiry_days: 1\x004")
    with pytest.raises(ConfigError, match=rf"policy\.yml:{line}: not valid YAML"):
        load_config(folder)


@pytest.mark.parametrize(
    ("one", "again", "key"),
    [
        ("{id: digital, name: Digital}", "{id: digital, name: Twice}", "business_units"),
        (
            '{id: cloud, name: Cloud Platforms, utilization_target: "0.76"}',
            '{id: cloud, name: Twice, utilization_target: "0.5"}',
            "practices",
        ),
    ],
)
def test_an_id_that_the_estate_lists_twice_is_refused_at_the_second(
    folder: Path, one: str, again: str, key: str
) -> None:
    line = edit(folder / "estate.yml", one, f"{one}\n  - {again}")
    with pytest.raises(ConfigError, match=rf"estate\.yml:{line + 1}: {key}: listed more than once"):
        load_config(folder)
