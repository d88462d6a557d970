"""A whole firm for a test: simulators over HTTP on free ports, configuration pointing at them, a home of its own."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import requests
from ruamel.yaml import YAML

from config import Config, load_config
from config.paths import REPOSITORY, Home
from ingestion.runner import sync_instance  # its import sets dlt variables that must outlive a firm
from sandbox.credentials import read_credentials
from sandbox.server import serve
from sandbox.simulators.base import SimServer

AS_OF = "2026-06-30T18:00:00+00:00"


@dataclass(frozen=True)
class Firm:
    """One simulated firm and the Concord deployment that looks at it."""

    config: Config
    config_dir: Path
    home: Home
    servers: Mapping[str, SimServer]

    def admin(self, instance: str, method: str, path: str, body: object = None) -> object:
        """Call an `/_sandbox` route of an instance's simulator."""
        answer = requests.request(
            method, f"{self.servers[instance].url}/_sandbox{path}", json=body, timeout=30
        )
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running_firm(
    tmp_path: Path, *, seed: int = 1, people: int = 60, months: int = 18, as_of: str = AS_OF
) -> Iterator[Firm]:
    """Generate a firm, serve it, and point the environment at it; everything is undone at the end."""
    with _home(tmp_path.parent) as home:
        yield from _serve_firm(home, tmp_path / "config", seed, people, months, as_of)


_taken: set[Path] = set()


@contextmanager
def _home(workshop: Path) -> Iterator[Home]:
    """An empty home but for the dbt project as parsed before.

    dbt parses anew, which takes 20 s, when the path of the warehouse changes: the firms of a test run follow each
    other at the same path.
    """
    place = next(path for n in itertools.count() if (path := workshop / f"home{n}") not in _taken)
    _taken.add(place)
    place.mkdir(parents=True, exist_ok=True)
    home = Home(place)
    try:
        yield home
    finally:
        parsed = place / "dbt_target"
        for path in [*place.iterdir(), *(parsed.iterdir() if parsed.exists() else ())]:
            if path != parsed and path.name not in ("manifest.json", "partial_parse.msgpack"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        _taken.remove(place)


def _serve_firm(
    home: Home, config_dir: Path, seed: int, people: int, months: int, as_of: str
) -> Iterator[Firm]:
    shutil.copytree(REPOSITORY / "config", config_dir, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    before = dict(os.environ)
    os.environ.update(
        CONCORD_HOME=str(home.root),
        CONCORD_CONFIG_DIR=str(config_dir),
        CONCORD_CLOCK_FILE=str(home.sandbox / "clock.json"),
        CONCORD_CONSOLE_PASSWORD="meridian",
    )
    servers: dict[str, SimServer] = {}
    try:
        sandbox(
            "init", "--seed", str(seed), "--people", str(people), "--months", str(months), "--as-of", as_of
        )
        environ = read_credentials(home.sandbox / "sandbox.env")
        os.environ.update(environ)
        servers = serve(load_config(config_dir).instances, home.sandbox, environ, free_ports=True)
        point_estate_at(config_dir, {name: server.url for name, server in servers.items()})
        yield Firm(load_config(config_dir), config_dir, home, servers)
    finally:
        for server in servers.values():
            server.stop()
        os.environ.clear()
        os.environ.update(before)


def sandbox(*arguments: str) -> str:
    """Run a sandbox command as an operator does; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise AssertionError(f"sandbox {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def point_estate_at(config_dir: Path, urls: Mapping[str, str]) -> None:
    """Rewrite base_url of the named instances in a copied estate.yml."""
    yaml = YAML(typ="rt")
    path = config_dir / "estate.yml"
    document = yaml.load(path.read_text())
    for instance in document["instances"]:
        if instance["name"] in urls:
            instance["base_url"] = urls[instance["name"]]
    with path.open("w") as handle:
        yaml.dump(document, handle)


def sync_all(firm: Firm, mode: str = "incremental") -> dict[str, int]:
    """Sync every instance; returns rows read per instance."""
    from config.clock import now

    return {
        instance.name: sync_instance(
            firm.config, instance.name, mode=mode, home=firm.home, clock=now
        ).rows_read
        for instance in firm.config.instances
    }


def build_dbt(firm: Firm, *arguments: str, clock: datetime | None = None, unit_tests: bool = False) -> None:
    """Load config and ledger tables, then `dbt build` on the firm's warehouse; fails with dbt's own words."""
    from ingestion.config_tables import load_config_tables
    from ingestion.warehouse import open_warehouse, warehouse_lock
    from orchestration.ledger_tables import load_ledger_tables
    from orchestration.runtime import DBT, DBT_PROJECT, Runtime

    runtime = Runtime(firm.config, firm.home)
    with warehouse_lock(firm.home), open_warehouse(firm.home) as connection:
        load_config_tables(firm.config, connection)
        load_ledger_tables(firm.home, connection)
    environment = runtime.dbt_environment()
    if clock is not None:
        environment["CONCORD_AS_OF"] = clock.isoformat()
    command = [
        str(DBT), "build", "--quiet",
        "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT),
        "--target-path", str(runtime.dbt_target), "--no-write-json",
        # they prove the SQL, whatever the firm: one build of a test run is enough
        *(() if unit_tests else ("--exclude-resource-type", "unit_test")),
        *arguments,
    ]  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"dbt build failed:\n{done.stdout[-8000:]}\n{done.stderr[-2000:]}")
