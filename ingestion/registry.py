"""Which modules serve a system. Imported lazily: one broken or heavy vendor never stops another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ingestion.errors import UnknownSystemError
from ingestion.extract import BuildSource
from ingestion.tables import Table

SYSTEMS: Mapping[str, tuple[str, str]] = {
    "salesforce": ("connectors.salesforce", "ingestion.sources.salesforce"),
    "netsuite": ("connectors.netsuite", "ingestion.sources.netsuite"),
    "kantata": ("connectors.kantata", "ingestion.sources.kantata"),
    "bamboohr": ("connectors.bamboohr", "ingestion.sources.bamboohr"),
}


@dataclass(frozen=True, kw_only=True)
class System:
    """How one vendor system is reached and read."""

    name: str
    connect: Callable[..., Any]  # connect(instance, *, environ, budget_dir, clock) -> client
    build_source: BuildSource
    tables: Mapping[str, Table]


def system(name: str) -> System:
    """The named system; UnknownSystemError names the ones there are."""
    if name not in SYSTEMS:
        raise UnknownSystemError(f"no source for system {name!r}; there are: {', '.join(sorted(SYSTEMS))}")
    connector_module, source_module = SYSTEMS[name]
    source = import_module(source_module)
    return System(
        name=name,
        connect=import_module(connector_module).connect,
        build_source=source.build_source,
        tables=source.TABLES,
    )
