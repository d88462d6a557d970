"""Several processes on one thread: a seed decides who goes on, so that a run repeats exactly."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from greenlet import greenlet

from tests.chaos.points import KilledError


@dataclass
class Process:
    """A process of the simulation: what it does, how wrong its clock is, and what became of it."""

    name: str
    work: Callable[[Process], None]
    skew: timedelta = timedelta(0)
    is_dead: bool = False
    is_finished: bool = False
    killed_words: list[str] = field(default_factory=list)


class Scheduler:
    """Runs processes to their end or death, one at a time, changing over where they allow it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._main = greenlet.getcurrent()
        self.current: Process | None = None
        self._is_crowded = False

    def run(self, processes: Sequence[Process]) -> None:
        """Let them run. An error of a process, other than its death, ends the run."""
        self._main = greenlet.getcurrent()
        threads = [(process, greenlet(self._body(process))) for process in processes]
        while threads:
            self._is_crowded = len(threads) > 1
            process, thread = self._chance.choice(threads)
            self.current = process
            thread.switch()
            threads = [(p, t) for p, t in threads if not t.dead]
        self.current = None

    def may_switch(self) -> None:
        """The running process can be interrupted here."""
        process = self.current
        if process is None or not self._is_crowded or self._chance.random() < 0.5:
            return
        self._main.switch()

    def _body(self, process: Process) -> Callable[[], None]:
        def body() -> None:
            try:
                process.work(process)
                process.is_finished = True
            except KilledError:
                process.is_dead = True

        return body
