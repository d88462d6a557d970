"""dbt's own documentation of every model and column as one page."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from ingestion.warehouse import warehouse_lock
from orchestration.runtime import DBT, DBT_PROJECT, Runtime


def docs_folder(runtime: Runtime) -> Path:
    """Where the page lives; a folder of its own, so that serving it shows nothing else."""
    folder = runtime.home.root / "dbt_docs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_docs(runtime: Runtime) -> Path:
    """Write the page anew from the project and the warehouse; returns it.

    Raises RuntimeError with dbt's own words.
    """
    command = [
        str(DBT), "docs", "generate", "--static", "--quiet",
        "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT),
        "--target-path", str(runtime.dbt_target),
    ]  # fmt: skip
    with warehouse_lock(runtime.home):
        done = subprocess.run(
            command, env=runtime.dbt_environment(), capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise RuntimeError(f"dbt docs failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    page = docs_folder(runtime) / "index.html"
    unfinished = page.with_suffix(".tmp")
    shutil.copyfile(runtime.dbt_target / "static_index.html", unfinished)
    return unfinished.replace(page)
