"""Ratios that are shown and never alerted on: by hand, by a second plain implementation, and where they end."""

from math import nan, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadwatch.domain.context import (
    acwr_coupled,
    acwr_ewma,
    acwr_uncoupled,
    context_by_day,
    ewma,
    monotony,
    week_over_week,
)

KM = 1000.0

days = st.lists(st.sampled_from([0.0, 0.0, 5 * KM, 8 * KM, 12.5 * KM, 21.1 * KM]), max_size=60)


def weeks(*weekly_km: float) -> list[float]:
    """Each week's distance run in equal parts on three of its days."""
    return [km * KM / 3 if day in (0, 2, 5) else 0.0 for km in weekly_km for day in range(7)]


def test_a_week_is_held_against_the_one_before_it():
    assert week_over_week(weeks(30, 39)) == pytest.approx(0.3)
    assert week_over_week(weeks(90, 40, 30)) == pytest.approx(-0.25)


def test_without_a_whole_week_before_or_with_nothing_run_in_it_there_is_no_comparison():
    assert week_over_week(weeks(30, 39)[1:]) is None
    assert week_over_week(weeks(30, 0, 39)) is None


def test_the_coupled_ratio_counts_the_week_itself_among_the_four():
    # 60 km after three weeks of 30: 60 / ((30 + 30 + 30 + 60) / 4)
    assert acwr_coupled(weeks(30, 30, 30, 60)) == pytest.approx(1.6)


def test_the_uncoupled_ratio_does_not():
    assert acwr_uncoupled(weeks(30, 30, 30, 60)) == pytest.approx(2.0)


def test_the_coupled_ratio_follows_from_the_uncoupled_one():
    """c = 4u / (u + 3): 1.5 uncoupled is 1.333 coupled, 1.5 coupled is 1.8 uncoupled."""
    assert acwr_coupled(weeks(30, 30, 30, 45)) == pytest.approx(4 / 3)
    assert acwr_uncoupled(weeks(30, 30, 30, 45)) == pytest.approx(1.5)
    assert acwr_uncoupled(weeks(20, 30, 40, 54)) == pytest.approx(1.8)
    assert acwr_coupled(weeks(20, 30, 40, 54)) == pytest.approx(1.5)


@given(days)
def test_the_identity_holds_for_every_history_of_four_weeks(daily):
    u, c = acwr_uncoupled(daily), acwr_coupled(daily)

    if len(daily) >= 28 and u is not None:
        assert c == pytest.approx(4 * u / (u + 3))
        assert c <= 4


def test_a_ratio_needs_three_weeks_of_history():
    assert acwr_uncoupled(weeks(30, 30, 30)[1:]) is None
    assert acwr_coupled(weeks(30, 30, 30)[1:]) is None


def test_days_before_the_history_are_unknown_and_not_rest():
    """Three equal weeks are no rise: against 28 days of which 7 count as rest they would be one by a third."""
    assert acwr_uncoupled(weeks(30, 30, 30)) == pytest.approx(1.0)
    assert acwr_coupled(weeks(30, 30, 30)) == pytest.approx(1.0)


def test_two_days_of_running_are_no_base_for_a_ratio():
    rest = [0.0] * 21
    two, three = rest.copy(), rest.copy()
    two[3] = two[10] = 5 * KM
    three[3] = three[10] = three[17] = 5 * KM

    assert acwr_uncoupled(two + weeks(30)) is None
    assert acwr_uncoupled(three + weeks(30)) == pytest.approx(6.0)


def test_after_four_weeks_of_rest_nothing_is_infinite():
    daily = weeks(30, 30, 0, 0, 0, 0)

    assert (acwr_coupled(daily), acwr_uncoupled(daily), week_over_week(daily), monotony(daily)) == (None,) * 4


def plain_ewma(daily: list[float], n: int) -> list[float]:
    """The weighted mean written out: the newest day weighs 1, each older one (1 - lambda) times the next."""
    keep = 1 - 2 / (n + 1)
    means = []
    for t in range(len(daily)):
        weights = [keep ** (t - day) for day in range(t + 1)]
        means.append(sum(w * d for w, d in zip(weights, daily[: t + 1], strict=True)) / sum(weights))
    return means


@given(days)
def test_the_weighted_mean_is_that_of_a_second_implementation(daily):
    assert ewma(daily, 7) == pytest.approx(plain_ewma(daily, 7))
    assert ewma(daily, 28) == pytest.approx(plain_ewma(daily, 28))


def test_equal_days_are_their_own_weighted_mean_from_the_first_day_on():
    assert ewma([6 * KM] * 10, 28) == pytest.approx([6 * KM] * 10)
    assert acwr_ewma([6 * KM] * 10) == pytest.approx([1.0] * 10)


def test_weights_by_hand_on_two_days():
    # lambda 0.25: (0.25 * 8 + 0.75 * 0.25 * 4) / (1 - 0.75 ** 2) = 2.75 / 0.4375
    assert ewma([4.0, 8.0], 7)[1] == pytest.approx(2.75 / 0.4375)


def test_while_nothing_was_run_the_weighted_ratio_is_undefined():
    assert acwr_ewma([0.0, 0.0, 5 * KM])[:2] == [None, None]


def test_monotony_by_hand():
    # mean 6, deviations 4, -6, 4, -6, 4, -6, 6 -> variance (3 * 16 + 3 * 36 + 36) / 7 = 192 / 7
    week = [10.0, 0.0, 10.0, 0.0, 10.0, 0.0, 12.0]

    assert monotony([99.0, *week]) == pytest.approx(6 / sqrt(192 / 7))
    assert context_by_day(week)[-1].strain_m == pytest.approx(42 * 6 / sqrt(192 / 7))


@pytest.mark.parametrize("week", [[5 * KM] * 7, [0.0] * 7, [0.1 + 0.2] * 6 + [0.3], [5 * KM] * 6])
def test_seven_equal_days_have_no_monotony_and_six_days_neither(week):
    assert monotony(week) is None


@given(days)
def test_a_day_of_a_history_is_judged_by_the_days_up_to_it_alone(daily):
    whole = context_by_day(daily)

    for n in range(1, len(daily) + 1, 9):
        until = daily[:n]
        assert context_by_day(until) == whole[:n]
        assert whole[n - 1].week_over_week == week_over_week(until)
        assert whole[n - 1].acwr_coupled == acwr_coupled(until)
        assert whole[n - 1].acwr_uncoupled == acwr_uncoupled(until)
        assert whole[n - 1].monotony == monotony(until)


@given(days, st.sampled_from([0.001, 1 / 1609.344]))
def test_another_unit_changes_no_ratio(daily, unit):
    for mine, theirs in zip(context_by_day(daily), context_by_day([d * unit for d in daily]), strict=True):
        for name in ("week_over_week", "acwr_coupled", "acwr_uncoupled", "acwr_ewma", "monotony"):
            assert getattr(theirs, name) == pytest.approx(getattr(mine, name), abs=1e-9)


@pytest.mark.parametrize("ratio", [week_over_week, acwr_coupled, acwr_uncoupled, acwr_ewma, monotony, context_by_day])
@pytest.mark.parametrize("wrong", [-1.0, nan])
def test_a_distance_that_is_none_is_refused(ratio, wrong):
    with pytest.raises(ValueError, match="distances must be >= 0"):
        ratio([5 * KM, wrong] * 20)
