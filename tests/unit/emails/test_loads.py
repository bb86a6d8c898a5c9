"""The words of the three loads."""

import pytest

from loadwatch.domain.report import LoadLine
from loadwatch.domain.wording import Units
from loadwatch.emails.loads import LoadRow, load_rows


def row(line: LoadLine, units: Units = "metric") -> LoadRow:
    (only,) = load_rows([line], units)
    return only


def test_each_load_has_its_own_unit() -> None:
    mileage, hills, fast = load_rows(
        [
            LoadLine("mileage", 42_300.0, 40_100.0, 17_600.0, 4, 4),
            LoadLine("hills", 1_240.0, 310.0, 430.0, 4, 4, ascent_m=1_300.0),
            LoadLine("fast", 2_404.0, 1_996.0, 2_850.0, 4, 4, sprint_m=118.0, track_m=3_600.0, track_laps=9.0),
        ],
        "metric",
    )

    assert (mileage.name, mileage.value, mileage.usual, mileage.ceiling) == (
        "Mileage",
        "42.3 km",
        "40.1 km",
        "up to 17.6 km",
    )
    assert (hills.name, hills.value, hills.usual, hills.ceiling) == ("Hills", "1 240 m", "310 m", "below 430 m")
    assert hills.notes == "ascent 1 300 m"
    assert (fast.name, fast.value, fast.usual, fast.ceiling) == (
        "Fast running",
        "2 400 m",
        "2 000 m",
        "below 2 850 m",
    )
    assert fast.notes == "of it sprinted at least 120 m; on a track, jogging included, 3 600 m, 9.0 laps"


def test_feet_and_miles_for_those_who_run_in_miles() -> None:
    """1000 m / 0.3048 = 3280.8 ft; 3218.7 m are 2 mi."""
    assert row(LoadLine("hills", 1_000.0, None, None, 1, 1), "imperial").value == "3 281 ft"
    assert row(LoadLine("fast", 3_218.7, None, None, 1, 1), "imperial").value == "2.0 mi"


@pytest.mark.parametrize("kind", ["hills", "fast"])
def test_unknown_is_a_word_with_its_reason_and_no_nought(kind) -> None:
    said = row(LoadLine(kind, None, None, None, 1, 4))

    assert said.value == "unknown"
    assert said.usual == said.ceiling == "not known yet"
    assert "1 of 4 runs told, too few to add up" in said.notes
    assert "0 m" not in said.notes


def test_fast_running_of_which_no_run_tells_may_still_be_learnt() -> None:
    said = row(LoadLine("fast", None, None, None, 0, 3))

    assert said.told == "0 of 3 runs told: no samples, or what is fast for you is still being learnt"
    assert said.beside == ("on a track: unknown",)


def test_a_sum_that_leaves_a_run_out_is_a_lower_bound() -> None:
    said = row(LoadLine("hills", 240.0, 0.0, 390.0, 4, 5))

    assert said.value == "at least 240 m"
    assert said.told == "4 of 5 runs told"
    assert said.usual == "0 m"  # known to be nothing


def test_a_known_nothing_is_nought() -> None:
    assert row(LoadLine("fast", 0.0, 0.0, 800.0, 3, 3, sprint_m=0.0, track_m=0.0)).value == "0 m"


def test_no_fast_running_for_now_is_said_without_a_number() -> None:
    assert row(LoadLine("fast", 5_000.0, 2_000.0, 0.0, 3, 3, track_m=0.0)).ceiling == "none for now"
