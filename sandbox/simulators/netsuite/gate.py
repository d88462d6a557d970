"""The account's concurrency governance: so many calls at once over all services, no queue."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.simulators.netsuite.errors import ApiError


class Gate:
    """Counts calls in flight."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self.in_flight = 0
        self.highest = 0

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot for one call. Raises ApiError 429 when all are taken."""
        with self._lock:
            if self.in_flight >= self._limit:
                raise ApiError(
                    429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked."
                )
            self.in_flight += 1
            self.highest = max(self.highest, self.in_flight)
        try:
            yield
        finally:
            with self._lock:
                self.in_flight -= 1

    def limits(self) -> dict[str, Any]:
        """Body of governanceLimits."""
        return {
            "accountConcurrencyLimit": self._limit,
            "accountUnallocatedConcurrencyLimit": self._limit,
            "integrationLimitType": "accountLimit",
        }
