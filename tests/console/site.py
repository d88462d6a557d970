"""The console served over HTTP on a small published copy and a real ledger."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import uvicorn
from lxml import html
from ruamel.yaml import YAML

from config import Config, load_config
from config.paths import REPOSITORY, Home
from console.app import create_app
from reverse_etl.outbox import Outbox
from reverse_etl.setup import open_outbox
from tests.console.copy import home_with_copy
from tests.reverse_etl.factories import ERP, sync_row

PASSWORD = "a sentence only this test knows"
UNITS = ["advisory", "digital", "data"]
EXTRA_PEOPLE = [
    {"id": "vera.viewer", "name": "Vera Viewer", "title": "Partner", "roles": ["viewer"], "business_units": UNITS},
    {"id": "dora.digital", "name": "Dora Digital", "title": "Unit controller", "roles": ["viewer", "controller"],
     "business_units": ["digital"]},
    {"id": "nobody.unit", "name": "Nobody Unit", "title": "New", "roles": ["viewer", "controller"],
     "business_units": []},
]  # fmt: skip


@dataclass
class Visitor:
    """A browser without a screen: keeps cookies, reads HTML."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.url + path, timeout=20)

    def page(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return html.fromstring(answer.text)

    def post(self, path: str, **form: Any) -> requests.Response:
        return self.session.post(self.url + path, data=form, timeout=20)

    def token(self, path: str = "/") -> str:
        return str(self.page(path).xpath("//input[@name='form_token']/@value")[0])


@dataclass
class Site:
    """One deployment of the console."""

    url: str
    home: Home
    config: Config
    outbox: Outbox

    def visitor(self, person: str | None = None) -> Visitor:
        """Somebody looking; signed in when an account is given."""
        guest = Visitor(self.url)
        if person:
            answer = guest.post("/sign-in", person=person, password=PASSWORD)
            assert answer.status_code == 200, answer.status_code
        return guest

    def propose(self, *rows: dict[str, Any]) -> list[str]:
        """Put corrections into the ledger and return their ids in order."""
        report = self.outbox.propose(rows)
        assert not report.malformed, report.malformed
        return [str(item) for item in report.proposed]


def charge_row(record: str = "501", **facts: Any) -> dict[str, Any]:
    """B01: a billing line to release; a billing lead up to 250,000, a controller without limit."""
    return sync_row(**{
        "check_id": "B01", "finding_id": "f-b01", "target_system": "netsuite", "target_instance": ERP,
        "target_object": "charge", "target_record_id": record, "field": "stage", "value_type": "text",
        "expected_value": "HOLD", "new_value": "READY", "reason": "accepted milestone is not invoiced",
        "amount_at_risk": "24000", "amount_at_risk_rc": "30000", "currency": "GBP", "business_unit_id": "advisory",
        **facts,
    })  # fmt: skip


@contextmanager
def running_site(
    root: Path, *, is_published: bool = True, people: Sequence[dict[str, Any]] = EXTRA_PEOPLE
) -> Iterator[Site]:
    """Serve a console of its own until the block ends."""
    config = _config(root / "config", people)
    home = home_with_copy(root / "home") if is_published else Home(root / "home")
    home.root.mkdir(parents=True, exist_ok=True)
    before = os.environ.get("CONCORD_CONSOLE_PASSWORD")
    os.environ["CONCORD_CONSOLE_PASSWORD"] = PASSWORD
    try:
        with served_console(config, home) as url:
            yield Site(url, home, config, open_outbox(config, home))
    finally:
        if before is None:
            os.environ.pop("CONCORD_CONSOLE_PASSWORD", None)
        else:
            os.environ["CONCORD_CONSOLE_PASSWORD"] = before


@contextmanager
def served_console(config: Config, home: Home) -> Iterator[str]:
    """Serve the console of a deployment until the block ends; the value is its address."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(config, home), port=0, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield _address(server)
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def _config(folder: Path, people: Sequence[dict[str, Any]]) -> Config:
    shutil.copytree(REPOSITORY / "config", folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    yaml = YAML(typ="rt")
    document = yaml.load((folder / "people.yml").read_text())
    document["people"] += people
    with (folder / "people.yml").open("w") as handle:
        yaml.dump(document, handle)
    return load_config(folder)


def _address(server: uvicorn.Server) -> str:
    deadline = time.monotonic() + 15
    while not server.started:
        if time.monotonic() > deadline:
            raise AssertionError("the console did not start within 15 s")
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    return f"http://127.0.0.1:{port}"
