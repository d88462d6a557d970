"""A change at a simulated vendor reaches the inbox over HTTP: signed its way, twice, out of order, or later."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from config import load_config
from config.paths import Home
from reverse_etl.inbox import store as inbox
from reverse_etl.inbox.app import create_app
from reverse_etl.ledger import open_ledger, reading
from reverse_etl.ledger.schema import inbox_message
from sandbox.credentials import complete_credentials, make_credentials, read_credentials
from sandbox.server import courier_of
from sandbox.simulators import bamboohr
from sandbox.simulators.base import SimServer
from sandbox.simulators.faults import Faults
from sandbox.simulators.store import Store
from sandbox.simulators.webhooks import Courier
from tests.bamboohr.firm import firm_rows
from tests.netsuite.account import Account
from tests.netsuite.conftest import open_account  # noqa: F401 - a fixture
from tests.salesforce.org import make_id, start_org

SECRETS = {
    instance.webhook.secret: f"secret of {instance.name}"
    for instance in load_config().instances
    if instance.webhook
}


@dataclass
class Door:
    """The inbox, served."""

    url: str
    engine: sa.Engine

    def courier(self, instance: str, **changes: Any) -> Courier:
        found = courier_of(load_config().instance(instance), self.url, SECRETS)
        assert found is not None
        for name, value in changes.items():
            setattr(found, name, value)
        return found

    def standing(self, instance: str) -> inbox.Standing:
        with reading(self.engine) as connection:
            return inbox.standing(connection).get(instance, inbox.Standing())

    def messages(self) -> list[tuple[str, list[str]]]:
        with reading(self.engine) as connection:
            query = sa.select(inbox_message).order_by(inbox_message.c.sequence)
            return [(row.object, json.loads(row.record_ids)) for row in connection.execute(query)]


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setenv("CONCORD_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    home = Home(tmp_path / "home")
    with SimServer(create_app(load_config(), home, SECRETS)) as server:
        engine = open_ledger(home.ledger_url)
        yield Door(server.url, engine)
        engine.dispose()


@pytest.fixture
def start_account(request: pytest.FixtureRequest) -> Callable[..., Account]:
    found: Callable[..., Account] = request.getfixturevalue("open_account")
    return found


def rename(account: Account, key: str, name: str) -> None:
    answer = account.call("PATCH", f"record/v1/customer/{key}", json={"companyName": name})
    assert answer.status_code == 204, answer.text


def test_netsuite_tells_of_each_save_and_not_of_a_refused_one(
    door: Door, start_account: Callable[..., Account]
) -> None:
    courier = door.courier("netsuite_group")
    account = start_account(courier=courier)
    rename(account, "700", "Acme Group")
    assert account.call("PATCH", "record/v1/charge/601", json={"stage": "HOLD"}).status_code == 400
    courier.drain()
    assert courier.answers == [200]
    assert door.messages() == [("customer", ["700"])]


def test_duplicates_and_reordering_leave_one_message_each(
    door: Door, start_account: Callable[..., Account]
) -> None:
    courier = door.courier("netsuite_group", copies=3, is_holding=True)
    account = start_account(courier=courier)
    for number in range(6):
        rename(account, "700", f"Acme {number}")
    assert len(courier.held) == 18
    places = list(range(18))
    random.Random(7).shuffle(places)
    courier.release(places.__getitem__)
    courier.drain()
    assert courier.answers == [200] * 18
    mine = door.standing("netsuite_group")
    assert (mine.received, mine.repeats, mine.refused) == (6, 12, {})


def test_salesforce_tells_of_create_update_and_delete_but_not_of_what_was_rolled_back(
    door: Door, tmp_path: Path
) -> None:
    courier = door.courier("salesforce_group")
    org = start_org(tmp_path, courier)
    form = {"grant_type": "client_credentials", "client_id": "app-1", "client_secret": "s3cret"}
    token = requests.post(f"{org.url}/services/oauth2/token", data=form, timeout=10).json()["access_token"]

    def api(method: str, path: str, **body: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(
            method, f"{org.url}/services/data/v66.0{path}", headers=headers, timeout=10, **body
        )

    made = api("POST", "/sobjects/Account", json={"Name": "New one"}).json()["id"]
    assert api("PATCH", f"/sobjects/Account/{made}", json={"Name": "Renamed"}).status_code == 204
    good, bad = make_id("Account", 1), make_id("Account", 999_999)
    records = [{"attributes": {"type": "Account"}, "id": one, "Name": "Both"} for one in (good, bad)]
    api("PATCH", "/composite/sobjects", json={"allOrNone": True, "records": records})
    assert api("DELETE", f"/sobjects/Account/{made}").status_code == 204
    courier.drain()
    org.server.stop()
    org.store.close()
    assert courier.answers == [200, 200, 200]
    assert door.messages() == [("Account", [made])] * 3


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Callable[[Courier], str]]:
    """Start a BambooHR account whose hook goes to a courier; gives its address."""
    running: list[tuple[SimServer, Store]] = []

    def start(courier: Courier) -> str:
        kept = Store(tmp_path / "people.db", bamboohr.TABLES, keys=bamboohr.KEYS, indexes=bamboohr.INDEXES)
        for name, rows in firm_rows().items():
            kept.load(name, rows)
        made = bamboohr.BambooSettings(api_key="k", courier=courier)
        server = SimServer(
            bamboohr.create_app(kept, made, lambda: datetime(2026, 6, 30, tzinfo=UTC), Faults())
        ).start()
        running.append((server, kept))
        return server.url

    yield start
    for server, kept in running:
        server.stop()
        kept.close()


def change_title(url: str, title: str) -> None:
    answer = requests.post(f"{url}/api/v1/employees/2", json={"jobTitle": title}, auth=("k", "x"), timeout=10)
    assert answer.status_code == 200


def test_bamboohr_names_the_person_and_sends_no_value(door: Door, people: Callable[[Courier], str]) -> None:
    courier = door.courier("bamboohr_group")
    change_title(people(courier), "Principal")
    courier.drain()
    assert courier.answers == [200]
    assert door.messages() == [("employee", ["2"])]
    with reading(door.engine) as connection:
        body = connection.execute(sa.select(inbox_message.c.body)).scalar_one()
    assert json.loads(body)["employees"][0]["changedFields"] == ["jobTitle"]
    assert "Principal" not in body


def test_somebody_elses_edit_is_told_as_well(door: Door, people: Callable[[Courier], str]) -> None:
    courier = door.courier("bamboohr_group")
    url = people(courier)
    requests.patch(
        f"{url}/_sandbox/rows/employee/3", json={"jobTitle": "Partner"}, timeout=10
    ).raise_for_status()
    courier.drain()
    assert door.messages() == [("employee", ["3"])]


def test_a_wrong_secret_and_a_slow_clock_are_refused_and_not_tried_again(
    door: Door, people: Callable[[Courier], str]
) -> None:
    courier = door.courier("bamboohr_group", secret="another")
    url = people(courier)
    change_title(url, "One")
    courier.drain()
    courier.secret = SECRETS["CONCORD_BAMBOOHR_GROUP_WEBHOOK_SECRET"]
    courier.wall = lambda: datetime.now(UTC) - timedelta(minutes=10)
    change_title(url, "Two")
    courier.drain()
    assert courier.answers == [401, 401]
    assert not courier.undelivered
    assert door.standing("bamboohr_group").refused == {"stale": 1, "wrong": 1}
    assert door.messages() == []


def test_what_met_nobody_is_sent_again_as_it_was(door: Door, people: Callable[[Courier], str]) -> None:
    courier = door.courier("bamboohr_group")
    there, courier.url = courier.url, "http://127.0.0.1:9/hooks/bamboohr_group"
    change_title(people(courier), "Principal")
    courier.drain()
    assert courier.answers == [0]
    courier.url = there
    courier.retry()
    courier.drain()
    assert courier.answers == [0, 200]
    assert door.messages() == [("employee", ["2"])]


def test_every_hook_of_the_estate_gets_a_secret_and_an_older_firm_is_completed(tmp_path: Path) -> None:
    instances, file = load_config().instances, tmp_path / "sandbox.env"
    make_credentials([one.model_copy(update={"webhook": None}) for one in instances], file)
    before = read_credentials(file)
    complete_credentials(instances, file)
    after = read_credentials(file)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == set(SECRETS)
    complete_credentials(instances, file)
    assert read_credentials(file) == after
    assert file.stat().st_mode & 0o077 == 0
    for one in instances:
        assert (courier_of(one, "http://127.0.0.1:1", after) is not None) == (one.webhook is not None)
        assert courier_of(one, None, after) is None
