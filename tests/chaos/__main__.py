"""``python -m tests.chaos --seeds 10000``: the long run; ``--seed 7`` replays one run and prints its course."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.chaos.invariants import broken
from tests.chaos.points import Coverage, Side, persistence_points
from tests.chaos.simulation import played

_CHUNK = 20
_TOLD_EVERY = 10 * _CHUNK
"""Where no bar can move, such as in a log, a line says how far the run is."""


def examine(seeds: range) -> tuple[int, Coverage, dict[int, list[str]]]:
    """Play some seeds; returns how many, what they passed and what broke in which."""
    coverage, failures = Coverage(), {}
    for seed in seeds:
        try:
            with played(seed) as run:
                found = broken(run)
                coverage.add(run.coverage)
        except Exception as error:
            found = [f"the run ended with {type(error).__name__}: {error}"]
        if found:
            failures[seed] = found
    return len(seeds), coverage, failures


def _chunks(first: int, count: int) -> Iterator[range]:
    for start in range(first, first + count, _CHUNK):
        yield range(start, min(start + _CHUNK, first + count))


def coverage_table(coverage: Coverage) -> Table:
    """Each persistence point with what it recorded, how often it was passed and how often a process died there."""
    table = Table(title="Persistence points", title_justify="left")
    for name in ("point", "records"):
        table.add_column(name, no_wrap=True)
    for name in ("passed", "killed before", "killed after"):
        table.add_column(name, justify="right")
    steps = {(point, step) for point, step, _ in coverage.passed}
    steps |= {
        (point, "(never reached)") for point in persistence_points() if point not in {p for p, _ in steps}
    }
    for point, step in sorted(steps):
        sides: tuple[Side, Side] = ("before", "after")
        kills = [str(coverage.killed[point, step, side]) for side in sides]
        table.add_row(point, step, str(coverage.passed[point, step, "before"]), *kills)
    return table


def faults_table(coverage: Coverage) -> Table:
    """How often each fault was injected."""
    table = Table(title="Faults", title_justify="left")
    table.add_column("fault")
    table.add_column("times", justify="right")
    for name, count in sorted(coverage.faults.items()):
        table.add_row(name, str(count))
    return table


def long_run(console: Console, first: int, count: int) -> bool:
    """Play `count` seeds on all cores with a progress bar; whether all invariants held and no point was missed."""
    coverage, failures, began = Coverage(), dict[int, list[str]](), time.monotonic()
    columns = (
        TextColumn("chaos"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[bad]}"),
    )
    with ProcessPoolExecutor(os.cpu_count()) as pool, Progress(*columns, console=console) as progress:
        bar = progress.add_task("seeds", total=count, bad="")
        for future in as_completed([pool.submit(examine, chunk) for chunk in _chunks(first, count)]):
            done, part, found = future.result()
            coverage.add(part)
            failures |= found
            progress.update(bar, advance=done, bad=f"{len(failures)} broken" if failures else "")
            if not console.is_terminal and progress.tasks[bar].completed % _TOLD_EVERY == 0:
                console.print(f"{progress.tasks[bar].completed:.0f} of {count} seeds, {len(failures)} broken")
    console.print(coverage_table(coverage), faults_table(coverage))
    for seed, words in sorted(failures.items()):
        console.print(f"[red]seed {seed}[/red]: {'; '.join(words[:3])}\n  replay: make chaos SEED={seed}")
    missing = coverage.missing(persistence_points())
    for point, side in missing:
        console.print(f"[red]no process died {side} {point}[/red]")
    minutes, seconds = divmod(time.monotonic() - began, 60)
    console.print(
        f"{count} seeds from {first} in {int(minutes)} min {seconds:.0f} s: {len(failures)} broken; "
        f"{len(persistence_points())} persistence points, {len(missing)} without a kill"
    )
    return not failures and not missing


def replay(console: Console, seed: int) -> bool:
    """Play one seed and print its course and what broke."""
    with played(seed) as run:
        found = broken(run)
        console.print("\n".join(run.trace), markup=False, highlight=False, soft_wrap=True)
        console.print(f"seed {seed}, course {run.digest}: " + ("; ".join(found) or "all invariants hold"))
    return not found


@click.command()
@click.option("--seeds", default=200, show_default=True, help="How many seeds to play.")
@click.option("--first", default=0, show_default=True, help="The first of them.")
@click.option("--seed", type=int, help="Replay this one and print its course.")
def main(seeds: int, first: int, seed: int | None) -> None:
    """Play the write-back against everything that can go wrong, from seeds."""
    console = Console(width=120)
    is_fine = replay(console, seed) if seed is not None else long_run(console, first, seeds)
    raise SystemExit(0 if is_fine else 1)


if __name__ == "__main__":
    main()
