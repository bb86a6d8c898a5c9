"""
The charts of a time of load as SVG text, for pages without a script.

One drawing for each size of screen: letters grow where it shrinks, by the classes `lc-…`. All words come from whoever
asks, in the reader's language.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import pairwise
from typing import Final

from loadwatch.domain.inside import PathLine
from loadwatch.domain.load_history import Days, Pain, Side, WeekLoads, WeekSum
from loadwatch.domain.report import ChartPoint
from loadwatch.services.load_pages import AlertDay

_WIDTH: Final = 760.0
_LEFT, _RIGHT = 58.0, 748.0
_SCALE: Final = (1, 2, 5, 10)
_MOST_LINES: Final = 4
"""A grid has at most so many lines; they stand this far apart, times a power of ten."""

_WORST: Final = 10
"""The highest pain that can be told."""

_MARK_PX: Final = 12.0
_MARK_DAYS: Final = 7
"""Where a mark is wider than a week, only some of the marks have room. [px; d]"""

_SEPARATE_WEEKS: Final = 120
"""With more weeks than this they too become one shape."""

_SEPARATE_BARS: Final = 150
"""With more runs than this no finger finds a bar: all become one shape, without words and links of their own."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A unit to draw in: how many metres it has, and what it is called."""

    metres: float
    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """
    What is said of a drawing.

    Attributes
    ----------
    id : str
        Start of the ids in it; must differ between two drawings on one page.
    title, text : str
        Its name, and what it shows.
    """

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Days and what is written below them; the days of which nothing is known are hatched."""

    shown: Days
    unknown: Sequence[Days]
    labels: Sequence[tuple[date, str]]

    def x(self, day: date, part: float = 0.0) -> float:
        """Place of a moment: a day, and the part of it that has gone by."""
        days = (self.shown.last - self.shown.first).days + 1
        return _LEFT + ((day - self.shown.first).days + part) / days * (_RIGHT - _LEFT)

    @property
    def day_px(self) -> float:
        return (_RIGHT - _LEFT) / ((self.shown.last - self.shown.first).days + 1)


def runs_svg(
    points: Sequence[ChartPoint],
    alerts: Sequence[AlertDay],
    axis: TimeAxis,
    scale: Scale,
    said: Said,
    *,
    run_words: Callable[[ChartPoint], str],
    alert_words: Callable[[AlertDay], str],
    run_link: Callable[[ChartPoint], str],
    alert_link: Callable[[AlertDay], str],
) -> str:
    """
    The distance of each run with the ceiling that held for it, and the alerts above.

    Returns
    -------
    str
        One `<svg>` element.
    """
    height, top, bottom = 280.0, 34.0, 246.0
    highest, step = _room(max((max(p.distance_m, p.ceiling_m or 0.0) for p in points), default=0.0) / scale.metres)

    def y(metres: float) -> float:
        return bottom - metres / scale.metres / highest * (bottom - top)

    body = [*_ground(axis, said, top, bottom), *_grid(axis, top, bottom, highest, step)]
    width = min(max(axis.day_px * 0.7, 1.0), 14.0)
    places = [(p, axis.x(p.run.local_date, 0.5)) for p in points]
    if len(points) > _SEPARATE_BARS:
        for kind, speaks in (("lc-bars", False), ("lc-bars lc-bars-alert", True)):
            some = [(p, x) for p, x in places if (p.alert_id is not None) == speaks]
            bars = "".join(f"M{x:.1f} {bottom:.0f}V{y(p.distance_m):.0f}" for p, x in some)
            body.append(f'<path class="{kind}" d="{bars}"/>')
    else:
        for point, x in places:
            kind = "lc-bar lc-bar-alert" if point.alert_id is not None else "lc-bar"
            # Out of the tab order: the list of runs has the same links, in words.
            body.append(
                f'<a href="{escape(run_link(point))}" tabindex="-1"><title>{escape(run_words(point))}</title>'
                f'<rect class="{kind}" x="{_n(x - width / 2)}" y="{_n(y(point.distance_m))}" width="{_n(width)}"'
                f' height="{_n(bottom - y(point.distance_m))}"/></a>'
            )
    body.append(_ceiling([(x, p.ceiling_m and y(p.ceiling_m)) for p, x in places]))
    on_day: Counter[date] = Counter()
    for alert in _apart(alerts, axis):
        aside = 15.0 * on_day[alert.day]  # several of one day stand beside each other
        on_day[alert.day] += 1
        mark = _mark(alert.mark.severity, axis.x(alert.day, 0.5) - aside, 16.0)
        words = f"<title>{escape(alert_words(alert))}</title>"
        body.append(f'<a href="{escape(alert_link(alert))}" tabindex="-1">{words}{mark}</a>')
    return _svg(said, height, body)


def _apart(alerts: Sequence[AlertDay], axis: TimeAxis) -> list[AlertDay]:
    """All, or of a long time the most severe of those that would lie on each other."""
    if axis.day_px * _MARK_DAYS >= _MARK_PX:
        return list(alerts)
    worst: dict[int, AlertDay] = {}
    for alert in alerts:
        place = int(axis.x(alert.day) / _MARK_PX)
        if place not in worst or alert.mark.severity > worst[place].mark.severity:
            worst[place] = alert
    return list(worst.values())


def weeks_svg(
    weeks: Sequence[WeekLoads],
    of: Callable[[WeekLoads], WeekSum],
    axis: TimeAxis,
    scale: Scale,
    said: Said,
    words: Callable[[WeekLoads], str],
) -> str:
    """One load of each week as a bar, its usual range behind it; a week of which it is not known has none."""
    height, top, bottom = 168.0, 14.0, 138.0
    values = [of(week) for week in weeks]
    most = max((max(v.value_m or 0.0, v.usual_m[1] if v.usual_m else 0.0) for v in values), default=0.0)
    highest, step = _room(most / scale.metres)

    def y(metres: float) -> float:
        return bottom - metres / scale.metres / highest * (bottom - top)

    body = [*_ground(axis, said, top, bottom), *_grid(axis, top, bottom, highest, step)]
    edges: list[str] = []  # over the bars, which else would hide the range
    bars: list[str] = []
    is_long = len(weeks) > _SEPARATE_WEEKS
    for week, value in zip(weeks, values, strict=True):
        x = max(axis.x(week.week.monday), _LEFT)
        wide = min(axis.x(week.week.sunday, 1.0), _RIGHT) - x
        if value.usual_m is not None:
            low, high = y(value.usual_m[0]), y(value.usual_m[1])
            if not is_long:
                place = f'x="{_n(x)}" y="{_n(high)}" width="{_n(wide)}" height="{_n(low - high)}"'
                body.append(f'<rect class="lc-usual" {place}/>')
            edges.append(f"M{_n(x)} {_n(high)}h{_n(wide)}M{_n(x)} {_n(low)}h{_n(wide)}")
        title = "" if is_long else f"<title>{escape(words(week))}</title>"
        if value.value_m is None:
            body.append(
                f'<rect class="lc-none" x="{_n(x)}" y="{_n(top)}" width="{_n(wide)}" height="{_n(bottom - top)}"'
                f' fill="url(#{escape(said.id)}-hatch)">{title}</rect>'
            )
            continue
        room = min(wide * 0.15, 2.0)
        if is_long and week.is_whole:
            bars.append(f"M{_n(x + room)} {_n(bottom)}V{_n(y(value.value_m))}h{_n(wide - 2 * room)}V{_n(bottom)}")
            continue
        kind = "lc-bar" if week.is_whole and value.known_runs == value.n_runs else "lc-bar lc-part"
        body.append(
            f'<rect class="{kind}" x="{_n(x + room)}" y="{_n(y(value.value_m))}" width="{_n(wide - 2 * room)}"'
            f' height="{_n(bottom - y(value.value_m))}">{title}</rect>'
        )
    body.append(f'<path class="lc-bar" d="{"".join(bars)}"/><path class="lc-edge" d="{"".join(edges)}"/>')
    return _svg(said, height, body)


def pains_svg(
    pains: Sequence[Pain],
    axis: TimeAxis,
    said: Said,
    sides: dict[Side, str],
    words: Callable[[Pain], str],
) -> str:
    """What was told to hurt, a row for each side: higher is worse, a ring is pain without a number, a dot is none."""
    row, top = 56.0, 14.0
    height = top + 2 * row + 28.0
    body: list[str] = []
    bars: list[str] = []
    is_long = len(pains) > _SEPARATE_BARS
    for i, side in enumerate(("left", "right")):
        base = top + (i + 1) * row - 8
        body.append(f'<line class="lc-axis" x1="{_n(_LEFT)}" x2="{_n(_RIGHT)}" y1="{_n(base)}" y2="{_n(base)}"/>')
        at = f'x="{_n(_LEFT - 8)}" y="{_n(base - 12)}" text-anchor="end"'
        body.append(f'<text class="lc-label" {at}>{escape(sides[side])}</text>')  # type: ignore[index]
        for pain in pains:
            if pain.side != side:
                continue
            x = axis.x(pain.day, 0.5)
            if is_long and pain.worst:
                bars.append(f"M{_n(x)} {_n(base)}v{_n(-pain.worst / _WORST * (row - 14))}")
                continue
            title = "" if is_long else f"<title>{escape(words(pain))}</title>"
            if pain.worst is None:
                body.append(f'<circle class="lc-ring" cx="{_n(x)}" cy="{_n(base - 7)}" r="4">{title}</circle>')
            elif pain.worst == 0:
                body.append(f'<circle class="lc-dot" cx="{_n(x)}" cy="{_n(base)}" r="2.5">{title}</circle>')
            else:
                high = pain.worst / _WORST * (row - 14)
                wide = min(max(axis.day_px * 0.7, 2.0), 8.0)
                body.append(
                    f'<rect class="lc-pain" x="{_n(x - wide / 2)}" y="{_n(base - high)}" width="{_n(wide)}"'
                    f' height="{_n(high)}">{title}</rect>'
                )
    body.append(f'<path class="lc-pains" d="{"".join(bars)}"/>')
    body += _days(axis, top + 2 * row - 8)
    return _svg(said, height, body)


def mark_svg(severity: int) -> str:
    """The mark of an alert on its own: a dot is a note, a triangle a caution or a warning, a square a stop."""
    return f'<svg class="lc-key" viewBox="0 0 16 16" aria-hidden="true">{_mark(severity, 8, 8)}</svg>'


def _mark(severity: int, x: float, y: float) -> str:
    if severity >= 4:
        return f'<rect class="lc-mark lc-mark-stop" x="{_n(x - 6)}" y="{_n(y - 6)}" width="12" height="12"/>'
    if severity >= 2:
        corners = f"{_n(x)},{_n(y - 7)} {_n(x + 7)},{_n(y + 6)} {_n(x - 7)},{_n(y + 6)}"
        return f'<polygon class="lc-mark lc-mark-caution" points="{corners}"/>'
    return f'<circle class="lc-mark" cx="{_n(x)}" cy="{_n(y)}" r="5"/>'


def _svg(said: Said, height: float, body: Iterable[str]) -> str:
    name, drawn = escape(said.id), "".join(body)
    role = "group" if "<a " in drawn else "img"  # nothing inside an image can be followed
    return (
        f'<svg class="lc" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(_WIDTH)} {_n(height)}" role="{role}"'
        f' aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{escape(said.title)}</title>'
        f'<desc id="{name}-desc">{escape(said.text)}</desc>{drawn}</svg>'
    )


def _ground(axis: TimeAxis, said: Said, top: float, bottom: float) -> list[str]:
    """The hatching of what is not known."""
    name = escape(said.id)
    out = [
        f'<defs><pattern id="{name}-hatch" width="8" height="8" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><path class="lc-hatch" d="M0 0V8"/></pattern></defs>'
    ]
    for span in axis.unknown:
        x, end = axis.x(span.first), axis.x(span.last, 1.0)
        out.append(
            f'<rect x="{_n(x)}" y="{_n(top)}" width="{_n(end - x)}" height="{_n(bottom - top)}"'
            f' fill="url(#{name}-hatch)"/>'
        )
    return out


def _grid(axis: TimeAxis, top: float, bottom: float, highest: float, step: float) -> list[str]:
    out = []
    for i in range(round(highest / step) + 1):
        y = bottom - i * step / highest * (bottom - top)
        kind = "lc-axis" if i == 0 else "lc-grid"
        out.append(f'<line class="{kind}" x1="{_n(_LEFT)}" x2="{_n(_RIGHT)}" y1="{_n(y)}" y2="{_n(y)}"/>')
        at = f'x="{_n(_LEFT - 8)}" y="{_n(y + 5)}" text-anchor="end"'
        out.append(f'<text class="lc-label" {at}>{i * step:g}</text>')
    return out + _days(axis, bottom)


def _days(axis: TimeAxis, bottom: float) -> list[str]:
    out = []
    for day, label in axis.labels:
        x = axis.x(day)
        out.append(f'<line class="lc-axis" x1="{_n(x)}" x2="{_n(x)}" y1="{_n(bottom)}" y2="{_n(bottom + 6)}"/>')
        out.append(f'<text class="lc-label" x="{_n(x + 4)}" y="{_n(bottom + 22)}">{escape(label)}</text>')
    return out


def _ceiling(places: Sequence[tuple[float, float | None]]) -> str:
    """A step for each run, from the run before it; a gap where there was nothing to compare with."""
    path: list[str] = []
    for (before_x, before_y), (x, y) in pairwise(places):
        if y is not None:
            path.append(f"V{_n(y)}H{_n(x)}" if before_y is not None and path else f"M{_n(before_x)} {_n(y)}H{_n(x)}")
    return f'<path class="lc-ceiling" d="{"".join(path)}"/>' if path else ""


def _room(most: float) -> tuple[float, float]:
    """A round number above all values, and how far apart the lines of the grid stand."""
    if most <= 0:
        return 1.0, 1.0
    power = 10.0 ** math.floor(math.log10(most / _MOST_LINES))
    step = next(power * m for m in _SCALE if power * m * _MOST_LINES >= most)
    lines = math.ceil(most / step - 1e-9)
    return lines * step, step


def _n(value: float) -> str:
    return f"{value:.1f}"


def path_svg(lines: Sequence[PathLine], title: str, text: str) -> str:
    """The shape of a path, north up, with its start; no map and no place."""
    points = [point for line in lines for point in line.points_m]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    wide, tall = 720.0, 460.0
    scale = min((wide - 60) / max(east - west, 1.0), (tall - 60) / max(north - south, 1.0))

    def place(point: tuple[float, float]) -> str:
        x = wide / 2 + (point[0] - (west + east) / 2) * scale
        y = tall / 2 - (point[1] - (south + north) / 2) * scale
        return f"{_n(x)} {_n(y)}"

    body = []
    for line in lines:
        kind = "path-line path-track" if line.on_track else "path-line"
        body.append(f'<path class="{kind}" d="M{"L".join(place(p) for p in line.points_m)}"/>')
    x, y = place(lines[0].points_m[0]).split()
    body.append(f'<circle class="path-start" cx="{x}" cy="{y}" r="7"/>')
    return (
        f'<svg class="path-shape" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {tall:.0f}" role="img"'
        ' aria-labelledby="path-title path-desc">'
        f'<title id="path-title">{escape(title)}</title><desc id="path-desc">{escape(text)}</desc>'
        f"{''.join(body)}</svg>"
    )
