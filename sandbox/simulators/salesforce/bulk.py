"""Bulk API 2.0 query jobs: results as CSV pages behind locators."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.simulators.base import json_response
from sandbox.simulators.salesforce.errors import Refusal, not_found
from sandbox.simulators.salesforce.ids import checksum
from sandbox.simulators.salesforce.org import Org, org_of
from sandbox.simulators.salesforce.sobjects import json_body
from sandbox.simulators.salesforce.soql import Query
from sandbox.simulators.salesforce.values import csv_page, csv_value, rest_stamp, stamp

_MOST_RECORDS = 250_000
_FINAL = frozenset({"JobComplete", "Failed", "Aborted"})


@dataclass
class Job:
    """One query job. It moves one state each time someone looks, as the queue of the org would."""

    id: str
    operation: str
    query: Query
    rows: list[dict[str, Any]]
    created: str
    version: str
    state: str = "UploadComplete"

    def advance(self) -> None:
        """The next state on the way to completion."""
        self.state = {"UploadComplete": "InProgress", "InProgress": "JobComplete"}.get(self.state, self.state)

    def show(self) -> dict[str, Any]:
        """The job as the API shows it."""
        done = {"numberRecordsProcessed": len(self.rows), "retries": 0, "totalProcessingTime": 120}
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.query.object.name,
            "createdDate": self.created,
            "systemModstamp": self.created,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "jobType": "V2Query",
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        } | (done if self.state == "JobComplete" else {})


async def create_job(request: Request) -> Response:
    """`POST /jobs/query`."""
    org = org_of(request)
    body = await json_body(request)
    operation = body.get("operation") if isinstance(body, dict) else None
    if operation not in {"query", "queryAll"}:
        raise Refusal("INVALIDJOB", "operation must be query or queryAll")
    if body.get("contentType", "CSV") != "CSV" or body.get("columnDelimiter", "COMMA") != "COMMA":
        raise Refusal("INVALIDJOB", "only CSV with commas is supported")
    if len(org.jobs) >= org.settings.bulk_query_jobs:
        raise Refusal("EXCEEDED_MAX_JOBS", "Daily Bulk API 2.0 query job limit exceeded")
    compiled, rows = org.select(str(body.get("query", "")), deleted=operation == "queryAll")
    if compiled.count_only or compiled.aggregate:
        raise Refusal("API_ERROR", "Aggregate queries are not supported by Bulk API 2.0")
    short = f"7505g{int(org.store.next_id('jobs')):010d}"
    created = rest_stamp(stamp(org.clock()))
    job = Job(short + checksum(short), operation, compiled, rows, created, request.path_params["version"])
    org.jobs[job.id] = job
    return json_response(job.show())


async def read_job(request: Request) -> Response:
    """`GET /jobs/query/{id}`."""
    job = _job(request)
    job.advance()
    return json_response(job.show())


async def change_job(request: Request) -> Response:
    """`PATCH /jobs/query/{id}`: abort."""
    job = _job(request)
    body = await json_body(request)
    if not isinstance(body, dict) or body.get("state") != "Aborted" or job.state in _FINAL:
        raise Refusal("INVALIDJOBSTATE", f"cannot change a job in state {job.state}")
    job.state = "Aborted"
    return json_response(job.show())


async def delete_job(request: Request) -> Response:
    """`DELETE /jobs/query/{id}` once it has ended."""
    org, job = org_of(request), _job(request)
    if job.state not in _FINAL:
        raise Refusal("INVALIDJOBSTATE", f"cannot delete a job in state {job.state}")
    del org.jobs[job.id]
    return Response(status_code=204)


async def results(request: Request) -> Response:
    """`GET /jobs/query/{id}/results?maxRecords=&locator=`."""
    job = _job(request)
    if job.state != "JobComplete":
        raise Refusal("INVALIDJOBSTATE", f"results are not available in state {job.state}")
    offset = _offset(request.query_params.get("locator"))
    wanted = request.query_params.get("maxRecords", str(_MOST_RECORDS))
    if not wanted.isdigit() or int(wanted) < 1:
        raise Refusal("INVALID_FIELD", "maxRecords must be a positive whole number")
    end = offset + min(int(wanted), _MOST_RECORDS)
    part = job.rows[offset:end]
    header = [".".join(out.path) for out in job.query.outputs]
    lines = [[csv_value(out.field, row[out.column]) for out in job.query.outputs] for row in part]
    headers = {
        "Sforce-NumberOfRecords": str(len(part)),
        "Sforce-Locator": _locator(end) if end < len(job.rows) else "null",
    }
    return Response(csv_page(header, lines), headers=headers, media_type="text/csv")


def _job(request: Request) -> Job:
    org: Org = org_of(request)
    job: Job | None = org.jobs.get(request.path_params["job"])
    if job is None:
        raise not_found()
    return job


def _locator(offset: int) -> str:
    return base64.urlsafe_b64encode(f"at:{offset}".encode()).decode().rstrip("=")


def _offset(locator: str | None) -> int:
    if locator is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refusal("INVALID_QUERY_LOCATOR", "invalid locator") from error
    word, _, number = text.partition(":")
    if word != "at" or not number.isdigit():
        raise Refusal("INVALID_QUERY_LOCATOR", "invalid locator")
    return int(number)
