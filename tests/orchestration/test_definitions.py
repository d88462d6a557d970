"""The code location as the server loads it: every key is pinned, every asset says whose it is and how it runs.

After a wanted change: `python -m tests.orchestration.test_definitions` rewrites definitions.json; read its diff.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from config.paths import REPOSITORY
from orchestration.definitions_for import build_definitions
from orchestration.runtime import Runtime

PINNED = Path(__file__).with_name("definitions.json")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("definitions")]


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.Definitions]:
    before = dict(os.environ)
    os.environ["CONCORD_HOME"] = str(tmp_path_factory.mktemp("home"))
    os.environ["DAGSTER_HOME"] = os.environ["CONCORD_HOME"] + "/dagster"
    yield build_definitions(Runtime.from_environment())
    os.environ.clear()
    os.environ.update(before)


def outline(definitions: dg.Definitions) -> dict[str, Any]:
    """What is pinned: keys of assets and checks, jobs with their partitions, schedules and sensors with status."""
    graph = definitions.resolve_asset_graph()
    repository = definitions.get_repository_def()
    return {
        "assets": sorted("/".join(key.path) for key in graph.materializable_asset_keys),
        "checks": sorted(f"{'/'.join(key.asset_key.path)}:{key.name}" for key in graph.asset_check_keys),
        "jobs": sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")),
        "schedules": {
            schedule.name: [schedule.cron_schedule, schedule.job_name, schedule.default_status.value]
            for schedule in sorted(repository.schedule_defs, key=lambda one: one.name)
        },
        "sensors": {
            sensor.name: sensor.default_status.value
            for sensor in sorted(repository.sensor_defs, key=lambda one: one.name)
        },
    }


def test_every_key_job_schedule_and_sensor_is_pinned(definitions: dg.Definitions) -> None:
    found, pinned = outline(definitions), json.loads(PINNED.read_text())
    for part, expected in pinned.items():
        assert found[part] == expected, f"{part} changed; see this module's docstring"


def test_schedules_and_sensors_are_on_by_default(definitions: dg.Definitions) -> None:
    found = outline(definitions)
    assert {entry[2] for entry in found["schedules"].values()} == {"RUNNING"}
    assert set(found["sensors"].values()) == {"RUNNING"}


def test_every_asset_has_owner_group_kind_description_freshness_and_pool(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for assets in definitions.assets or []:
        assert isinstance(assets, dg.AssetsDefinition)
        assert assets.op.pool, assets.keys
        assert assets.op.retry_policy is not None, assets.keys
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        assert node.owners, key
        assert node.group_name not in (None, "default"), key
        assert node.kinds, key
        assert node.description, key
        assert node.freshness_policy, key


def test_raw_tables_and_dbt_sources_join_into_one_graph(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for system, table in (("salesforce", "opportunity"), ("kantata", "time_entry"), ("netsuite", "charge")):
        key = dg.AssetKey([f"raw_{system}", table])
        assert key in graph.materializable_asset_keys
        assert graph.get(key).child_keys, key


def test_write_back_stands_behind_publication(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    deliveries, published = dg.AssetKey("correction_deliveries"), dg.AssetKey("published_copy")
    assert published in graph.get_ancestor_asset_keys(deliveries)
    findings = dg.AssetKey(["reconciliation", "fct_findings"])
    assert findings in graph.get_ancestor_asset_keys(published)


def test_a_new_instance_is_a_new_partition(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    partitions = graph.get(dg.AssetKey(["raw_salesforce", "account"])).partitions_def
    assert partitions is not None
    assert list(partitions.get_partition_keys()) == ["salesforce_group", "salesforce_kestrel"]


def test_the_code_location_validates_as_the_server_loads_it(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "CONCORD_HOME": str(tmp_path),
        "DAGSTER_HOME": str(tmp_path / "dagster"),
    }
    (tmp_path / "dagster").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate"],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "All code locations passed validation" in done.stdout + done.stderr


if __name__ == "__main__":
    PINNED.write_text(json.dumps(outline(build_definitions(Runtime.from_environment())), indent=1) + "\n")
