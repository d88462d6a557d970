"""One API budget per instance, shared by every reader and writer process on this host.

NetSuite counts concurrent calls, Salesforce calls per day, Kantata punishes bursts. A limiter inside one
process cannot protect a tenant that a sync and a dispatcher use at the same time, so slots are file locks
and counters live in a small SQLite file beside them.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from connectors.errors import RateLimitedError

_POLL_SECONDS = 0.01
_TRANSIT_SECONDS = 0.05
"""A vendor counts a call when it arrives: at the latest when it answers, and a longer answer was work, not transit."""


class Budget:
    """Admits calls to one instance.

    Parameters
    ----------
    directory : where slots and counters live; the same for all processes that share the tenant.
    max_concurrent : calls in flight at once.
    per_second : calls the vendor may see in any one second, or None for no pace limit.
    daily : calls in a rolling 24 h we allow ourselves, or None.
    """

    def __init__(
        self,
        directory: Path,
        instance: str,
        *,
        max_concurrent: int,
        per_second: float | None = None,
        daily: int | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._instance = instance
        self._per_second = per_second
        self._per_window = max(1, math.floor(per_second)) if per_second else 0
        self._daily = daily
        self._clock = clock
        self._sleep = sleep
        directory.mkdir(parents=True, exist_ok=True)
        self._slots = [directory / f"{instance}.slot{n}.lock" for n in range(max_concurrent)]
        self._is_counted = per_second is not None or daily is not None
        if self._is_counted:
            self._open(directory / f"{instance}.budget.sqlite")

    @contextmanager
    def call(self, timeout: float = 300.0) -> Iterator[None]:
        """Hold one slot for one call.

        Raises RateLimitedError when the daily allowance is used up or no slot frees in `timeout` seconds.
        """
        lock = self._take_slot(timeout)
        try:
            with self._pace():
                yield
        finally:
            lock.release()

    def _take_slot(self, timeout: float) -> FileLock:
        give_up = time.monotonic() + timeout
        while True:
            for path in self._slots:
                lock = FileLock(path, thread_local=False)
                try:
                    lock.acquire(blocking=False)
                except Timeout:
                    continue
                return lock
            if time.monotonic() > give_up:
                raise RateLimitedError(
                    f"no free call slot among {len(self._slots)} for {timeout:.0f} s.",
                    instance=self._instance,
                    hint="another process holds them; stop it or raise api_budget.max_concurrent.",
                )
            self._sleep(_POLL_SECONDS)

    @contextmanager
    def _pace(self) -> Iterator[None]:
        if not self._is_counted:
            yield
            return
        number, wait = self._reserve()
        if wait > 0:
            self._sleep(wait)
        sent = self._clock()
        try:
            yield
        finally:
            self._arrived(number, min(self._clock(), sent + _TRANSIT_SECONDS))

    def _reserve(self) -> tuple[int, float]:
        """Book one call; return its number and the seconds to wait before sending it."""
        now = self._clock()
        with self._counting() as connection:
            next_free, window_start, used = connection.execute(
                "select next_free, window_start, used from budget"
            ).fetchone()
            if now - window_start >= 86_400:
                window_start, used = now, 0
            if self._daily is not None and used >= self._daily:
                raise RateLimitedError(
                    f"the daily allowance of {self._daily} calls is used up.",
                    instance=self._instance,
                    retry_after=window_start + 86_400 - now,
                    hint="wait for the window to roll over or raise api_budget.daily in config/estate.yml.",
                )
            start = max(now, next_free)
            number = 0
            if self._per_second:
                number, start = self._book(connection, start)
                next_free = start + 1 / self._per_second
            connection.execute(
                "update budget set next_free = ?, window_start = ?, used = ?",
                (next_free, window_start, used + 1),
            )
        return number, start - now

    def _book(self, connection: sqlite3.Connection, start: float) -> tuple[int, float]:
        """The number of this call, and the first moment at which the vendor's window has room for it.

        An even pace alone is not enough: a call that left late and the calls behind it, on time, would bunch.
        """
        assert self._per_second
        (last,) = connection.execute("select coalesce(max(number), 0) from recent").fetchone()
        number = last + 1
        oldest = number - self._per_window
        room = connection.execute("select arrived from recent where number = ?", (oldest,)).fetchone()
        if room is not None:
            start = max(start, room[0] + self._per_window / self._per_second)
        connection.execute("delete from recent where number <= ?", (oldest,))
        connection.execute("insert into recent values (?, ?)", (number, start + _TRANSIT_SECONDS))
        return number, start

    def _arrived(self, number: int, at: float) -> None:
        if number:
            with self._counting() as connection:
                connection.execute("update recent set arrived = ? where number = ?", (at, number))

    def _open(self, counters: Path) -> None:
        """One connection for as long as this object lives, in a mode that does not wait for the disk at each call."""
        self._connection = sqlite3.connect(
            counters, timeout=30, isolation_level=None, check_same_thread=False
        )
        weakref.finalize(self, self._connection.close)
        self._one_at_a_time = threading.Lock()
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        with self._counting() as connection:
            connection.execute(
                "create table if not exists budget (only integer primary key check (only = 1), "
                "next_free real not null, window_start real not null, used integer not null)"
            )
            connection.execute("insert or ignore into budget values (1, 0, ?, 0)", (self._clock(),))
            connection.execute(
                "create table if not exists recent (number integer primary key, arrived real not null)"
            )

    @contextmanager
    def _counting(self) -> Iterator[sqlite3.Connection]:
        with self._one_at_a_time, self._connection:
            self._connection.execute("begin immediate")
            yield self._connection
