"""
Severity of every combination of place, side, symptoms, load and earlier injury, against a second plain reading.

The tables and the few rules below are typed from the rule set anew; nothing of the judging code is used in them.
"""

from itertools import product

import pytest

from loadwatch.domain.symptom_rules import Runner
from loadwatch.domain.symptoms import SymptomReport
from tests.unit.domain.symptoms_build import earlier_injury, report
from tests.unit.domain.test_symptom_rules import judged, jump

MATRIX = {1: [0, 1, 2, 2], 2: [2, 2, 3, 3], 3: [3, 3, 3, 3]}
NO_SYMPTOMS = {"M": [0, 1, 2, 2], "T": [0, 1, 2, 2], "H": [0, 1, 1, 2]}

PLACES = {"PM": "hamstring", "AM": "quad", "LK": "it_band", "LT": "it_band", "BK": "nerve"}
"""Regions, each with an injury of that place."""

ON_THE_PLACE = {("PM", "T"), ("AM", "H"), ("LK", "M"), ("LK", "H")}
"""Fast running goes into the back of the thigh, downhill into its front, mileage and downhill into the outer knee."""

RULES = {"M": "R-M1", "H": "R-H1", "T": "R-T1"}
LOADS = [("M", 0), *product("MHT", (1, 2, 3))]
SIDES = ("left", "both_unequal")

TOLD = {
    1: {"pain_today": 1, "pain_morning": 0},
    2: {"pain_today": 3, "pain_morning": 0},
    3: {"pain_today": 6, "pain_morning": 0},
}
"""One check-in of each level, known for three days, and risen by less than 2 where that is not the level's own."""


def story(level: int, region: str, side: str) -> list[SymptomReport]:
    before = {**TOLD[level], "pain_today": max(1, TOLD[level]["pain_today"] - 1)}
    place = {"regions": [region], "side": side}
    return [report(-3, **place, **before), report(**place, **TOLD[level])]


def expected(level: int, region: str, side: str, load: tuple[str, int], injured: bool) -> int:
    kind, size = load
    matches = size > 0 and (region, kind) in ON_THE_PLACE
    one_quad = size > 0 and region == "AM" and side == "left" and kind in "MH"  # C-Q
    severity = min(3, MATRIX[level][size] + (matches or one_quad) + injured)
    if region == "PM" and kind == "T" and size and level >= 2:  # C-HS
        severity = 3
    bone = 2 * (region == "AM") + (side == "left") + 2 * (kind == "M" and size > 0)
    return 3 if bone >= 5 and region == "AM" else severity  # C-BSI


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_check_in_after_a_load_is_as_severe_as_the_table_says(level):
    wrong = []
    for region, side, load, injured in product(PLACES, SIDES, LOADS, (False, True)):
        runner = Runner(injuries=(earlier_injury(PLACES[region], 6, "left"),) if injured else ())
        loads = [jump(RULES[load[0]], load[1])] if load[1] else []
        told = story(level, region, side)

        found = judged(told, loads, runner=runner)

        severity = max((f.severity for f in found if f.report_id == told[-1].id), default=0)
        want = expected(level, region, side, load, injured)
        if severity != want:
            wrong.append((region, side, load, injured, severity, want))
    assert wrong == []


@pytest.mark.parametrize("days", [0.5, 3, 3.1, 6, 6.1, 9, 9.1, 12])
def test_a_load_after_a_check_in_is_as_severe_as_the_table_says(days):
    steps = {0.5: 0, 3: 0, 3.1: 1, 6: 1, 6.1: 2, 9: 2, 9.1: 3, 12: 3}[days]  # one less each 3 days
    wrong = []
    for level, region, side, (kind, size), injured in product(TOLD, PLACES, SIDES, LOADS[1:], (False, True)):
        runner = Runner(injuries=(earlier_injury(PLACES[region], 6, "left"),) if injured else ())
        left = max(0, level - steps)
        matches = (region, kind) in ON_THE_PLACE and days <= 7
        want = min(3, MATRIX[left][size] + matches + injured) if left else NO_SYMPTOMS[kind][size]

        load = judged(story(level, region, side), [jump(RULES[kind], size, days)], runner=runner)[-1]

        if load.severity != want or load.symptom_level != left:
            wrong.append((level, region, side, kind, size, injured, load.severity, want))
    assert wrong == []


def test_soreness_is_held_at_one_on_its_days_and_with_its_pain_only():
    wrong = []
    for pain, run_days, size, known_days in product(range(1, 11), range(8), (1, 2, 3), (0, 1, 4, 5, 6)):
        sore = {"side": "both_equal", "regions": ["AM"], "onset": "delayed", "pain_morning": 0}
        first = [report(-known_days, pain_today=pain, **sore)] if known_days else []
        today = report(pain_today=pain, **sore)

        found = judged([*first, today], [jump("R-H1", size, -run_days)])

        # A run of this very hour cannot have made it, nor one of a day after it was first told.
        held = pain <= 5 and 1 <= run_days <= 5 and known_days <= 5 and known_days <= run_days
        severity = max((f.severity for f in found if f.report_id == today.id), default=0)
        if (held and severity > 1) or (not held and pain >= 3 and severity < 2):
            wrong.append((pain, run_days, size, known_days, severity))
    assert wrong == []


def test_a_red_flag_is_four_whatever_the_load_the_place_and_the_side():
    for region, side, (kind, size) in product(PLACES, (*SIDES, "both_equal", None), LOADS):
        told = report(regions=[region], side=side, pain_today=0, signs=["dark_urine"])

        found = judged([told], [jump(RULES[kind], size)] if size else [])

        assert [f.severity for f in found if f.report_id == told.id] == [4], (region, side, kind, size)


def test_the_load_of_a_run_ends_where_its_alert_does():
    for kind, days, counts in (("M", 7, False), ("M", 6.99, True), ("H", 4, False), ("H", 3.99, True)):
        told = story(2, "BK", "left")

        found = judged(told, [jump(RULES[kind], 2, -days)])

        assert max(f.severity for f in found if f.report_id == told[-1].id) == (3 if counts else 2), (kind, days)
