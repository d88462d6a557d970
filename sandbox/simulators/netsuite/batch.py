"""Asynchronous work: a job holds one task per record; its results are read one by one.

Jobs are kept in the store, so an idempotency key still answers after a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from sandbox.simulators.netsuite.errors import ApiError
from sandbox.simulators.store import Store

MAX_RECORDS = 100
Task = Callable[[], tuple[int, str | None]]  # does one record; HTTP status and Location


class Jobs:
    """Jobs of one account."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def submit(self, tasks: list[Task], key: str | None, root: str) -> str:
        """Run the tasks and return the job's URL. Raises ApiError for a key seen before."""
        if len(tasks) > MAX_RECORDS:
            raise ApiError(400, "INVALID_REQUEST", f"A batch takes at most {MAX_RECORDS} records.")
        with self._store.transaction():
            self._refuse_duplicate(key, root)
            number = self._store.next_id("_job")
            self._store.load("_job", [{"id": number, "idempotencykey": key, "results": "[]"}])
        results = orjson.dumps([_outcome(task) for task in tasks]).decode()
        self._store.upsert("_job", number, {"results": results})
        return f"{root}/{number}"

    def _refuse_duplicate(self, key: str | None, root: str) -> None:
        found = self._store.query("select id from _job where idempotencykey = ?", [key]) if key else []
        if found:
            raise ApiError(
                400,
                "IDEMPOTENCY_ERROR",
                'A request with the same idempotency key is already submitted. See the "Location" header '
                "for the job.",
                headers={"Location": f"{root}/{found[0]['id']}"},
            )

    def job(self, number: str, root: str) -> dict[str, Any]:
        """State of a job."""
        self._results(number)
        own = f"{root}/{number}"
        task = {"links": [{"rel": "self", "href": f"{own}/task"}]}
        return {"id": number, "completed": True, "progress": "succeeded", "task": task,
                "links": [{"rel": "self", "href": own}]}  # fmt: skip

    def tasks(self, number: str, root: str) -> dict[str, Any]:
        """The tasks of a job."""
        results = self._results(number)
        items = [{"id": str(n), "links": [{"rel": "self", "href": f"{root}/{number}/task/{n}"}]}
                 for n in range(1, len(results) + 1)]  # fmt: skip
        return {
            "items": items,
            "count": len(items),
            "hasMore": False,
            "offset": 0,
            "totalResults": len(items),
        }

    def result(self, number: str, task: str) -> dict[str, Any]:
        """What became of one record."""
        results = self._results(number)
        if not task.isdigit() or not 1 <= int(task) <= len(results):
            raise ApiError(404, "NONEXISTENT_ID", "The task does not exist.")
        found: dict[str, Any] = results[int(task) - 1]
        return found

    def _results(self, number: str) -> list[dict[str, Any]]:
        row = self._store.get("_job", number)
        if row is None:
            raise ApiError(404, "NONEXISTENT_ID", "The job does not exist.")
        results: list[dict[str, Any]] = orjson.loads(row["results"])
        return results


def _outcome(task: Task) -> dict[str, Any]:
    try:
        status, location = task()
    except ApiError as error:
        return {"status": error.status, "location": None, "body": error.body()}
    return {"status": status, "location": location, "body": None}
