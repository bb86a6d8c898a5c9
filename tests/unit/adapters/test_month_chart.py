"""The drawing of a replay's months: bars of whole alerts, mailed ones at the bottom, problems as marks."""

import xml.etree.ElementTree as ET

from loadwatch.adapters.month_chart import MonthBar, month_chart_svg

NS = "{http://www.w3.org/2000/svg}"


def drawn(*months: MonthBar) -> ET.Element:
    svg = month_chart_svg(months, title="Alerts <now>", description="below", chart_id="m", width=430, height=250)
    return ET.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def bars(tree: ET.Element, name: str) -> list[tuple[float, float]]:
    """Top and height of each."""
    found = (r for r in tree.iter(f"{NS}rect") if r.get("class") == name)
    return [(float(r.get("y", 0)), float(r.get("height", 0))) for r in found]


def test_what_is_only_shown_stands_on_what_is_mailed():
    tree = drawn(MonthBar("Jan", "January", n_mailed=1, n_quiet=3, n_problems=0))

    [(top, mailed)], [(quiet_top, quiet)] = bars(tree, "month-mailed"), bars(tree, "month-quiet")
    assert quiet == 3 * mailed
    assert quiet_top + quiet == top


def test_a_month_without_a_word_has_no_bar_and_one_with_a_problem_a_mark():
    tree = drawn(MonthBar("", "none", 0, 0, 0), MonthBar("2026", "a problem", 0, 0, 2))

    assert bars(tree, "month-mailed") == bars(tree, "month-quiet") == []
    assert len(list(tree.iter(f"{NS}polygon"))) == 1


def test_the_axis_counts_whole_alerts_and_words_are_escaped():
    tree = drawn(MonthBar("Jan", "18 alerts", 6, 12, 0))

    texts = [t.text for t in tree.iter(f"{NS}text")]
    assert texts == ["0", "5", "10", "15", "20", "Jan"]
    assert tree.find(f"{NS}title").text == "Alerts <now>"
