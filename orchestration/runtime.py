"""What every asset needs to run: configuration, home, clock, and a prepared dbt project."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from config import Config, load_config
from config.clock import Clock, now
from config.paths import REPOSITORY, Home
from orchestration.storage import relax_dagster_storage

DBT_PROJECT = REPOSITORY / "dbt_project"
DBT = Path(sys.executable).with_name("dbt")


@dataclass(frozen=True)
class Runtime:
    """Configuration and places of one deployment, handed to every asset."""

    config: Config
    home: Home
    clock: Clock = now

    @classmethod
    def from_environment(cls) -> Runtime:
        """Load config/ and CONCORD_HOME; make the folders that must exist."""
        home = Home.from_environment()
        for folder in (home.root, home.dagster, home.logs, home.serving, home.dlt):
            folder.mkdir(parents=True, exist_ok=True)
        install_dagster_yaml(home)
        relax_dagster_storage(home.dagster)
        return cls(load_config(), home)

    @property
    def dbt_target(self) -> Path:
        """dbt's own output of this home; a target folder belongs to one engine and one deployment."""
        return self.home.root / "dbt_target"

    def dbt_environment(self) -> dict[str, str]:
        """Environment of a dbt process; CONCORD_AS_OF is the moment the whole build stands for."""
        return {
            **os.environ,
            "CONCORD_WAREHOUSE": str(self.home.warehouse),
            "CONCORD_AS_OF": self.clock().isoformat(),
            # Dagster keeps what dbt says; dbt's own file repeats every statement and costs a fifth of a build.
            "DBT_LOG_LEVEL_FILE": "none",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DO_NOT_TRACK": "1",
        }


def install_dagster_yaml(home: Home) -> None:
    """Give DAGSTER_HOME the instance settings of the repository, keeping an operator's own."""
    target = home.dagster / "dagster.yaml"
    if not target.exists():
        template = (Path(__file__).parent / "dagster.yaml").read_text()
        target.write_text(template.replace("{dagster_home}", str(home.dagster)))


def ensure_manifest(runtime: Runtime) -> Path:
    """The dbt manifest, parsed anew when any model, macro, seed or YAML is newer. Returns its path.

    Raises RuntimeError with dbt's own words when the project does not parse.
    """
    manifest = runtime.dbt_target / "manifest.json"
    newest = max(
        path.stat().st_mtime
        for path in DBT_PROJECT.rglob("*")
        if path.suffix in {".sql", ".yml", ".yaml", ".csv", ".md"} and "target" not in path.parts
    )
    if manifest.exists() and manifest.stat().st_mtime >= newest:
        return manifest
    command = [
        str(DBT), "parse",
        "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT),
        "--target-path", str(runtime.dbt_target),
    ]  # fmt: skip
    done = subprocess.run(command, env=runtime.dbt_environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the dbt project does not parse:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    return manifest
