"""Reads the commands and outputs of a document, and runs them one after another in one shell."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"^\(exit code (\d+)\)$")
_MARK = "-- exit code:"


@dataclass(frozen=True)
class Step:
    """One command, what it must print (`…` for anything) and its exit code."""

    line: int
    command: str
    expected: tuple[str, ...]
    exit_code: int


def steps(document: Path) -> Iterator[Step]:
    """The commands of a document's console blocks, in order."""
    text = document.read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        start = text.count("\n", 0, block.start(1)) + 1
        command, line, expected = "", 0, []
        for number, content in enumerate(block.group(1).splitlines(), start=start):
            if content.startswith("$ "):
                if command:
                    yield _step(line, command, expected)
                command, line, expected = content.removeprefix("$ "), number, []
            else:
                expected.append(content)
        yield _step(line, command, expected)


def _step(line: int, command: str, expected: list[str]) -> Step:
    ends = _EXIT.match(expected[-1]) if expected else None
    return Step(line, command, tuple(expected[:-1] if ends else expected), int(ends.group(1)) if ends else 0)


def fits(step: Step, output: str) -> bool:
    """Whether the expected lines occur in the output, in order; a line of `…` alone stands for any lines."""
    lines = iter(" ".join(line.split()) for line in output.splitlines())
    return all(
        any(_pattern(want).search(line) for line in lines) for want in step.expected if want.strip(" …")
    )


def _pattern(want: str) -> re.Pattern[str]:
    parts = [re.escape(" ".join(part.split())) for part in want.split("…")]
    return re.compile(r".*?".join(parts))


class Shell:
    """One bash, so that variables live on from command to command."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, env={**environ, "COLUMNS": "200"}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, command: str) -> tuple[str, int]:
        """Run one command; what it printed on both streams, and its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\nprintf '\\n%s%s\\n' '{_MARK}' $?\n")
        self._process.stdin.flush()
        printed: list[str] = []
        for line in self._process.stdout:
            if line.startswith(_MARK):
                return "".join(printed), int(line.removeprefix(_MARK))
            printed.append(line)
        raise AssertionError(f"the shell ended in: {command}\n{''.join(printed)}")

    def close(self) -> None:
        """End the shell."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
