"""Charts as SVG made on the server: they print, scale by viewBox and need no script.

Every chart takes decimals and returns safe markup with a title for screen readers; the page shows the same
figures as a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup, escape

ACTUAL = "#1f5f99"
BELOW = "#9cc0e0"
PLAN = "#b8621b"
LINE = "#dfe4ea"
MUTED = "#5b6675"
INK = "#1b2733"


@dataclass(frozen=True)
class Bar:
    """One bar: a label, its value, what it is held against, and where it leads."""

    label: str
    value: Decimal | None
    text: str
    mark: Decimal | None = None
    mark_text: str = ""
    href: str | None = None


def sparkline(values: Sequence[Decimal | None], title: str, width: int = 132, height: int = 34) -> Markup:
    """A trend without axes; a gap where a period has no figure."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    span = (high - low) or Decimal(1)
    step = Decimal(width - 6) / (len(values) - 1)
    pieces: list[list[tuple[Decimal, Decimal]]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((3 + step * number, 4 + (high - value) / span * (height - 8)))
    known_pieces = [piece for piece in pieces if piece]
    lines = "".join(_line(piece) for piece in known_pieces)
    end_x, end_y = known_pieces[-1][-1]
    end = f'<circle cx="{end_x:.1f}" cy="{end_y:.1f}" r="2.75" fill="{ACTUAL}"/>'
    return _svg(width, height, title, lines + end, css="spark")


def _line(points: Sequence[tuple[Decimal, Decimal]]) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{ACTUAL}" stroke-width="1.75"/>'


def columns(bars: Sequence[Bar], title: str, width: int = 720, height: int = 260) -> Markup:
    """Upright bars with a plan mark each; pale where the bar is more than 1% short of its mark."""
    left, bottom, top = 8, 40, 22
    highest = _highest(bars)
    room = Decimal(height - bottom - top)
    step = Decimal(width - 2 * left) / max(len(bars), 1)
    wide = step * Decimal("0.62")
    parts = [_gridline(left, width, height - bottom)]
    for number, bar in enumerate(bars):
        x = left + step * number + (step - wide) / 2
        parts.append(_column(bar, x, wide, room, highest, height - bottom))
    return _svg(width, height, title, "".join(parts))


def _column(bar: Bar, x: Decimal, wide: Decimal, room: Decimal, highest: Decimal, floor: int) -> str:
    middle = x + wide / 2
    value = bar.value or Decimal(0)
    tall = max(value, Decimal(0)) / highest * room
    mark = (bar.mark or Decimal(0)) / highest * room
    # The figure stands above the bar; above the plan mark when that would run through it.
    top = mark if tall - 2 < mark < tall + 20 else tall
    short = bar.mark is not None and value < bar.mark * Decimal("0.99")
    tip = escape(f"{bar.label}: {bar.text}" + (f", {bar.mark_text}" if bar.mark_text else ""))
    shape = (
        f'<rect x="{x:.1f}" y="{floor - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}" rx="2" '
        f'fill="{BELOW if short else ACTUAL}"><title>{tip}</title></rect>'
        f'<text x="{middle:.1f}" y="{floor - top - 6:.1f}" class="v" text-anchor="middle">{escape(bar.text)}</text>'
    )
    if bar.mark is not None:
        y = floor - mark
        shape += (
            f'<line x1="{x - 4:.1f}" x2="{x + wide + 4:.1f}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{PLAN}" stroke-width="2.5"/>'
        )
    lines = bar.label.split(" ", 1)
    label = "".join(
        f'<text x="{middle:.1f}" y="{floor + 16 + 14 * number}" class="l" text-anchor="middle">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return _linked(bar.href, shape) + label


def rows(
    bars: Sequence[Bar], title: str, width: int = 720, label_width: int = 200, text_width: int = 70
) -> Markup:
    """Lying bars with an optional mark (target) each; `text_width` is kept free for the figures."""
    pitch, top = 30, 6
    height = top * 2 + pitch * len(bars)
    highest = _highest(bars)
    room = Decimal(width - label_width - text_width - 12)
    parts = []
    for number, bar in enumerate(bars):
        y = top + pitch * number
        label = _cut(bar.label, int((label_width - 10) / 6.6))
        long = max(bar.value or Decimal(0), Decimal(0)) / highest * room
        short = bar.mark is not None and (bar.value or 0) < bar.mark * Decimal("0.99")
        shape = (
            f'<text x="{label_width - 10}" y="{y + 19}" class="l" text-anchor="end">{escape(label)}'
            f"<title>{escape(bar.label)}</title></text>"
            f"{_lying(bar, label_width, y + 5, long, pitch - 10, short)}"
            f'<text x="{width - 2}" y="{y + 19}" class="v" text-anchor="end">{escape(bar.text)}</text>'
        )
        if bar.mark is not None:
            x = label_width + bar.mark / highest * room
            shape += (
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y + 2}" y2="{y + pitch - 2}" '
                f'stroke="{PLAN}" stroke-width="2.5"/>'
            )
        parts.append(_linked(bar.href, shape))
    return _svg(width, height, title, "".join(parts))


def _lying(bar: Bar, x: int, y: int, long: Decimal, tall: int, short: bool) -> str:
    """What is not known has no bar; the smallest known figure still shows."""
    if bar.value is None:
        return ""
    return (
        f'<rect x="{x}" y="{y}" width="{max(long, Decimal(1)):.1f}" height="{tall}" rx="2" '
        f'fill="{BELOW if short else ACTUAL}"/>'
    )


def dot(value: Decimal | None, target: Decimal | None, title: str, width: int = 150) -> Markup:
    """One line of a dot plot: a dot for the figure and a bar for its target, from 0% to 120%."""
    height, most = 18, Decimal("1.2")
    reach = Decimal(width - 12) / most
    line = f'<line x1="6" x2="{width - 6}" y1="9" y2="9" stroke="{LINE}" stroke-width="2"/>'
    if target is not None:
        x = 6 + min(target, most) * reach
        line += f'<line x1="{x:.1f}" x2="{x:.1f}" y1="2" y2="16" stroke="{PLAN}" stroke-width="2.5"/>'
    if value is not None:
        x = 6 + min(max(value, Decimal(0)), most) * reach
        short = target is not None and value < target
        fill = f'fill="#fff" stroke="{ACTUAL}" stroke-width="2"' if short else f'fill="{ACTUAL}"'
        line += f'<circle cx="{x:.1f}" cy="9" r="5" {fill}/>'
    return _svg(width, height, title, line, css="dot")


def _highest(bars: Sequence[Bar]) -> Decimal:
    known = [value for bar in bars for value in (bar.value, bar.mark) if value is not None]
    return max(known, default=Decimal(0)) or Decimal(1)


def _cut(label: str, longest: int) -> str:
    return label if len(label) <= longest else label[: longest - 1] + "…"


def _gridline(left: int, width: int, y: int) -> str:
    return f'<line x1="{left}" x2="{width - left}" y1="{y}" y2="{y}" stroke="{LINE}"/>'


def _linked(href: str | None, shape: str) -> str:
    return f'<a href="{escape(href)}">{shape}</a>' if href else shape


def _svg(width: int, height: int, title: str, inner: str, css: str = "chart") -> Markup:
    # Every text that reaches here was escaped where it was put in.
    return Markup(  # noqa: S704
        f'<svg class="{css}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}" '
        f'preserveAspectRatio="xMinYMin meet"><title>{escape(title)}</title>{inner}</svg>'
    )
