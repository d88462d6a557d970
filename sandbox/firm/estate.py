"""From a world to the simulators' stores: filling them at init, changing them as time advances."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from config import load_config
from config.schema import Instance
from sandbox.clock import set_clock
from sandbox.credentials import make_credentials
from sandbox.firm.days import parse_moment, stamp
from sandbox.firm.group import BAMBOOHR, KANTATA, KESTREL, NETSUITE, SALESFORCE
from sandbox.firm.ids import Ids
from sandbox.firm.project_bamboohr import project_bamboohr
from sandbox.firm.project_kantata import project_kantata
from sandbox.firm.project_netsuite import project_netsuite
from sandbox.firm.project_salesforce import project_salesforce
from sandbox.firm.spec import FirmSpec
from sandbox.firm.truth import Mirror, ground_truth
from sandbox.firm.world import World, build_world
from sandbox.server import open_store
from sandbox.simulators.kantata.events import delete_record
from sandbox.simulators.salesforce import names_of
from sandbox.simulators.store import Store

Rows = dict[str, list[dict[str, Any]]]
#: Where each system shows when a record was last changed.
STAMPS = ("SystemModstamp", "lastmodifieddate", "linelastmodifieddate", "updated_at", "lastChanged")


@dataclass(frozen=True)
class Changes:
    """What an advance did, by '<instance>.<object>'."""

    inserted: dict[str, int]
    updated: dict[str, int]
    deleted: dict[str, int]


def project(world: World, ids: Ids) -> dict[str, Rows]:
    """The world in all systems, by instance."""
    crms = (instance for instance in load_config().instances if instance.name in (SALESFORCE, KESTREL))
    return {
        **{crm.name: project_salesforce(world, ids, crm.name, crm.custom_fields) for crm in crms},
        NETSUITE: project_netsuite(world, ids),
        KANTATA: project_kantata(world, ids),
        BAMBOOHR: project_bamboohr(world),
    }


def create_firm(folder: Path, spec: FirmSpec) -> World:
    """Fill new stores with the firm as it is on its first day; credentials and clock beside them.

    An earlier firm in the folder is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    world = build_world(spec, spec.planted_at)
    ids = Ids(world)
    instances = load_config().instances
    projections = project(world, ids)
    for instance in instances:
        for old in folder.glob(f"{instance.name}.db*"):
            old.unlink()
        store = open_store(instance, folder)
        with store.transaction():
            for name, rows in projections[instance.name].items():
                store.load(name, rows)
        store.close()
    if not (folder / "sandbox.env").exists():
        make_credentials(instances, folder / "sandbox.env")
    _remember(folder, spec, spec.planted_at)
    _keep_projections(folder, spec.planted_at, projections)
    _write_truth(folder, world, ids, None)
    return world


def advance_firm(folder: Path, days: int, told: Callable[[], None] | None = None) -> Changes:
    """Let time pass: apply what happens in the firm, and only that, to the stores.

    `told` is called, when given, between working it out and touching a store.

    Corrections that were written to the stores survive, because only fields that the firm itself changes
    are touched. Raises FileNotFoundError when there is no firm yet, ValueError for days below one.
    """
    if days < 1:
        raise ValueError(f"days: {days}; time only moves forward, use 1 or more")
    spec, before = read_firm(folder)
    after = before + timedelta(days=days)
    world = build_world(spec, after)
    ids = Ids(world)
    previous = _kept_projections(folder, before) or _projected(build_world(spec, before))
    current = project(world, ids)
    removed_at = _removals(world, ids)
    if told is not None:
        told()
    changes = Changes({}, {}, {})
    mirror: dict[str, Mapping[str, Any]] = {}
    for instance in load_config().instances:
        store = open_store(instance, folder)
        with store.transaction():
            for name, rows in current[instance.name].items():
                if name != "subscribed_events":
                    old = previous[instance.name][name]
                    _apply(store, instance.name, name, old, rows, removed_at, after, changes)
        if instance.name in (SALESFORCE, KESTREL):
            mirror |= shown_deals(store, instance)
        store.close()
    _remember(folder, spec, after)
    _keep_projections(folder, after, current)
    _write_truth(folder, world, ids, mirror)
    return changes


def shown_deals(store: Store, crm: Instance) -> Mirror:
    """The opportunities of a CRM as they stand, in the field names of the group's org."""
    ours = {theirs: name for name, theirs in names_of(crm.custom_fields)["Opportunity"].items()}
    rows = store.query('select * from "Opportunity"')
    return {row["Id"]: {ours.get(name, name): value for name, value in row.items()} for row in rows}


def _projected(world: World) -> dict[str, Rows]:
    return project(world, Ids(world))


def _apply(
    store: Store, instance: str, name: str, old: list[dict[str, Any]], new: list[dict[str, Any]],
    removed_at: Mapping[tuple[str, str], datetime], as_of: datetime, changes: Changes,
) -> None:  # fmt: skip
    keys = store.keys[name]

    def by_key(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
        return {tuple(str(row[key]) for key in keys): row for row in rows}

    before, after = by_key(old), by_key(new)
    inserted = [row for key, row in after.items() if key not in before]
    store.load(name, inserted)
    updated = deleted = 0
    for key, row in after.items():
        known = before.get(key)
        if known is not None and known != row and store.get(name, key) is not None:
            store.upsert(name, key, {field: value for field, value in row.items() if known[field] != value})
            updated += 1
    for key in sorted(before.keys() - after.keys()):
        if instance == KANTATA:
            delete_record(store, name, key[0], removed_at.get((name, key[0]), as_of))
        else:
            store.delete(name, key)
        deleted += 1
    for counts, count in (
        (changes.inserted, len(inserted)),
        (changes.updated, updated),
        (changes.deleted, deleted),
    ):
        if count:
            counts[f"{instance}.{name}"] = count


def _removals(world: World, ids: Ids) -> dict[tuple[str, str], datetime]:
    """When Kantata lost which of the firm's records."""
    gone = (e for e in world.entries if e.deleted_at and e.deleted_at <= world.as_of)
    return {("time_entries", ids.entries[e.key]): e.deleted_at for e in gone if e.deleted_at}


def read_firm(folder: Path) -> tuple[FirmSpec, datetime]:
    """The spec of the firm in a folder and how far its time has run.

    Raises FileNotFoundError, with what to do, when there is none.
    """
    path = folder / "firm.json"
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no simulated firm yet; run `python -m sandbox init`")
    held = json.loads(path.read_text())
    spec = FirmSpec(held["seed"], held["people"], held["months"], parse_moment(held["planted_at"]))
    return spec, parse_moment(held["as_of"])


def _remember(folder: Path, spec: FirmSpec, as_of: datetime) -> None:
    held = {
        "seed": spec.seed, "people": spec.people, "months": spec.months, "planted_at": stamp(spec.planted_at),
        "as_of": stamp(as_of),
    }  # fmt: skip
    (folder / "firm.json").write_text(json.dumps(held, indent=1) + "\n")
    set_clock(folder / "clock.json", as_of)


def _keep_projections(folder: Path, as_of: datetime, projections: dict[str, Rows]) -> None:
    """Remember what the firm wrote last, so that the next advance need not live the past again."""
    (folder / "projections.json").write_bytes(orjson.dumps({"as_of": stamp(as_of), "rows": projections}))


def _kept_projections(folder: Path, as_of: datetime) -> dict[str, Rows] | None:
    path = folder / "projections.json"
    if not path.exists():
        return None
    kept = orjson.loads(path.read_bytes())
    rows: dict[str, Rows] = kept["rows"]
    return rows if kept["as_of"] == stamp(as_of) else None


def _write_truth(
    folder: Path, world: World, ids: Ids, mirror: Mapping[str, Mapping[str, Any]] | None
) -> None:
    found = [item.as_dict() for item in ground_truth(world, ids, mirror)]
    (folder / "ground_truth.json").write_text(json.dumps(found, indent=1) + "\n")
