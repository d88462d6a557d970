"""The simulated account's sign-in refuses what a real one refuses."""

from __future__ import annotations

import time

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from requests_oauthlib import OAuth1

from tests.netsuite.account import SECRETS, Account, OpenAccount

QUERY = {"q": "SELECT id FROM currency"}


def signed(account: Account, **changes: str) -> requests.Response:
    facts = {"secret": SECRETS["NS_SECRET"], "token_secret": SECRETS["NS_TOKEN_SECRET"], "realm": "4471023_SB1",
             "method": "HMAC-SHA256"} | changes  # fmt: skip
    auth = OAuth1(
        SECRETS["NS_KEY"], facts["secret"], SECRETS["NS_TOKEN"], facts["token_secret"],
        signature_method=facts["method"], realm=facts["realm"],
    )  # fmt: skip
    return requests.post(
        f"{account.rest}/query/v1/suiteql?limit=10&offset=0",
        json=QUERY, auth=auth, timeout=10, headers={"Prefer": "transient"},
    )  # fmt: skip


def test_a_right_signature_is_let_in(account: Account) -> None:
    assert signed(account).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [{"secret": "wrong"}, {"token_secret": "wrong"}, {"realm": "4471023-sb1"}, {"method": "HMAC-SHA1"}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_wrong_secret_realm_or_method_is_refused(account: Account, changes: dict[str, str]) -> None:
    answer = signed(account, **changes)
    assert answer.status_code == 401
    assert answer.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_LOGIN"


def test_a_signed_header_cannot_be_used_twice_nor_for_another_url(account: Account) -> None:
    first = signed(account)
    header = {"Authorization": first.request.headers["Authorization"], "Prefer": "transient"}
    replay = requests.post(first.url, json=QUERY, headers=header, timeout=10)
    moved = requests.post(first.url.replace("limit=10", "limit=20"), json=QUERY, headers=header, timeout=10)
    assert (first.status_code, replay.status_code, moved.status_code) == (200, 401, 401)


def test_an_old_timestamp_is_refused(open_account: OpenAccount) -> None:
    late = open_account(wall=lambda: time.time() + 3600)
    assert signed(late).status_code == 401


def assertion(account: Account, key: object, algorithm: str, kid: str = "cert-1", **claims: object) -> str:
    now = int(time.time())
    body = {"iss": "client-1", "scope": "rest_webservices", "aud": f"{account.rest}/auth/oauth2/v1/token",
            "iat": now, "exp": now + 300} | claims  # fmt: skip
    return jwt.encode(body, key, algorithm=algorithm, headers={"kid": kid})  # type: ignore[arg-type]


def ask_token(account: Account, text: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": text,
    }
    return requests.post(f"{account.rest}/auth/oauth2/v1/token", data=form, timeout=10)


def public(key: object) -> str:
    pem = key.public_key().public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return str(pem.decode())


def test_a_certificate_gets_a_token_that_ends(open_account: OpenAccount) -> None:
    key, wall = ec.generate_private_key(ec.SECP256R1()), {"ahead": 0.0}
    account = open_account(
        client_id="client-1",
        certificates={"cert-1": public(key)},
        token_seconds=60,
        wall=lambda: time.time() + wall["ahead"],
    )
    token = ask_token(account, assertion(account, key, "ES256")).json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", "60")
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    url = f"{account.rest}/system/v1/governanceLimits"
    assert requests.get(url, headers=headers, timeout=10).json()["accountConcurrencyLimit"] == 5
    wall["ahead"] = 61
    assert requests.get(url, headers=headers, timeout=10).status_code == 401


def test_assertions_that_do_not_fit_get_no_token(open_account: OpenAccount) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    account = open_account(client_id="client-1", certificates={"cert-1": public(key)})
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert ask_token(account, assertion(account, key, "PS256")).status_code == 200
    refused = [
        assertion(account, key, "RS256"),
        assertion(account, stranger, "PS256"),
        assertion(account, key, "PS256", kid="other"),
        assertion(account, key, "PS256", aud="https://elsewhere.example"),
        assertion(account, key, "PS256", scope="suite_analytics"),
        assertion(account, key, "PS256", exp=int(time.time()) - 10),
        assertion(account, key, "PS256", exp=int(time.time()) + 7200),
    ]
    assert [ask_token(account, text).status_code for text in refused] == [400] * len(refused)
