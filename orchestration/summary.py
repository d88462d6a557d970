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
    """One check's standing; the money at risk is counted once per amount, in reporting currency."""

    check_id: str
    name: str
    is_evaluated: bool
    findings: frozenset[str]
    at_risk: Decimal


@dataclass(frozen=True)
class Picture:
    """The state after one turn of the loop."""

    rows_read: dict[str, int]
    checks: dict[str, CheckLine]
    corrections: dict[str, int]
    currency: str

    @property
    def findings(self) -> frozenset[str]:
        """Every open finding."""
        return frozenset().union(*(line.findings for line in self.checks.values()))


def take_picture(runtime: Runtime) -> Picture:
    """Read the newest published copy and the ledger."""
    with duckdb.connect(str(runtime.home.published.resolve()), read_only=True) as connection:
        read = connection.execute(
            "select _instance, arg_max(rows_read, started_at) from raw_landing.sync_run "
            "where status = 'ok' group by 1 order by 1"
        ).fetchall()
        checks = connection.execute(
            "select runs.check_id, runs.check_name, runs.is_evaluated, "
            "list(found.finding_id) filter (where found.finding_id is not null), "
            "coalesce(sum(found.amount_at_risk_rc) filter (where found.is_primary_cause), 0) "
            "from reconciliation.fct_check_run as runs "
            "left join reconciliation.fct_findings as found on found.check_id = runs.check_id "
            "group by 1, 2, 3 order by 1"
        ).fetchall()
    return Picture(
        rows_read=dict(read),
        checks={
            line[0]: CheckLine(line[0], line[1], line[2], frozenset(line[3] or ()), line[4])
            for line in checks
        },
        corrections=Writeback.open(runtime).counts(),
        currency=runtime.config.firm.reporting_currency,
    )


def print_summary(out: Console, before: Picture, after: Picture, *, seconds: float) -> None:
    """The closing screen of `make run`."""
    out.print()
    out.print(_rows(before, after))
    out.print(_findings(before, after))
    out.print(_corrections(before, after))
    verified = after.corrections["verified"] - before.corrections["verified"]
    closed = len(before.findings - after.findings)
    out.print(
        f"  {verified} corrections were verified by reading the systems again; {closed} findings are closed."
    )
    if after.corrections["delivered"]:
        out.print(
            f"  {after.corrections['delivered']} more were delivered just now; the next read proves them."
        )
    if after.corrections["proposed"]:
        out.print(f"  {after.corrections['proposed']} wait for your decision: make up, console, Approvals.")
    out.print(f"  The work took {seconds:.0f} s. Open it: make up   (console, Dagster UI, simulators)\n")


def _rows(before: Picture, after: Picture) -> Table:
    table = _table("Rows read", "system", "first read", "second read, after the firm advanced")
    for name in sorted(set(before.rows_read) | set(after.rows_read)):
        table.add_row(name, f"{before.rows_read.get(name, 0):,}", f"{after.rows_read.get(name, 0):,}")
    return table


def _findings(before: Picture, after: Picture) -> Table:
    money = f"at risk, {after.currency}"
    table = _table("Findings by check", "check", "what", "before", money, "closed", "new", "now", money)
    for check_id, line in after.checks.items():
        was = before.checks[check_id]
        table.add_row(check_id, line.name, *_figures(was), *_moves(was.findings, line), *_figures(line))
    table.add_section()
    whole = [_sum(picture) for picture in (before, after)]
    table.add_row("", "all", *_figures(whole[0]), *_moves(whole[0].findings, whole[1]), *_figures(whole[1]))
    return table


def _figures(line: CheckLine) -> tuple[str, str]:
    if not line.is_evaluated:
        return "not evaluated", ""
    return f"{len(line.findings):,}", f"{line.at_risk:,.0f}"


def _moves(earlier: frozenset[str], line: CheckLine) -> tuple[str, str]:
    return f"{len(earlier - line.findings):,}", f"{len(line.findings - earlier):,}"


def _sum(picture: Picture) -> CheckLine:
    at_risk = sum((line.at_risk for line in picture.checks.values()), Decimal(0))
    return CheckLine("", "all", True, picture.findings, at_risk)


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
        table.add_column(name, justify="left" if name == "what" else "right", no_wrap=name == "what")
    return table
