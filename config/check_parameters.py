"""The limits each check needs beside severity, grace and tolerance.

A check whose limit is missing would compare with null and find nothing, so a file without it is refused on load.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Check id -> names that `parameters` of config/checks.yml must give, all of them and no others.
PARAMETERS: Mapping[str, frozenset[str]] = {
    "X02": frozenset({"rate_share"}),
    "T02": frozenset({"alike_within_days"}),
    "T04": frozenset(
        {"close_business_days", "reminder_business_days", "missing_hours", "missing_lookback_days"}
    ),
    "H02": frozenset(
        {
            "excess_hours", "excess_days", "week_share", "horizon_weeks", "urgent_days",
            "assignment_hours_tolerance",
        }
    ),
    "R03": frozenset({"stale_after_months"}),
    "C04": frozenset(
        {
            "suggest_from", "link_from", "largest_group", "survivor_erp_link", "survivor_oldest",
            "survivor_open_deals",
        }
    ),
}  # fmt: skip
