"""Ledgers of both kinds, migrated once per session and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from reverse_etl.ledger import open_ledger
from tests.postgres import drop_database, make_database

KINDS = ("sqlite", "postgresql")


class Blueprints:
    """Makes ledgers. `server` is asked for the first time a ledger on PostgreSQL is wanted."""

    def __init__(self, folder: Path, server: Callable[[], sa.URL]) -> None:
        self._folder, self._server = folder, server
        self._count = 0

    def new(self, kind: str) -> str:
        """URL of a migrated ledger that nobody else uses."""
        if kind == "postgresql":
            made = make_database(self._server(), template=self._template)
            return made.render_as_string(hide_password=False)
        file = self._next_file()
        shutil.copyfile(self._file, file)
        return f"sqlite:///{file}"

    def forget(self, ledger_url: str) -> None:
        """Drop a ledger on PostgreSQL; a file goes with the session's folder."""
        url = sa.make_url(ledger_url)
        if url.get_backend_name() == "postgresql":
            drop_database(self._server(), str(url.database))

    def empty(self, kind: str) -> str:
        """URL of a database without a ledger."""
        if kind == "postgresql":
            return make_database(self._server()).render_as_string(hide_password=False)
        return f"sqlite:///{self._next_file()}"

    def _next_file(self) -> Path:
        self._count += 1
        return self._folder / f"ledger-{self._count}.db"

    @cached_property
    def _file(self) -> Path:
        file = self._folder / "blueprint.db"
        open_ledger(f"sqlite:///{file}").dispose()
        return file

    @cached_property
    def _template(self) -> str:
        made = make_database(self._server())
        open_ledger(made.render_as_string(hide_password=False)).dispose()
        return str(made.database)
