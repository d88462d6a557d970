"""Refused rows can be judged, landed again, or let go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner

from ingestion import quarantine
from ingestion.__main__ import main
from ingestion.runner import sync_instance
from tests.ingestion.scripted import Script, config_with, scripted_system
from tests.ingestion.test_sync import CODE, DEAL, deal

RELAXED = replace(
    DEAL, columns=tuple(replace(c, allowed=None) if c.name == "stage" else c for c in DEAL.columns)
)


class Rig:
    def __init__(self, home, clock):
        self.home, self.clock, self.cfg = home, clock, config_with("one")

    def sync(self, *rows, table=DEAL):
        script = Script(pages={"deal": [list(rows)]})
        return sync_instance(
            self.cfg, "one", home=self.home, clock=self.clock, systems=scripted_system(script, table, CODE)
        )

    def replay(self, table=RELAXED, **options):
        systems = scripted_system(Script(), table, CODE)
        return quarantine.replay(self.cfg, self.home, "one", clock=self.clock, systems=systems, **options)


@pytest.fixture
def rig(home, clock):
    rig = Rig(home, clock)
    rig.sync(deal(1), deal(2, Stage="imagined"))
    return rig


def test_a_row_lands_once_its_code_is_known(rig, query):
    report = rig.replay()
    assert len(report.landed) == 1
    assert query("select id, stage from raw_files.deal order by 1") == [("d1", "open"), ("d2", "imagined")]
    assert query("select state from raw_landing.quarantine") == [("replayed",)]
    assert rig.replay().landed == []


def test_a_row_still_refused_stays_open_and_says_why(rig, query):
    (reason,) = rig.replay(table=DEAL).refused.values()
    assert "is not a known code" in reason
    assert query("select state from raw_landing.quarantine") == [("open",)]


def test_an_old_refused_version_never_overwrites_a_newer_landed_one(rig, query):
    rig.clock.at += timedelta(hours=1)
    rig.sync(deal(2, Name="Newer", ModifiedAt="2026-01-01T12:30:00Z"))
    assert len(rig.replay().superseded) == 1
    assert query("select name from raw_files.deal where id = 'd2'") == [("Newer",)]
    assert query("select state from raw_landing.quarantine") == [("dropped",)]


def test_reading_the_same_bad_row_again_makes_no_second_entry(rig, query):
    rig.sync(deal(2, Stage="imagined"))
    assert query("select count(*) from raw_landing.quarantine") == [(1,)]


def test_a_dropped_row_is_gone_from_the_open_list(rig):
    (entry,) = quarantine.entries(rig.home)
    assert quarantine.drop(rig.home, [entry.quarantine_id]) == 1
    assert quarantine.entries(rig.home) == []


def test_an_unknown_id_is_an_error(rig):
    with pytest.raises(LookupError, match="no open quarantine entry nope"):
        rig.replay(ids=["nope"])


def test_the_command_line_lists_the_reason(rig, monkeypatch):
    monkeypatch.setenv("CONCORD_HOME", str(rig.home.root))
    shown = CliRunner().invoke(main, ["quarantine", "list"])
    assert shown.exit_code == 0, shown.output
    assert "one deal d2 Stage: Stage imagined is not a known code (allowed" in shown.output
