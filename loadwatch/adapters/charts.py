"""
Charts as SVG text: for pages, and for anything else that can show a picture.

Colours and lines come from CSS classes (`chart-…`), so that one drawing does for light and dark. Nothing here
needs a script or a style attribute.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from html import escape
from itertools import pairwise
from typing import Final, NamedTuple

from loadwatch.domain.report import ChartPoint
from loadwatch.domain.text import (
    English,
    Speech,
    Text,
    Units,
    day_text,
    distance_text,
    joined,
    percent_text,
    render,
    say,
    say_n,
    sentences,
)
from loadwatch.domain.thresholds import SPIKE_SMALL, SPIKE_WINDOW

UNIT_M: Final[dict[Units, tuple[float, str]]] = {"metric": (1000.0, "km"), "imperial": (1609.344, "mi")}
_STEPS: Final = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Distances between two lines of the grid. [km or mi]"""

_MAX_LINES: Final = 5 + 1e-9
_MIN_DAYS: Final = 14
"""The chart is never narrower than this, so that a first run is no wall."""

_ROOM_BEYOND: Final = 1.25
"""A bar of a load ends no nearer to the mark of the usual than this, so that one sees the mark. [unitless]"""

_ROOM_BEYOND_MOST: Final = 1.06
"""The same of the end of the band. [unitless]"""

_LETTER_PX: Final = 8.0
"""Generous width of a letter in a label. [px]"""


class Frame(NamedTuple):
    """Where the drawing lies, and how values become places in it."""

    left: float
    right: float
    top: float
    bottom: float
    since: datetime
    days: float
    highest_m: float

    def x(self, at: datetime) -> float:
        return self.left + (at - self.since) / timedelta(days=1) / self.days * (self.right - self.left)

    def y(self, distance_m: float) -> float:
        return self.bottom - distance_m / self.highest_m * (self.bottom - self.top)


def distance_chart_svg(
    points: Sequence[ChartPoint],
    *,
    units: Units = "metric",
    speech: Speech | None = None,
    width: int = 760,
    height: int = 260,
    link_prefix: str = "/runs/",
    until: date | None = None,
    chart_id: str = "chart",
) -> str:
    """
    Draw the distance of each run over time, with the ceiling that held for it.

    Parameters
    ----------
    points : sequence of ChartPoint
        In any order.
    speech : Speech, optional
        The language and the units of whoever reads; by default English, in `units`.
    width, height : int
        Of the drawing; it scales to the room that it is given. [px]
    link_prefix : str
        Each bar links to this plus the run's id; empty: no links.
    until : date, optional
        Last day of the time axis; the last run's where that is later, or where none is given.
    chart_id : str
        Start of the ids in the drawing; must differ between two drawings on one page.

    Returns
    -------
    str
        One `<svg>` element. What it shows is said in its title and description too.
    """
    points = sorted(points, key=lambda p: (p.run.start, p.run.id))
    speech = speech or English(units)
    title, summary = (render(text, speech) for text in chart_summary(points))
    frame = frame_of(points, speech.units, width, height, until)
    body = _axes(frame, speech) + _ceiling(points, frame) + _bars(points, frame, speech, link_prefix)
    if not points:
        middle = f'x="{_n((frame.left + frame.right) / 2)}" y="{_n((frame.top + frame.bottom) / 2)}"'
        body = [f'<text class="chart-empty" {middle} text-anchor="middle">{escape(speech.gettext(NO_RUNS))}</text>']
    name = escape(chart_id)
    role = "group" if link_prefix else "img"  # nothing inside an image can be followed
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="{role}"'
        f' aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(summary)}</desc>'
        f"{''.join(body)}</svg>"
    )


def load_bar_svg(
    value_m: float | None,
    usual_m: float | None,
    *,
    range_m: tuple[float, float] | None = None,
    next_m: float | None = None,
) -> str:
    """
    Draw a week's load as a bar, over a band of the usual weeks, and what the next run may add to it.

    Parameters
    ----------
    value_m, usual_m : float or None
        [m] None: not known. Then there is an outline instead of the bar, or no mark.
    range_m : (float, float), optional
        The least and the most of the usual weeks. [m]
    next_m : float, optional
        The ceiling of the next run: it stands at the end of the bar. [m]

    Returns
    -------
    str
        One `<svg>` element, as wide as its place. Hidden from screen readers: the numbers stand beside it.
    """
    value, more = value_m or 0.0, (next_m or 0.0) if value_m is not None else 0.0
    full = load_scale(value + more, usual_m, range_m[1] if range_m else None)

    def rect(name: str, start_m: float, end_m: float, y: float, height: float) -> str:
        x, width = 100 * start_m / full, 100 * (end_m - start_m) / full
        return f'<rect class="{name}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"/>'

    body = "" if value_m is None else rect("load-ground", 0.0, full, 8, 10)
    if range_m is not None and range_m[1] > 0:
        body += rect("load-range", range_m[0], range_m[1], 2, 22)
    if value_m is None:
        body += '<rect class="load-unknown" x="0.5" y="8.5" width="99" height="9"/>'
    elif value:
        body += rect("load-bar", 0.0, value, 8, 10)
    if usual_m is not None:
        at = min(100 * usual_m / full, 99.0)
        body += f'<rect class="load-mark" x="{_n(at)}" y="2" width="1" height="22"/>'
    if more:
        body += rect("load-next", value, value + more, 8, 10)
        end = min(100 * (value + more) / full, 100.0) - 1.2
        body += f'<rect class="load-end" x="{_n(end)}" y="4" width="1.2" height="18"/>'
    return f'<svg class="load-bars" viewBox="0 0 100 26" preserveAspectRatio="none" aria-hidden="true">{body}</svg>'


def load_scale(value_m: float | None, usual_m: float | None, most_m: float | None) -> float:
    """The load at the right end of a bar: the mark of the usual and the band of the weeks stay within. [m]"""
    return max(value_m or 0.0, (usual_m or 0.0) * _ROOM_BEYOND, (most_m or 0.0) * _ROOM_BEYOND_MOST) or 1.0


NO_RUNS: Final = say("No runs yet")


def chart_summary(points: Sequence[ChartPoint]) -> tuple[Text, Text]:
    """Title and description of the chart, in words."""
    title = say("Distance of each run, with the ceiling that held for it")
    if not points:
        return title, NO_RUNS + "."
    first, last = points[0].run.local_date, points[-1].run.local_date
    longest = max(points, key=lambda p: p.distance_m)
    alerts = [p for p in points if p.alert_id is not None]
    named = [joined(" ", (day_text(p.run.local_date), distance_text(p.distance_m))) for p in alerts]
    parts = [
        say_n(
            "{n} run from {first} to {last}.",
            "{n} runs from {first} to {last}.",
            len(points),
            first=day_text(first, year=True),
            last=day_text(last, year=True),
        ),
        say(
            "The longest was {far} on {day}.",
            far=distance_text(longest.distance_m),
            day=day_text(longest.run.local_date),
        ),
        say("Runs with an alert: {runs}.", runs=joined(", ", named)) if alerts else say("No run has an alert."),
    ]
    if any(p.ceiling_m is not None for p in points):
        parts.append(
            say(
                "The stepped line is {percent} of the longest run of the {days} days before.",
                percent=percent_text(SPIKE_SMALL),
                days=SPIKE_WINDOW.days,
            )
        )
    return title, sentences(*parts)


def frame_of(points: Sequence[ChartPoint], units: Units, width: int, height: int, until: date | None = None) -> Frame:
    """The room of a drawing of this size that has these points, with its axes around it. [px]"""
    left, right, top, bottom = 44.0, width - 12.0, 26.0, height - 28.0
    if not points:
        return Frame(left, right, top, bottom, datetime(2000, 1, 1, tzinfo=UTC), 1.0, 1.0)
    last = max([p.run.local_date for p in points] + ([until] if until else []))
    first = min(min(p.run.local_date for p in points), last - timedelta(days=_MIN_DAYS))
    since = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    longest_m = max(max(p.distance_m, p.ceiling_m or 0.0) for p in points)
    unit_m = UNIT_M[units][0]
    step_m = _step(longest_m / unit_m) * unit_m
    highest_m = max(math.ceil(longest_m / step_m), 1) * step_m
    return Frame(left, right, top, bottom, since, (last - first).days + 3.0, highest_m)


def _step(highest: float) -> float:
    return next((s for s in _STEPS if highest / s <= _MAX_LINES), _STEPS[-1])


def grid(frame: Frame, speech: Speech) -> Iterable[tuple[float, str]]:
    """Height and label of each line of the grid, that of the axis first. [px]"""
    unit_m = UNIT_M[speech.units][0]
    step = _step(frame.highest_m / unit_m)
    digits = 0 if step >= 1 else 1
    for i in range(round(frame.highest_m / unit_m / step) + 1):
        yield frame.y(i * step * unit_m), speech.number(i * step, digits)


def _axes(frame: Frame, speech: Speech) -> list[str]:
    unit = UNIT_M[speech.units][1]
    left, right = _n(frame.left), _n(frame.right)
    out = [f'<text class="chart-unit" x="{_n(frame.left - 6)}" y="14" text-anchor="end">{unit}</text>']
    for i, (y, words) in enumerate(grid(frame, speech)):
        line = "chart-axis" if i == 0 else "chart-grid"
        out.append(f'<line class="{line}" x1="{left}" x2="{right}" y1="{_n(y)}" y2="{_n(y)}"/>')
        label = f'x="{_n(frame.left - 6)}" y="{_n(y + 4)}" text-anchor="end"'
        out.append(f'<text class="chart-label" {label}>{words}</text>')
    for at, label in time_labels(frame, speech):
        x = frame.x(at)
        tick = f'y1="{_n(frame.bottom)}" y2="{_n(frame.bottom + 5)}"'
        out.append(f'<line class="chart-axis" x1="{_n(x)}" x2="{_n(x)}" {tick}/>')
        out.append(f'<text class="chart-label" x="{_n(x)}" y="{_n(frame.bottom + 20)}">{escape(label)}</text>')
    return out


def time_labels(frame: Frame, speech: Speech) -> Iterable[tuple[datetime, str]]:
    """Beginnings of months; of weeks too where the time is short."""
    end = frame.since + timedelta(days=frame.days)
    by_week = frame.days < 45
    day = frame.since + timedelta(days=1)
    while day < end:
        label = ""
        if by_week and day.weekday() == 0:
            label = speech.short_day(day.date())
        elif not by_week and day.day == 1:
            label = speech.month(day.date(), year=False) + (f" {day.year}" if day.month == 1 else "")
        # One at the very edge would be cut off.
        if label and frame.x(day) + _LETTER_PX * len(label) <= frame.right + 10:
            yield day, label
        day += timedelta(days=1)


def ceiling_steps(points: Sequence[ChartPoint], frame: Frame) -> list[list[tuple[float, float]]]:
    """
    The corners of the line of the ceilings: a step for each run, from the run before it.

    There is more than one line where there was nothing to compare with in between. [px]
    """
    lines: list[list[tuple[float, float]]] = []
    previous: ChartPoint | None = None
    for point in points:
        if point.ceiling_m is not None:
            x, y = frame.x(point.run.start), frame.y(point.ceiling_m)
            if previous is None or previous.ceiling_m is None:
                start = frame.x(previous.run.start) if previous else x - 6
                lines.append([(max(start, frame.left), y), (x, y)])
            else:
                lines[-1] += [(lines[-1][-1][0], y), (x, y)]
        previous = point
    return lines


def _ceiling(points: Sequence[ChartPoint], frame: Frame) -> list[str]:
    path = ""
    for line in ceiling_steps(points, frame):
        (x, y), *corners = line
        path += f"M{_n(x)} {_n(y)}" + "".join(
            f"H{_n(to_x)}" if n % 2 == 0 else f"V{_n(to_y)}" for n, (to_x, to_y) in enumerate(corners)
        )
    return [f'<path class="chart-ceiling" d="{path}"/>'] if path else []


def _bars(points: Sequence[ChartPoint], frame: Frame, speech: Speech, link_prefix: str) -> list[str]:
    width = bar_width(points, frame)
    out = []
    for point in points:
        x, y = frame.x(point.run.start), frame.y(point.distance_m)
        words = render(_point_text(point), speech)
        kind = "chart-bar" if point.alert_id is None else "chart-bar chart-bar-alert"
        bar = (
            f'<rect class="{kind}" x="{_n(x - width / 2)}" y="{_n(y)}" width="{_n(width)}"'
            f' height="{_n(frame.bottom - y)}"><title>{escape(words)}</title></rect>'
        )
        if point.alert_id is not None:
            top = y - 9
            corners = f"{_n(x)},{_n(top - 6)} {_n(x + 6)},{_n(top)} {_n(x)},{_n(top + 6)} {_n(x - 6)},{_n(top)}"
            bar += f'<polygon class="chart-mark" points="{corners}"/>'
        if link_prefix:
            # Out of the tab order: the table under the chart has the same links, in words.
            link = f'href="{escape(link_prefix)}{point.run.id}" aria-label="{escape(words)}"'
            bar = f'<a {link} tabindex="-1">{bar}</a>'
        out.append(bar)
    return out


def _point_text(point: ChartPoint) -> Text:
    words = say("{day}: {far}", day=day_text(point.run.local_date), far=distance_text(point.distance_m))
    if point.ceiling_m is not None:
        words = say("{run}, ceiling {limit}", run=words, limit=distance_text(point.ceiling_m))
    return words if point.alert_id is None else say("{run}, with an alert", run=words)


def bar_width(points: Sequence[ChartPoint], frame: Frame) -> float:
    """As wide as one day allows, or less where two runs lie closer together. [px]"""
    day = (frame.right - frame.left) / frame.days
    gaps = [frame.x(b.run.start) - frame.x(a.run.start) for a, b in pairwise(points)]
    return min(max(day * 0.7, 2.5), max(min(gaps, default=99.0) * 0.85, 2.5), 16.0)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
