"""Who gets in, what they see, and what every answer carries."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from console.format import DASH
from tests.console.site import PASSWORD, Site, Visitor, charge_row, running_site

PAGES = [
    "/", "/?business_unit_id=digital&practice_id=cloud&legal_entity_id=MCG-US&period=ytd", "/utilization",
    "/utilization?basis=util_gross&period=3m", "/utilization/people?month=2026-05-01&practice_id=cloud",
    "/utilization/entries?month=2026-05-01&resource_id=r:Ada", "/revenue", "/revenue?month=2026-05-01",
    "/revenue?customer_id=cus_Atlas", "/revenue?show=all", "/revenue/project/k:Atlas", "/receivables",
    "/receivables?bucket=31-60", "/findings", "/findings?check_id=B05&severity=S2&owner_role=billing_lead",
    "/findings?customer_id=cus_Atlas", "/metrics", "/metrics/rpt_revenue_project?practice_id=cloud",
    "/findings/f-b05", "/findings/f-x03", "/approvals", "/approvals?tab=verified", "/health",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_and_asks_nothing_of_another_host(carla: Visitor, path: str) -> None:
    page = carla.page(path)
    links = page.xpath("//@src | //link/@href | //form/@action | //a/@href | //*[local-name()='a']/@href")
    outside = [link for link in links if urlsplit(link).netloc or urlsplit(link).scheme]
    assert outside == []
    assert not page.xpath("//@style | //style | //script[not(@src)] | //@onclick"), (
        "inline code breaks the CSP"
    )


@pytest.mark.parametrize("path", PAGES)
def test_pages_can_be_read_by_a_machine(carla: Visitor, path: str) -> None:
    page = carla.page(path)
    assert page.get("lang") == "en"
    assert len(page.xpath("//h1")) == 1
    assert len(page.xpath("//nav[@aria-label='Areas']//a[@aria-current='page']")) == 1
    assert not page.xpath("//th[not(@scope)]"), "table headers say what they head"
    labelled = set(page.xpath("//label/@for"))
    for control in page.xpath("//select | //textarea | //input[not(@type='hidden')]"):
        assert control.get("id") in labelled or control.get("aria-label"), control.attrib
    for chart in page.xpath("//*[local-name()='svg']"):
        assert chart.get("aria-label")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids)), "ids are unique"
    assert all(link.text_content().strip() or link.get("aria-label") for link in page.xpath("//a"))


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_signing_in(shared_site: Site, path: str) -> None:
    answer = shared_site.visitor().session.get(shared_site.url + path, allow_redirects=False, timeout=20)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_security_headers(carla: Visitor) -> None:
    for path in ("/", "/findings", "/sign-in", "/nowhere"):
        headers = carla.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
    assert carla.get("/static/htmx.min.js").status_code == 200


def test_wrong_password_and_unknown_account_get_the_same_words(shared_site: Site) -> None:
    guest = shared_site.visitor()
    wrong = guest.post("/sign-in", person="carla.cfo", password="no")
    unknown = guest.post("/sign-in", person="mallory", password=PASSWORD)
    assert wrong.status_code == unknown.status_code == 401
    assert "do not match" in wrong.text
    assert "do not match" in unknown.text
    assert "Sign in" in guest.get("/").text


def test_signing_out_ends_the_session_and_needs_the_form_token(shared_site: Site) -> None:
    guest = shared_site.visitor("carla.cfo")
    assert guest.post("/sign-out", form_token="forged").status_code == 403
    assert "Executive overview" in guest.get("/").text
    guest.post("/sign-out", form_token=guest.token())
    assert "Executive overview" not in guest.get("/").text


def test_no_default_password(shared_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONCORD_CONSOLE_PASSWORD")
    answer = shared_site.visitor().post("/sign-in", person="carla.cfo", password="")
    assert answer.status_code == 503
    assert "CONCORD_CONSOLE_PASSWORD" in answer.text


def test_one_unit_sees_its_rows_only(shared_site: Site) -> None:
    dora = shared_site.visitor("dora.digital")
    findings = dora.get("/findings").text
    assert "/findings/f-b05" in findings
    assert "/findings/f-b01" not in findings, "another unit's"
    assert "/findings/f-x03" not in findings, "the whole firm's"
    assert dora.get("/findings/f-b01").status_code == 404
    assert dora.get("/findings/f-x03").status_code == 404
    assert dora.get("/findings?business_unit_id=advisory").text.count("/findings/f-") == 0
    assert "Borealis" not in dora.get("/revenue").text
    assert dora.get("/revenue/project/k:Borealis").status_code == 404
    assert "Cleo" not in dora.get("/utilization/people?month=2026-05-01").text
    assert [o.text for o in dora.page("/").xpath("//select[@id='f-business_unit_id']/option")] == [
        "All",
        "Digital",
    ]


def test_one_unit_gets_no_figure_of_the_whole_firm(shared_site: Site) -> None:
    tiles = shared_site.visitor("dora.digital").page("/").xpath("//a[@data-metric]")
    figures = {tile.get("data-metric"): tile.xpath("string(.//div[@class='v'])") for tile in tiles}
    assert figures == {
        "util_net": "68.5%", "revenue_rc": "$90k", "unbilled_rc": DASH, "money_at_risk_rc": "$1k",
        "overdue_ar_rc": DASH, "dso_simple": DASH,
    }  # fmt: skip


def test_somebody_without_a_unit_sees_nothing(site: Site) -> None:
    correction = site.propose(charge_row())[0]
    nobody = site.visitor("nobody.unit")
    assert nobody.get("/findings").text.count("/findings/f-") == 0
    assert correction not in nobody.get("/approvals").text
    assert nobody.get(f"/approvals/{correction}").status_code == 403


def test_unknown_things_are_not_here(carla: Visitor) -> None:
    for path in ("/nowhere", "/findings/none", "/findings?page=0", "/approvals/none", "/approvals?tab=none",
                 "/utilization?basis=none", "/utilization/people?month=May", "/revenue?period=9y",
                 "/revenue/project/none", "/utilization/entries?month=2026-05-01&resource_id=r:Zoe"):  # fmt: skip
        assert carla.get(path).status_code == 404, path


def test_before_the_first_publication(tmp_path: Path) -> None:
    with running_site(tmp_path, is_published=False) as site:
        guest = site.visitor()
        guest.post("/sign-in", person="carla.cfo", password=PASSWORD)
        answer = guest.get("/")
        assert answer.status_code == 503
        assert "Nothing is published yet" in answer.text
