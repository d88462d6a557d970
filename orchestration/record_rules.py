"""Incremental records were written by the rules of their time: changed rules write them anew, once.

An upgrade that changes how a vendor's row is read must not leave old rows read the old way (docs/adr/0019).
"""

from __future__ import annotations

import hashlib

from config.paths import Home
from orchestration.runtime import DBT_PROJECT

_WATCHED = ("dbt_project.yml", "macros/**/*.sql", "models/staging/**/*.sql")


def rules_of_records() -> str:
    """A hash of everything that decides what a staging record looks like."""
    seen = hashlib.sha256()
    for path in sorted({path for pattern in _WATCHED for path in DBT_PROJECT.glob(pattern)}):
        seen.update(f"{path.relative_to(DBT_PROJECT)}\0".encode() + path.read_bytes() + b"\0")
    return seen.hexdigest()


def rules_built_with(home: Home) -> str | None:
    """The rules of the last complete build, or None before the first."""
    file = home.root / "record_rules"
    return file.read_text().strip() if file.exists() and home.warehouse.exists() else None


def remember_rules(home: Home, rules: str) -> None:
    """After a complete build: the records follow these rules."""
    (home.root / "record_rules").write_text(rules + "\n")
