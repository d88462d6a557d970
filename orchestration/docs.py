"""Pages that explain the data: dbt's own of every model and column, and the Data Docs of every landing suite."""

from __future__ import annotations

import shutil
import subprocess
from html import escape
from pathlib import Path

from ingestion.warehouse import warehouse_lock
from orchestration.runtime import DBT, DBT_PROJECT, Runtime


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
    page = runtime.home.docs / "models" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    unfinished = page.with_suffix(".tmp")
    shutil.copyfile(runtime.dbt_target / "static_index.html", unfinished)
    return unfinished.replace(page)


def write_front_page(runtime: Runtime) -> Path:
    """What there is to read, and where; returns the page."""
    links = [("models/index.html", "Models: every table and column, with tests and lineage")]
    links += [
        (f"landing/{page.parent.name}/index.html", f"Landing suites of {page.parent.name}")
        for page in sorted(runtime.home.data_docs.glob("*/index.html"))
    ]
    there = [(to, words) for to, words in links if (runtime.home.docs / to).exists()]
    items = "".join(f'<li><a href="{escape(to)}">{escape(words)}</a></li>' for to, words in there)
    runtime.home.docs.mkdir(parents=True, exist_ok=True)
    page = runtime.home.docs / "index.html"
    page.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Concord: the data</title></head>'
        '<body style="font: 15px/1.6 system-ui, sans-serif; margin: 48px"><h1>The data</h1>'
        f"<ul>{items or '<li>Nothing was read yet: run <code>make run</code>.</li>'}</ul></body></html>",
        encoding="utf-8",
    )
    return page
