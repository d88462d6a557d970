"""A plugin of dbt-duckdb: dbt ends with the run that started it.

A run killed with -9 cannot stop its dbt, and dbt would go on writing to the build file while the lock that keeps
others away is already free. So dbt looks itself whether its parent still lives.

It also looks for garbage seldom: a manifest is a million objects that all live to the end, and walking them again
and again is a tenth of a build. And it makes no words of events that no log takes, which is another tenth.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager

OWNER = "CONCORD_BUILD_OWNER"  # process id of the run that started this dbt; absent: a person did
_LOOK_SECONDS = 0.2


class Plugin(BasePlugin):
    """Loaded by name from profiles.yml."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:  # noqa: ARG002 - dbt-duckdb's signature
        """Start to watch the parent, once per process."""
        gc.set_threshold(200_000, 20, 100)
        ctx_set_event_manager(_Heard.instead_of(get_event_manager()))
        owner = os.environ.pop(OWNER, None)
        if owner is not None:
            threading.Thread(target=_end_with, args=(int(owner),), daemon=True).start()


class _Heard(EventManager):
    """dbt's own manager, without the debug events when every log starts at a higher level."""

    @classmethod
    def instead_of(cls, manager: Any) -> _Heard:
        heard = cls()
        heard.__dict__.update(manager.__dict__)
        return heard

    def fire_event(self, e: BaseEvent, level: EventLevel | None = None, *rest: Any, **more: Any) -> None:
        quiet = (level or e.level_tag()) in (EventLevel.DEBUG, EventLevel.TEST)
        if quiet and not any(log.level == EventLevel.DEBUG for log in self.loggers):
            return
        super().fire_event(e, level, *rest, **more)


def _end_with(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(_LOOK_SECONDS)
    # DuckDB takes a killed writer well; anything gentler waits for a node.
    os.kill(os.getpid(), signal.SIGKILL)
