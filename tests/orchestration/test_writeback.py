"""What the demo decides by itself, through the ledger's own approval path."""

from __future__ import annotations

from pathlib import Path

from config import load_config
from config.paths import Home
from orchestration.runtime import Runtime
from orchestration.writeback import Writeback
from reverse_etl.models import Filter, State
from tests.console.site import charge_row


def test_one_of_each_check_is_left_for_a_person(tmp_path: Path) -> None:
    writeback = Writeback.open(Runtime(load_config(), Home(tmp_path)))
    report = writeback.outbox.propose([charge_row(str(number)) for number in (501, 502, 503)])
    assert len(report.proposed) == 3
    assert writeback.approve_as_demo(leave=1) == 2
    (left,) = writeback.outbox.list(Filter(states=(State.PROPOSED,)))
    assert left.target_record_id == "503"
    assert writeback.approve_as_demo(leave=1) == 0, "a second run leaves it too"
    assert writeback.approve_as_demo() == 1
