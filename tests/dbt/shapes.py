"""The shapes others read from the published copy, and the one way in which they may change.

``dbt_project/published_shapes.json`` records them: a new column or model is recorded with the change that brings it
(``make shapes``); a column that goes or changes its type is a new version of its model beside the old one, which says
until when it is kept. The rule is in the decision record on published shapes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.dbt.warehouse import PROJECT

RECORDED = PROJECT / "published_shapes.json"
SCHEMAS = {"canonical", "history", "leadership"}
KEPT_DAYS = 90
"""How long a version is kept after it was announced to go: a quarter, so that every report ran once beside it."""


@dataclass(frozen=True)
class Shape:
    """Columns of one version of one model, and the day after which it may go."""

    columns: Mapping[str, str]
    deprecation_date: str | None = None


def published(manifest: Mapping[str, Any]) -> dict[str, Shape]:
    """Shape by name (`rpt_month`, or `rpt_month.v2`) of every model that is published for others to read."""
    models = (node for node in manifest["nodes"].values() if node["resource_type"] == "model")
    return {
        node["unique_id"].split(".", 2)[2]: Shape(
            {name: column["data_type"] for name, column in node["columns"].items()},
            node["deprecation_date"] and node["deprecation_date"][:10],
        )
        for node in models
        if node["schema"] in SCHEMAS
        or (node["schema"] == "reconciliation" and node["name"].startswith("fct_"))
    }


def recorded() -> dict[str, Shape]:
    """The shapes as last recorded."""
    return {name: Shape(**shape) for name, shape in json.loads(RECORDED.read_text()).items()}


def record(shapes: Mapping[str, Shape]) -> None:
    """Write them down, a line a column."""
    listed = {name: asdict(shape) for name, shape in sorted(shapes.items())}
    RECORDED.write_text(json.dumps(listed, indent=1) + "\n")


def breaking(before: Mapping[str, Shape], after: Mapping[str, Shape], today: date) -> list[str]:
    """What a reader of the published copy would trip over, in words."""
    found = []
    for name, old in before.items():
        # a model that gets its first versions keeps its old shape as the first of them
        new = after.get(name) or after.get(f"{name}.v1")
        if new is None:
            if old.deprecation_date is None or date.fromisoformat(old.deprecation_date) >= today:
                found.append(f"{name} is gone: keep it with a deprecation_date until that has passed")
            continue
        for column, kind in old.columns.items():
            if column not in new.columns:
                found.append(f"{name}.{column} is gone: add a version of the model and keep this one")
            elif new.columns[column] != kind:
                found.append(
                    f"{name}.{column} was {kind} and is {new.columns[column]}: add a version of the model"
                )
        announced = new.deprecation_date if new.deprecation_date != old.deprecation_date else None
        if announced and (date.fromisoformat(announced) - today).days < KEPT_DAYS:
            found.append(f"{name} goes on {announced}: give its readers {KEPT_DAYS} days")
    return found


def main() -> None:
    """Record the shapes of a parsed project (its manifest.json); refuses what would break a reader."""
    after = published(json.loads(Path(sys.argv[1]).read_text()))
    broken = breaking(recorded(), after, datetime.now(UTC).date()) if RECORDED.exists() else []
    if broken:
        sys.exit("\n".join(broken))
    record(after)


if __name__ == "__main__":
    main()
