"""Bodies recorded from a real org go through the connector's own parsing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config.paths import REPOSITORY
from connectors.errors import NotFoundError, PermanentError, ValidationError
from connectors.http import Backoff
from connectors.salesforce import SalesforceClient, connect
from connectors.salesforce.failures import classifier, error_of
from connectors.salesforce.query import parse_page
from sandbox.simulators.base import SimServer
from tests.salesforce.org import NOW, OrgUnderTest

RECORDED = REPOSITORY.parent / "shared" / "recorded" / "salesforce" / "grouparoo_recorded_http.jsonl"
pytestmark = pytest.mark.skipif(
    not RECORDED.exists(),
    reason="recorded payloads are kept beside the repository and are not on this machine",
)

Exchange = dict[str, Any]


def exchanges(method: str, part: str) -> list[Exchange]:
    lines = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    return [line for line in lines if line["method"] == method and part in line["path"]]


def response(exchange: Exchange) -> requests.Response:
    made = requests.Response()
    made.status_code = exchange["status"]
    made._content = json.dumps(exchange["response_body"]).encode()
    made.headers.update(exchange["response_headers"] or {})
    return made


def test_every_recorded_query_page_parses() -> None:
    found = exchanges("GET", "/query")
    assert len(found) == 109
    for exchange in found:
        page = parse_page("recorded", response(exchange), object="query")
        assert page.total == len(page.rows)
        assert all("attributes" not in row and any(row.values()) for row in page.rows)


def test_recorded_refusals_are_classified() -> None:
    classify = classifier("recorded")
    missing = [exchange for exchange in exchanges("GET", "/sobjects/") if exchange["status"] == 404]
    assert len(missing) == 5
    for exchange in missing:
        assert isinstance(classify(response(exchange), "Contact"), NotFoundError)
    failed = [
        error
        for exchange in exchanges("PATCH", "/composite/sobjects")
        for item in exchange["response_body"]
        for error in item["errors"]
    ]
    assert failed
    for error in failed:
        built = error_of(error["statusCode"], error["message"], instance="recorded")
        fixable = error["statusCode"] in {"INVALID_EMAIL_ADDRESS", "REQUIRED_FIELD_MISSING"}
        assert type(built) is (ValidationError if fixable else PermanentError)


@pytest.fixture
def recorded(org: OrgUnderTest) -> Iterator[SalesforceClient]:
    """A client of a server that answers with what the real org said."""
    described = exchanges("GET", "/sobjects/Account/describe")[0]
    read = next(e for e in exchanges("GET", "/sobjects/Account/001") if e["status"] == 200)

    async def token(request: Request) -> Response:
        url = str(request.base_url).rstrip("/")
        return Response(json.dumps({"access_token": "recorded", "instance_url": url}))

    def answer(exchange: Exchange) -> Any:
        async def call(_request: Request) -> Response:
            return Response(
                json.dumps(exchange["response_body"]), exchange["status"], exchange["response_headers"]
            )

        return call

    root = "/services/data/v42.0/sobjects/Account"
    routes = [
        Route("/services/oauth2/token", token, methods=["POST"]),
        Route(f"{root}/describe", answer(described)),
        Route(root + "/{id}", answer(read)),
    ]
    with SimServer(Starlette(routes=routes)) as server:
        yield connect(
            org.instance(base_url=server.url, options={"api_version": "42.0"}),
            environ=org.environ, budget_dir=org.budget_dir, clock=lambda: NOW, backoff=Backoff(attempts=1),
        )  # fmt: skip


def test_a_recorded_describe_and_record_are_read(recorded: SalesforceClient) -> None:
    fields = recorded.describe("Account")
    assert {"Id", "Name", "SystemModstamp", "IsDeleted"} <= fields.keys()
    assert fields["Name"]["type"] == "string"
    row = recorded.get("Account", "0014S000007NxmlQAC", ["Id", "Name", "SystemModstamp"])
    assert row["Name"]
    assert row["SystemModstamp"].endswith("+0000")
