"""The drawing of pain over loads: what is in it, and what it says where nothing is known."""

from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree

from loadwatch.adapters.pain_chart import LoadPanel, PainChart, PainPoint, pain_chart_png, pain_chart_svg

MONDAY = date(2026, 3, 2)
NAMES = {"svg": "http://www.w3.org/2000/svg"}


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def panel(values: list[float | None], at_least: list[bool] | None = None) -> LoadPanel:
    return LoadPanel("Distance", values, at_least or [False] * len(values), 1000.0, lambda m: f"{m / 1000:g} km")


def chart(panels: list[LoadPanel], **more: object) -> PainChart:
    given = PainChart(
        since=MONDAY,
        until=day(3),
        days=1,
        opened=day(1),
        points=[PainPoint(day(1), "run", 5), PainPoint(day(3), "run", 0), PainPoint(day(1), "morning", 2)],
        flares=[day(1)],
        reach=3,
        panels=panels,
        title="Pain & <loads>",
        summary="Two check-ins.",
        pain_title="Pain, from 0 to 10",
        flare_word="a flare begins",
        kinds={"run": "running", "today": "by day", "morning": "in the morning"},
        tick=lambda of: of.isoformat(),
        month=lambda of: of.isoformat(),
    )
    return replace(given, **more)


def drawn(of: PainChart, width: int = 760) -> ElementTree.Element:
    return ElementTree.fromstring(pain_chart_svg(of, width=width))


def titles(of: ElementTree.Element) -> list[str]:
    return [title.text or "" for title in of.findall(".//svg:g/svg:title", NAMES)]


def test_it_says_in_words_what_it_shows() -> None:
    svg = drawn(chart([]))

    assert svg.findtext("svg:title", namespaces=NAMES) == "Pain & <loads>"
    assert svg.findtext("svg:desc", namespaces=NAMES) == "Two check-ins."
    assert svg.get("aria-labelledby") == "pain-title pain-desc"


def test_each_number_of_a_check_in_has_its_mark_and_its_words() -> None:
    svg = drawn(chart([]))

    assert titles(svg) == ["2026-03-03: running 5", "2026-03-05: running 0", "2026-03-03: in the morning 2"]


def test_a_higher_pain_stands_higher_and_a_later_one_further_right() -> None:
    five, none = drawn(chart([])).findall(".//svg:g/svg:circle", NAMES)

    assert float(five.get("cy", "")) < float(none.get("cy", ""))
    assert float(five.get("cx", "")) < float(none.get("cx", ""))


def test_what_is_not_known_is_an_outline_and_no_empty_place() -> None:
    svg = drawn(chart([panel([8_000.0, None, 0.0, 4_000.0], [False, False, False, True])]))

    assert titles(svg)[3:] == ["2026-03-02: 8 km", "2026-03-03: ?", "2026-03-05: ≥ 4 km"]
    assert len(svg.findall(".//svg:rect[@class='pain-unknown']", NAMES)) == 2


def test_a_bar_twice_as_long_stands_for_twice_as_much() -> None:
    svg = drawn(chart([panel([8_000.0, 0.0, 0.0, 4_000.0])]))

    tall, low = (float(bar.get("height", "")) for bar in svg.findall(".//svg:rect[@class='pain-load']", NAMES))
    assert tall == 2 * low


def test_the_days_before_a_flare_are_shaded() -> None:
    svg = drawn(chart([], since=day(-6), until=day(7), flares=[day(4)]), width=14 * 50 + 42)

    (ground,) = svg.findall(".//svg:rect[@class='pain-flare-ground']", NAMES)
    assert float(ground.get("width", "")) == 4 * 50  # its day and three before it, of 50 px each


def test_it_needs_no_style_of_its_own_and_carries_no_script() -> None:
    svg = pain_chart_svg(chart([panel([None] * 4)]))

    assert not any(mark in svg for mark in ("style=", "<style", "<script", "onload", "href"))


def test_as_a_picture_it_is_a_png() -> None:
    assert pain_chart_png(chart([panel([1.0] * 4)]), width=300).startswith(b"\x89PNG")
