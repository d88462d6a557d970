"""Destinations by system: a vendor is one module here named after its system, exporting `build`.

``build(instance, *, environ, budget_dir, clock) -> Destination``, where `instance` is the entry of
`config/estate.yml` and `environ` holds its credentials.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from reverse_etl.destinations.base import Destination, Snapshot, Value, WriteRequest, WriteResult

SYSTEMS = ("salesforce", "netsuite", "kantata")

__all__ = ["SYSTEMS", "Destination", "LazyDestinations", "Snapshot", "Value", "WriteRequest", "WriteResult"]


class LazyDestinations(Mapping[str, Destination]):
    """Destinations by instance name, signed in at first use: a broken instance stops only itself."""

    def __init__(
        self,
        instances: Iterable[Any],
        *,
        environ: Mapping[str, str],
        budget_dir: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self._instances = {i.name: i for i in instances if i.system in SYSTEMS}
        self._environ, self._budget_dir, self._clock = environ, budget_dir, clock
        self._built: dict[str, Destination] = {}

    def __getitem__(self, name: str) -> Destination:
        if name not in self._built:
            instance = self._instances[name]
            module = importlib.import_module(f"reverse_etl.destinations.{instance.system}")
            self._built[name] = module.build(
                instance, environ=self._environ, budget_dir=self._budget_dir, clock=self._clock
            )
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._instances)

    def __len__(self) -> int:
        return len(self._instances)
