"""What the runner reads: the numbers with their units, and none of the words that would promise too much."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.ceilings import Ceiling, LoadCeiling
from loadwatch.domain.rules import EVIDENCE, Finding, judge
from loadwatch.domain.wording import (
    QUANTITIES,
    alert_text,
    ceiling_text,
    days_text,
    distance_text,
    duration_text,
    fast_text,
    height_text,
    load_ceiling_text,
    quantity_text,
    worse_text,
)
from tests.unit.domain.build import DAY_0, every_other_day, run
from tests.unit.domain.loads_build import loaded

FORBIDDEN = re.compile(
    r"diagnos|treat|prevent|cure|% risk|risk of injury|injury risk|safe|ibuprofen|painkiller|guarantee", re.IGNORECASE
)


def spike(today_km: float, longest_km: float = 12, **changes) -> Finding:
    last = replace(run(40, today_km), **changes)
    runs = [*every_other_day(0, 38, 4), run(30.5, longest_km), last]
    (finding,) = judge(runs, since=last.start)
    return finding


def back(days_off: float, today_km: float, longest_km: float = 16) -> Finding:
    runs = [*every_other_day(0, 48, 6), run(45.5, longest_km), run(50, 6), run(50 + days_off, today_km)]
    (finding,) = judge(runs, since=runs[-1].start)
    return finding


def whole(finding: Finding, units="metric") -> str:
    text = alert_text(finding, units)
    return f"{text.title}\n{text.message}\n{text.action}"


# numbers


def test_distances_have_one_decimal_and_their_unit():
    assert distance_text(18_449) == "18.4 km"
    assert distance_text(950) == "0.9 km"  # 0.95 lies a hair under itself in binary
    assert distance_text(0) == "0.0 km"
    assert distance_text(42_195, "imperial") == "26.2 mi"
    assert distance_text(1_609.344, "imperial") == "1.0 mi"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 min"),
        (29, "0 min"),
        (48 * 60, "48 min"),
        (3_569, "59 min"),
        (3_570.1, "1 h 00 min"),
        (6_720, "1 h 52 min"),
        (36_300, "10 h 05 min"),
    ],
)
def test_lengths_of_time_are_written_as_people_do(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("days", "text"), [(0, "0 days"), (1, "1 day"), (1.9, "1 day"), (2, "2 days"), (33.4, "33 days")]
)
def test_one_day_is_singular(days, text):
    assert days_text(days) == text


# a jump


def test_a_jump_is_told_with_both_distances_and_the_share():
    text = alert_text(spike(20))

    assert text.title == "20.0 km: your longest in 30 days was 12.0 km"
    assert text.message.startswith(
        "This run was 67 % longer than anything in the 30 days before it."
    )  # 20/12 = 1.667
    assert "5 205 runners" in text.message
    assert "Most such runs are followed by no injury." in text.message
    assert text.action.startswith("Keep the next runs within the distance that was usual for you before.")


def test_a_jump_in_miles_has_no_kilometre_in_it():
    text = whole(spike(20), "imperial")

    assert "12.4 mi: your longest in 30 days was 7.5 mi" in text  # 20 / 1.609344, 12 / 1.609344
    assert "km" not in text


def test_more_than_twice_as_long_is_told_as_a_multiple():
    assert "This run was 2.1 times as long as anything" in alert_text(spike(25)).message  # 25/12 = 2.083


def test_a_race_is_called_a_race_and_the_study_still_speaks_of_runs():
    message = alert_text(spike(20, is_race=True)).message

    assert message.startswith("This race was 67 % longer")
    assert "more frequent after a run more than 10 % longer" in message


def test_several_files_are_called_a_session():
    warm_up, main = run(40, 5, minutes=30), run(40 + 1 / 24, 8, minutes=48)
    (finding,) = judge([*every_other_day(0, 38, 10), warm_up, main], since=warm_up.start)

    assert alert_text(finding).title == "13.0 km: your longest in 30 days was 10.0 km"
    assert alert_text(finding).message.startswith("This session was 30 % longer")


def test_a_short_history_is_owned_up_to():
    runs = [*every_other_day(0, 18, 10), run(20, 25)]
    (finding,) = judge(runs, since=DAY_0 + timedelta(days=20))

    assert "Your history here is still short" in alert_text(finding).message
    assert "history here is still short" not in alert_text(spike(20)).message


# a return


def test_a_long_first_run_back_is_told_with_the_days_and_both_distances():
    text = alert_text(back(33, 8))

    assert text.title == "Back after 33 days: 8.0 km"
    assert "You had not run for 33 days." in text.message
    assert "your longest run in 90 days was 16.0 km" in text.message
    assert text.action.startswith("Start lower")


def test_a_short_first_run_back_is_praised():
    text = alert_text(back(20, 5))

    assert text.title == "Back after 20 days: 5.0 km"
    assert "You started within half of that: good." in text.message
    assert text.action.startswith("Go on")


def test_a_return_in_miles_has_no_kilometre_in_it():
    assert "km" not in whole(back(33, 8), "imperial")
    assert "9.9 mi" in whole(back(33, 8), "imperial")


def test_a_rule_without_words_is_an_error_not_an_empty_mail():
    with pytest.raises(KeyError):
        alert_text(replace(spike(20), rule="R-XX"))


# hills and fast running


def hilly(today_m: float, largest_m: float = 80, **changes) -> Finding:
    last = replace(loaded(60, hill_m=today_m), **changes)
    runs = [*(loaded(day) for day in range(0, 59, 2)), loaded(45.5, hill_m=largest_m), last]
    (finding,) = judge(runs, since=last.start)
    return finding


def climb() -> Finding:
    runs = [*(loaded(day) for day in range(0, 59, 2)), loaded(45.5, ascent_m=500), loaded(60, ascent_m=900)]
    (finding,) = judge(runs, since=runs[-1].start)
    return finding


def quick(today_m: float, largest_m: float = 0, *, sprint_m: float = 0, **changes) -> Finding:
    last = replace(loaded(60, fast_m=today_m, sprint_m=sprint_m), **changes)
    runs = [*(loaded(day) for day in range(0, 59, 2)), loaded(45.5, fast_m=largest_m), last]
    (finding,) = judge(runs, since=last.start)
    return finding


def quick_week(today_m: float) -> Finding:
    runs = [loaded(week * 7 + day, fast_m=0 if day else 1_500) for week in range(13) for day in (0, 2, 4, 6)]
    (finding,) = judge([*runs, loaded(91, fast_m=today_m)], since=DAY_0 + timedelta(days=91))
    return finding


def test_heights_are_metres_or_feet_and_fast_distances_metres_or_miles():
    assert (height_text(700), height_text(1_249.6)) == ("700 m", "1 250 m")
    assert height_text(700, "imperial") == "2 297 ft"  # / 0.3048
    assert (fast_text(3_204), fast_text(150)) == ("3 200 m", "150 m")
    assert fast_text(3_204, "imperial") == "2.0 mi"


def test_the_numbers_of_a_reason_are_written_as_suits_the_quantity():
    assert quantity_text("session_eccentric_load", 700.0, "m") == "700 m"
    assert quantity_text("ascent", 700.0, "m", "imperial") == "2 297 ft"
    assert quantity_text("fast_7d", 3_200.0, "m") == "3 200 m"
    assert quantity_text("session_distance", 13_000.0, "m") == "13.0 km"
    assert quantity_text("hill_spike", 8.75, "ratio") == "8.75 times"
    assert quantity_text("fast_z7", 4.25, "sd") == "4.2"
    assert quantity_text("days_without_run", 33.0, "d") == "33 days"


def test_much_downhill_announces_sore_quads_and_no_injury():
    text = alert_text(hilly(700))

    assert text.title == "Downhill load 700 m: your most in 42 days was 80 m"
    assert text.message.startswith("This run had 8.8 times as much as any of the 42 days before it.")
    assert "Expect 2 to 3 days of sore quads" in text.message
    assert text.action.startswith("Run easy and flat until they settle.")
    assert not re.search(r"tear|strain", whole(hilly(700)))


def test_after_a_large_descent_the_signs_of_an_emergency_are_named_and_after_a_small_one_not():
    assert "Dark urine or badly swollen thighs are an emergency" in alert_text(hilly(700)).action
    assert "emergency" not in whole(hilly(400, 250))


def test_next_to_nothing_before_is_told_as_that():
    assert alert_text(hilly(700, 1)).message.startswith("This run had many times as much as any of the 42 days")


def test_some_more_downhill_is_told_more_softly():
    message = alert_text(hilly(400, 250)).message

    assert message.startswith("This run had 60 % more than any of the 42 days before it.")
    assert "The quads may be sore for 1 to 3 days" in message


def test_a_first_descent_has_no_number_to_compare_with():
    text = alert_text(hilly(350, 0))

    assert text.title == "Downhill load 350 m: your first in 42 days"
    assert text.message.startswith("In the 42 days before this run there was none.")


def test_much_climbing_is_told_with_both_numbers():
    text = alert_text(climb())

    assert text.title == "Ascent 900 m: your most in 42 days was 500 m"
    assert "No study ties climbing to injuries of the thigh" in text.message


def test_a_fast_week_is_told_with_the_usual_one_and_asks_for_seventy_two_hours():
    text = alert_text(quick_week(3_300))

    assert text.title == "3 300 m of fast running in 7 days: your usual week has 1 500 m"
    assert text.message.startswith("The 7 days up to this run had 2.2 times as much as your mean week.")
    assert "GPS underestimates sprints" in text.message
    assert "In team sports" in text.message
    assert text.action.startswith("Leave at least 72 hours before the next speed day")


def test_a_fast_session_is_told_with_the_most_before_it():
    text = alert_text(quick(2_600, 1_100))

    assert text.title == "2 600 m of fast running: your most in 30 days was 1 100 m"
    assert text.message.startswith("This run had 2.4 times as much as any of the 30 days before it.")


def test_the_return_of_fast_running_asks_for_half_of_it():
    text = alert_text(quick(1_600))

    assert text.title == "1 600 m of fast running: your first fast running in 6 weeks"
    assert text.action.startswith("Next time half of this, after a long warm-up")
    assert alert_text(quick(190, sprint_m=180)).title == "180 m of sprinting: your first fast running in 6 weeks"


def test_a_hilly_or_fast_race_is_called_a_race():
    assert "This race had" in alert_text(hilly(700, is_race=True)).message
    assert "before this race there was" in alert_text(quick(1_600, is_race=True)).message


LOADS = [hilly(700), hilly(400, 250), hilly(350, 0), climb(), quick_week(3_300), quick(2_600, 1_100), quick(1_600)]


@pytest.mark.parametrize("finding", LOADS)
def test_a_load_in_imperial_units_has_no_metre_in_it(finding):
    assert not re.search(r"\d k?m\b", whole(finding, "imperial"))
    assert re.search(r"\d (ft|mi)\b", alert_text(finding, "imperial").title)


def test_every_rule_has_its_evidence_and_every_quantity_its_name():
    for finding in (*LOADS, spike(20), back(33, 8)):
        assert finding.rule in EVIDENCE
        assert {r.quantity for r in finding.reasons} <= set(QUANTITIES)


# the next run


@pytest.mark.parametrize(
    ("days_known", "runs_known", "text"),
    [
        (6, 3, "Still learning what is usual for you: 8 more days of history and 1 more run to go."),
        (13, 2, "Still learning what is usual for you: 1 more day of history and 2 more runs to go."),
        (13, 9, "Still learning what is usual for you: 1 more day of history to go."),
        (40, 1, "Still learning what is usual for you: 3 more runs to go."),
    ],
)
def test_what_is_missing_is_counted_in_the_singular_and_in_the_plural(days_known, runs_known, text):
    assert ceiling_text(Ceiling("learning", None, None, None, 1.0, days_known, runs_known)) == text


def test_each_basis_of_a_ceiling_has_its_sentence():
    def sentence(basis, units="metric"):
        return ceiling_text(Ceiling(basis, 8_000.0, 8_000.0, 16_000.0, 20.7, 60, 30), units)

    assert (
        sentence("after_break")
        == "Up to 8.0 km after 20 days without a run (before the break your longest in 90 days was 16.0 km)."
    )
    assert sentence("after_jump") == "Up to 8.0 km: your longest before the jump of the last days."
    assert sentence("longest_30d") == "Up to 8.0 km: within 10 % of your longest run of the last 30 days, 16.0 km."
    assert "km" not in sentence("after_break", "imperial")


def test_the_ceilings_of_hills_and_fast_running_have_their_sentences():
    def sentence(kind, basis, value=None, largest=None, units="metric", **missing):
        return load_ceiling_text(LoadCeiling(kind, basis, value, value, largest, 8, 8, **missing), units)

    assert sentence("hills", "usual", 780.0, 600.0) == (
        "Downhill load: below 780 m; your most in one run of the last weeks was 600 m."
    )
    assert sentence("fast", "usual", 2_600.0, 2_000.0) == (
        "Fast running: below 2 600 m; your most in one run of the last weeks was 2 000 m."
    )
    assert sentence("fast", "usual_week", 600.0, 2_400.0) == (
        "Fast running: below 600 m; more would make it a week of more than is usual for you."
    )
    assert sentence("fast", "return", 800.0, 0.0) == (
        "Fast running: below 800 m, as there was next to none in the last 6 weeks."
    )
    assert sentence("hills", "after_jump", 100.0, 700.0) == (
        "Downhill load: below 100 m, your most before the jump of the last days."
    )
    assert sentence("hills", "after_jump", 0.0, 700.0) == "Downhill load: none until the quads have settled."
    assert sentence("fast", "after_jump", 0.0, 3_000.0) == (
        "Fast running: none until the three days after the jump are over."
    )
    assert sentence("hills", "unknown", runs_missing=1) == (
        "Downhill load: not known yet what is usual for you, 1 more run with good altitude to go."
    )
    assert sentence("fast", "learning", days_missing=2, runs_missing=3) == (
        "Fast running: not known yet what is usual for you,"
        " 2 more days of history and 3 more runs with a known speed to go."
    )
    assert "2 559 ft" in sentence("hills", "usual", 780.0, 600.0, "imperial")  # 780 / 0.3048


# what would make it worse


def test_what_makes_it_worse_is_told_for_every_rule_but_those_of_which_nothing_is_known():
    told = {rule for rule in EVIDENCE if worse_text(rule, ran_on=False) is not None}

    assert set(EVIDENCE) - told == {"R-H2", "R-M3", "R-RED", "R-OK", "S-STUCK"}


def test_what_was_run_on_a_leg_that_hurts_is_worse_for_running_on():
    assert worse_text("R-H1", ran_on=False) == "More downhill before the quads have settled."
    assert worse_text("R-H1", ran_on=True) == (
        "More downhill before the quads have settled."
        " Running on when it turns sharp, passes 5 out of 10, or makes you limp."
    )
    assert worse_text("R-H2", ran_on=True) == "Running on when it turns sharp, passes 5 out of 10, or makes you limp."


# what is never said


@pytest.mark.parametrize("units", ["metric", "imperial"])
@pytest.mark.parametrize(
    "finding", [spike(15), spike(20), spike(25), spike(20, is_race=True), back(20, 5), back(33, 8), *LOADS]
)
def test_no_alert_promises_or_threatens(finding, units):
    assert not FORBIDDEN.search(whole(finding, units))


@settings(max_examples=25)
@given(st.floats(15, 100), st.floats(5, 12))
def test_the_title_carries_the_numbers_whatever_they_are(today_km, longest_km):
    finding = spike(today_km, longest_km)
    title = alert_text(finding).title

    assert title == f"{today_km:.1f} km: your longest in 30 days was {longest_km:.1f} km"
    assert not FORBIDDEN.search(whole(finding))


def test_what_makes_it_worse_promises_nothing():
    assert not any(FORBIDDEN.search(worse_text(rule, ran_on=True) or "") for rule in EVIDENCE)
