"""The month-end close as command line and schedule call it: from the published copy into the ledger.

The picture is read from one published copy; what is signed and frozen lives in the ledger and outlives the warehouse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.schema import Close
from orchestration.runtime import DBT_PROJECT, Runtime
from reverse_etl import closing
from reverse_etl.closing import Evidence, MonthPicture
from reverse_etl.errors import NotAllowedError
from reverse_etl.outbox import Outbox
from reverse_etl.setup import open_outbox, open_published
from reverse_etl.values import digest

Row = dict[str, Any]


@dataclass(frozen=True)
class CloseDesk:
    """One deployment's close."""

    runtime: Runtime
    outbox: Outbox
    rules: Close

    @classmethod
    def open(cls, runtime: Runtime) -> CloseDesk:
        """Open the ledger. Raises `NotAllowedError` when config/policy.yml has no `close` section."""
        rules = runtime.config.policy.close
        if rules is None:
            raise NotAllowedError(
                "no month is closed here.", hint="add a close section to config/policy.yml."
            )
        return cls(runtime, open_outbox(runtime.config, runtime.home, now=runtime.clock), rules)

    def pictures(self, month: date, entities: Sequence[str] = ()) -> list[MonthPicture]:
        """The month of each company (default: all), all from one published copy."""
        known = [entity.id for entity in self.runtime.config.legal_entities]
        wanted = list(entities) or known
        for one in wanted:
            if one not in known:
                raise NotAllowedError(
                    f"{one} is not a company of config/estate.yml.", hint=f"one of: {', '.join(known)}."
                )
        read = open_published(self.runtime.home).read(_statements(month, self.rules))
        as_of = max((run["detected_as_of"] for run in read["runs"]), default=self.runtime.clock())
        over = _day_after(month, self.runtime.config.firm.time_zone) <= as_of
        return [
            MonthPicture(
                legal_entity_id=entity, month=month, as_of=as_of, is_over=over,
                evidence=tuple(self._evidence(read, check, entity) for check in self.rules.checks),
                figures=tuple(_of(read["figures"], entity)), items=tuple(_of(read["items"], entity)),
            )
            for entity in wanted
        ]  # fmt: skip

    def differences(self, month: date, entity: str) -> tuple[list[Row], list[Row]]:
        """Figures of a frozen month as reported and as now, and the records that changed, each with its cause."""
        read = open_published(self.runtime.home).read(
            {
                "figures": "select legal_entity_id, metric_id, unit, frozen_value, metric_value, difference "  # noqa: S608
                f"from reconciliation.fct_close_figure where month = date '{month}' and is_frozen order by metric_id",
                "changes": f"select * from reconciliation.fct_close_difference where month = date '{month}' "  # noqa: S608
                "order by cause, item_kind, item_id",
            }
        )
        return list(_of(read["figures"], entity)), list(_of(read["changes"], entity))

    def _evidence(self, read: dict[str, list[Row]], check: str, entity: str) -> Evidence:
        run = next((row for row in read["runs"] if row["check_id"] == check), None)
        mine = [
            row
            for row in read["findings"]
            if row["check_id"] == check and row["legal_entity_id"] in (entity, None)
        ]
        rows = [
            [row["finding_id"], row["severity"], str(row["amount_at_risk"]), row["finding_state"]]
            for row in mine
        ]
        amounts = [row["amount_at_risk_rc"] for row in mine if row["amount_at_risk_rc"] is not None]
        outcome, reason = _outcome(run)
        return Evidence(
            check_id=check, outcome=outcome, reason=reason, query_version=query_version(check),
            rule_version=max((row["rule_version"] for row in mine), default=None), findings=len(mine),
            blocking=sum(row["severity"] == "S1" and row["finding_state"] != "waived" for row in mine),
            amount_at_risk_rc=sum(amounts) if amounts else None, rows_hash=digest(rows),
            source_loaded_at=run["source_loaded_at"] if run else None,
        )  # fmt: skip


def _outcome(run: Row | None) -> tuple[str, str | None]:
    if run is None:
        return "missing", "no such check ran"
    if not run["is_evaluated"]:
        return "not_evaluated", run["reason"]
    return "evaluated", None


def query_version(check_id: str) -> str | None:
    """A hash of the check's SQL, its support models and the macros included; None without such a check."""
    folder = DBT_PROJECT / "models" / "marts" / "reconciliation"
    models = sorted(folder.rglob(f"rec_{check_id.lower()}_*.sql"))
    if not models:
        return None
    seen = hashlib.sha256()
    for path in [*models, *sorted((DBT_PROJECT / "macros" / "reconciliation").glob("*.sql"))]:
        seen.update(path.name.encode() + b"\0" + path.read_bytes())
    return seen.hexdigest()


def _statements(month: date, rules: Close) -> dict[str, str]:
    """Queries of one picture; what is put in are dates and check ids that configuration has validated."""
    checks = ", ".join(f"'{check}'" for check in rules.checks)
    begun = f"coalesce(f.occurred_on, date '{month}') <= date '{month_end(month)}'"
    of_month = f"where month = date '{month}'"
    return {
        "runs": "select check_id, is_evaluated, reason, detected_as_of, source_loaded_at "
        "from reconciliation.fct_check_run",
        "findings": "select f.finding_id, f.check_id, f.rule_version, f.legal_entity_id, f.severity, "  # noqa: S608
        "f.amount_at_risk, f.amount_at_risk_rc, s.finding_state from reconciliation.fct_findings f "
        "join reconciliation.fct_finding_state s on s.finding_id = f.finding_id "
        f"where f.check_id in ({checks}) and {begun} order by f.finding_id",
        "figures": "select legal_entity_id, metric_id as metric, unit, metric_value as value "  # noqa: S608
        f"from reconciliation.fct_close_figure {of_month} order by metric_id",
        "items": f"select * from reconciliation.fct_close_item {of_month} order by item_kind, item_id",  # noqa: S608
    }


def _of(rows: Iterable[Row], entity: str) -> Iterable[Row]:
    return (row for row in rows if row["legal_entity_id"] == entity)


def month_end(month: date) -> date:
    """Last day of the month that begins on `month`."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _day_after(month: date, zone: str) -> datetime:
    after = month_end(month) + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(zone))


def closing_month(today: date, reminder_days: int, holidays: frozenset[date]) -> date:
    """The month that is being closed: the present one in its last business days, the last one otherwise."""
    first = today.replace(day=1)
    left = [
        day for offset in range((month_end(first) - today).days + 1)
        if (day := today + timedelta(days=offset)).weekday() < 5 and day not in holidays
    ]  # fmt: skip
    return first if len(left) <= reminder_days else (first - timedelta(days=1)).replace(day=1)


def keep_evidence_and_remind(runtime: Runtime) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Keep the evidence of the month being closed; counts, and (company, what is still missing) for reminders."""
    desk = CloseDesk.open(runtime)
    today = runtime.clock().astimezone(ZoneInfo(runtime.config.firm.time_zone)).date()
    calendar = next(
        e.calendar for e in runtime.config.legal_entities if e.id == runtime.config.firm.reporting_entity
    )
    holidays = frozenset(row.holiday_date for row in runtime.config.holidays if row.calendar == calendar)
    month = closing_month(today, desk.rules.reminder_business_days, holidays)
    counts, reminders = {"evidence_kept": 0, "frozen": 0, "open": 0}, []
    for picture in desk.pictures(month):
        now = closing.standing(desk.outbox, picture.legal_entity_id, month)
        counts["frozen" if now.state == "frozen" else "open"] += 1
        if now.state == "frozen":
            continue
        counts["evidence_kept"] += closing.record_evidence(desk.outbox, picture)
        unapproved = next((f["value"] for f in picture.figures if f["metric"] == "unapproved_hours"), None)
        todo = ([f"{unapproved} hours are not approved"] if unapproved else []) + picture.problems
        todo += [f"not signed by {role}" for role in desk.rules.sign_off_roles if role not in now.signed]
        reminders.append((f"{picture.legal_entity_id} {month:%Y-%m}", "; ".join(todo)))
    desk.outbox.engine.dispose()
    return counts, reminders
