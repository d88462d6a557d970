"""The console in Chromium: the walk of an executive and of an approver, with no request to another host."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from reverse_etl.models import State
from tests.console.site import PASSWORD, Site, charge_row, running_site

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH (README: how to get it)"),
]
LEAST_CONTRAST = """() => {
  const channels = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const c = channels(getComputedStyle(at).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || node.closest("svg") || node.disabled || !node.getClientRects().length) continue;
    const a = light(channels(getComputedStyle(node).color)), b = light(ground(node));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) poor.push(`${contrast.toFixed(2)} ${node.className} ${node.textContent.trim().slice(0, 40)}`);
  }
  return poor;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("browser")) as site:
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def faults() -> list[str]:
    return []


@pytest.fixture(params=[1440, 390], ids=["desk", "phone"])
def page(request: pytest.FixtureRequest, chromium: Any, faults: list[str]) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": request.param, "height": 900})
    page = context.new_page()
    page.set_default_timeout(10_000)

    def asked(outgoing: Any) -> None:
        if urlsplit(outgoing.url).hostname not in ("127.0.0.1", None):
            faults.append(f"outside request: {outgoing.url}")

    def said(message: Any) -> None:
        if message.type in ("error", "warning"):
            faults.append(f"{message.type} in the browser: {message.text}")

    page.on("request", asked)
    page.on("console", said)
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    yield page
    context.close()


def sign_in(page: Any, site: Site, person: str) -> None:
    page.goto(f"{site.url}/sign-in")
    page.select_option("#person", person)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_selector("h1:has-text('Executive overview')")


def look(page: Any) -> None:
    """Nothing runs over the edge, and every text stands out from its ground."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (
        page.url
    )
    assert page.evaluate(LEAST_CONTRAST) == [], page.url


def test_from_the_overview_to_the_time_entry(page: Any, site: Site, faults: list[str]) -> None:
    sign_in(page, site, "carla.cfo")
    look(page)
    page.click("nav[aria-label=Areas] a:has-text('Utilization')")
    page.wait_for_selector("h1:text-is('Utilization')")
    look(page)
    page.locator("table.heat a[aria-label^='Cloud Platforms, May 2026']:visible").click()
    page.wait_for_selector("h1:has-text('People, May 2026')")
    look(page)
    page.click("a:text-is('Ada')")
    page.wait_for_selector("h1:has-text('Ada, May 2026')")
    look(page)
    assert "114.00" in page.inner_text("tfoot >> nth=1")
    assert faults == []


def test_a_finding_and_its_records(page: Any, site: Site, faults: list[str]) -> None:
    sign_in(page, site, "carla.cfo")
    page.click("nav[aria-label=Areas] a:has-text('Findings')")
    page.wait_for_selector("h1:text-is('Findings')")
    look(page)
    page.select_option("#f-severity", "S1")
    page.wait_for_url("**severity=S1*")
    assert "business_unit_id" not in page.url, "filters that are not set stay out of the URL"
    page.wait_for_selector("text=Invoice number is missing")
    page.goto(f"{site.url}/findings/f-b05")
    assert page.locator("mark").count() == 2
    look(page)
    assert faults == []


def test_approving_with_the_mouse(page: Any, site: Site, faults: list[str]) -> None:
    correction = site.propose(charge_row(str(page.viewport_size["width"])))[0]
    sign_in(page, site, "carla.cfo")
    page.click("nav[aria-label=Areas] a:has-text('Approvals')")
    page.wait_for_selector("h1:text-is('Approvals')")
    look(page)
    page.click(f"a[href='/approvals/{correction}']")
    page.wait_for_selector("h2:text-is('The exact change')")
    look(page)
    page.fill("#note", "seen")
    page.click("button[value=approve]")
    page.wait_for_selector("[role=status]:has-text('Approved')")
    assert site.outbox.show(correction).correction.state is State.APPROVED
    assert faults == []


@pytest.mark.parametrize(
    "path",
    [
        "/revenue",
        "/receivables",
        "/health",
        "/revenue/project/k:Atlas",
        "/metrics",
        "/metrics/rpt_revenue_project",
    ],
)
def test_the_other_pages(page: Any, site: Site, faults: list[str], path: str) -> None:
    sign_in(page, site, "dana.engineer")
    page.goto(site.url + path)
    look(page)
    assert faults == []


def test_the_keyboard_reaches_the_content_first(chromium: Any, site: Site) -> None:
    page = chromium.new_page()
    sign_in(page, site, "carla.cfo")
    page.goto(site.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "focus can be seen"
    page.close()


def test_print_keeps_charts_and_drops_controls(chromium: Any, site: Site, tmp_path: Path) -> None:
    page = chromium.new_page()
    sign_in(page, site, "carla.cfo")
    page.emulate_media(media="print")
    assert not page.locator(".filters").is_visible()
    assert page.locator("svg.chart:visible").count() >= 3
    assert page.pdf(path=str(tmp_path / "overview.pdf")).startswith(b"%PDF")
    page.close()
