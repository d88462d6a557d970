"""Publishes the JSON Schemas of the events' data: `python -m reverse_etl.events.schemas`.

A published version may gain optional facts and nothing else; whoever reads it today must be able to read it
tomorrow. Anything more is a new version beside the old one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from config.paths import REPOSITORY
from reverse_etl.events.types import TYPES

FOLDER = REPOSITORY / "docs" / "events"


def text_of(schema: Mapping[str, Any]) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def breaking_changes(published: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """In words, what would break a reader of `published` if it met data of `wanted`."""
    old, new = published["properties"], wanted["properties"]
    for name in sorted(old.keys() - new.keys()):
        yield f"{name} is gone"
    for name in sorted(old.keys() & new.keys()):
        if _shape(old[name]) != _shape(new[name]):
            yield f"{name} was {_shape(old[name])} and would be {_shape(new[name])}"
    for name in sorted(set(published.get("required", ())) - set(wanted.get("required", ()))):
        yield f"{name} was always there and would be optional"
    if published["$id"] != wanted["$id"]:
        yield f"the schema's id was {published['$id']} and would be {wanted['$id']}"


def _shape(property_: Mapping[str, Any]) -> str:
    return json.dumps(
        {k: v for k, v in property_.items() if k not in ("title", "description")}, sort_keys=True
    )


def publish(folder: Path = FOLDER) -> list[str]:
    """Write every type's schema. Returns the refusals, in words; a refused file is left as it is."""
    refused = []
    folder.mkdir(parents=True, exist_ok=True)
    for type_ in TYPES.values():
        file, wanted = folder / f"{type_.name}.json", type_.schema()
        broken = list(breaking_changes(json.loads(file.read_text()), wanted)) if file.exists() else []
        if broken:
            refused.append(f"{type_.name}: {'; '.join(broken)}. What to do: publish a new version beside it.")
            continue
        file.write_text(text_of(wanted))
    return refused


if __name__ == "__main__":
    sys.exit("\n".join(publish()) or 0)
