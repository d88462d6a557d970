"""From the tenant to typed raw tables, through the runner: nothing hidden, nothing lost, nothing invented."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config import Config, load_config
from config.paths import Home
from connectors.errors import MalformedResponseError, PermanentError, UnauthorizedError
from connectors.http import Backoff
from connectors.kantata import connect
from ingestion import registry
from ingestion.errors import TypeFlipError
from ingestion.runner import SyncResult, sync_instance
from ingestion.sources.kantata import TABLES
from sandbox.simulators.faults import Fault
from sandbox.simulators.kantata.events import delete_record
from tests.kantata.conftest import LOW_TOKEN, TOKEN, Tenant
from tests.kantata.estate import CUSTOM_FIELDS, instance_at
from tests.kantata.firm import ENTRIES

NAME = "kantata_test"


class Deployment:
    """Concord looking at one test tenant."""

    def __init__(self, tenant: Tenant, root: Path) -> None:
        self.tenant = tenant
        self.home = Home(root / "home")
        self.config = self._config(instance_at(tenant.url))

    def _config(self, instance: Any) -> Config:
        base = load_config()
        return base.model_copy(update={"estate": base.estate.model_copy(update={"instances": [instance]})})

    def change_instance(self, **changes: Any) -> None:
        self.config = self._config(instance_at(self.tenant.url, **changes))

    def sync(self, mode: Any = "incremental", token: str = TOKEN) -> SyncResult:
        system = registry.system("kantata")
        quick = partial(connect, backoff=Backoff(attempts=3), sleep=lambda _seconds: None, timeout=20.0)
        return sync_instance(
            self.config,
            NAME,
            mode=mode,
            home=self.home,
            clock=self.tenant.clock,
            systems=lambda _name: replace(system, connect=quick),
            environ={"CONCORD_TEST_TOKEN": token},
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home.warehouse), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(sql).fetchall()

    def calls(self, path: str) -> int:
        return sum(1 for _, called in self.tenant.calls() if called == path)


@pytest.fixture
def deployment(tenant: Tenant, tmp_path: Path) -> Deployment:
    return Deployment(tenant, tmp_path)


def test_everything_lands_typed(deployment: Deployment) -> None:
    result = deployment.sync()
    assert set(result.rows_by_table) == set(TABLES)
    assert result.rows_by_table["time_entry"] == ENTRIES
    assert (result.rows_by_table["workspace"], result.rows_by_table["story"]) == (3, 5)
    assert result.drift == []
    assert result.quarantined == 0
    landed = deployment.rows(
        "select id, rate_in_cents, date_performed, updated_at, approved, currency_base_unit "
        "from raw_kantata.time_entry where id in ('20001', '20002') order by id"
    )
    assert landed == [
        ("20001", 20_000, date(2026, 1, 5), datetime(2026, 1, 5, 9, tzinfo=UTC), True, 100),
        ("20002", 20_000, date(2026, 1, 5), datetime(2026, 1, 5, 10, tzinfo=UTC), True, 1),
    ]
    assert deployment.rows("select rate from raw_kantata.rate_card_role") == [(Decimal("200.00000000"),)]
    assert deployment.rows("select workspace_id from raw_kantata.invoice") == [("410",)]
    assert deployment.rows("select count(*) from raw_kantata.external_reference") == [(2,)]


def test_custom_values_land_under_stable_names(deployment: Deployment) -> None:
    deployment.sync()
    assert deployment.rows(
        "select id, practice_code, open_from, budget_hours, status_key from raw_kantata.workspace order by id"
    ) == [
        ("410", "CLD", date(2026, 1, 1), None, "on_track"),
        ("411", None, None, None, "on_track"),
        ("412", None, None, None, "on_track"),
    ]
    assert deployment.rows("select legal_name from raw_kantata.workspace_group where id = '501'") == [
        ("Acme Corp",)
    ]
    assert deployment.rows("select accepted_on from raw_kantata.story where id = '5120'") == [
        (date(2026, 5, 2),)
    ]


def test_a_changed_custom_value_lands_although_its_subject_did_not_change(deployment: Deployment) -> None:
    deployment.sync()
    deployment.tenant.clock.advance(hours=1)
    changed = {"custom_field_value": {"value": "Acme Corporation"}}
    assert deployment.tenant.api("PUT", "custom_field_values/303", json=changed).status_code == 200
    deployment.sync()
    assert deployment.rows("select legal_name from raw_kantata.workspace_group where id = '501'") == [
        ("Acme Corporation",)
    ]


def test_a_second_run_reads_what_changed_and_full_tables(deployment: Deployment) -> None:
    deployment.sync()
    deployment.tenant.clock.advance(hours=2)
    deployment.tenant.api("PUT", "time_entries/20440", json={"time_entry": {"time_in_minutes": 15}})
    again = deployment.sync()
    assert again.rows_by_table["time_entry"] == 2  # the changed one, and the last one inside the overlap
    assert deployment.rows("select time_in_minutes from raw_kantata.time_entry where id = '20440'") == [(15,)]


def test_skills_are_read_whole_so_that_a_new_level_and_a_lost_skill_show(deployment: Deployment) -> None:
    deployment.sync()
    deployment.tenant.clock.advance(hours=1)
    store = deployment.tenant.store
    store.upsert("skill_memberships", "45", {"level": 5, "updated_at": "2026-06-30T18:30:00Z"})
    store.delete("skill_memberships", "46")
    deployment.sync()
    columns = "user_id, skill_id, cached_skill_name, level, max_level, created_at"
    assert deployment.rows(f"select {columns} from raw_kantata.skill_membership where id = '45'") == [
        ("77", "41", "Kubernetes", 5, 5, datetime(2026, 1, 5, 9, tzinfo=UTC))
    ]
    assert deployment.rows("select object, record_id from raw_kantata.tombstone") == [
        ("skill_membership", "46")
    ]
    assert deployment.rows("select name, max_level from raw_kantata.skill order by id") == [
        ("Kubernetes", 5), ("Facilitation", 3),
    ]  # fmt: skip


def test_assignments_of_archived_work_are_read_and_later_only_what_changed(deployment: Deployment) -> None:
    deployment.sync()
    columns = "id, story_id, assignee_id, estimated_minutes, allocated_minutes, current"
    assert deployment.rows(f"select {columns} from raw_kantata.assignment order by id") == [
        ("711", "5121", "77", 9000, 9600, True),
        ("712", "5122", "77", None, 600, True),
        ("713", "5123", "78", 60, 0, False),
    ]
    deployment.tenant.clock.advance(hours=1)
    store, now = deployment.tenant.store, deployment.tenant.clock.now
    store.upsert("assignments", "712", {"current": 0, "updated_at": "2026-06-30T18:30:00Z"})
    delete_record(store, "assignments", "713", now)
    deployment.tenant.clock.advance(minutes=10)
    assert deployment.sync().rows_by_table["assignment"] == 1
    assert deployment.rows("select current from raw_kantata.assignment where id = '712'") == [(False,)]
    assert deployment.rows("select object, record_id, origin from raw_kantata.tombstone") == [
        ("assignment", "713", "deleted_feed")
    ]


def test_deletions_come_from_the_event_feed(deployment: Deployment) -> None:
    deployment.sync()
    deployment.tenant.clock.advance(hours=1)
    deployment.tenant.api("DELETE", "time_entries/20440")
    deployment.tenant.api("DELETE", "workspace_allocations/701")
    deployment.tenant.clock.advance(minutes=10)
    deployment.sync()
    assert deployment.rows("select object, record_id, origin from raw_kantata.tombstone order by object") == [
        ("time_entry", "20440", "deleted_feed"),
        ("workspace_allocation", "701", "deleted_feed"),
    ]


@pytest.mark.parametrize(("mode", "days"), [("incremental", 12), ("full", 0)])
def test_after_a_long_gap_or_in_full_mode_ids_are_compared(
    deployment: Deployment, mode: str, days: int
) -> None:
    deployment.sync()
    deployment.tenant.api("DELETE", "time_entries/20440")
    deployment.tenant.clock.advance(days=days, minutes=5)
    deployment.sync(mode)
    assert deployment.rows("select object, record_id, origin from raw_kantata.tombstone") == [
        ("time_entry", "20440", "sweep")
    ]


def test_without_the_add_on_the_feed_is_not_asked(deployment: Deployment) -> None:
    deployment.change_instance(options={"subscribed_events": False})
    deployment.sync()
    deployment.tenant.clock.advance(hours=1)
    deployment.sync()
    assert deployment.calls("subscribed_events") == 0


def test_archiving_a_project_is_not_a_mass_delete(deployment: Deployment) -> None:
    deployment.sync()
    deployment.tenant.clock.advance(hours=1)
    deployment.tenant.api("PUT", "workspaces/410", json={"workspace": {"archived": True}})
    deployment.tenant.clock.advance(days=8)
    deployment.sync()
    assert deployment.rows("select archived from raw_kantata.workspace where id = '410'") == [(True,)]
    assert deployment.rows("select count(*) from raw_kantata.tombstone") == [(0,)]


def test_a_token_that_hides_money_is_refused_by_name(deployment: Deployment) -> None:
    with pytest.raises(UnauthorizedError) as refused:
        deployment.sync(token=LOW_TOKEN)
    assert refused.value.field == "price_in_cents, currency"
    assert "instance kantata_test, object workspace" in str(refused.value)


def test_a_feed_that_suddenly_shows_little_is_not_believed(deployment: Deployment) -> None:
    deployment.sync()
    deployment.tenant.store.connection.execute("delete from time_entries where id > '20010'")
    deployment.tenant.clock.advance(days=7)
    with pytest.raises(UnauthorizedError, match="no longer shown"):
        deployment.sync()
    assert deployment.rows("select count(*) from raw_kantata.tombstone") == [(0,)]


def test_an_unmapped_new_field_is_kept_and_reported(deployment: Deployment) -> None:
    fault = Fault(kind="rewrite", path="/users", at="users.77.shoe_size", value=43)
    deployment.tenant.faults.order(fault)
    assert deployment.sync().drift == [("user", "shoe_size", "new_column")]
    assert deployment.rows("select _extra from raw_kantata.user where id = '77'") == [('{"shoe_size":43}',)]


def test_a_custom_field_the_account_does_not_have_is_an_error(deployment: Deployment) -> None:
    wrong = {**CUSTOM_FIELDS, "WorkspaceGroup": {"Legal Nmae": "legal_name"}}
    deployment.change_instance(custom_fields=wrong)
    with pytest.raises(PermanentError, match="field Legal Nmae"):
        deployment.sync()


def test_an_estate_silent_about_the_event_feed_is_an_error(deployment: Deployment) -> None:
    deployment.change_instance(options={})
    with pytest.raises(PermanentError, match=r"options\.subscribed_events"):
        deployment.sync()


def test_bad_rows_are_set_aside_and_the_rest_lands(deployment: Deployment) -> None:
    edits: dict[str, dict[str, Any]] = {
        "20010": {"time_in_minutes": -60},
        "20011": {"date_performed": "2031-01-01"},
        "20012": {"user_id": "", "notes": "nobody"},
    }
    for id_, fields in edits.items():
        deployment.tenant.store.upsert("time_entries", id_, fields)
    result = deployment.sync()
    assert result.rows_by_table["time_entry"] == ENTRIES - 3
    assert deployment.rows(
        "select record_id, field, rule from raw_landing.quarantine where object = 'time_entry' order by record_id"
    ) == [
        ("20010", "time_in_minutes", "minimum"),
        ("20011", "date_performed", "future"),
        ("20012", "user_id", "required"),
    ]


Broken = tuple[Fault, type[Exception], str]


@pytest.mark.parametrize(
    "broken",
    [
        (Fault(kind="truncate", path="/time_entries"), MalformedResponseError, "object time_entries"),
        (
            Fault(kind="rewrite", path="/time_entries", at="time_entries.*.rate_in_cents", value="a lot"),
            TypeFlipError,
            "rate_in_cents",
        ),
    ],
    ids=["malformed page", "flipped type"],
)
def test_a_broken_page_stops_the_instance_and_leaves_the_data(deployment: Deployment, broken: Broken) -> None:
    fault, expected, told = broken
    deployment.sync()
    deployment.tenant.faults.order(fault)
    with pytest.raises(expected, match=told):
        deployment.sync("full")
    assert deployment.rows("select count(*) from raw_kantata.time_entry") == [(ENTRIES,)]
    assert deployment.rows("select status from raw_landing.sync_run order by started_at, status") == [
        ("failed",),
        ("ok",),
    ]


def test_rows_moving_while_paging_end_up_the_same(deployment: Deployment) -> None:
    """A slow page lets another user change rows that were read already."""
    tenant = deployment.tenant
    move: Callable[[int], Any] = lambda id_: tenant.store.upsert(  # noqa: E731
        "time_entries", str(id_), {"notes": "moved", "updated_at": "2026-06-30T18:00:30Z"}
    )
    deployment.sync()
    tenant.clock.advance(minutes=1)
    for id_ in range(20_101, 20_401):
        move(id_)
    tenant.clock.advance(hours=1)
    assert deployment.sync().rows_by_table["time_entry"] >= 300
    assert deployment.rows("select count(*) from raw_kantata.time_entry where notes = 'moved'") == [(300,)]
