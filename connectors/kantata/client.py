"""Read and write calls of one Kantata OX tenant."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
from filelock import FileLock, Timeout
from requests.auth import AuthBase

from config.schema import Instance
from connectors.budget import Budget
from connectors.errors import MalformedResponseError, TransientError, UnauthorizedError
from connectors.http import Backoff, HttpClient
from connectors.kantata.envelope import Page, Record, parse
from connectors.kantata.failures import classifier

MAX_PAGE = 200
MAX_WALKS = 3
DEFAULT_BACKOFF = Backoff(attempts=7, start=2.0, cap=60.0)
_WRITER_TIMEOUT_SECONDS = 300.0

#: What a call must say for a collection to show everything it has. Without it an archived project looks
#: like a mass delete.
UNHIDE: Mapping[str, Mapping[str, str]] = {
    "workspaces": {"include_archived": "true"},
    "time_entries": {"from_archived_workspaces": "true", "on_my_account": "false"},
    "assignments": {"in_unarchived_stories": "false", "in_unarchived_workspaces": "false"},
    "stories": {
        "all_on_account": "true",
        "show_archived": "true",
        "show_from_archived_workspaces": "true",
        "show_deleted": "true",
    },
}

SINGULAR: Mapping[str, str] = {
    "workspaces": "workspace",
    "workspace_groups": "workspace_group",
    "workspace_allocations": "workspace_allocation",
    "workspace_resources": "workspace_resource",
    "stories": "story",
    "time_entries": "time_entry",
    "expenses": "expense",
    "billing_milestones": "billing_milestone",
    "custom_field_values": "custom_field_value",
}


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def connect(
    instance: Instance,
    *,
    environ: Mapping[str, str],
    budget_dir: Path,
    clock: Callable[[], datetime],  # noqa: ARG001 - every vendor is connected the same way
    backoff: Backoff = DEFAULT_BACKOFF,
    timeout: float = 190.0,
    sleep: Callable[[float], None] = time.sleep,
) -> KantataClient:
    """A client for the instance, its token taken from the environment now.

    `timeout` in seconds lies above the vendor's own limit of 3 minutes. Raises UnauthorizedError naming the
    variable when the token is not set.
    """
    try:
        token = instance.secret("token", dict(environ))
    except LookupError as error:
        raise UnauthorizedError(str(error), instance=instance.name) from error
    http = HttpClient(
        instance.name,
        f"{instance.base_url.rstrip('/')}/api/v1",
        budget=_budget(instance, budget_dir),
        auth=_Bearer(token),
        classify=classifier(instance.name),
        timeout=timeout,
        backoff=backoff,
        sleep=sleep,
    )
    return KantataClient(http, writer_lock=budget_dir / f"{instance.name}.writer.lock")


def _budget(instance: Instance, directory: Path) -> Budget:
    allowed = instance.api_budget
    return Budget(
        directory,
        instance.name,
        max_concurrent=allowed.max_concurrent,
        per_second=allowed.per_second,
        daily=allowed.daily,
    )


class KantataClient:
    """Pages, records, references and events of one tenant; one writer at a time over all processes."""

    def __init__(self, http: HttpClient, *, writer_lock: Path) -> None:
        self._http = http
        self._writer_lock = FileLock(writer_lock, thread_local=False)
        self._custom_fields: dict[tuple[str, str], str] | None = None

    @property
    def instance(self) -> str:
        """Name of the instance in the estate."""
        return self._http.instance

    def pages(
        self, collection: str, params: Mapping[str, str] | None = None, include: Sequence[str] = ()
    ) -> Iterator[list[Record]]:
        """All matching records, page by page, each record once."""
        for page in self.walk(collection, params, include):
            yield page.records

    def walk(
        self, collection: str, params: Mapping[str, str] | None = None, include: Sequence[str] = ()
    ) -> Iterator[Page]:
        """Like `pages`, with the side loads of each page.

        Rows that leave the result while we page shift the rest towards the front; the walk then steps back
        so that none is skipped, and it ends only when it has seen as many records as the vendor counts.
        Raises TransientError when the collection moves faster than it can be read.
        """
        seen: set[str] = set()
        for _ in range(MAX_WALKS):
            count = 0
            for page in self._one_walk(collection, params or {}, include):
                count = page.count
                fresh = [record for record in page.records if record["id"] not in seen]
                seen.update(record["id"] for record in fresh)
                if fresh:
                    yield Page(
                        records=fresh,
                        side=page.side,
                        count=page.count,
                        page_count=page.page_count,
                        page_size=page.page_size,
                    )
            if len(seen) >= count:
                return
        raise TransientError(
            f"the vendor counts {count} records but {len(seen)} were seen in {MAX_WALKS} walks.",
            instance=self.instance,
            object=collection,
            hint="the collection changes faster than it can be read; run the sync again.",
        )

    def get(self, collection: str, record_id: str, include: Sequence[str] = ()) -> Record:
        """One record as it is now. Raises NotFoundError when there is none."""
        return self.show(collection, record_id, include).records[0]

    def show(self, collection: str, record_id: str, include: Sequence[str] = ()) -> Page:
        """One record with its side loads. Raises NotFoundError when there is none."""
        query = {**UNHIDE.get(collection, {}), **_included(include)}
        response = self._http.read("GET", f"{collection}/{record_id}", object=collection, params=query)
        return self._single(response, collection, record_id)

    def create(self, collection: str, fields: Mapping[str, Any]) -> Record:
        """Create one record, sent once. Raises UnknownOutcomeError when no answer came: look first."""
        with self._writer():
            response = self._http.write(
                "POST", collection, object=collection, json={SINGULAR[collection]: dict(fields)}
            )
        return self._single(response, collection).records[0]

    def update(self, collection: str, record_id: str, fields: Mapping[str, Any]) -> Record:
        """Change the named fields of one record, sent once."""
        with self._writer():
            response = self._http.write(
                "PUT",
                f"{collection}/{record_id}",
                object=collection,
                record=record_id,
                json={SINGULAR[collection]: dict(fields)},
            )
        return self._single(response, collection, record_id).records[0]

    def find_by_reference(self, collection: str, service: str, model: str, ref: str) -> list[Record]:
        """Records carrying that external key, archived ones too; more than one is a matter for a person."""
        wanted = {
            "external_reference_service_name": service,
            "external_reference_service_model": model,
            "external_reference_service_model_ref": ref,
        }
        return [record for page in self.pages(collection, wanted) for record in page]

    def upsert_reference(
        self, *, service: str, model: str, ref: str, subject_type: str, subject_id: str
    ) -> Record:
        """Put an external key on a subject; repeating it changes nothing. Never locks the subject."""
        reference = {
            "service_name": service,
            "service_model": model,
            "service_model_ref": ref,
            "subject_type": subject_type,
            "subject_id": subject_id,
            "status": "successful",
        }
        name = "external_references"
        with self._writer():
            response = self._http.write(
                "POST", f"{name}/create_or_update", object=name, json={"external_reference": reference}
            )
        return self._single(response, name).records[0]

    def custom_field_id(self, subject_type: str, name: str) -> str | None:
        """Id of a custom field by its name, or None; the list is read once per client."""
        if self._custom_fields is None:
            subjects = {
                record["id"]: record["subject_type"]
                for page in self.pages("custom_field_sets")
                for record in page
            }
            self._custom_fields = {
                (subjects.get(record["custom_field_set_id"], ""), record["name"]): record["id"]
                for page in self.pages("custom_fields")
                for record in page
            }
        return self._custom_fields.get((subject_type, name))

    def events(
        self, types: Sequence[str], since: datetime, until: datetime | None = None
    ) -> Iterator[list[Record]]:
        """Subscribed events created after `since`, each once although the feed repeats some.

        The feed is kept 9 days and is late by minutes: overlap, and order by `subject_changed_at`.
        Raises UnauthorizedError when the account does not have the add-on.
        """
        query = {
            "event_types": ",".join(types),
            "created_after": since.isoformat(),
            "order": "created_at:asc",
        }
        if until is not None:
            query["created_before"] = until.isoformat()
        seen: set[str] = set()
        for page in self._one_walk("subscribed_events", query, ()):
            fresh = {record["id"]: record for record in page.records if record["id"] not in seen}
            seen.update(fresh)
            if fresh:
                yield list(fresh.values())

    def _one_walk(self, collection: str, params: Mapping[str, str], include: Sequence[str]) -> Iterator[Page]:
        number, previous = 1, 0
        while True:
            page = self._list(collection, params, include, number)
            yield page
            gone = previous - page.count
            previous = page.count
            number = number + 1 if gone <= 0 else max(1, number - _pages_for(gone))
            if number > (page.page_count or 0):
                return

    def _list(self, collection: str, params: Mapping[str, str], include: Sequence[str], number: int) -> Page:
        query = {
            **UNHIDE.get(collection, {}),
            **params,
            **_included(include),
            "per_page": str(MAX_PAGE),
            "page": str(number),
        }
        response = self._http.read("GET", collection, object=collection, params=query)
        page = parse(self._http.json(response, object=collection), collection, instance=self.instance)
        if page.page_count is None:
            raise MalformedResponseError(
                "the answer has no `meta`, so the number of pages is unknown.",
                instance=self.instance,
                object=collection,
                field="meta",
            )
        return page

    def _single(self, response: requests.Response, collection: str, record_id: str | None = None) -> Page:
        page = parse(self._http.json(response, object=collection), collection, instance=self.instance)
        if len(page.records) != 1:
            raise MalformedResponseError(
                f"one record was asked for and {len(page.records)} came.",
                instance=self.instance,
                object=collection,
                record=record_id,
            )
        return page

    def _writer(self) -> _Writer:
        return _Writer(self._writer_lock, self.instance)


class _Writer:
    """The tenant's only writer while entered, over all processes of this host."""

    def __init__(self, lock: FileLock, instance: str) -> None:
        self._lock = lock
        self._instance = instance

    def __enter__(self) -> None:
        try:
            self._lock.acquire(timeout=_WRITER_TIMEOUT_SECONDS)
        except Timeout as error:
            raise TransientError(
                f"another writer held this tenant for {_WRITER_TIMEOUT_SECONDS:.0f} s.",
                instance=self._instance,
                hint="find the other dispatcher; two must not write to one tenant.",
            ) from error

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _included(include: Sequence[str]) -> dict[str, str]:
    return {"include": ",".join(include)} if include else {}


def _pages_for(rows: int) -> int:
    return -(-rows // MAX_PAGE)
