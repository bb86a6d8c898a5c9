"""Pain over time above the loads of the same days, as one SVG: for the page of a problem, its print and its PDF."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from pathlib import Path
from typing import Final, Literal, NamedTuple

import resvg_py

PainKind = Literal["run", "today", "morning"]

FONT: Final = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"

HIGHEST_PAIN: Final = 10
_PAIN_LINES: Final = (0, 2, 5, 10)
"""Lines of the grid: none, mild, moderate, the worst. [0-10]"""

_STEPS: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_PAIN_HEIGHT, _PANEL_HEIGHT, _GAP, _FOOT = 150.0, 46.0, 26.0, 26.0
_LETTER_PX: Final = 7.2
_LABEL_PX: Final = 54.0
_NUMBER_PX: Final = 30.0
"""Room that a letter takes, a label of the time axis, and the number of a flare. [px]"""
_BY_MONTH: Final = 120
"""A longer time is labelled by its months. [d]"""

_PRINTED: Final = """
text{font-family:'DejaVu Sans';font-size:12px;fill:#3d4845}
.pain-grid{stroke:#d8ded9}.pain-axis{stroke:#6b7773}.pain-mild{fill:#eef4f2}.pain-flare-ground{fill:#fdebd2}
.pain-line{fill:none;stroke-width:2}.pain-run{stroke:#1b2422;fill:#1b2422}.pain-today{stroke:#0a665b;fill:#0a665b}
.pain-morning{stroke:#a04d00;fill:#a04d00}.pain-line.pain-today{stroke-dasharray:7 3}
.pain-line.pain-morning{stroke-dasharray:2 3}.pain-line{fill:none}.pain-flare{fill:#8a4300}.pain-begin{stroke:#8a4300;
stroke-dasharray:3 3}.pain-load{fill:#7fa8a1}.pain-unknown{fill:none;stroke:#6b7773;stroke-dasharray:3 3}
.pain-panel{font-weight:bold}
"""
"""The classes of the stylesheet, as paper wants them."""


@dataclass(frozen=True, slots=True)
class PainPoint:
    """One number of a check-in. [0-10]"""

    day: date
    kind: PainKind
    pain: int


@dataclass(frozen=True, slots=True)
class LoadPanel:
    """
    One load of the same time.

    Attributes
    ----------
    values : sequence of float or None
        One for each span. [m] None: not known.
    at_least : sequence of bool
        Where the value is a lower bound.
    unit_m : float
        What one of the reader's units is. [m]
    say : callable
        A value with its unit, in the reader's words.
    """

    title: str
    values: Sequence[float | None]
    at_least: Sequence[bool]
    unit_m: float
    say: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class PainChart:
    """
    What is drawn, with its words.

    Attributes
    ----------
    since, until : date
        First and last day.
    days : int
        Length of a span of the loads. [d]
    opened : date
        The first check-in of the problem.
    flares : sequence of date
        On which one began.
    reach : int
        Days before a flare whose runs are counted as before it. [d]
    kinds : mapping of PainKind to str
        What each of the three lines is called.
    tick : callable
        A day of the time axis in words; `month` the same of the first of a month.
    """

    since: date
    until: date
    days: int
    opened: date
    points: Sequence[PainPoint]
    flares: Sequence[date]
    reach: int
    panels: Sequence[LoadPanel]
    title: str
    summary: str
    pain_title: str
    flare_word: str
    kinds: dict[PainKind, str]
    tick: Callable[[date], str]
    month: Callable[[date], str]


class _Frame(NamedTuple):
    left: float
    right: float
    top: float
    since: date
    n_days: int

    def x(self, day: date, part: float = 0.0) -> float:
        """Left edge of a day, or a part of it further. [px]"""
        return self.left + ((day - self.since).days + part) / self.n_days * (self.right - self.left)

    def y(self, pain: float) -> float:
        return self.top + _PAIN_HEIGHT * (1 - pain / HIGHEST_PAIN)

    def panel_top(self, number: int) -> float:
        return self.top + _PAIN_HEIGHT + _GAP + number * (_PANEL_HEIGHT + _GAP)


def pain_chart_svg(chart: PainChart, *, width: int = 760, chart_id: str = "pain", sized: bool = False) -> str:
    """
    Draw pain, and the loads below it, over one time axis.

    Parameters
    ----------
    width : int
        Of the drawing; it scales to the room that it is given. [px]
    chart_id : str
        Start of the ids in the drawing; must differ between two drawings on one page.
    sized : bool
        With a width and a height of its own, for where there is no place to fill.

    Returns
    -------
    str
        One `<svg>` element. What it shows is said in its title and description too.
    """
    frame = _frame(chart, width)
    height = pain_chart_height(chart, width)
    bottom = height - _FOOT
    body = [
        *_legend(chart, width),
        *_ground(chart, frame, bottom),
        *_pain_axes(frame),
        *_pain_lines(chart, frame),
        *_flare_marks(chart, frame),
        *(line for i, panel in enumerate(chart.panels) for line in _panel(panel, chart, frame, frame.panel_top(i))),
        *_time_axis(chart, frame, bottom),
    ]
    name = escape(chart_id)
    size = f' width="{width}" height="{height:.0f}"' if sized else ""
    return (
        f'<svg class="chart pain-chart" xmlns="http://www.w3.org/2000/svg"{size} viewBox="0 0 {width} {height:.0f}"'
        f' role="img" aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{escape(chart.title)}'
        f'</title><desc id="{name}-desc">{escape(chart.summary)}</desc>{"".join(body)}</svg>'
    )


def pain_chart_png(chart: PainChart, *, width: int = 900) -> bytes:
    """The same drawing as a picture for paper, at twice its size."""
    png: bytes = resvg_py.svg_to_bytes(
        svg_string=pain_chart_svg(chart, width=width, sized=True),
        style_sheet=_PRINTED,
        font_files=[str(FONT)],
        skip_system_fonts=True,
        font_family="DejaVu Sans",
        background="#ffffff",
        zoom=2,
    )
    return bytes(png)


def pain_chart_height(chart: PainChart, width: int) -> float:
    """[px]"""
    return _frame(chart, width).panel_top(len(chart.panels)) - _GAP + _FOOT + 4


def _frame(chart: PainChart, width: int) -> _Frame:
    top = _legend_places(chart, width)[-1][-1] + 18
    return _Frame(34.0, width - 8.0, top, chart.since, (chart.until - chart.since).days + 1)


def _legend(chart: PainChart, width: int) -> Iterator[str]:
    yield _text(0, 14, chart.pain_title, "pain-panel")
    for mark, word, x, y in _legend_places(chart, width):
        yield _flare(x, y) if mark is None else _mark(mark, x, y)
        yield _text(x + 9, y + 4, word)


def _legend_places(chart: PainChart, width: int) -> list[tuple[PainKind | None, str, float, float]]:
    """Mark, word and place of each entry, on as many lines as they take; None stands for a flare."""
    entries: list[tuple[PainKind | None, str]] = list(chart.kinds.items())
    if chart.flares:
        entries.append((None, chart.flare_word))
    places, x, y = [], 8.0, 30.0
    for mark, word in entries:
        room = 22 + _LETTER_PX * len(word)
        if x > 8 and x + room > width + 8:
            x, y = 8.0, y + 18
        places.append((mark, word, x, y))
        x += room
    return places


def _ground(chart: PainChart, frame: _Frame, bottom: float) -> Iterator[str]:
    """Mild pain, the days before each flare, and the day on which it began."""
    mild = frame.y(2)
    yield _rect("pain-mild", frame.left, mild, frame.right - frame.left, frame.y(0) - mild)
    for day in chart.flares:
        first = max(day - timedelta(days=chart.reach), chart.since)
        left, right = frame.x(first), frame.x(day, 1)
        yield _rect("pain-flare-ground", left, frame.top, right - left, bottom - frame.top)
    x = frame.x(chart.opened, 0.5)
    yield _line("pain-begin", x, frame.top, x, bottom)


def _pain_axes(frame: _Frame) -> Iterator[str]:
    for pain in _PAIN_LINES:
        y = frame.y(pain)
        yield _line("pain-grid" if pain else "pain-axis", frame.left, y, frame.right, y)
        yield _text(frame.left - 6, y + 4, str(pain), anchor="end")


def _pain_lines(chart: PainChart, frame: _Frame) -> Iterator[str]:
    for kind, word in chart.kinds.items():
        points = sorted((p for p in chart.points if p.kind == kind), key=lambda p: p.day)
        places = [(frame.x(p.day, 0.5), frame.y(p.pain)) for p in points]
        if len(places) > 1:
            path = " ".join(f"{_n(x)},{_n(y)}" for x, y in places)
            yield f'<polyline class="pain-line pain-{kind}" points="{path}"/>'
        for point, (x, y) in zip(points, places, strict=True):
            said = escape(f"{chart.tick(point.day)}: {word} {point.pain}")
            yield f"<g><title>{said}</title>{_mark(kind, x, y)}</g>"


def _flare_marks(chart: PainChart, frame: _Frame) -> Iterator[str]:
    """Each with its number, where there is room for one."""
    free_from = -math.inf
    for number, day in enumerate(chart.flares, 1):
        x = frame.x(day, 0.5)
        yield _flare(x, frame.top - 5)
        if len(chart.flares) > 1 and x >= free_from:
            yield _text(x + 7, frame.top - 1, str(number))
            free_from = x + _NUMBER_PX


def _panel(panel: LoadPanel, chart: PainChart, frame: _Frame, top: float) -> Iterator[str]:
    bottom = top + _PANEL_HEIGHT
    most = max((v for v in panel.values if v is not None), default=0.0)
    highest = _rounded_up(most / panel.unit_m) * panel.unit_m
    yield _text(0, top - 6, panel.title, "pain-panel")
    yield _line("pain-axis", frame.left, bottom, frame.right, bottom)
    if most:
        yield _line("pain-grid", frame.left, top, frame.right, top)
        yield _text(frame.right, top - 6, panel.say(highest), anchor="end")
    for i, (value, at_least) in enumerate(zip(panel.values, panel.at_least, strict=True)):
        first = chart.since + timedelta(days=i * chart.days)
        last = min(first + timedelta(days=chart.days - 1), chart.until)
        left, wide = frame.x(first) + 0.5, max(frame.x(last, 1) - frame.x(first) - 1, 1.0)
        when = chart.tick(first) if chart.days == 1 else f"{chart.tick(first)} – {chart.tick(last)}"
        if value is None:
            said = f"<title>{escape(when)}: ?</title>"
            yield f"<g>{said}{_rect('pain-unknown', left, bottom - 14, wide, 14)}</g>"
        elif value:
            tall = max(value / highest * _PANEL_HEIGHT, 1.0)
            said = f"<title>{escape(when)}: {'≥ ' if at_least else ''}{escape(panel.say(value))}</title>"
            bar = _rect("pain-load", left, bottom - tall, wide, tall)
            if at_least:
                bar += _rect("pain-unknown", left, bottom - tall - 5, wide, 5)
            yield f"<g>{said}{bar}</g>"


def _rounded_up(value: float) -> float:
    """The next round number that is no less."""
    if value <= 0:
        return 1.0
    scale = 10.0 ** math.floor(math.log10(value))
    return next(step * scale for step in _STEPS if step * scale >= value * (1 - 1e-9))


def _time_axis(chart: PainChart, frame: _Frame, bottom: float) -> Iterator[str]:
    labels = _months(chart) if frame.n_days > _BY_MONTH else _mondays(chart)
    free_from = -math.inf
    for day, label in labels:
        x = frame.x(day)
        if x < free_from or x + _LABEL_PX * 0.8 > frame.right + 8:
            continue
        free_from = x + _LABEL_PX
        yield _line("pain-axis", x, bottom, x, bottom + 5)
        yield _text(x, bottom + 19, label)


def _months(chart: PainChart) -> Iterable[tuple[date, str]]:
    days = (chart.since + timedelta(days=n) for n in range((chart.until - chart.since).days + 1))
    return ((day, chart.month(day)) for day in days if day.day == 1)


def _mondays(chart: PainChart) -> Iterable[tuple[date, str]]:
    days = (chart.since + timedelta(days=n) for n in range((chart.until - chart.since).days + 1))
    return ((day, chart.tick(day)) for day in days if day.weekday() == 0)


def _mark(kind: PainKind, x: float, y: float) -> str:
    """A circle, a square or a triangle: the three are told apart without colour."""
    if kind == "run":
        return f'<circle class="pain-run" cx="{_n(x)}" cy="{_n(y)}" r="3.5"/>'
    if kind == "today":
        return _rect("pain-today", x - 3.2, y - 3.2, 6.4, 6.4)
    return f'<path class="pain-morning" d="M{_n(x)} {_n(y - 4.2)}l4.2 7.4h-8.4z"/>'


def _flare(x: float, y: float) -> str:
    return f'<path class="pain-flare" d="M{_n(x - 5)} {_n(y - 4)}h10l-5 9z"/>'


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "") -> str:
    end = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{f"pain-text {kind}".strip()}" x="{_n(x)}" y="{_n(y)}"{end}>{escape(words)}</text>'


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>'


def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"/>'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
