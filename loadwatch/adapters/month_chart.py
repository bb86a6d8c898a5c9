"""What each month of a replay would have brought, as SVG text; colours come from CSS classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_TOP: Final = 14.0
_LEFT: Final = 30.0
_MARKS: Final = 26.0
_LABELS: Final = 24.0
_GAP: Final = 0.22
"""Share of a month's width that stays free. [unitless]"""

_MAX_LINES: Final = 4


@dataclass(frozen=True, slots=True)
class MonthBar:
    """
    One month.

    Attributes
    ----------
    label : str
        On the axis; empty where there is no room for it.
    says : str
        All of it in words.
    n_mailed, n_quiet : int
        Alerts that would have left by mail, and those that would only have been shown.
    n_problems : int
        That the runner reported.
    """

    label: str
    says: str
    n_mailed: int
    n_quiet: int
    n_problems: int


def month_chart_svg(
    months: Sequence[MonthBar], *, title: str, description: str, chart_id: str, width: int = 760, height: int = 240
) -> str:
    """
    A bar for each month: below what would have been mailed, above it what would only have been shown.

    Parameters
    ----------
    title, description : str
        Read out in place of the drawing.
    chart_id : str
        Start of the ids in the drawing; must differ between two drawings on one page.
    width, height : int
        Of the drawing; it scales to the room that it is given. [px]
    """
    highest = max((m.n_mailed + m.n_quiet for m in months), default=0)
    step = _step(highest)
    top = max(-(-highest // step), 1) * step
    bottom = height - _MARKS - _LABELS
    each = (width - _LEFT) / max(len(months), 1)

    def y(n: float) -> float:
        return bottom - n / top * (bottom - _TOP)

    parts = [
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{chart_id}-t {chart_id}-d">',
        f'<title id="{chart_id}-t">{escape(title)}</title>',
        f'<desc id="{chart_id}-d">{escape(description)}</desc>',
    ]
    for n in range(0, top + 1, step):
        line = "chart-grid" if n else "chart-axis"
        parts.append(f'<line class="{line}" x1="{_LEFT:g}" x2="{width}" y1="{y(n):.1f}" y2="{y(n):.1f}"/>')
        parts.append(f'<text class="chart-label" x="{_LEFT - 8:g}" y="{y(n) + 4:.1f}" text-anchor="end">{n}</text>')
    for i, month in enumerate(months):
        x, bar = _LEFT + i * each + each * _GAP / 2, each * (1 - _GAP)
        middle = x + bar / 2
        parts.append(f"<g><title>{escape(month.says)}</title>")
        if month.n_mailed:
            parts.append(_bar("month-mailed", x, y(month.n_mailed), bar, bottom))
        if month.n_quiet:
            parts.append(_bar("month-quiet", x, y(month.n_mailed + month.n_quiet), bar, y(month.n_mailed)))
        if month.n_problems:
            parts.append(_diamond(middle, bottom + _MARKS / 2 + 1))
        parts.append("</g>")
        if month.label:
            parts.append(
                f'<text class="chart-label" x="{middle:.1f}" y="{height - 6}" text-anchor="middle">'
                f"{escape(month.label)}</text>"
            )
    return "".join([*parts, "</svg>"])


def _step(highest: int) -> int:
    """Between two lines of the grid: whole alerts."""
    return next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if highest <= step * _MAX_LINES or step == 1000)


def _bar(name: str, x: float, top: float, width: float, bottom: float) -> str:
    return f'<rect class="{name}" x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{bottom - top:.1f}"/>'


def _diamond(x: float, y: float) -> str:
    size = 6.0
    points = f"{x:.1f},{y - size:.1f} {x + size:.1f},{y:.1f} {x:.1f},{y + size:.1f} {x - size:.1f},{y:.1f}"
    return f'<polygon class="month-problem" points="{points}"/>'
