"""One picture of an analysed recording: path and oval, altitude and climbs, speed and repetitions."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import resvg_py

from loadwatch.domain.arrays import FloatArray
from loadwatch.domain.features import Analysis

FONT: Final = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
"""Shipped, so that the picture is the same everywhere; its licence lies beside it."""

_WIDTH: Final = 1000.0
_MARGIN: Final = 70.0
_PATH_HEIGHT: Final = 460.0
_PANEL_HEIGHT: Final = 240.0
_TOP: Final = 44.0
_ROOM: Final = 56.0
_MOST_POINTS: Final = 2000
"""More points of a line than this nobody sees."""

_PATH, _OVAL, _UP, _DOWN, _FAST, _GREY = "#1f5fa8", "#d9480f", "#2b8a3e", "#c2255c", "#e8590c", "#868e96"


class _Axes(NamedTuple):
    """A panel, and how values become places in it."""

    top: float
    bottom: float
    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: FloatArray | float) -> FloatArray:
        share = (np.asarray(value) - self.x_low) / max(self.x_high - self.x_low, 1e-9)
        return _MARGIN + share * (_WIDTH - 1.5 * _MARGIN)

    def y(self, value: FloatArray | float) -> FloatArray:
        share = (np.asarray(value) - self.y_low) / max(self.y_high - self.y_low, 1e-9)
        return self.bottom - share * (self.bottom - self.top)


def plot_png(analysis: Analysis, title: str) -> bytes:
    """
    Draw what was found in a recording.

    Panels for which there is no data say so.
    """
    tops = [_TOP, _TOP + _PATH_HEIGHT + _ROOM, _TOP + _PATH_HEIGHT + _PANEL_HEIGHT + 2 * _ROOM]
    height = tops[2] + _PANEL_HEIGHT + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH:.0f}" height="{height:.0f}"'
        ' font-family="DejaVu Sans" font-size="13">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _text(_MARGIN, 26, title, size=17),
        *_path_panel(analysis, tops[0]),
        *_altitude_panel(analysis, tops[1]),
        *_speed_panel(analysis, tops[2]),
        "</svg>",
    ]
    png: bytes = resvg_py.svg_to_bytes(
        svg_string="\n".join(parts), font_files=[str(FONT)], skip_system_fonts=True, font_family="DejaVu Sans"
    )
    return bytes(png)


def _path_panel(analysis: Analysis, top: float) -> Iterable[str]:
    motion, bottom = analysis.motion, top + _PATH_HEIGHT
    east, north = motion.east_m, motion.north_m
    if east is None or north is None or np.isnan(east).all():
        yield _text(_WIDTH / 2, (top + bottom) / 2, "no positions", anchor="middle", fill=_GREY)
        return
    x_mid, y_mid = (float((np.nanmin(a) + np.nanmax(a)) / 2) for a in (east, north))
    wide, tall = max(float(np.ptp(east[~np.isnan(east)])), 1.0), max(float(np.ptp(north[~np.isnan(north)])), 1.0)
    scale = min((_WIDTH - 2 * _MARGIN) / wide, (_PATH_HEIGHT - 20) / tall)  # pixels a metre, the same both ways
    x = _WIDTH / 2 + (east - x_mid) * scale
    y = (top + bottom) / 2 - (north - y_mid) * scale
    on = analysis.track.on_oval if analysis.track else np.zeros(len(motion), dtype=bool)
    for number in range(int(motion.stretch[-1]) + 1 if len(motion) else 0):
        here = motion.stretch == number
        yield _line(x[here], y[here], _GREY, 1.0)
        if on[here].any():
            yield _line(np.where(on, x, np.nan)[here], y[here], _PATH, 1.2)
    if analysis.track is not None and analysis.track.work.is_oval:
        work, outline = analysis.track.work, analysis.track.outline()
        yield _line(
            _WIDTH / 2 + (outline[:, 0] - x_mid) * scale,
            (top + bottom) / 2 - (outline[:, 1] - y_mid) * scale,
            _OVAL,
            2,
        )
        where = f", lane {work.lane}" if work.lane else ""
        yield _text(
            _WIDTH - 20, top + 14, f"{work.laps:.1f} laps of {work.lap_m:.0f} m{where}", anchor="end", fill=_OVAL
        )
    bar = _round_length(120 / scale)
    yield f'<path d="M{_MARGIN} {bottom} h{bar * scale:.1f}" stroke="#000" stroke-width="2"/>'
    yield _text(_MARGIN, bottom - 6, f"{bar:,.0f} m".replace(",", " "))


def _altitude_panel(analysis: Analysis, top: float) -> Iterable[str]:
    motion, hills, bottom = analysis.motion, analysis.elevation, top + _PANEL_HEIGHT
    if motion.distance_m is None or hills.altitude_m is None or np.isnan(hills.altitude_m).all():
        yield _text(_WIDTH / 2, (top + bottom) / 2, "no altitude", anchor="middle", fill=_GREY)
        return
    km = motion.distance_m / 1000
    low, high = float(np.nanmin(hills.altitude_m)), float(np.nanmax(hills.altitude_m))
    room = max((high - low) * 0.08, 5.0)
    axes = _Axes(top, bottom, 0.0, float(km[-1]), low - room, high + room)
    for climb in hills.climbs:
        if climb.start_distance_m is None or climb.end_distance_m is None:
            continue
        x = axes.x(np.array([climb.start_distance_m, climb.end_distance_m]) / 1000)
        fill = _UP if climb.gain_m > 0 else _DOWN
        yield _band(axes, x, fill, 0.12)
    yield from _frame(axes, "km", "m")
    yield _line(axes.x(km), axes.y(hills.altitude_m), "#000000", 1.4)
    f = analysis.features
    words = f"up {_metres(f.ascent_m)}, down {_metres(f.descent_m)}, altitude: {f.altitude_quality}"
    yield _text(_WIDTH - 20, top - 6, words, anchor="end")


def _speed_panel(analysis: Analysis, top: float) -> Iterable[str]:
    motion, pace, bottom = analysis.motion, analysis.speed, top + _PANEL_HEIGHT
    if pace is None or not len(motion):
        yield _text(_WIDTH / 2, (top + bottom) / 2, "no speed", anchor="middle", fill=_GREY)
        return
    minutes = motion.time_s / 60
    axes = _Axes(top, bottom, 0.0, float(minutes[-1]), 0.0, max(float(np.nanmax(pace.speed_m_s)) * 1.08, 2.0))
    for rep in pace.reps:
        yield _band(axes, axes.x(np.array([rep.start_s, rep.end_s]) / 60), _FAST, 0.22)
    yield from _frame(axes, "min", "m/s")
    for number in range(int(motion.stretch[-1]) + 1):
        here = motion.stretch == number
        yield _line(axes.x(minutes[here]), axes.y(pace.speed_m_s[here]), _PATH, 1.0)
    yield _text(_WIDTH - 20, top - 6, f"{len(pace.reps)} repetitions", anchor="end", fill=_FAST)


def _band(axes: _Axes, x: FloatArray, fill: str, opacity: float) -> str:
    width = max(float(x[1] - x[0]), 1.0)
    place = f'x="{x[0]:.1f}" y="{axes.top}" width="{width:.1f}" height="{axes.bottom - axes.top}"'
    return f'<rect {place} fill="{fill}" opacity="{opacity}"/>'


def _frame(axes: _Axes, x_unit: str, y_unit: str) -> Iterable[str]:
    for value in _ticks(axes.y_low, axes.y_high, 5):
        y = float(axes.y(value))
        yield f'<path d="M{_MARGIN} {y:.1f} H{_WIDTH - _MARGIN / 2}" stroke="#dee2e6"/>'
        yield _text(_MARGIN - 8, y + 4, f"{value:g}", anchor="end")
    for value in _ticks(axes.x_low, axes.x_high, 10):
        yield _text(float(axes.x(value)), axes.bottom + 18, f"{value:g}", anchor="middle")
    yield _text(_WIDTH - _MARGIN / 2 + 4, axes.bottom + 18, x_unit)
    yield _text(_MARGIN - 8, axes.top - 6, y_unit, anchor="end")


def _ticks(low: float, high: float, about: int) -> Sequence[float]:
    step = _round_length(max(high - low, 1e-6) / about)
    first = np.ceil(low / step) * step
    return [round(float(v), 6) for v in np.arange(first, high + step * 1e-6, step)]


def _round_length(about: float) -> float:
    """1, 2 or 5 times a power of ten, the nearest from below."""
    power = 10.0 ** np.floor(np.log10(about))
    return float(max(n * power for n in (1, 2, 5) if n * power <= about * 1.0001))


def _line(x: FloatArray, y: FloatArray, colour: str, width: float) -> str:
    known = np.flatnonzero(~(np.isnan(x) | np.isnan(y)))
    known = known[:: max(len(known) // _MOST_POINTS, 1)]
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x[known], y[known], strict=True))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 13, fill: str = "#212529") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}"'
    return f"<text {place}>{escape(words)}</text>"


def _metres(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.0f} m"
