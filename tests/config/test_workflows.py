"""A wrong workflow file stops everything with file, line and key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config import ConfigError, load_config
from config.paths import REPOSITORY
from config.workflows import CHECKLIST, STAGES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "config"
    shutil.copytree(REPOSITORY / "config", target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return target


def test_the_shipped_workflows_load() -> None:
    workflows = load_config(REPOSITORY / "config").workflows
    assert {flow.id: tuple(stage.stage for stage in flow.stages) for flow in workflows.workflows} == STAGES
    assert tuple(item.item for item in workflows.handover_checklist) == CHECKLIST


@pytest.mark.parametrize(
    ("old", "new", "line_of", "words"),
    [
        ("sla_days: 2}", "sla_dayz: 2}", "sla_dayz", "check the spelling"),
        ("sla_days: 2}", "sla_days: soon}", "sla_days: soon", "soon"),
        ("sla_days: 10}", "sla_days: -1}", "sla_days: -1", "-1"),
        ("stage: opening", "stage: ajar", "id: project_initiation", "preparation, opening, open_for_time"),
        ("id: billing_approval", "id: billing", "id: billing", "unknown workflow billing"),
        (
            "title: Posted, sla_days: null",
            "title: Posted, sla_days: 4",
            "id: billing_approval",
            "no sla_days",
        ),
        ("{item: tax,", "{item: taxes,", "{item: taxes,", "taxes"),
    ],
)
def test_a_mistake_names_file_line_and_reason(
    folder: Path, old: str, new: str, line_of: str, words: str
) -> None:
    path = folder / "workflows.yml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_config(folder)
    line = next(n for n, row in enumerate(path.read_text().splitlines(), start=1) if line_of in row)
    assert f"workflows.yml:{line}" in str(caught.value) or f"line {line}" in str(caught.value)
    assert words in str(caught.value)


def test_a_workflow_that_is_missing_is_named(folder: Path) -> None:
    path = folder / "workflows.yml"
    text = path.read_text()
    start, end = text.index("  - id: change_control"), text.index("  - id: billing_approval")
    path.write_text(text[:start] + text[end:])
    with pytest.raises(ConfigError, match="workflow missing: change_control"):
        load_config(folder)
