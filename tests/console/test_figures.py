"""Figures of the pages: each total leads to records that add up to it; unknown is a dash and never zero."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from console import charts, format
from console.format import DASH, MINUS
from console.pages.receivables import bucket
from console.pages.utilization import shade
from tests.console.copy import change_copy
from tests.console.site import Visitor, charge_row, running_site


def cells(page: Any, label: str) -> list[str]:
    """The body cells of a column, by its label."""
    return [cell.text_content().strip() for cell in page.xpath(f"//tbody//*[@data-label='{label}']")]


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("$", ""))


def foot(page: Any, label: str) -> str:
    return str(page.xpath(f"//tfoot//*[@data-label='{label}']")[0].text_content().strip())


def test_the_tiles(carla: Visitor) -> None:
    tiles = {tile.get("data-metric"): tile for tile in carla.page("/").xpath("//a[@data-metric]")}
    texts = {name: " ".join(tile.text_content().split()) for name, tile in tiles.items()}
    assert len(tiles) == 6
    assert "68.5%" in texts["util_net"]
    assert f"▼ {MINUS}7.5 pts, worse against target 76.0%" in texts["util_net"]
    assert f"▼ {MINUS}$10k, worse against plan $160k" in texts["revenue_rc"]
    assert "▲ +$10k, worse against $90k the month before" in texts["unbilled_rc"]
    assert "45 days" in texts["dso_simple"]
    assert "better" in texts["dso_simple"]
    assert "30 Jun 2026" in texts["money_at_risk_rc"]
    assert tiles["overdue_ar_rc"].xpath("string(.//div[@class='c'])").strip() == "", (
        "no comparison, no verdict"
    )
    assert all(
        tile.xpath(".//*[local-name()='svg']") for name, tile in tiles.items() if name != "overdue_ar_rc"
    )


def test_a_filter_narrows_what_it_can_and_says_what_it_cannot(carla: Visitor) -> None:
    tiles = carla.page("/?business_unit_id=digital").xpath("//a[@data-metric]")
    texts = {tile.get("data-metric"): " ".join(tile.text_content().split()) for tile in tiles}
    assert "$90k" in texts["revenue_rc"]
    assert "no plan" in texts["revenue_rc"], "the plan knows no business unit"
    assert "whole firm, not filtered" in texts["dso_simple"]


def test_a_heat_cell_is_its_people_and_their_entries(carla: Visitor) -> None:
    heat = carla.page("/utilization")
    cell = heat.xpath("//tr[th='Cloud Platforms']//a[contains(@aria-label, 'May 2026')]")[0]
    assert cell.text == "68.5%"
    assert "170.00 billable of 248.00 net available" in cell.get("title")
    people = carla.page(cell.get("href"))
    billable = [amount(text) for text in cells(people, "Billable h")]
    net = [amount(text) for text in cells(people, "Net available h")]
    assert (sum(billable), sum(net)) == (170, 248)
    assert (foot(people, "Billable h"), foot(people, "Net available h")) == ("170.00", "248.00")
    for link, of_person in zip(people.xpath("//tbody/tr/th/a/@href"), billable, strict=True):
        entries = carla.page(link)
        hours = [amount(text) for text in cells(entries, "Hours")]
        kinds = cells(entries, "Counts as")
        assert sum(h for h, kind in zip(hours, kinds, strict=True) if kind == "billable") == of_person
        assert foot(entries, "Hours") == f"{sum(hours):.2f}"


def test_the_open_month_is_left_out(carla: Visitor) -> None:
    heat = carla.page("/utilization")
    assert "Jun 2026 is open and left out" in heat.text_content()
    assert not heat.xpath("//table//a[contains(@aria-label, 'Jun 2026')]")
    assert "$999" not in carla.get("/revenue").text


def test_shades_compare_with_the_own_target_and_only_on_its_basis(carla: Visitor) -> None:
    assert shade(Decimal("0.70"), Decimal("0.70")) == "h0"
    assert shade(Decimal("0.70"), Decimal("0.72")) == "h-1"
    assert shade(Decimal("0.60"), Decimal("0.75")) == "h-3"
    assert shade(Decimal("0.90"), Decimal("0.75")) == "h3"
    assert shade(None, Decimal("0.75")) == "hn"
    other = carla.page("/utilization?basis=util_logged")
    assert set(other.xpath("//table[contains(@class,'heat')]//td[a]/@class")) == {"hn"}


def test_unknown_is_a_dash(carla: Visitor) -> None:
    people = carla.page("/utilization/people?month=2026-05-01&practice_id=strategy")
    assert cells(people, "Utilization") == [DASH], "a month on leave has no utilization"
    row = carla.page("/revenue?month=2026-05-01").xpath("//tr[th/a='Cirrus']")[0]
    assert row.xpath("string(td[@data-label='Recognized'])") == DASH


def test_revenue_is_the_sum_of_its_projects(carla: Visitor) -> None:
    page = carla.page("/revenue?month=2026-05-01")
    projects = [amount(text) for text in cells(page, "Recognized")[-3:] if text != DASH]
    assert sum(projects) == 150_000
    assert foot(page, "Recognized") == "$150,000.00"
    whole = carla.page("/revenue")
    assert foot(whole, "Recognized") == "$220,000.00"
    table = whole.xpath("//details[1]//tfoot")[0].text_content()
    assert "$220,000.00" in table, "the months add up to the same"


def test_a_project_shows_its_months_and_invoices(carla: Visitor) -> None:
    text = carla.page("/revenue/project/k:Atlas").text_content()
    for part in (
        "ATL",
        "May 2026",
        "$90,000.00",
        "INV-1",
        "disputed",
        "$55,000.00",
        "CRM shows an old open amount",
    ):
        assert part in text, part


def test_filters_stay_in_the_links(carla: Visitor) -> None:
    page = carla.page("/utilization?practice_id=cloud&period=3m")
    cell = page.xpath("//table[contains(@class,'heat')]//td/a/@href")[0]
    asked = parse_qs(urlsplit(cell).query)
    assert asked["practice_id"] == ["cloud"]
    assert asked["period"] == ["3m"]
    areas = page.xpath("//nav[@aria-label='Areas']/a/@href")
    assert all("practice_id=cloud" in link for link in areas)


def test_findings_are_listed_by_money_and_escaped(carla: Visitor) -> None:
    page = carla.page("/findings")
    order = [href.rsplit("/", 1)[1] for href in page.xpath("//tbody//a/@href") if "/findings/f-" in href]
    assert order == ["f-b01", "f-b05", "f-x03"]
    assert "is not invoiced <b>" in page.text_content(), "markup in data is text"
    assert cells(page, "At risk")[2] == DASH


def test_a_finding_marks_what_differs_and_only_that(carla: Visitor) -> None:
    page = carla.page("/findings/f-b05")
    records = page.xpath("//section[starts-with(@class,'record')]")
    assert [record.get("class").split()[1] for record in records] == ["truth", "other"]
    marked = [mark.text for mark in page.xpath("//mark")]
    assert marked == ["55,000.00", "56,200.00"], "the currency agrees"


def test_receivables_by_age(carla: Visitor) -> None:
    text = carla.page("/receivables").text_content()
    assert "INV-1" in text
    assert "$55k · 1" in text
    assert [bucket(days) for days in (None, -3, 0, 1, 30, 31, 90, 91)] == [
        "Not due", "Not due", "Not due", "1-30", "1-30", "31-60", "61-90", "90+",
    ]  # fmt: skip


def test_health_names_what_was_kept_out(carla: Visitor) -> None:
    text = carla.page("/health").text_content()
    assert "time_entry 7099" in text
    assert "negative" in text
    assert "1 of 1 fresh" in text


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (format.money_short(Decimal("588249999")), "$588.2m"),
        (format.money_short(Decimal("999950")), "$1.0m"),
        (format.money_short(Decimal("-920000")), f"{MINUS}$920k"),
        (format.money_short(None), DASH),
        (format.money(Decimal("1234.5"), "EUR"), "€1,234.50"),
        (format.money(Decimal("1234.5"), "JPY"), "¥1,235"),
        (format.percent(Decimal("0.741")), "74.1%"),
        (format.points(Decimal("-0.005")), f"{MINUS}0.5 pts"),
        (format.day(date(2026, 11, 22)), "22 Nov 2026"),
        (format.recorded("28500.0000"), "28,500.00"),
        (format.recorded("0.33333333"), "0.33333333"),
        (format.recorded("125000", "decimal"), "125,000.00"),
        (format.recorded("2026-06-17"), "17 Jun 2026"),
        (format.recorded(None), "empty"),
        (format.words("erp_open_amount"), "ERP open amount"),
    ],
)
def test_how_figures_read(shown: str, expected: str) -> None:
    assert shown == expected


def test_findings_narrow_by_check_and_client_and_quiet_checks_are_still_named(carla: Visitor) -> None:
    page = carla.page("/findings?customer_id=cus_Atlas")
    assert [href.rsplit("/", 1)[1].split("?")[0] for href in page.xpath("//tbody//td//a/@href")] == ["f-b05"]
    strip = [link.text_content().split()[0] for link in page.xpath("//nav[@aria-label='Checks']/a")]
    assert strip == ["B05"], "checks without findings do not crowd the list"
    assert "2 of 3 checks find nothing" in page.text_content()
    assert "X03 Control totals" in page.xpath("string(//details[@class='quiet'])")
    options = [option.get("value") for option in page.xpath("//select[@id='f-check_id']/option")]
    assert options == ["", "B01", "B05", "X03"]


def test_a_check_that_could_not_run_is_not_counted_as_finding_nothing(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        change_copy(
            site.home,
            "update reconciliation.fct_check_run set is_evaluated = false, reason = 'ERP was not read' "
            "where check_id = 'B05'",
            "delete from leadership.rpt_findings where check_id = 'B05'",
        )
        carla = site.visitor("carla.cfo")
        overview, findings = carla.page("/").text_content(), carla.page("/findings").text_content()
    for text in (overview, findings):
        assert "0 of 3 checks find nothing" in text or "checks find nothing" not in text
        assert "ERP was not read" in text


def test_a_bar_is_drawn_for_known_figures_only() -> None:
    drawn = str(charts.rows([charts.Bar("known", Decimal(0), "0"), charts.Bar("unknown", None, DASH)], "two"))
    assert drawn.count("<rect") == 1


def test_a_trend_has_a_gap_where_a_figure_is_missing() -> None:
    drawn = str(charts.sparkline([Decimal(1), Decimal(2), None, Decimal(3), Decimal(4)], "trend"))
    assert drawn.count("<polyline") == 2


def test_the_overview_counts_corrections_by_stage(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        site.propose(charge_row("501"), charge_row("502"))
        carla = site.visitor("carla.cfo")
        stages = carla.page("/").xpath("//section[.//h2[text()='What is done about it']]//tr")
        found = {row.xpath("string(th)"): row.xpath("string(td)") for row in stages}
        listed = carla.page("/approvals?tab=waiting").xpath("//tbody/tr")
    assert found["Waiting"] == "2" == str(len(listed))
    assert found["Verified"] == "0"
