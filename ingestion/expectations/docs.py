"""Makes the library's Data Docs readable without a network: they would ask nine other hosts for styles and scripts.

The pages keep every figure; what they loaded from elsewhere is taken out, a small stylesheet of our own is put in,
and the index, which the library draws by script, is written as plain HTML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from ingestion.expectations.outcome import ExpectationOutcome

STYLE = "concord.css"
FAILED = ".failed"
_ELSEWHERE = re.compile(
    r"<(script|style|footer)\b.*?</\1>|<link\b[^>]*\bhref=\"https?://[^>]*>|<img\b[^>]*\bsrc=\"https?://[^>]*>",
    re.DOTALL,
)
_CSS = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 0 24px 48px; color: #1b2733; background: #f5f6f8; }
a { color: #1f5f99; } h1 { font-size: 21px; } h5, h6 { font-size: 14px; margin: 14px 0 4px; }
table { border-collapse: collapse; background: #fff; margin: 6px 0 14px; } th { text-align: left; color: #5b6675; }
th, td { border-bottom: 1px solid #dfe4ea; padding: 6px 10px; vertical-align: top; } td.n { text-align: right; }
.col-md-2 { float: right; max-width: 260px; }
.col-md-2 .card-header + .card-body .btn-group { display: none; }
.badge, code { background: #eef2f6; border-radius: 3px; padding: 0 4px; } .alert { font-weight: 600; }
.good { color: #1d6b43; } .bad { color: #9c3a14; } .text-danger { color: #9c3a14; } .text-success { color: #1d6b43; }
.col-md-2 .mb-3, [hidden] { display: none; } .collapse { display: revert; }
.fa-check-circle::before { content: "\\2713"; } .fa-times::before { content: "\\2717"; }
"""


def finish(folder: Path, outcomes: Sequence[ExpectationOutcome]) -> None:
    """Rewrite the pages under `folder` and its index; remember whether they show a failure."""
    for page in folder.rglob("*.html"):
        depth = len(page.relative_to(folder).parts) - 1
        link = f'<link rel="stylesheet" href="{"../" * depth}{STYLE}">'
        text = _ELSEWHERE.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("</head>", f"{link}</head>", 1), encoding="utf-8")
    (folder / STYLE).write_text(_CSS, encoding="utf-8")
    (folder / "index.html").write_text(_index(folder, outcomes), encoding="utf-8")
    if any(not outcome.success for outcome in outcomes):
        (folder / FAILED).touch()


def shows_failure(folder: Path) -> bool:
    """Whether the pages published last tell of a failure: a good run must then write them anew."""
    return (folder / FAILED).exists()


def _index(folder: Path, outcomes: Sequence[ExpectationOutcome]) -> str:
    first = outcomes[0] if outcomes else None
    title = f"Landing suites of {first.instance}" if first else "Landing suites"
    told = (
        f"Run {first.run_id}, evaluated {first.evaluated_at:%d %b %Y, %H:%M} UTC."
        if first
        else "Nothing was evaluated."
    )
    lines = [
        _line(folder, suite, [one for one in outcomes if one.suite == suite])
        for suite in dict.fromkeys(outcome.suite for outcome in outcomes)
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="{STYLE}"></head><body><h1>{escape(title)}</h1><p>{escape(told)}</p>'
        "<table><thead><tr><th>Suite</th><th>Expectations</th><th>Failed</th><th>What failed</th></tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></body></html>"
    )


def _line(folder: Path, suite: str, mine: Sequence[ExpectationOutcome]) -> str:
    failed = [one for one in mine if not one.success]
    words = "; ".join(f"{one.object}: {one.expectation} ({one.severity}), {one.observed}" for one in failed)
    name, page = escape(suite), _page(folder, suite)
    return (
        f"<tr><td>{f'<a href={chr(34)}{page}{chr(34)}>{name}</a>' if page else name}</td>"
        f'<td class="n">{len(mine)}</td><td class="n {"bad" if failed else "good"}">{len(failed)}</td>'
        f"<td>{escape(words)}</td></tr>"
    )


def _page(folder: Path, suite: str) -> str | None:
    """The newest page of the suite's results."""
    found = sorted((folder / "validations").rglob(f"landing-{suite}.html"))
    return found[-1].relative_to(folder).as_posix() if found else None
