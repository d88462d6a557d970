"""Metrics and reports: a new metric and a new model show up by themselves, within what the visitor may see."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from console.format import DASH
from console.reports import Column
from tests.console.copy import change_copy
from tests.console.site import Visitor, running_site

NEW_REPORT = (
    "create table leadership.rpt_margin_month(month date, customer_id varchar, customer_name varchar, "
    "business_unit_id varchar, margin_rc decimal(18,4), margin_ratio decimal(18,8), cost_rate decimal(18,4))",
    "insert into leadership.rpt_margin_month values "
    "('2026-05-01', 'cus_Atlas', '=Atlas', 'digital', 1234.5, 0.375, 66.55), "
    "('2026-04-01', 'cus_Beta', 'Beta', 'advisory', null, null, 70)",
)
NEW_METRIC = (
    "insert into leadership.rpt_executive_summary (metric_id, metric_name, period, value, comparison_value, "
    "comparison_label, unit, trend_json, metric_order, note) values ('book_to_bill', 'Book-to-bill', '2026-05', "
    "1.125, 1.0, 'month before', 'x', '[]', 90, 'bookings on revenue')"
)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory):
    """The site after a build that brought a new report and a new metric."""
    with running_site(tmp_path_factory.mktemp("grown")) as site:
        change_copy(site.home, *NEW_REPORT, NEW_METRIC)
        yield site


def test_a_new_metric_is_listed_and_not_judged(grown) -> None:
    row = grown.visitor("carla.cfo").page("/metrics").xpath("//tr[th[@data-metric='book_to_bill']]")[0]
    text = " ".join(row.text_content().split())
    assert "Book-to-bill" in text
    assert "bookings on revenue" in text
    assert "1.13 x" in text
    assert "▲ +0.13 x" in text
    assert "better" not in text
    assert "worse" not in text


CATALOGUE = (
    "insert into leadership.rpt_metric (metric_id, metric_name, unit, model_name, numerator, denominator, section) "
    "values ('util_net.v1', 'Utilization', 'ratio', 'rpt_utilization_month', 'billable_hours', 'net_hours', 'People'), "
    "('dso_countback.v1', 'DSO, counted back', 'days', 'rpt_dso_month', 'dso_countback', null, 'Cash')",
    "insert into leadership.rpt_metric_month (metric_id, legal_entity_id, business_unit_id, is_group, month, "
    "numerator, denominator, is_ratio, unit) values "
    "('util_net.v1', 'MCG-US', 'digital', false, '2026-05-01', 120, 144, true, 'ratio'), "
    "('util_net.v1', 'MCG-UK', 'advisory', false, '2026-05-01', 70, 104, true, 'ratio'), "
    "('util_net.v1', 'MCG-UK', 'advisory', false, '2026-04-01', 1, 2, true, 'ratio'), "
    "('dso_countback.v1', 'MCG-US', null, false, '2026-05-01', 40, null, false, 'days'), "
    "('dso_countback.v1', 'MCG-UK', null, false, '2026-05-01', 50, null, false, 'days'), "
    "('dso_countback.v1', null, null, true, '2026-05-01', 43.43, null, false, 'days')",
)


def test_the_catalogue_adds_up_in_scope_and_then_divides(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        change_copy(site.home, *CATALOGUE)
        carla, dora = site.visitor("carla.cfo"), site.visitor("dora.digital")
        assert _values(carla, "/metrics") == {"util_net.v1": "76.6%", "dso_countback.v1": "43 days"}
        assert _values(carla, "/metrics?legal_entity_id=MCG-UK") == {
            "util_net.v1": "67.3%",
            "dso_countback.v1": "50 days",
        }
        assert _values(dora, "/metrics") == {"util_net.v1": "83.3%", "dso_countback.v1": DASH}


def _values(visitor: Visitor, path: str) -> dict[str, str]:
    rows = visitor.page(path).xpath("//tr[th/@data-catalogue]")
    return {
        row.xpath("string(th/@data-catalogue)"): row.xpath("string(td[@data-label='Value'])") for row in rows
    }


def test_a_new_report_is_a_table_that_leads_on(grown) -> None:
    carla = grown.visitor("carla.cfo")
    listed = [
        link.text for link in carla.page("/metrics").xpath("//tbody//a[contains(@href,'/metrics/rpt_')]")
    ]
    assert "Margin month" in listed
    page = carla.page("/metrics/rpt_margin_month")
    heads = [head.text_content() for head in page.xpath("//thead//th")]
    assert heads == ["Month", "Customer", "Business unit", "Margin, reporting currency", "Margin ratio"]
    lines = [[cell.text_content() for cell in row.xpath("td")] for row in page.xpath("//tbody/tr")]
    assert lines == [
        ["May 2026", "=Atlas", "Digital", "$1,234.50", "37.5%"],
        ["Apr 2026", "Beta", "Advisory", DASH, DASH],
    ]
    assert "customer_id=cus_Atlas" in page.xpath("//tbody//a/@href")[0]
    assert "Withheld: cost_rate" in page.text_content()


def test_the_csv_has_exact_values_no_formula_and_nothing_withheld(grown) -> None:
    answer = grown.visitor("carla.cfo").get("/metrics/rpt_margin_month.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows[0]["margin_rc"] == "1234.5000"
    assert rows[0]["customer_name"] == "'=Atlas", "a spreadsheet must not run a client's name"
    assert rows[1]["margin_ratio"] == ""
    assert "cost_rate" not in rows[0]


def test_one_unit_sees_its_rows_and_no_report_of_the_whole_firm(grown) -> None:
    dora = grown.visitor("dora.digital")
    page = dora.page("/metrics/rpt_margin_month")
    assert [cell.text for cell in page.xpath("//tbody//td[@data-label='Business unit']")] == ["Digital"]
    assert "Beta" not in dora.get("/metrics/rpt_margin_month.csv").text
    assert dora.get("/metrics/rpt_executive_summary").status_code == 404
    assert dora.get("/metrics/rpt_executive_summary.csv").status_code == 404
    figures = {
        row.xpath("string(th/@data-metric)"): row.xpath("string(td[@data-label='Value'])")
        for row in dora.page("/metrics").xpath("//tr[th/@data-metric]")
    }
    assert figures["book_to_bill"] == DASH


@pytest.mark.parametrize("path", ["/metrics/fct_findings", "/metrics/rpt_nothing", "/metrics/rpt_month%22"])
def test_only_published_reports_are_there(grown, path: str) -> None:
    assert grown.visitor("carla.cfo").get(path).status_code == 404


def test_long_reports_turn_pages_without_repeating(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        change_copy(
            site.home,
            "create table leadership.rpt_long(business_unit_id varchar, number bigint)",
            "insert into leadership.rpt_long select 'digital', range from range(250)",
        )
        carla = site.visitor("carla.cfo")
        seen = [number for turn in (1, 2, 3) for number in _numbers(carla, turn)]
        assert sorted(seen) == list(range(250))
        assert carla.get("/metrics/rpt_long?page=0").status_code == 404


def _numbers(visitor: Visitor, turn: int) -> list[int]:
    page = visitor.page(f"/metrics/rpt_long?page={turn}")
    return [int(cell.text) for cell in page.xpath("//tbody//td[@data-label='Number']")]


def test_what_one_person_costs_is_never_shown() -> None:
    person = Column("resource_id", "VARCHAR"), Column("labour_cost_rc", "DECIMAL(18,4)")
    from console.reports import Report, columns_of

    assert [column.name for column in columns_of(Report("rpt_person", person))[1]] == ["labour_cost_rc"]
    assert columns_of(Report("rpt_project", person[1:]))[1] == [], "of a project it is a figure"


def test_money_in_the_rows_own_currency_reads_in_it() -> None:
    column = Column("amount", "DECIMAL(18,4)")
    assert column.text({"amount": Decimal("10"), "currency": "GBP"}, "USD", {}) == "£10.00"
