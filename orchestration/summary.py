"""What a turn of the loop found and did, read from the published copy and the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.runtime import Runtime
from orchestration.writeback import Writeback


@dataclass(frozen=True)
class CheckLine:
    """One check's standing: how many findings, and the money at risk counted once, in reporting currency."""

    check_id: str
    name: str
    evaluated: bool
    findings: int
    at_risk: Decimal


@dataclass(frozen=True)
class Picture:
    """The state after one turn of the loop."""

    rows_read: dict[str, int]
    rows_held: dict[str, int]
    checks: list[CheckLine]
    corrections: dict[str, int]
    currency: str


def take_picture(runtime: Runtime) -> Picture:
    """Read the newest published copy and the ledger."""
    with duckdb.connect(str(runtime.home.published.resolve()), read_only=True) as connection:
        read = connection.execute(
            "select _instance, arg_max(rows_read, started_at) from raw_landing.sync_run "
            "where status = 'ok' group by 1 order by 1"
        ).fetchall()
        held = connection.execute(
            "select _instance, sum(rows_landed) from raw_landing.control_total group by 1 order by 1"
        ).fetchall()
        checks = connection.execute(
            "select check_id, check_name, is_evaluated, findings, coalesce(amount_at_risk_rc, 0) "
            "from reconciliation.fct_check_run order by check_id"
        ).fetchall()
    return Picture(
        rows_read=dict(read),
        rows_held={name: int(rows) for name, rows in held},
        checks=[CheckLine(*line) for line in checks],
        corrections=Writeback.open(runtime).counts(),
        currency=runtime.config.firm.reporting_currency,
    )


def print_summary(out: Console, before: Picture, after: Picture, *, seconds: float) -> None:
    """The closing screen of `make run`."""
    out.print()
    out.print(_rows(before, after))
    out.print(_findings(before, after))
    out.print(_corrections(before, after))
    verified = after.corrections.get("verified", 0) - before.corrections.get("verified", 0)
    closed = sum(line.findings for line in before.checks) - sum(line.findings for line in after.checks)
    out.print(
        f"  {verified} corrections were verified closed by reading the systems again; "
        f"{closed} fewer findings are open than before."
    )
    out.print(f"  The work took {seconds:.0f} s. Open it: make up   (console, Dagster UI, simulators)\n")


def _rows(before: Picture, after: Picture) -> Table:
    table = _table("Rows read", "system", "first read", "second read, after the firm advanced")
    for name in sorted(set(before.rows_read) | set(after.rows_read)):
        table.add_row(name, f"{before.rows_read.get(name, 0):,}", f"{after.rows_read.get(name, 0):,}")
    return table


def _findings(before: Picture, after: Picture) -> Table:
    money = f"at risk, {after.currency}"
    table = _table("Findings by check", "check", "what", "before", money, "after", money)
    earlier = {line.check_id: line for line in before.checks}
    for line in after.checks:
        was = earlier[line.check_id]
        table.add_row(line.check_id, line.name, *_figures(was), *_figures(line))
    table.add_section()
    table.add_row("", "all", *_total(before.checks), *_total(after.checks))
    return table


def _figures(line: CheckLine) -> tuple[str, str]:
    if not line.evaluated:
        return "not evaluated", ""
    return f"{line.findings:,}", f"{line.at_risk:,.0f}"


def _total(lines: list[CheckLine]) -> tuple[str, str]:
    return f"{sum(line.findings for line in lines):,}", f"{sum(line.at_risk for line in lines):,.0f}"


def _corrections(before: Picture, after: Picture) -> Table:
    table = _table("Corrections by state", "state", "after the first read", "at the end")
    for state in sorted(set(before.corrections) | set(after.corrections)):
        table.add_row(
            state.replace("_", " "),
            str(before.corrections.get(state, 0)),
            str(after.corrections.get(state, 0)),
        )
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", pad_edge=False, box=None, padding=(0, 2)
    )
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="left" if name == "what" else "right")
    return table
