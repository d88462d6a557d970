"""A restored ledger is whole, goes on, and writes nothing a second time."""

from __future__ import annotations

import gzip
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reverse_etl import audit
from reverse_etl.backup import read_manifest, take_backup
from reverse_etl.cli_ledger import ledger_group
from reverse_etl.delivery import Delivery
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import BackupError
from reverse_etl.ledger import open_ledger
from reverse_etl.ledger.schema import metadata
from reverse_etl.models import State
from reverse_etl.outbox import Outbox
from reverse_etl.restore import restore_backup
from tests.reverse_etl.factories import (
    CRM,
    ERP,
    allocation_row,
    charge_row,
    make_governance,
    project_rows,
    sync_row,
)
from tests.reverse_etl.fakes import refused
from tests.reverse_etl.tampering import drop_triggers, run


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, blueprints):
    """A ledger that does not exist yet, on either database."""
    return blueprints.empty(request.param)


@pytest.fixture
def restored(outbox, empty_url, tmp_path, clock, wall):
    """Back the outbox's ledger up, or restore the backup: `restored()` gives an outbox on the copy."""
    file = tmp_path / "ledger.backup"

    class Copy:
        taken = None

        def back_up(self):
            self.taken = take_backup(outbox.engine, file, clock())

        def restore(self):
            restore_backup(empty_url, file, actor="omar", now=clock(), policy_version="1-x")
            return Outbox(open_ledger(empty_url), make_governance(), clock, wall=wall)

    return Copy()


def content(engine):
    with engine.connect() as connection:
        return {
            table.name: [tuple(r) for r in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
            if table.name != "audit_chain"
        }


def approve_all(outbox):
    for item in outbox.list():
        while item.state == "proposed":
            people = len(outbox.show(item.correction_id).approvals)
            item = outbox.approve(item.correction_id, f"person{people}", ["controller"], "yes")


def test_a_restored_ledger_is_the_same_verifies_and_goes_on(outbox, vendors, restored):
    outbox.propose([sync_row(), charge_row(), allocation_row(), *project_rows()])
    approve_all(outbox)
    vendors[ERP].fail("write", refused(ERP))
    dispatch(outbox, vendors)
    before = content(outbox.engine)
    restored.back_up()
    copy = restored.restore()
    after = content(copy.engine)
    assert after["audit_event"].pop()[3] == "ledger_restored"
    assert after == before
    copy.propose([charge_row("502")])
    report = audit.verify_chain(copy.engine)
    assert report.is_valid, report.problems
    assert report.events == len(before["audit_event"]) + 2
    assert restored.taken.end_hash == before["audit_event"][-1][-1]
    with pytest.raises(sa.exc.DatabaseError), copy.engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM audit_event")


def test_what_was_delivered_after_the_backup_is_not_delivered_again(outbox, vendors, restored):
    outbox.propose([sync_row(), charge_row(), allocation_row(), *project_rows()])
    approve_all(outbox)
    restored.back_up()
    dispatch(outbox, vendors)
    effects = {name: list(vendor.effects) for name, vendor in vendors.items()}
    writes = {name: list(vendor.writes) for name, vendor in vendors.items()}
    copy = restored.restore()
    report = dispatch(copy, vendors)
    assert report.count("delivered") == 4
    assert {name: vendor.effects for name, vendor in vendors.items()} == effects
    assert {name: vendor.writes for name, vendor in vendors.items()} == writes
    assert copy.counts()["delivered"] == 4


@pytest.mark.parametrize("was_written", [True, False])
@pytest.mark.parametrize("row", [charge_row(), project_rows()], ids=["update", "create"])
def test_what_was_in_flight_is_looked_up_before_it_is_written(
    outbox, vendors, restored, wall, was_written, row
):
    outbox.propose(row if isinstance(row, list) else [row])
    approve_all(outbox)
    delivery = Delivery(outbox, is_alive=lambda _: True)
    claim = delivery.claim()
    restored.back_up()
    if was_written:
        delivery.finish(claim, State.APPROVED, "not_sent", "slow", "again")
        dispatch(outbox, vendors)
    instance = claim.correction.target_instance
    effects = len(vendors[instance].effects)
    copy = restored.restore()
    view = copy.show(claim.correction.correction_id)
    assert view.correction.state == "in_doubt"
    assert view.events[-1].event == "restored"
    assert "the vendor is read before anything is sent" in view.events[-1].reason
    dispatch(copy, vendors)
    assert copy.counts()["delivered"] == 1
    assert effects == int(was_written)
    assert len(vendors[instance].effects) == 1
    assert audit.verify_chain(copy.engine).is_valid


def test_a_value_changed_at_the_vendor_since_the_backup_is_not_overwritten(outbox, vendors, restored):
    outbox.propose([sync_row()])
    restored.back_up()
    dispatch(outbox, vendors)
    vendors[CRM].put("opportunity", "006A", erp_open_amount=Decimal("7"))
    copy = restored.restore()
    dispatch(copy, vendors)
    assert copy.counts()["conflicted"] == 1
    assert vendors[CRM].value("opportunity", "006A", "erp_open_amount") == Decimal("7")


@given(st.floats(0, 1), st.integers(1, 255))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_backup_is_refused(outbox, tmp_path_factory, clock, where, flip):
    folder = tmp_path_factory.mktemp("damaged")
    take_backup(outbox.engine, folder / "b", clock())
    text = bytearray(gzip.decompress((folder / "b").read_bytes()))
    position = int(where * (len(text) - 2))
    text[position] ^= flip
    (folder / "b").write_bytes(gzip.compress(bytes(text), compresslevel=1))
    with pytest.raises(BackupError):
        read_manifest(folder / "b")


@pytest.mark.parametrize("keep", [0, 1, 200])
def test_a_cut_backup_is_refused(outbox, tmp_path, clock, keep):
    take_backup(outbox.engine, tmp_path / "b", clock())
    (tmp_path / "b").write_bytes((tmp_path / "b").read_bytes()[:keep])
    with pytest.raises(BackupError, match="no whole backup"):
        read_manifest(tmp_path / "b")


def test_a_ledger_in_use_is_not_overwritten(outbox, tmp_path, clock, ledger_url):
    take_backup(outbox.engine, tmp_path / "b", clock())
    outbox.propose([sync_row()])
    with pytest.raises(BackupError, match="not empty: 1 corrections"):
        restore_backup(ledger_url, tmp_path / "b", actor="omar", now=clock(), policy_version="1-x")
    with pytest.raises(BackupError, match="exists already"):
        take_backup(outbox.engine, tmp_path / "b", clock())
    assert outbox.counts()["approved"] == 1


def test_a_table_that_would_be_left_out_is_named(outbox, tmp_path, clock):
    run(outbox.engine, "CREATE TABLE notes (id INTEGER)")
    with pytest.raises(BackupError, match="not Concord's: notes"):
        take_backup(outbox.engine, tmp_path / "b", clock())
    assert list(tmp_path.glob("b*")) == []


def test_a_backup_of_a_broken_chain_is_not_taken_for_whole(outbox, restored):
    outbox.propose([sync_row(), charge_row()])
    drop_triggers(outbox.engine)
    run(outbox.engine, "UPDATE audit_event SET actor = 'eve' WHERE sequence = 2")
    restored.back_up()
    with pytest.raises(BackupError, match="event 2 was changed"):
        restored.restore()


def test_the_commands(outbox, tmp_path, ledger_url, clock):
    outbox.propose([sync_row()])
    clock.now += timedelta(hours=1)
    file, environ = str(tmp_path / "b"), {"CONCORD_LEDGER_URL": ledger_url, "CONCORD_ACTOR": "omar"}
    done = CliRunner().invoke(ledger_group, ["backup", file], env=environ)
    assert (done.exit_code, "1 correction" in done.output) == (0, True), done.output
    environ["CONCORD_LEDGER_URL"] = f"sqlite:///{tmp_path / 'new.db'}"
    done = CliRunner().invoke(ledger_group, ["restore", file], env=environ)
    assert (done.exit_code, "the audit chain is whole and goes on" in done.output) == (0, True), done.output
    again = CliRunner().invoke(ledger_group, ["restore", file], env=environ)
    assert (again.exit_code, "not empty" in again.output) == (1, True)
