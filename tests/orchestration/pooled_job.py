"""One step that takes the only seat of a pool, in a process of its own: made to be killed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import dagster as dg


@dg.op(pool="warehouse")
def take_a_seat() -> None:
    seated = os.environ.get("SEATED")
    if seated:
        Path(seated).touch()
        time.sleep(120)


@dg.job(executor_def=dg.in_process_executor)
def pooled_job() -> None:
    take_a_seat()


if __name__ == "__main__":
    with dg.DagsterInstance.get() as instance:
        pooled_job.execute_in_process(instance=instance)
