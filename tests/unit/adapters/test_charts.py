"""The chart of distances, worked out by hand: 760 x 260 px, plot from x = 44 to 748 and from y = 26 to 232."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta

import pytest

from loadwatch.adapters.catalogue import speech
from loadwatch.adapters.charts import distance_chart_svg, load_bar_svg
from loadwatch.domain.activity import Run
from loadwatch.domain.report import ChartPoint

DAY0 = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
NS = "{http://www.w3.org/2000/svg}"


def point(day: int, km: float, ceiling_km: float | None = None, alert_id: int | None = None) -> ChartPoint:
    start = DAY0 + timedelta(days=day)
    run = Run(id=day + 100, start=start, local_date=start.date(), sport="Run", distance_m=km * 1000)
    return ChartPoint(run, km * 1000, None if ceiling_km is None else ceiling_km * 1000, alert_id)


def bars(svg: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(f"{NS}rect"))


def texts(svg: str) -> list[str]:
    return [t.text or "" for t in ET.fromstring(svg).iter(f"{NS}text")]


def test_a_run_twice_as_long_has_a_bar_twice_as_high() -> None:
    short, long = bars(distance_chart_svg([point(0, 5), point(3, 10)], units="metric"))

    # 10 km is the top line: 206 px. Half of it is 103.
    assert (float(short.get("height", 0)), float(long.get("height", 0))) == (103.0, 206.0)
    assert float(long.get("y", 0)) == 26.0


def test_equal_times_are_equal_distances_along_the_axis() -> None:
    a, b, c = (
        float(r.get("x", 0)) for r in bars(distance_chart_svg([point(d, 5) for d in (0, 10, 20)], units="metric"))
    )

    # 20 days and 3 of margin on 704 px: ten days are 306.1.
    assert b - a == pytest.approx(306.1, abs=0.1)
    assert c - b == pytest.approx(306.1, abs=0.1)


def test_the_order_of_the_runs_does_not_matter() -> None:
    points = [point(0, 5, None), point(3, 10, 5.5, 1), point(9, 4, 11)]

    assert distance_chart_svg(points[::-1], units="metric") == distance_chart_svg(points, units="metric")


def test_the_ceiling_steps_and_has_a_gap_where_there_was_none() -> None:
    points = [point(0, 5), point(1, 5, 5.5), point(2, 6, 5.5), point(40, 5), point(41, 5, 5.5)]
    path = ET.fromstring(distance_chart_svg(points, units="metric")).find(f"{NS}path")

    assert path is not None
    # One piece for the second and third run, one for the last; each begins anew with M.
    assert re.sub(r"[\d. ]+", "", path.get("d", "")) == "MHVHMH"


def test_an_alert_is_marked_by_a_shape_not_by_colour_alone() -> None:
    tree = ET.fromstring(distance_chart_svg([point(0, 5), point(3, 10, 5.5, 7)], units="metric"))

    assert len(list(tree.iter(f"{NS}polygon"))) == 1
    assert "chart-bar-alert" in (list(tree.iter(f"{NS}rect"))[1].get("class") or "")


def test_no_runs_say_so() -> None:
    svg = distance_chart_svg([], units="metric")

    assert texts(svg) == ["No runs yet"]
    assert "No runs yet." in svg


def test_one_run_is_no_wall() -> None:
    [bar] = bars(distance_chart_svg([point(0, 5)], units="metric"))

    assert float(bar.get("width", 0)) <= 16


@pytest.mark.parametrize(
    ("units", "labels"), [("metric", ["0", "5", "10", "15", "20"]), ("imperial", ["0", "2", "4", "6", "8", "10"])]
)
def test_the_axis_counts_in_the_runners_units(units: str, labels: list[str]) -> None:
    svg = distance_chart_svg([point(0, 16)], units=units)  # type: ignore[arg-type]  # 16 km are 9.9 mi

    assert [t for t in texts(svg) if t.isdigit()] == labels
    assert ("km" in texts(svg)) == (units == "metric")


def test_a_season_is_labelled_with_months_and_a_fortnight_with_days() -> None:
    assert {"Nov", "Dec", "Jan 2027"} <= set(texts(distance_chart_svg([point(0, 5), point(119, 5)], units="metric")))
    assert "12 Oct" in texts(distance_chart_svg([point(0, 5), point(10, 5)], units="metric"))


def test_the_axis_reaches_to_the_day_that_is_asked_for() -> None:
    [bar] = bars(distance_chart_svg([point(0, 5)], units="metric", until=date(2027, 1, 3)))

    # 90 days later: the run lies at the left, at (1 + 1/3) of 93 days on 704 px.
    assert float(bar.get("x", 0)) + float(bar.get("width", 0)) / 2 == pytest.approx(44 + 704 * 4 / 3 / 93, abs=0.1)


def test_what_is_put_in_is_escaped_and_nothing_is_styled_inline() -> None:
    svg = distance_chart_svg([point(0, 5)], units="metric", link_prefix='/runs/"><script>', chart_id='a"b')

    ET.fromstring(svg)
    assert "<script" not in svg
    assert "style" not in svg
    assert not re.search(r"\son\w+=", svg)


def test_the_summary_says_what_the_picture_shows() -> None:
    points = [point(0, 12), point(3, 21.1, 13.2, 7)]
    desc = ET.fromstring(distance_chart_svg(points, units="metric")).find(f"{NS}desc")

    assert desc is not None
    assert desc.text == (
        "2 runs from Mon 5 Oct 2026 to Thu 8 Oct 2026. The longest was 21.1 km on Thu 8 Oct."
        " Runs with an alert: Thu 8 Oct 21.1 km. The stepped line is 110 % of the longest run of the 30 days before."
    )


def test_bars_link_to_their_runs_and_can_do_without() -> None:
    assert 'href="/runs/100"' in distance_chart_svg([point(0, 5)], units="metric")
    assert "<a" not in distance_chart_svg([point(0, 5)], units="metric", link_prefix="")


def parts(svg: str) -> dict[str, tuple[float, float]]:
    """Where each part of a load's bar begins and how wide it is, by class."""
    return {r.get("class", ""): (float(r.get("x", 0)), float(r.get("width", 0))) for r in ET.fromstring(svg)}


def test_a_load_at_four_fifths_of_the_usual_ends_short_of_its_mark() -> None:
    """The usual stands at 100 / 1.25 = 80 % of the width, so the bar ends at 64 %."""
    drawn = parts(load_bar_svg(800.0, 1_000.0))
    assert drawn["load-bar"] == (0.0, 64.0)
    assert drawn["load-mark"] == (80.0, 1.0)


def test_a_load_of_twice_the_usual_fills_the_width_and_passes_the_mark() -> None:
    drawn = parts(load_bar_svg(2_000.0, 1_000.0))
    assert drawn["load-bar"] == (0.0, 100.0)
    assert drawn["load-mark"][0] == 50.0


def test_the_usual_weeks_are_a_band_and_the_next_run_stands_at_the_end_of_the_bar() -> None:
    """Of 30 km of this week and 10 km of the next run, 40 km in all; the weeks before had 20 to 36 km."""
    drawn = parts(load_bar_svg(30_000.0, 28_000.0, range_m=(20_000.0, 36_000.0), next_m=10_000.0))
    assert drawn["load-bar"] == (0.0, 75.0)
    assert drawn["load-next"] == (75.0, 25.0)
    assert drawn["load-range"] == (50.0, 40.0)
    assert drawn["load-mark"][0] == 70.0


def test_a_band_that_reaches_further_than_bar_and_next_run_is_seen_to_its_end() -> None:
    drawn = parts(load_bar_svg(5_000.0, 20_000.0, range_m=(10_000.0, 50_000.0), next_m=5_000.0))
    start, width = drawn["load-range"]
    assert start + width < 100.0
    assert drawn["load-end"][0] < start + width


def test_without_a_known_load_the_next_run_is_added_to_nothing() -> None:
    assert "load-next" not in parts(load_bar_svg(None, 1_000.0, next_m=500.0))


def test_an_unknown_load_is_an_outline_and_no_empty_bar() -> None:
    unknown, nothing = parts(load_bar_svg(None, 1_000.0)), parts(load_bar_svg(0.0, 1_000.0))
    assert set(unknown) == {"load-unknown", "load-mark"}
    assert set(nothing) == {"load-ground", "load-mark"}


@pytest.mark.parametrize(("value", "usual"), [(None, None), (0.0, None), (0.0, 0.0), (5.0, 0.0), (1e-9, 1e9)])
def test_any_load_can_be_drawn_without_a_style_or_a_script(value: float | None, usual: float | None) -> None:
    svg = load_bar_svg(value, usual)
    assert all(0 <= x <= 99.5 and x + width <= 100.0 for x, width in parts(svg).values())
    assert 'aria-hidden="true"' in svg
    assert "style" not in svg


def test_the_labels_are_written_as_in_the_language_of_the_reader() -> None:
    points = [point(0, 12), point(3, 21.1, 13.2, 7)]
    svg = distance_chart_svg(points, speech=speech("de", "metric"))
    assert "21,1 km" in svg
    assert "12. Okt." in "".join(
        ET.fromstring(distance_chart_svg([*points, point(9, 5)], speech=speech("de", "metric"))).itertext()
    )
