"""The tour of write-back tells the truth: its commands are run as they stand, and print what it says."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import load_config
from config.paths import REPOSITORY
from orchestration.demo import Loop
from tests.acceptance.tour import Shell, Step, fits, steps
from tests.support import running_firm

TOUR = REPOSITORY / "docs" / "tour-of-write-back.md"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shell, dict[str, str]]]:
    """A shell at a served firm that was read once, and the addresses its vendors really have."""
    written = {instance.name: instance.base_url for instance in load_config().instances}
    with running_firm(tmp_path_factory.mktemp("tour"), people=60) as firm:
        os.environ["DAGSTER_HOME"] = str(firm.home.dagster)
        Loop.open().turn("first read")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        bash = Shell(REPOSITORY, {**os.environ, "PATH": path})
        yield bash, {written[name]: server.url for name, server in firm.servers.items()}
        bash.close()


@pytest.mark.slow
@pytest.mark.xdist_group("tour")
def test_every_command_of_the_tour_prints_what_it_says(
    shell: tuple[Shell, dict[str, str]], record_property: pytest.RecordProperty
) -> None:
    bash, addresses = shell
    tour = list(steps(TOUR))
    assert tour
    for step in tour:
        command = step.command
        for written, real in addresses.items():
            command = command.replace(written, real)
        output, exit_code = bash.run(command)
        where = f"{TOUR.name}, line {step.line}: {step.command}\n{output}"
        assert exit_code == step.exit_code, where
        assert fits(step, output), f"{where}\nexpected:\n" + "\n".join(step.expected)
    record_property("report", f"tour of write-back: {len(tour)} commands run")


@pytest.mark.parametrize(
    ("expected", "output", "does_fit"),
    [
        (("a … c",), "a b c\n", True),
        (("a … c",), "a b d\n", False),
        (("a", "b"), "b\na\n", False),
        (("a", "…", "b"), "a\nx\nb\n", True),
        (("name   state",), "name state\n", True),
        ((), "anything\n", True),
    ],
)
def test_an_output_that_does_not_fit_is_noticed(
    expected: tuple[str, ...], output: str, does_fit: bool
) -> None:
    assert fits(Step(1, "x", expected, 0), output) is does_fit


def test_the_commands_of_a_document_are_read_with_outputs_and_exit_codes(tmp_path: Path) -> None:
    document = tmp_path / "d.md"
    document.write_text("# T\n```console\n$ a\nout\n(exit code 3)\n$ b\n```\n```sh\n$ c\n```\n")
    assert list(steps(document)) == [Step(3, "a", ("out",), 3), Step(6, "b", (), 0)]


def test_a_shell_keeps_variables_and_tells_exit_codes() -> None:
    bash = Shell(REPOSITORY, os.environ)
    assert bash.run("X=7")[1] == 0
    assert bash.run("echo $X; (exit 4)") == ("7\n\n", 4)
    bash.close()
