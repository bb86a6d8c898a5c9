"""What the runner reads: the numbers with their units, and none of the words that would promise too much."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadwatch.domain.ceilings import Ceiling
from loadwatch.domain.rules import Finding, judge
from loadwatch.domain.wording import alert_text, ceiling_text, days_text, distance_text, duration_text
from tests.unit.domain.build import DAY_0, every_other_day, run

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


# what is never said


@pytest.mark.parametrize("units", ["metric", "imperial"])
@pytest.mark.parametrize(
    "finding", [spike(15), spike(20), spike(25), spike(20, is_race=True), back(20, 5), back(33, 8)]
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
