"""Changed rules of records are noticed once, and only then."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config.paths import Home
from orchestration import record_rules
from orchestration.record_rules import remember_rules, rules_built_with, rules_of_records


def test_a_changed_macro_or_staging_model_is_another_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("dbt_project.yml", "macros", "models/staging"):
        source, target = record_rules.DBT_PROJECT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target)
    before = rules_of_records()
    monkeypatch.setattr(record_rules, "DBT_PROJECT", tmp_path)
    assert rules_of_records() == before
    model = tmp_path / "models" / "staging" / "kantata" / "stg_kantata__time_entries.sql"
    model.write_text(model.read_text() + "-- changed\n")
    changed = rules_of_records()
    macro = tmp_path / "macros" / "money.sql"
    macro.write_text(macro.read_text() + "{# changed #}\n")
    assert len({before, changed, rules_of_records()}) == 3


def test_a_lost_warehouse_was_built_with_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert rules_built_with(home) is None
    remember_rules(home, "abc")
    assert rules_built_with(home) is None, "there is no build file"
    home.warehouse.touch()
    assert rules_built_with(home) == "abc"
