"""A plugin of dbt-duckdb: dbt ends with the run that started it.

A run killed with -9 cannot stop its dbt, and dbt would go on writing to the build file while the lock that keeps
others away is already free. So dbt looks itself whether its parent still lives.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

OWNER = "CONCORD_BUILD_OWNER"  # process id of the run that started this dbt; absent: a person did
_LOOK_SECONDS = 0.2


class Plugin(BasePlugin):
    """Loaded by name from profiles.yml."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:  # noqa: ARG002 - dbt-duckdb's signature
        """Start to watch the parent, once per process."""
        owner = os.environ.pop(OWNER, None)
        if owner is not None:
            threading.Thread(target=_end_with, args=(int(owner),), daemon=True).start()


def _end_with(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(_LOOK_SECONDS)
    os.kill(
        os.getpid(), signal.SIGKILL
    )  # DuckDB takes a killed writer well; anything gentler waits for a node
