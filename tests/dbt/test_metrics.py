"""The list of metrics is true: each has its place in the catalogue, its model and unit test, as has every example."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from config.paths import REPOSITORY
from tests.dbt.warehouse import Warehouse

LIST = REPOSITORY / "docs" / "metrics.md"
DEFINITIONS = REPOSITORY.parent / "shared" / "domain" / "metrics.md"


@dataclass(frozen=True)
class Project:
    """What dbt knows: the catalogue's rows, models, and unit tests by name."""

    catalogue: dict[str, tuple[str, str]]
    models: set[str]
    unit_tests: dict[str, dict[str, object]]


@pytest.fixture(scope="module")
def project(new_warehouse: Callable[[str], Warehouse]) -> Project:
    warehouse = new_warehouse("metrics")
    warehouse.fill({})
    done = warehouse.dbt("build", "--quiet", "--select", "rpt_metric", write_json=True)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = warehouse.rows("select metric_id, model_name, section from leadership.rpt_metric")
    manifest = json.loads((warehouse.workshop / "target" / "manifest.json").read_text())
    return Project(
        {str(metric): (str(model), str(section)) for metric, model, section in rows},
        {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "model"},
        {test["name"]: test for test in manifest["unit_tests"].values()},
    )


def listed(heading: str) -> list[list[str]]:
    """Cells of the table below a heading of the list, without backticks."""
    part = LIST.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def test_every_metric_is_listed_with_its_model_and_unit_test(project: Project) -> None:
    rows = {metric: (model, test, section) for metric, _, _, model, test, section in listed("Metrics")}
    assert {metric: (model, section) for metric, (model, _, section) in rows.items()} == project.catalogue
    assert all(re.fullmatch(r"[a-z_]+\.v\d+", metric) for metric in rows)
    assert {model for model, _, _ in rows.values()} <= project.models
    for metric, (_, name, _) in rows.items():
        assert name in project.unit_tests, f"{metric}: no unit test {name}"
        test = project.unit_tests[name]
        if test["model"] == "rpt_metric_month":
            assert metric in json.dumps(test["expect"]), f"{name} expects nothing of {metric}"


def test_every_example_is_named_by_the_unit_test_that_computes_it(project: Project) -> None:
    for figure, _, name in listed("Worked examples"):
        assert name in project.unit_tests, f"{figure}: no unit test {name}"
        assert figure in str(project.unit_tests[name]["description"]), f"{name} does not speak of {figure}"


@pytest.mark.skipif(not DEFINITIONS.exists(), reason="the page of definitions is not beside the repository")
def test_every_worked_example_of_the_definitions_has_a_unit_test() -> None:
    page = re.split(r"^## (\d+)\. ", DEFINITIONS.read_text(), flags=re.MULTILINE)
    sections = dict(zip(page[1::2], page[2::2], strict=True))
    computed = "".join(text for number, text in sections.items() if 1 <= int(number) <= 9)
    figures = {figure for figure in re.findall(r"\*\*([^*]+)\*\*", computed) if re.search(r"\d", figure)}
    have = {figure for figure, _, _ in listed("Worked examples")}
    assert figures - have == set()
    headings = set(
        re.findall(r"^#{2,3} [\d.]+ ([^(\n]+?)(?: \(|$)", DEFINITIONS.read_text(), flags=re.MULTILINE)
    )
    assert {row[-1] for row in listed("Metrics")} <= headings | {"Return on investment"}
    assert {row[1] for row in listed("Worked examples")} <= headings
