"""A plugin of dbt-duckdb: dbt ends with the run that started it.

A run killed with -9 cannot stop its dbt, and dbt would go on writing to the build file while the lock that keeps
others away is already free. So dbt looks itself whether its parent still lives.

It also looks for garbage seldom: a manifest is a million objects that all live to the end, and walking them again
and again is a tenth of a build.
"""

from __future__ import annotations

import gc
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
        gc.set_threshold(200_000, 20, 100)
        owner = os.environ.pop(OWNER, None)
        if owner is not None:
            threading.Thread(target=_end_with, args=(int(owner),), daemon=True).start()


def _end_with(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(_LOOK_SECONDS)
    # DuckDB takes a killed writer well; anything gentler waits for a node.
    os.kill(os.getpid(), signal.SIGKILL)
