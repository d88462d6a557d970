"""A vendor whose records a test writes by hand: a full implementation of the extract seam."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from config import Config, Instance, load_config
from ingestion.extract import ExtractContext, Tombstone
from ingestion.registry import System
from ingestion.tables import Table

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class ManualClock:
    """A clock that moves when the test says so."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Script:
    """What the vendor will answer: pages per table, tombstones, and a log of what was asked."""

    pages: dict[str, list[Any]] = field(default_factory=dict)
    tombstones: list[Tombstone] = field(default_factory=list)
    asked: list[tuple[str, datetime | None]] = field(default_factory=list)
    on_page: Callable[[str, int], None] = lambda table, number: None


class ScriptedExtract:
    """Answers from a Script."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def pages(self, table: str, since: datetime | None, until: datetime) -> Iterator[Any]:
        self.script.asked.append((table, since))
        for number, page in enumerate(self.script.pages.get(table, []), start=1):
            self.script.on_page(table, number)
            yield page

    def tombstones(
        self, since: datetime | None, until: datetime, known_ids: Callable[[str], set[str]]
    ) -> Iterator[Tombstone]:
        yield from self.script.tombstones


def scripted_system(script: Script, *tables: Table) -> Callable[[str], System]:
    """A registry that knows one system: the scripted one."""

    def build(instance: Instance, *, client: Any, context: ExtractContext) -> ScriptedExtract:
        return ScriptedExtract(script)

    built = System(
        name="files",
        connect=lambda instance, **kwargs: None,
        build_source=build,
        tables={table.name: table for table in tables},
    )
    return lambda name: built


def config_with(*names: str, custom_fields: dict[str, dict[str, str]] | None = None) -> Config:
    """The shipped configuration with these scripted instances instead of the demo's."""
    cfg = load_config()
    instances = [
        Instance(
            name=name,
            system="files",
            base_url="http://127.0.0.1:1",
            business_units=[],
            legal_entities=[],
            credentials={},
            custom_fields=custom_fields or {},
        )
        for name in names
    ]
    return cfg.model_copy(update={"estate": cfg.estate.model_copy(update={"instances": instances})})
