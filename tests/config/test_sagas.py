"""What is wrong in sagas.yml is said with file, line and key, and nothing runs on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config import ConfigError, load_config
from config.paths import REPOSITORY

BROKEN = {
    "a misspelt key": ("undo: {restore: true}", "undo: {restor: true}", "unknown key"),
    "no word on undoing": ("        undo: {restore: true}\n", "", "a required key is missing"),
    "two ways of undoing": ("undo: {restore: true}", "undo: {restore: true, nothing: it is not needed}", "exactly one"),
    "a create that is restored": (
        'undo: {nothing: "an unnamed seat on a cancelled draft books nobody; it goes with the draft"}',
        "undo: {restore: true}",
        "undo.restore needs a step that updates",
    ),
    "a result of a later step": ("to: {result: project}}", "to: {result: billing}}", "uses the result of billing"),
    "two sources of a value": ("to: {fact: amount}}", "to: {fact: amount, value: '1'}}", "exactly one of fact"),
    "an unknown role": ("roles: [finance_manager, controller]\n", "roles: [finance_wizard]\n", "finance_wizard"),
    "a write without a rule": ("object: job\n", "object: jobs\n", "policy.yml has no rule S01 netsuite.jobs create"),
    "an update without its record": ("          record: {fact: crm_account_id}\n", "", "an update names its record"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, name: str) -> None:
    right, wrong, words = BROKEN[name]
    target = tmp_path / "config"
    shutil.copytree(REPOSITORY / "config", target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = target / "sagas.yml"
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong, 1))
    with pytest.raises(ConfigError, match=words) as caught:
        load_config(target)
    assert caught.value.path == str(path)
    assert caught.value.line is not None
    assert caught.value.line > 5
    assert caught.value.key


def test_no_process_writes_without_a_person() -> None:
    config = load_config()
    rules = [rule for rule in config.policy.rules if rule.check in config.processes]
    assert rules
    assert {rule.mode for rule in rules} == {"approval"}
