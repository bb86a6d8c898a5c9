"""Drawings in mails, looked at pixel by pixel: two of the file for each of the picture."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from PIL import Image

from loadwatch.adapters.catalogue import speech
from loadwatch.adapters.mail_pictures import MailPictures
from loadwatch.domain.activity import Run
from loadwatch.domain.ceilings import Ceiling
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.report import ChartPoint, LoadLine, WeeklyReport
from loadwatch.domain.text import Units
from loadwatch.emails import Picture

DAY0 = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
THIS, BAR, RANGE, CEILING = (0x0B, 0x5C, 0x8A), (0xA9, 0xB8, 0xC2), (0xD3, 0xE1, 0xEA), (0xB4, 0x53, 0x09)
OUTLINE = (0x7D, 0x8A, 0x94)
MILEAGE = LoadLine("mileage", 30_000.0, 40_000.0, 12_000.0, 3, 3, usual_least=20_000.0, usual_most=50_000.0)
HILLS = LoadLine("hills", 500.0, 400.0, 200.0, 3, 3, usual_least=300.0, usual_most=500.0)
UNKNOWN = LoadLine("fast", None, None, None, 0, 3)
LEARNING = Ceiling("learning", None, None, None, None, 0, 0)


def point(day: int, km: float, ceiling_km: float | None = None) -> ChartPoint:
    start = DAY0 + timedelta(days=day)
    run = Run(id=day + 100, start=start, local_date=start.date(), sport="Run", distance_m=km * 1000)
    return ChartPoint(run, km * 1000, None if ceiling_km is None else ceiling_km * 1000, None)


def distances(*points: ChartPoint, this: int | None = None, language: str = "en", units: Units = "metric") -> Picture:
    return MailPictures().distances(points, this, speech(language, units))


def week(*lines: LoadLine, language: str = "en", units: Units = "metric") -> Picture:
    of = IsoWeek.of(date(2026, 10, 5))
    report = WeeklyReport(of, (), 0, 0.0, 0.0, 0.0, (), None, (), LEARNING, loads=lines)
    return MailPictures().week(report, speech(language, units))


def image(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.png))


def rows_of(picture: Picture, colour: tuple[int, int, int]) -> list[int]:
    """How many pixels of a colour each row has that has any, from above."""
    return [int(n) for n in _has(picture, colour).sum(axis=1) if n]


def columns_of(picture: Picture, colour: tuple[int, int, int]) -> list[int]:
    """The same of columns, from the left."""
    return [int(n) for n in _has(picture, colour).sum(axis=0) if n]


def _has(picture: Picture, colour: tuple[int, int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.all(np.asarray(image(picture).convert("RGB")) == colour, axis=-1)


def test_a_picture_is_a_png_of_twice_its_size_in_sixteen_colours() -> None:
    picture = distances(point(0, 5), point(3, 10, 5.5), this=103)
    drawn = image(picture)

    assert (drawn.format, drawn.mode) == ("PNG", "P")
    assert drawn.size == (2 * picture.width, 2 * picture.height)
    assert len(drawn.getcolors() or []) <= 16


@pytest.mark.parametrize(
    "picture",
    [
        distances(*(point(d, 5 + d % 7, 11 + d % 3) for d in range(60)), this=159),
        week(MILEAGE, HILLS, replace(MILEAGE, kind="fast"), language="de"),
    ],
    ids=["distances", "week"],
)
def test_a_picture_is_no_larger_than_twelve_kilobytes(picture: Picture) -> None:
    assert len(picture.png) < 12_000


def test_the_run_in_question_alone_stands_out() -> None:
    picture = distances(point(0, 5), point(3, 10), point(6, 10), this=103)

    # Two bars of one width: one is of 10 km, the others of 5 and of 10.
    (this,), others = set(columns_of(picture, THIS)), set(columns_of(picture, BAR))
    assert this == max(others)
    assert min(others) == pytest.approx(this / 2, abs=1)


def test_nobody_stands_out_where_no_run_is_in_question() -> None:
    picture = distances(point(0, 5), point(3, 10))

    assert columns_of(picture, THIS) == []
    assert columns_of(picture, BAR)


def test_there_is_no_line_of_ceilings_where_none_held() -> None:
    assert rows_of(distances(point(0, 5), this=100), CEILING) == []
    assert rows_of(distances(point(0, 5), point(1, 5, 5.5)), CEILING)


def test_a_bar_is_to_its_band_as_the_week_to_the_weeks_before() -> None:
    picture = week(MILEAGE)
    bar = max(rows_of(picture, THIS))  # the entry of the legend is shorter
    band = max(rows_of(picture, RANGE))

    # 30 km of this week, less 4 pixels of the mark at 40 km: none; the band is 30 km long, less the mark's 8.
    assert bar == pytest.approx(band + 8, abs=2)


def test_what_is_unknown_has_an_outline_and_no_bar() -> None:
    legend_alone = rows_of(week(), THIS)

    assert rows_of(week(UNKNOWN), THIS) == legend_alone
    assert rows_of(week(UNKNOWN), OUTLINE)
    assert rows_of(week(replace(UNKNOWN, value=10.0)), THIS) > legend_alone
    assert not rows_of(week(replace(UNKNOWN, value=10.0)), OUTLINE)


def test_the_same_picture_comes_out_whatever_was_drawn_before() -> None:
    first = week(MILEAGE, HILLS)
    distances(point(0, 5), point(3, 10, 5.5), this=103)

    assert week(MILEAGE, HILLS) == first


def test_a_week_of_nothing_has_no_bar_and_says_so() -> None:
    picture = week(replace(MILEAGE, value=0.0))

    assert rows_of(picture, THIS) == rows_of(week(), THIS)
    assert picture.alt == "Mileage 0.0 km, usual 40.0 km."


def test_the_alternative_says_every_number_of_the_week() -> None:
    assert week(MILEAGE, HILLS, UNKNOWN).alt == (
        "Mileage 30.0 km, usual 40.0 km; Hills 500 m, usual 400 m; Fast running unknown."
    )


def test_the_alternative_says_which_run_stands_out_and_by_what() -> None:
    picture = distances(point(0, 5), point(3, 10, 5.5), this=103)

    assert picture.alt == (
        "2 runs from Mon 5 Oct 2026 to Thu 8 Oct 2026. That of Thu 8 Oct stands out: 10.0 km, its ceiling was 5.5 km."
    )


def test_words_are_in_the_language_and_units_of_the_reader() -> None:
    assert "6.2 mi" in distances(point(0, 10), this=100, units="imperial").alt
    assert "Umfang 30,0 km" in week(MILEAGE, language="de").alt
    assert week(MILEAGE).png != week(MILEAGE, language="de").png


def test_without_a_run_the_picture_says_so() -> None:
    assert distances().alt == "No runs yet."


def test_the_order_of_the_runs_does_not_matter() -> None:
    points = [point(0, 5), point(3, 10, 5.5), point(9, 4, 11)]

    assert distances(*points, this=103) == distances(*points[::-1], this=103)
