"""`concord corrections plan`: the dry run against the live targets."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from config import load_config
from config.paths import Home
from reverse_etl.cli_common import ledger, plain_errors
from reverse_etl.errors import PublishedCopyError
from reverse_etl.models import Filter
from reverse_etl.planning import PLANNED_STATES, Planned, plan
from reverse_etl.setup import open_destinations, open_published

Records = Mapping[str, Sequence[Mapping[str, Any]]]


def register(group: click.Group) -> None:
    """Add the commands of this module to `group`."""
    group.add_command(plan_command)


@click.command("plan")
@click.argument("correction_ids", nargs=-1)
@click.option("--check", "check_id", help="Only this check, such as B01.")
@click.option("--limit", default=200, show_default=True, help="How many, when no ids are given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@plain_errors
def plan_command(correction_ids: tuple[str, ...], check_id: str | None, limit: int, as_json: bool) -> None:
    """Show what proposed and approved corrections would change in the live systems; writes nothing."""
    outbox, home = ledger(), Home.from_environment()
    wanted = Filter(states=PLANNED_STATES, check_id=check_id, limit=limit)
    ids = correction_ids or [item.correction_id for item in outbox.list(wanted)]
    found = plan(outbox, open_destinations(load_config(), home, os.environ), ids)
    records, why_not = _records(home, found)
    for one in found:
        if as_json:
            click.echo(json.dumps(_facts(one, records), default=str))
        else:
            _print(one, records)
    if as_json:
        return
    if why_not:
        click.echo(f"(records behind the findings are not shown: {why_not})")
    counts = Counter(one.status for one in found)
    words = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    click.echo(f"{len(found)} planned: {words or 'nothing waits'}. Nothing was written.")


def _records(home: Home, found: Sequence[Planned]) -> tuple[Records, str | None]:
    """The rows of each system behind the findings, by finding, as far as a published copy has them."""
    ids = sorted({c.finding_id for one in found for c in one.correction.changes if c.finding_id})
    try:
        rows = open_published(home).evidence(ids)
    except PublishedCopyError as error:
        return {}, error.message
    by_finding: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_finding.setdefault(row["finding_id"], []).append(row)
    return by_finding, None


def _rows_of(one: Planned, records: Records) -> list[Mapping[str, Any]]:
    findings = dict.fromkeys(c.finding_id for c in one.correction.changes if c.finding_id)
    return [row for finding in findings for row in records.get(finding, ())]


def _facts(one: Planned, records: Records) -> dict[str, Any]:
    item = one.correction
    return {
        "id": item.correction_id, "state": item.state.value, "check": item.check_id, "operation": item.operation,
        "instance": item.target_instance, "object": item.target_object, "record": item.target_record_id,
        "status": one.status, "reason": one.reason, "fields": [asdict(field) for field in one.fields],
        "evidence": item.evidence, "records": _rows_of(one, records),
    }  # fmt: skip


def _print(one: Planned, records: Records) -> None:
    item = one.correction
    record = item.target_record_id or "(new record)"
    click.echo(f"{item.correction_id}  {item.check_id}  {item.state}  {one.status}")
    click.echo(f"  {item.operation} {item.target_instance}.{item.target_object} {record}: {item.reason}")
    if one.reason:
        click.echo(f"  {one.reason}")
    for f in one.fields:
        seen = f", proposed from {_shown(f.seen)}" if f.status == "conflict" else ""
        click.echo(f"  {f.field}: {_shown(f.live)} -> {_shown(f.new)}  {f.status}{seen}")
    for fact in item.evidence or []:
        click.echo(f"  evidence {json.dumps(fact, ensure_ascii=False, default=str)}")
    for row in _rows_of(one, records):
        place = f"{row['instance']}.{row['object_type']} {row['record_id']}"
        click.echo(f"  evidence {row['role']} {place}  {row['field_name']} = {row['field_value']}")
    click.echo("")


def _shown(value: str | None) -> str:
    return "(empty)" if value is None else value
