"""What each run brings of hills and fast running, and what is not known of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from loadwatch.domain.activity import Run, TrackWork
from loadwatch.domain.loads import (
    Known,
    RunLoad,
    ascent_of,
    downhill_load_m,
    fast_by_day,
    fast_speeds,
    is_indoor,
    loads_reach,
    metres_at,
    run_loads,
    session_total,
    track_distance_m,
)
from tests.unit.domain.build import DAY_0, run
from tests.unit.domain.loads_build import NOTHING, loaded, with_loads

TREADMILL = replace(run(0, 8), features=NOTHING)


def at(day: float):
    return DAY_0 + timedelta(days=day)


def changed(of: Run, **features) -> Run:
    assert of.features is not None
    return replace(of, features=replace(of.features, **features))


# what is fast


def tops(*speeds: float, first: float = 0, easy_m_s: float = 2.85) -> list[Run]:
    return [loaded(first + i, top_m_s=speed, easy_m_s=easy_m_s) for i, speed in enumerate(speeds)]


def test_the_reference_is_the_second_highest_best_so_that_one_gps_error_sets_nothing():
    speeds = fast_speeds(tops(5.0, 5.0, 9.9, 5.2, 6.0, 5.0, 5.0, 5.0), at(20))

    assert speeds is not None
    assert (speeds.fast_m_s, speeds.sprint_m_s) == (pytest.approx(4.5), pytest.approx(5.4))  # of 6.0


def test_with_seven_runs_to_tell_nothing_is_fast_yet():
    assert fast_speeds([*tops(*[6.0] * 7), run(8, 10)], at(20)) is None


def test_only_the_hundred_and_eighty_days_before_a_run_tell():
    runs = tops(*[7.0] * 2, *[6.0] * 8)

    assert fast_speeds(runs, at(180)).fast_m_s == pytest.approx(5.25)
    assert fast_speeds(runs, at(182)).fast_m_s == pytest.approx(4.5)  # days 0 and 1 are too old by now
    assert fast_speeds(runs, at(183)) is None


def test_what_is_run_every_day_is_not_fast():
    speeds = fast_speeds(tops(*[3.6] * 8, easy_m_s=3.0), at(20))  # 0.75 x 3.6 = 2.7 is slower than easy

    assert (speeds.fast_m_s, speeds.sprint_m_s) == (pytest.approx(3.45), pytest.approx(4.2))  # 1.15, 1.40 x 3.0


def test_a_known_five_kilometre_speed_takes_precedence():
    speeds = fast_speeds([], at(20), five_k_m_s=4.0)

    assert (speeds.fast_m_s, speeds.sprint_m_s) == (pytest.approx(4.12), pytest.approx(4.8))


# one run


def test_downhill_is_the_eccentric_load_or_else_the_descent():
    both = changed(loaded(0), descent_m=300.0, eccentric_load_m=240.0)

    assert downhill_load_m(both) == 240
    assert downhill_load_m(changed(both, eccentric_load_m=None)) == 300


def test_without_good_altitude_downhill_is_unknown_not_none_of_it():
    assert downhill_load_m(run(0, 8)) is None
    assert downhill_load_m(loaded(0, hill_m=None)) is None


def test_a_treadmill_has_neither_hills_nor_a_track():
    assert is_indoor(TREADMILL)
    assert is_indoor(replace(loaded(0, hill_m=50.0), sport="VirtualRun"))
    assert not is_indoor(loaded(0))
    assert not is_indoor(run(0, 8))  # nothing is known: that is another thing
    assert not is_indoor(changed(loaded(0), altitude_quality="none"))  # a path without altitude

    virtual = replace(loaded(0, hill_m=50.0), sport="VirtualRun", ascent_m=100.0)
    assert (downhill_load_m(virtual), ascent_of(virtual), track_distance_m(virtual)) == (None, None, None)


def test_the_ascent_of_the_source_comes_before_ours_and_that_of_satellites_alone_is_none():
    ours = loaded(0, ascent_m=120.0)

    assert ascent_of(replace(ours, ascent_m=100.0)) == 100
    assert ascent_of(ours) == 120
    assert ascent_of(changed(ours, altitude_quality="gps")) is None


def test_positions_without_an_oval_are_no_metres_on_a_track_and_no_positions_are_unknown():
    assert track_distance_m(loaded(0, track=TrackWork(True, distance_m=4_000.0, laps=10))) == 4_000
    assert track_distance_m(loaded(0)) == 0
    assert track_distance_m(loaded(0, track=None)) is None


# all runs


def test_each_run_is_measured_by_what_was_fast_when_it_began():
    # Eight runs tell of 6.0: fast from 4.5. A runner who then reaches 7.0 twice is fast from 5.25 only.
    faster = [loaded(day, fast_m=1000, top_m_s=7.0) for day in (10, 12)]
    after = loaded(14, fast_m=1000, sprint_m=400)

    loads = run_loads([*tops(*[6.0] * 8), *faster, after], since=at(7))

    # Fast metres at 4.85, sprints at 5.85; from the ninth run on the speeds are known.
    assert [(load.run, load.fast_m, load.sprint_m) for load in loads[1:]] == [
        (faster[0], 1_000, 0),
        (faster[1], 1_000, 0),
        (after, 400, 0),
    ]
    assert loads[0].fast_m is None


def test_run_after_run_is_measured_as_each_would_be_alone():
    """With gaps longer than the window, two runs at once, and runs that tell nothing."""
    days = [0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 40, 90, 181, 182, 183.5, 188, 300, 301, 302, 500, 501]
    runs = [loaded(day, top_m_s=5 + 0.13 * (7 * i % 11), easy_m_s=2.5 + 0.1 * (i % 4)) for i, day in enumerate(days)]
    runs = [replace(r, id=i, told_apart=i) for i, r in enumerate([*runs[:12], run(95, 9), *runs[12:]])]

    for load in run_loads(runs, since=DAY_0):
        speeds = fast_speeds(runs[: load.run.id], load.run.start)
        assert load.fast_m == (metres_at(speeds.fast_m_s)(load.run) if speeds and load.run.features else None)


def test_a_run_without_samples_has_a_distance_and_no_loads():
    (load,) = run_loads([run(0, 8)], since=at(0))

    assert load == RunLoad(run(0, 8), None, None, None, None, None)
    assert loads_reach(at(180)) == at(0)


def test_a_days_fast_metres_are_summed_unknown_if_a_run_is_and_a_silent_treadmill_left_out():
    def load(day: float, fast: float | None, of: Run | None = None) -> RunLoad:
        return RunLoad(of or run(day, 5), None, None, fast, None if fast is None else fast / 2, None)

    days = fast_by_day([load(0, 400), load(0.3, 100), load(1, 400), load(1.3, None), load(1.4, 5), load(2, None)])

    assert days == {date(2026, 3, 2): (500, 250), date(2026, 3, 3): None, date(2026, 3, 4): None}
    assert fast_by_day([load(0, None, TREADMILL), load(0.3, 100)]) == {date(2026, 3, 2): (100, 50)}


def test_a_session_with_an_unknown_file_is_unknown_and_a_treadmill_is_no_unknown_file():
    hilly, unknown = loaded(0, hill_m=200.0), run(0.1, 5)

    assert session_total([hilly, loaded(0.2, hill_m=50.0)], downhill_load_m) == 250
    assert session_total([hilly, unknown], downhill_load_m) is None
    assert session_total([hilly, TREADMILL], downhill_load_m) == 200
    assert session_total([TREADMILL], downhill_load_m) is None


def test_a_treadmill_that_told_its_speed_has_fast_metres():
    told = changed(TREADMILL, speed_profile_m=with_loads(run(0, 8), fast_m=800).features.speed_profile_m)

    assert metres_at(4.5)(told) == 800
    assert metres_at(4.5)(TREADMILL) is None


@pytest.mark.parametrize(
    ("n_known", "n_runs", "missing"),
    [(4, 4, 0), (3, 3, 1), (0, 0, 4), (7, 10, 0), (4, 10, 10), (6, 9, 1)],  # 14/20, 7/10
)
def test_seven_in_ten_runs_and_at_least_four_are_enough(n_known, n_runs, missing):
    known = Known((0.0,) * n_known, n_runs)

    assert (known.is_enough, known.missing) == (missing == 0, missing)
