"""
The drawings inside of mails, as PNG.

On a Monday there is one for each athlete, so they are drawn straight into pixels of sixteen colours, without an SVG
in between: that costs a tenth of it, and the file is half as large. See docs/many-mails.md.
"""

import io
import math
import zlib
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from loadwatch.adapters.charts import (
    NO_RUNS,
    UNIT_M,
    Frame,
    bar_width,
    ceiling_steps,
    frame_of,
    grid,
    load_scale,
    time_labels,
)
from loadwatch.domain.report import ChartPoint, WeeklyReport
from loadwatch.domain.text import (
    Speech,
    Text,
    capital,
    day_text,
    distance_text,
    joined,
    render,
    say,
    say_n,
    sentences,
)
from loadwatch.emails import Picture
from loadwatch.emails.loads import LoadRow, load_rows

_FONT: Final = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"

_WIDTH: Final = 480
_DENSITY: Final = 2
"""Pixels of the file for each of the picture: screens that have more show it sharply."""

_INK: Final = 9
_SOFT, _FAINT = 6, 1
_BAR, _THIS, _RANGE, _CEILING, _OUTLINE = range(_INK + 1, _INK + 6)
"""
Colours, by their place in the palette. From the ground, 0, to the ink they are a ramp: so letters that are drawn in
one of them have smooth edges, though each pixel is but a place.
"""

_GROUND_RGB, _INK_RGB = (0xFD, 0xFD, 0xFC), (0x1F, 0x29, 0x33)
_RAMP: Final = [
    round(ground + (ink - ground) * n / _INK)
    for n in range(_INK + 1)
    for ground, ink in zip(_GROUND_RGB, _INK_RGB, strict=True)
]
_SOLID: Final = [
    *(0xA9, 0xB8, 0xC2),  # a bar
    *(0x0B, 0x5C, 0x8A),  # the one that is spoken of
    *(0xD3, 0xE1, 0xEA),  # the band of the weeks before
    *(0xB4, 0x53, 0x09),  # the ceiling
    *(0x7D, 0x8A, 0x94),  # what is not known
]

_SMALL, _BODY = 15, 17
"""Sizes of letters. [px] On a telephone the picture has two thirds of its width, and the small ones ten."""

_THICKER: Final = 0.6
"""What strong letters have more all around, as the font has but one weight. [px of the file]"""

_MARGIN: Final = 10
_CHART_HEIGHT: Final = 250
_LEGEND_HEIGHT: Final = 26
_LOAD_HEIGHT: Final = 76
_THIN, _THICK = 10, 22
"""Heights of a load's bar and of the band behind it. [px]"""


class MailPictures:
    """`Pictures`: on a light ground of their own, legible at 360 px."""

    def distances(self, points: Sequence[ChartPoint], run_id: int | None, speech: Speech) -> Picture:
        """
        The distance of each run with the ceiling that held for it; one of them stands out.

        Parameters
        ----------
        points : sequence of ChartPoint
            In any order.
        run_id : int or None
            The run that stands out, if it is among them.
        """
        points = sorted(points, key=lambda p: (p.run.start, p.run.id))
        this = next((p for p in points if p.run.id == run_id), None)
        sheet = _Sheet(_WIDTH, _CHART_HEIGHT, speech)
        if points:
            _draw_distances(sheet, points, this)
        else:
            sheet.words(_WIDTH / 2, _CHART_HEIGHT / 2, NO_RUNS, anchor="ms", colour=_SOFT)
        return sheet.picture("distances", _distances_alt(points, this))

    def week(self, report: WeeklyReport, speech: Speech) -> Picture:
        """The three loads of a week, each over the band of the weeks before, with a mark at their mean."""
        rows = load_rows(report.loads, speech.units, symptoms_decide=report.symptoms_decide)
        top = _MARGIN + _LEGEND_HEIGHT
        sheet = _Sheet(_WIDTH, top + _LOAD_HEIGHT * len(rows) + _MARGIN, speech)
        _draw_week_legend(sheet)
        for n, row in enumerate(rows):
            _draw_load(sheet, row, top + n * _LOAD_HEIGHT)
        return sheet.picture("week", _week_alt(rows))


class _Sheet:
    """Takes places and sizes in the pixels of the picture, and draws them in those of the file."""

    def __init__(self, width: int, height: int, speech: Speech) -> None:
        self.width, self.height, self.speech = width, height, speech
        # Grey as far as Pillow knows: it blends places of the palette, which are colours in the end.
        self._image = Image.new("L", (width * _DENSITY, height * _DENSITY), 0)
        self._draw = ImageDraw.Draw(self._image)

    def rect(self, left: float, top: float, right: float, bottom: float, colour: int) -> None:
        """Never less than a pixel of the file, so that what is little is not nothing."""
        x, y, to_x, to_y = (round(v * _DENSITY) for v in (left, top, right, bottom))
        self._draw.rectangle((x, y, max(to_x - 1, x), max(to_y - 1, y)), fill=colour)

    def line(self, corners: Sequence[tuple[float, float]], colour: int, width: float) -> None:
        """Of upright and level pieces, as everything here."""
        half = width / 2
        for (x, y), (to_x, to_y) in pairwise(corners):
            self.rect(min(x, to_x) - half, min(y, to_y) - half, max(x, to_x) + half, max(y, to_y) + half, colour)

    def dashed(self, left: float, top: float, right: float, bottom: float, colour: int) -> None:
        """The outline of a rectangle."""
        self.rect(left, top, left + 1, bottom, colour)
        self.rect(right - 1, top, right, bottom, colour)
        x = left
        while x < right:
            for y in (top, bottom - 1):
                self.rect(x, y, min(x + 4, right), y + 1, colour)
            x += 7

    def words(
        self,
        x: float,
        y: float,
        words: str,
        *,
        anchor: str = "ls",
        colour: int = _INK,
        size: int = _SMALL,
        strong: bool = False,
        clear: bool = False,
    ) -> float:
        """
        Write words with their base line at `y`; the width that they take. [px]

        Parameters
        ----------
        anchor : {"ls", "ms", "rs"}
            Whether `x` is their left end, their middle, or their right end.
        strong : bool
            With thicker letters.
        clear : bool
            What is under them is wiped away first.
        """
        text = render(words, self.speech)
        width, (left, top), letters = _written(text, size * _DENSITY, strong)
        share = {"ls": 0.0, "ms": 0.5, "rs": 1.0}[anchor]
        x, y = round(x * _DENSITY - share * width) + left, round(y * _DENSITY) + top
        if clear:
            self._draw.rectangle((x - 4, y - 4, x + letters.width + 4, y + letters.height + 4), fill=0)
        self._image.paste(colour, (x, y), letters)
        return width / _DENSITY

    def width_of(self, words: str, size: int = _SMALL) -> float:
        """[px]"""
        return _written(render(words, self.speech), size * _DENSITY, strong=False)[0] / _DENSITY

    def picture(self, name: str, alt: str) -> Picture:
        self._image.putpalette([*_RAMP, *_SOLID])
        file = io.BytesIO()
        # Of level pieces in few colours: counting runs is the fastest, and makes the smallest file.
        self._image.save(file, "PNG", bits=4, compress_type=zlib.Z_RLE)
        return Picture(name, file.getvalue(), self.width, self.height, render(alt, self.speech))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Read once: it has three quarters of a megabyte."""
    return ImageFont.truetype(_FONT, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1024)
def _written(text: str, size: int, strong: bool) -> tuple[float, tuple[int, int], Image.Image]:
    """
    How far the writing hand moves, where from its start the letters lie, and the letters as a mask. [px of the file]

    Kept, as a third of a picture's time went into names and units that are the same in each. Nobody may draw on it.
    """
    font, thicker = _font(size), _THICKER if strong else 0.0
    left, top, right, bottom = font.getbbox(text, anchor="ls", stroke_width=thicker)
    place = math.floor(left), math.floor(top)
    letters = Image.new("L", (math.ceil(right) - place[0], math.ceil(bottom) - place[1]), 0)
    start = -place[0], -place[1]
    ImageDraw.Draw(letters).text(start, text, fill=255, font=font, anchor="ls", stroke_width=thicker)
    return font.getlength(text), place, letters


def _draw_distances(sheet: _Sheet, points: Sequence[ChartPoint], this: ChartPoint | None) -> None:
    speech = sheet.speech
    frame = frame_of(points, speech.units, sheet.width, sheet.height - _MARGIN)
    frame = frame._replace(top=_MARGIN + _LEGEND_HEIGHT + 26.0)
    lines = list(grid(frame, speech))
    for y, label in lines:
        is_axis = y == frame.bottom
        sheet.rect(frame.left, y - 0.5, frame.right, y + 0.5, _SOFT if is_axis else _FAINT)
        sheet.words(frame.left - 8, y + 5, label, anchor="rs", colour=_SOFT)
    sheet.words(frame.left - 8, frame.top - 14, UNIT_M[speech.units][1], anchor="rs", colour=_SOFT)
    for at, label in time_labels(frame, speech):
        sheet.rect(frame.x(at), frame.bottom, frame.x(at) + 1, frame.bottom + 5, _SOFT)
        sheet.words(frame.x(at), frame.bottom + 20, label, colour=_SOFT)
    half = bar_width(points, frame) / 2
    for point in points:
        x = frame.x(point.run.start)
        sheet.rect(x - half, frame.y(point.distance_m), x + half, frame.bottom, _THIS if point is this else _BAR)
    steps = ceiling_steps(points, frame)
    for step in steps:
        sheet.line(step, _CEILING, 2)
    if steps:
        y = _MARGIN + 13.0
        sheet.line([(frame.left, y), (frame.left + 20, y)], _CEILING, 2)
        held = this.ceiling_m if this else None
        words = say("Ceiling") if held is None else say("Ceiling of that day: {far}", far=distance_text(held))
        sheet.words(frame.left + 28, y + 5, words)
    if this:
        _label_run(sheet, frame, this)


def _label_run(sheet: _Sheet, frame: Frame, this: ChartPoint) -> None:
    """Above its bar, as far as the picture reaches."""
    words = distance_text(this.distance_m)
    half = sheet.width_of(words, _BODY) / 2 + 1
    x = min(max(frame.x(this.run.start), frame.left + half), frame.right - half)
    y = frame.y(this.distance_m) - 7
    sheet.words(x, y, words, anchor="ms", size=_BODY, strong=True, clear=True)


def _distances_alt(points: Sequence[ChartPoint], this: ChartPoint | None) -> Text:
    if not points:
        return NO_RUNS + "."
    first, last = points[0].run.local_date, points[-1].run.local_date
    longest = max(points, key=lambda p: p.distance_m)
    shown = say_n(
        "{n} run from {first} to {last}.",
        "{n} runs from {first} to {last}.",
        len(points),
        first=day_text(first, year=True),
        last=day_text(last, year=True),
    )
    if this is None:
        far, day = distance_text(longest.distance_m), day_text(longest.run.local_date)
        return sentences(shown, say("The longest was {far} on {day}.", far=far, day=day))
    far, day = distance_text(this.distance_m), day_text(this.run.local_date)
    if this.ceiling_m is None:
        return sentences(shown, say("That of {day} stands out: {far}.", day=day, far=far))
    limit = distance_text(this.ceiling_m)
    return sentences(
        shown, say("That of {day} stands out: {far}, its ceiling was {limit}.", day=day, far=far, limit=limit)
    )


def _draw_week_legend(sheet: _Sheet) -> None:
    x, y = float(_MARGIN), _MARGIN + 10
    sheet.rect(x, y - _THIN / 2, x + 18, y + _THIN / 2, _THIS)
    x += 26
    x += sheet.words(x, y + 5, say("This week"), colour=_SOFT) + 22
    sheet.rect(x, y - _THICK / 2, x + 18, y + _THICK / 2, _RANGE)
    sheet.words(x + 26, y + 5, say("The weeks before"), colour=_SOFT)


def _draw_load(sheet: _Sheet, row: LoadRow, top: float) -> None:
    """Name and value, below them the bar over its band, below it what is usual."""
    line, left, right = row.line, float(_MARGIN), float(sheet.width - _MARGIN)
    sheet.words(left, top + 22, row.name, size=_BODY)
    sheet.words(right, top + 22, row.value, anchor="rs", size=_BODY, strong=line.value is not None)
    y = top + 31 + _THICK / 2
    a_metre = (right - left) / load_scale(line.value, line.usual, line.usual_most)
    if line.usual_least is not None and line.usual_most:
        least, most = left + line.usual_least * a_metre, left + line.usual_most * a_metre
        sheet.rect(least, y - _THICK / 2, most, y + _THICK / 2, _RANGE)
    if line.value is None:
        sheet.dashed(left, y - _THIN / 2, right, y + _THIN / 2, _OUTLINE)
    else:
        sheet.rect(left, y + _THIN / 2, right, y + _THIN / 2 + 1, _FAINT)
        if line.value:
            sheet.rect(left, y - _THIN / 2, left + line.value * a_metre, y + _THIN / 2, _THIS)
    words, x = say("usual {amount}", amount=row.usual), left
    if line.usual is not None:
        x = min(left + line.usual * a_metre, right - 2)
        sheet.rect(x - 1, y - _THICK / 2, x + 3, y + _THICK / 2, 0)
        sheet.rect(x, y - _THICK / 2, x + 2, y + _THICK / 2 + 3, _INK)
    half = sheet.width_of(words) / 2
    sheet.words(min(max(x, left + half), right - half), y + _THICK / 2 + 18, words, anchor="ms", colour=_SOFT)


def _week_alt(rows: Iterable[LoadRow]) -> Text:
    loads = [
        joined(" ", (row.name, row.value))
        if row.line.usual is None
        else say("{load} {value}, usual {usual}", load=row.name, value=row.value, usual=row.usual)
        for row in rows
    ]
    return capital(joined("; ", loads)) + "."
