"""What happens when something outside is wrong: said where and what to do, nothing lost, nobody else stopped.

One firm lives through every case; each test damages something, looks, and mends it again.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from config import ConfigError
from config.clock import now
from ingestion.__main__ import main as ingestion_command
from ingestion.sources.netsuite import TABLES as NETSUITE_TABLES
from ingestion.sources.salesforce import TABLES as SALESFORCE_TABLES
from orchestration.cli import main as concord
from orchestration.demo import Loop
from reverse_etl.models import Correction, Filter, State
from reverse_etl.setup import open_published
from reverse_etl.verify import verify
from tests.acceptance.traces import (
    LOAD_COLUMNS,
    Contents,
    files_with,
    last_attempt,
    leaks,
    query,
    raw_contents,
    secrets_of,
)
from tests.support import Firm, build_dbt, point_estate_at, running_firm

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("bad_input")]

SYSTEM = {
    "salesforce_group": "salesforce",
    "netsuite_group": "netsuite",
    "kantata_group": "kantata",
    "bamboohr_group": "bamboohr",
    "salesforce_kestrel": "salesforce",
}


@dataclass
class Deployment:
    """One served firm, synced, built and dispatched once, and the hands of its operator."""

    firm: Firm
    loop: Loop
    secrets: list[str]
    wrong: list[str] = field(default_factory=list)  # bad credentials tried on the way; no less secret

    def sync(self, *arguments: str) -> tuple[int, str]:
        """`concord sync`; exit code and all it printed."""
        done = CliRunner().invoke(concord, ["sync", *arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert not leaks([*self.secrets, *self.wrong], done.output)
        return done.exit_code, done.output

    def contents(self, instance: str, *, ignoring: tuple[str, ...] = ()) -> Contents:
        return raw_contents(self.firm.home, SYSTEM[instance], instance, ignoring=ignoring)

    def another(self, instance: str) -> str:
        return "salesforce_group" if instance != "salesforce_group" else "bamboohr_group"

    @contextmanager
    def stops_only(self, instance: str, *words: str) -> Iterator[None]:
        """Within: one sync of the instance that must fail. Around: nothing lost, said why, others go on."""
        before, attempts = self.contents(instance), self._attempts(instance)
        yield
        assert self.contents(instance) == before, "a failed read changed earlier rows"
        assert self._attempts(instance) == attempts + 1
        status, error = last_attempt(self.firm.home, instance)
        assert status == "failed"
        assert error is not None
        assert [word for word in (instance, *words) if word not in error] == [], error
        assert not leaks([*self.secrets, *self.wrong], error)

    def recovers(self, instance: str) -> None:
        """A later good run brings back what was there: nothing changed at the vendor in between."""
        before = self.contents(instance, ignoring=LOAD_COLUMNS)
        assert self.sync(instance)[0] == 0
        assert last_attempt(self.firm.home, instance) == ("ok", None)
        assert self.contents(instance, ignoring=LOAD_COLUMNS) == before

    def order(self, instance: str, kind: str, path: str, **fault: Any) -> None:
        self.firm.admin(instance, "POST", "/faults", {"kind": kind, "path": path, **fault})

    def rows(self, instance: str, name: str) -> list[dict[str, Any]]:
        rows: Any = self.firm.admin(instance, "GET", f"/rows/{name}")
        return list(rows)

    def edit(self, instance: str, name: str, key: str, fields: dict[str, Any]) -> None:
        self.firm.admin(instance, "PATCH", f"/rows/{name}/{key}", fields)

    def _attempts(self, instance: str) -> int:
        sql = "select count(*) from raw_landing.sync_run where _instance = ?"
        return int(query(self.firm.home, sql, [instance])[0][0])


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with running_firm(tmp_path_factory.mktemp("bad"), people=40, months=9) as firm:
        os.environ["DAGSTER_HOME"] = str(firm.home.dagster)
        loop = Loop.open()
        assert CliRunner().invoke(concord, ["sync"]).exit_code == 0
        pieces = secrets_of(firm.config, os.environ)
        yield Deployment(firm, loop, [piece for found in pieces.values() for piece in found])


@pytest.fixture(autouse=True)
def firm_environment(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Vendors without left-over faults before and after each test."""
    for instance in SYSTEM:
        deployment.firm.admin(instance, "DELETE", "/faults")
    yield
    for instance in SYSTEM:
        deployment.firm.admin(instance, "DELETE", "/faults")


def _another_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*form).decode().strip()


CREDENTIALS = [
    ("salesforce_group", "CONCORD_SALESFORCE_GROUP_PRIVATE_KEY", _another_key),
    ("salesforce_group", "CONCORD_SALESFORCE_GROUP_PRIVATE_KEY", lambda: "not-a-key-4f0c81ab77"),
    ("netsuite_group", "CONCORD_NETSUITE_GROUP_TOKEN_SECRET", lambda: "wrong-8d1f2c55a0e94b"),
    ("kantata_group", "CONCORD_KANTATA_GROUP_TOKEN", lambda: "wrong-77aa01c3be5d42"),
    ("bamboohr_group", "CONCORD_BAMBOOHR_GROUP_API_KEY", lambda: "wrong-c0ffee12aa9b31"),
]


@pytest.mark.parametrize(
    ("instance", "variable", "value"),
    CREDENTIALS,
    ids=["salesforce", "no-key", "netsuite", "kantata", "bamboohr"],
)
def test_wrong_credentials(
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    instance: str,
    variable: str,
    value: Any,
) -> None:
    wrong = value()
    deployment.wrong += [line for line in wrong.splitlines() if not line.startswith("-----")]
    with deployment.stops_only(instance, "UnauthorizedError", "What to do"), monkeypatch.context() as patch:
        patch.setenv(variable, wrong)
        with pytest.raises(RuntimeError, match=instance) as failed:
            deployment.loop.job(f"sync_{SYSTEM[instance]}_job", instance)
        assert deployment.sync(deployment.another(instance))[0] == 0
    printed = "".join(capfd.readouterr())
    secret = [*deployment.secrets, *deployment.wrong]
    assert not leaks(secret, str(failed.value) + printed + caplog.text)
    deployment.recovers(instance)


def test_an_unset_credential(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        deployment.stops_only("bamboohr_group", "CONCORD_BAMBOOHR_GROUP_API_KEY"),
        monkeypatch.context() as patch,
    ):
        patch.delenv("CONCORD_BAMBOOHR_GROUP_API_KEY")
        code, told = deployment.sync("bamboohr_group", "salesforce_group")
    assert code == 1
    assert "salesforce_group: " in told
    assert last_attempt(deployment.firm.home, "salesforce_group")[0] == "ok"


def test_an_unreachable_instance(deployment: Deployment) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}"
    home = deployment.firm.servers["salesforce_group"].url
    with deployment.stops_only("salesforce_group", "cannot be reached", "base_url in config/estate.yml"):
        point_estate_at(deployment.firm.config_dir, {"salesforce_group": nobody})
        try:
            code, told = deployment.sync("salesforce_group", "bamboohr_group")
        finally:
            point_estate_at(deployment.firm.config_dir, {"salesforce_group": home})
    assert code == 1
    assert "salesforce_group: FAILED" in told
    assert last_attempt(deployment.firm.home, "bamboohr_group")[0] == "ok"
    deployment.recovers("salesforce_group")


@dataclass(frozen=True)
class Page:
    """Where one table of a system is served, and a column whose type flips there."""

    instance: str
    path: str
    skip: int  # answers of that path before the table's own
    object: str  # as the vendor calls it
    raw: str  # as the warehouse does
    flip: str  # dotted place in the body
    field: str
    envelope: str  # part of the body without which it is no page


# one query a table, in the order they are declared
BEFORE_DEALS = list(SALESFORCE_TABLES).index("opportunity")
PAGES = [
    Page(
        "salesforce_group",
        "/queryAll",
        BEFORE_DEALS,
        "Opportunity",
        "opportunity",
        "records.*.CloseDate",
        "CloseDate",
        "records",
    ),
    Page(
        "netsuite_group",
        "/suiteql",
        4,
        "customersubsidiaryrelationship",
        "customersubsidiaryrelationship",
        "items.*.isprimary",
        "isprimary",
        "items",
    ),
    Page("kantata_group", "/users", 0, "users", "user", "users.*.disabled", "disabled", "results"),
    Page("bamboohr_group", "/tables/jobInfo", 0, "jobInfo", "job_info", "*.date", "date", "0"),
]


@pytest.mark.parametrize("page", PAGES, ids=[page.instance for page in PAGES])
def test_a_malformed_page_and_a_flipped_type(deployment: Deployment, page: Page) -> None:
    other = deployment.another(page.instance)
    faults = {
        "cut": {"kind": "truncate"},
        "no page": {"kind": "rewrite", "at": page.envelope, "value": "maintenance"},
        "flipped": {"kind": "rewrite", "at": page.flip, "value": "next Tuesday"},
    }
    for name, fault in faults.items():
        words = (page.field, "next Tuesday") if name == "flipped" else ()
        with deployment.stops_only(page.instance, *words):
            deployment.order(page.instance, path=page.path, skip=page.skip, **fault)
            code, told = deployment.sync("--full", page.instance, other)
        assert code == 1, name
        assert page.object in told or page.raw in told, f"{name}: {told}"
        assert last_attempt(deployment.firm.home, other)[0] == "ok"
        assert "Traceback" not in told
    deployment.recovers(page.instance)


@dataclass(frozen=True)
class Refusal:
    """One bad value in one record, and how it must be reported."""

    instance: str
    vendor: str  # table of the simulator
    object: str  # raw table
    field: str
    value: Any
    rule: str
    stamp: str  # the vendor's change stamp, moved so that the next read sees the edit
    on_the_way: dict[str, Any] = field(
        default_factory=dict, hash=False
    )  # a fault, when the store cannot hold it


REFUSALS = [
    Refusal("salesforce_group", "Opportunity", "opportunity", "StageName", None, "required", "SystemModstamp"),
    Refusal("salesforce_group", "Opportunity", "opportunity", "Amount", "-5.00", "minimum", "SystemModstamp"),
    Refusal("salesforce_group", "Opportunity", "opportunity", "CloseDate", "soon", "type", "SystemModstamp"),
    Refusal("salesforce_group", "Opportunity", "opportunity", "CreatedDate", "2031-01-01T00:00:00Z", "future",
            "SystemModstamp"),
    Refusal("salesforce_kestrel", "Opportunity", "opportunity", "StageName", None, "required", "SystemModstamp"),
    Refusal("salesforce_kestrel", "Opportunity", "opportunity", "CloseDate", "soon", "type", "SystemModstamp"),
    Refusal("netsuite_group", "charge", "charge", "amount", "twelve", "type", "lastmodifieddate",
            # one query a table, in the order they are declared
            {"path": "/suiteql", "skip": list(NETSUITE_TABLES).index("charge"), "at": "items.0.amount"}),
    Refusal("netsuite_group", "charge", "charge", "amount", "-100.00", "minimum", "lastmodifieddate"),
    Refusal("netsuite_group", "charge", "charge", "stage", "SOMEDAY", "allowed", "lastmodifieddate"),
    Refusal("kantata_group", "time_entries", "time_entry", "date_performed", "31.06.2026", "type", "updated_at"),
    Refusal("kantata_group", "time_entries", "time_entry", "date_performed", "2031-01-01", "future", "updated_at"),
    Refusal("kantata_group", "time_entries", "time_entry", "time_in_minutes", -480, "minimum", "updated_at"),
    Refusal("kantata_group", "time_entries", "time_entry", "user_id", None, "required", "updated_at"),
    Refusal("kantata_group", "timesheet_submissions", "timesheet_submission", "status", "lost", "allowed",
            "updated_at"),
    Refusal("bamboohr_group", "employee", "employee", "hireDate", "in spring", "type", "lastChanged"),
    Refusal("bamboohr_group", "employee", "employee", "standardHoursPerWeek", "-8", "minimum", "lastChanged"),
    Refusal("bamboohr_group", "employee", "employee", "status", "Sleeping", "allowed", "lastChanged"),
    Refusal("bamboohr_group", "jobInfo", "job_info", "date", None, "required", ""),
]  # fmt: skip


@pytest.mark.parametrize("instance", SYSTEM)
def test_bad_records_are_refused_and_the_rest_lands(deployment: Deployment, instance: str) -> None:
    cases = [case for case in REFUSALS if case.instance == instance]
    chosen = {case: _row(deployment, case, number) for number, case in enumerate(cases)}
    before = deployment.contents(instance, ignoring=LOAD_COLUMNS)
    for case, row in chosen.items():
        _spoil(deployment, case, _key(row))
    code, told = deployment.sync(instance)
    assert code == 0, told
    assert f"{len(cases)} refused" in told
    for case, row in chosen.items():
        _expect_refusal(deployment, case, _key(row))
    assert deployment.contents(instance, ignoring=LOAD_COLUMNS) == before, "a refused record changed the rows"
    _mend(deployment, chosen)
    assert {t: count for t, (count, _) in deployment.contents(instance).items()} == {
        t: count for t, (count, _) in before.items()
    }


def test_the_list_of_refused_records_says_what_to_do(deployment: Deployment) -> None:
    case = Refusal("kantata_group", "expenses", "expense", "amount_in_cents", None, "required", "updated_at")
    row = _row(deployment, case, 0)
    _spoil(deployment, case, _key(row))
    told = deployment.sync("kantata_group")[1]
    command = "python -m ingestion quarantine list --instance kantata_group"
    assert f"1 refused (see `{command}`)" in told
    listed = CliRunner().invoke(ingestion_command, command.split()[3:]).output
    assert f"kantata_group expense {_key(row)} amount_in_cents: " in listed
    assert "What to do: correct the record at the vendor" in listed
    _mend(deployment, {case: row})


def test_the_same_key_twice_in_one_run(deployment: Deployment) -> None:
    instance = "salesforce_group"
    first, second = sorted(deployment.rows(instance, "Opportunity"), key=_key)[:2]
    before = deployment.contents(instance, ignoring=LOAD_COLUMNS)
    stamp = {"SystemModstamp": now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    for row in (first, second):
        deployment.edit(instance, "Opportunity", _key(row), stamp)
    deployment.order(
        instance, "rewrite", "/queryAll", skip=BEFORE_DEALS, at="records.-1.Id", value=_key(first)
    )
    code, told = deployment.sync(instance)
    assert code == 0, told
    sql = "select record_id, field, reason from raw_landing.quarantine where rule = 'duplicate_key'"
    ((record, name, reason),) = query(deployment.firm.home, sql)
    assert (record, name) == (_key(first), "Id")
    assert "came twice in one run with different values" in reason
    landed = query(
        deployment.firm.home,
        "select name from raw_salesforce.opportunity where id in (?, ?) order by id",
        [_key(first), _key(second)],
    )
    assert landed == [(first["Name"],), (second["Name"],)], "the first stays, the other one is untouched"
    assert deployment.sync(instance)[0] == 0
    assert {t: c for t, (c, _) in deployment.contents(instance).items()} == {
        t: c for t, (c, _) in before.items()
    }


def _row(deployment: Deployment, case: Refusal, number: int) -> dict[str, Any]:
    rows = deployment.rows(case.instance, case.vendor)
    usable = [row for row in rows if row[case.field] is not None and not row.get("IsDeleted")]
    return usable[number]


def _key(row: dict[str, Any]) -> str:
    return str(row["Id"] if "Id" in row else row["id"])


def _spoil(deployment: Deployment, case: Refusal, key: str) -> None:
    if case.on_the_way:
        deployment.order(case.instance, "rewrite", value=case.value, **case.on_the_way)
        _edit(deployment, case, key, {})
    else:
        _edit(deployment, case, key, {case.field: case.value})


def _edit(deployment: Deployment, case: Refusal, key: str, fields: dict[str, Any]) -> None:
    stamp = {case.stamp: now().strftime("%Y-%m-%dT%H:%M:%SZ")} if case.stamp else {}
    deployment.edit(case.instance, case.vendor, key, {**fields, **stamp})


def _expect_refusal(deployment: Deployment, case: Refusal, key: str) -> None:
    found = query(
        deployment.firm.home,
        "select reason, state from raw_landing.quarantine "
        "where _instance = ? and object = ? and field = ? and rule = ? and record_id = ?",
        [case.instance, case.object, case.field, case.rule, key],
    )
    assert len(found) == 1, case
    reason, state = found[0]
    assert state == "open"
    assert case.field in reason, reason
    assert case.value is None or str(case.value)[:10].removesuffix(".00") in reason, reason


def _mend(deployment: Deployment, spoiled: dict[Refusal, dict[str, Any]]) -> None:
    """The vendor corrects the records: the next read lands them."""
    for case, row in spoiled.items():
        _edit(deployment, case, _key(row), {case.field: row[case.field]})
    instance, since = next(iter(spoiled)).instance, now()
    assert deployment.sync(instance)[0] == 0
    for case, row in spoiled.items():
        table = f"raw_{SYSTEM[instance]}.{case.object}"
        sql = f"select _loaded_at >= ? from {table} where _instance = ? and id = ?"
        assert query(deployment.firm.home, sql, [since, instance, _key(row)]) == [(True,)], case


CONFIG = {
    "a truncated CSV": (
        "value_maps.csv",
        lambda text: text[: len(text) // 2].rstrip("\n")[:-4],
        r"value_maps\.csv:\d+: .*cut short",
    ),
    "a YAML typo": (
        "estate.yml",
        lambda text: text.replace("base_url:", "base_ulr:", 1),
        r"estate\.yml:\d+: .*base_ulr",
    ),
    "broken YAML": ("policy.yml", lambda text: text + "\n  - [unclosed", r"policy\.yml:\d+: not valid YAML"),
}


@pytest.mark.parametrize("case", CONFIG)
def test_broken_configuration_stops_before_anything_is_touched(deployment: Deployment, case: str) -> None:
    name, spoil, expected = CONFIG[case]
    before = {instance: deployment.contents(instance) for instance in SYSTEM}
    path: Path = deployment.firm.config_dir / name
    sound = path.read_text()
    path.write_text(spoil(sound))
    try:
        code, told = deployment.sync()
        with pytest.raises(ConfigError, match=name):
            Loop.open()
    finally:
        path.write_text(sound)
    assert code == 1
    assert re.search(expected, told), told
    assert "Traceback" not in told
    assert {instance: deployment.contents(instance) for instance in SYSTEM} == before
    assert CliRunner().invoke(concord, ["check-config"]).exit_code == 0


@dataclass
class Story:
    """NetSuite could not be read last time; the others could."""

    deployment: Deployment
    delivered: list[Correction]
    opportunity: str
    workspace: str


@pytest.fixture(scope="module")
def story(deployment: Deployment) -> Story:
    loop = deployment.loop
    loop.job("reconcile_job")
    delivered = loop.writeback.outbox.list(Filter(states=(State.DELIVERED,), limit=10_000))
    stamp = now().strftime("%Y-%m-%dT%H:%M:%SZ")
    opportunity = next(
        row["Id"] for row in deployment.rows("salesforce_group", "Opportunity") if not row["IsDeleted"]
    )
    workspace = deployment.rows("kantata_group", "workspaces")[0]["id"]
    deployment.edit(
        "salesforce_group", "Opportunity", opportunity, {"Legal_Entity__c": "XX99", "SystemModstamp": stamp}
    )
    deployment.edit(
        "kantata_group", "workspaces", workspace, {"status_key": "hibernating", "updated_at": stamp}
    )
    deployment.order("netsuite_group", "status", ".*", status=403, times=1000)
    code, told = deployment.sync()
    assert code == 1
    assert [line.split(":")[0] for line in told.splitlines() if "FAILED" in line] == ["netsuite_group"]
    loop.job("reconcile_job")
    return Story(deployment, delivered, opportunity, workspace)


def test_checks_that_need_the_unread_source_are_not_evaluated(story: Story) -> None:
    runs = query(
        story.deployment.firm.home,
        "select check_id, is_evaluated, reason from reconciliation.fct_check_run order by 1",
    )
    silent = {check: reason for check, is_evaluated, reason in runs if not is_evaluated}
    assert set(silent) == {
        "B01", "B02", "B03", "B04", "B05", "C02", "C03", "C04", "C05", "C06", "R02", "T01", "T02",
        "X01", "X02", "X03",
    }  # fmt: skip
    assert set(silent.values()) == {"netsuite_group could not be read last time"}
    assert {check for check, is_evaluated, _ in runs if is_evaluated} == {
        "C01", "H01", "H02", "R01", "R03", "T03", "T04",
    }  # fmt: skip


def test_nothing_is_verified_on_a_check_that_was_not_evaluated(story: Story) -> None:
    outbox = story.deployment.loop.writeback.outbox
    assert {item.check_id for item in story.delivered} == {"B05", "C03"}
    states = {outbox.show(item.correction_id).correction.state for item in story.delivered}
    assert states == {State.DELIVERED}
    waiting = verify(outbox, open_published(story.deployment.firm.home)).waiting
    assert {item.correction_id for item in story.delivered} == set(waiting)
    assert all("was not evaluated: netsuite_group could not be read" in why for why in waiting.values())


def test_unknown_codes_are_listed_with_an_example_and_what_to_do(story: Story) -> None:
    listed = query(
        story.deployment.firm.home,
        "select instance, object_type, field, vendor_value, record_count, example_record_id, what_to_do "
        "from intermediate.int_unmapped_codes order by 1",
    )
    assert [row[:6] for row in listed] == [
        ("kantata_group", "workspace", "project_status", "hibernating", 1, story.workspace),
        ("salesforce_group", "opportunity", "legal_entity", "XX99", 1, story.opportunity),
    ]
    assert all(row[3] in row[6] and "config/value_maps.csv" in row[6] for row in listed)
    home = story.deployment.firm.home
    found = query(
        home, "select legal_entity_id from canonical.fct_opportunity where source_id = ?", [story.opportunity]
    )
    assert found == [(None,)], "an unknown code is not guessed"


def test_a_later_good_run_evaluates_again(story: Story) -> None:
    story.deployment.firm.admin("netsuite_group", "DELETE", "/faults")
    story.deployment.recovers("netsuite_group")
    build_dbt(story.deployment.firm, "--select", "rec_source_instance rec_check_freshness fct_check_run")
    home = story.deployment.firm.home
    assert query(home, "select count(*) from reconciliation.fct_check_run where not is_evaluated") == [(0,)]


def test_no_secret_reached_a_file(deployment: Deployment) -> None:
    """Everything this module did is in these folders: events, logs, dlt's own state, the ledger, the copies."""
    home = deployment.firm.home
    folders = [path for path in home.root.iterdir() if path.is_dir() and path != home.sandbox]
    assert any(home.dagster.rglob("*.db")), "Dagster kept no events: this test would see nothing"
    assert files_with([*deployment.secrets, *deployment.wrong], folders) == []
