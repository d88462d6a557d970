"""`/query`, `/queryAll` and their following pages."""

from __future__ import annotations

import re
import secrets
import string

from starlette.requests import Request
from starlette.responses import Response

from sandbox.simulators.base import json_response
from sandbox.simulators.salesforce.errors import Refusal
from sandbox.simulators.salesforce.org import Cursor, org_of
from sandbox.simulators.salesforce.values import rest_record

_DEFAULT_BATCH, _SMALLEST_BATCH, _LARGEST_BATCH = 2000, 200, 2000
_BATCH_OPTION = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
_LETTERS = string.ascii_letters + string.digits


async def query(request: Request) -> Response:
    """Living rows only."""
    return _first_page(request, deleted=False)


async def query_all(request: Request) -> Response:
    """Living rows and those still in the recycle bin."""
    return _first_page(request, deleted=True)


async def following(request: Request) -> Response:
    """The page behind a `nextRecordsUrl`."""
    org = org_of(request)
    key, _, offset = request.path_params["locator"].rpartition("-")
    cursor = org.cursors.get(key)
    if cursor is None or not offset.isdigit() or int(offset) >= len(cursor.rows):
        raise Refusal("INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(key, cursor, int(offset), request.path_params["version"])


def _first_page(request: Request, *, deleted: bool) -> Response:
    org = org_of(request)
    soql = request.query_params.get("q")
    if not soql:
        raise Refusal("MALFORMED_QUERY", "unexpected token: <EOF>")
    compiled, rows = org.select(soql, deleted=deleted)
    if compiled.count_only:
        return json_response({"totalSize": rows[0]["n"], "done": True, "records": []})
    wanted = _BATCH_OPTION.search(request.headers.get("sforce-query-options", ""))
    batch = int(wanted[1]) if wanted else _DEFAULT_BATCH
    cursor = Cursor(compiled, rows, min(max(batch, _SMALLEST_BATCH), _LARGEST_BATCH))
    key = "01g" + "".join(secrets.choice(_LETTERS) for _ in range(15))
    if len(rows) > cursor.batch:
        org.remember(key, cursor)
    return _page(key, cursor, 0, request.path_params["version"])


def _page(key: str, cursor: Cursor, offset: int, version: str) -> Response:
    end = offset + cursor.batch
    done = end >= len(cursor.rows)
    body = {
        "totalSize": len(cursor.rows),
        "done": done,
        "records": [rest_record(cursor.query, row, version) for row in cursor.rows[offset:end]],
    }
    if not done:
        body["nextRecordsUrl"] = f"/services/data/v{version}/query/{key}-{end}"
    return json_response(body)
