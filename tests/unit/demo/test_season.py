"""The made-up season must be worth trusting: same every time, plausible, and quiet but for the one jump."""

from __future__ import annotations

import itertools
import math
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loadwatch.demo.season import DemoActivity, Season, season, track_point

UNTIL = datetime(2026, 3, 11, 11, 0, tzinfo=UTC)
MOMENTS = [UNTIL + timedelta(hours=7 * step, days=23 * step) for step in range(12)]


@cache
def season_at(until: datetime) -> Season:
    return season(until)


@pytest.fixture(scope="module")
def made() -> Season:
    return season(UNTIL)


def runs(activities: tuple[DemoActivity, ...]) -> list[dict[str, Any]]:
    return [each.activity for each in activities if each.activity["sport_type"] == "Run"]


def named(made: Season, words: str) -> DemoActivity:
    return next(each for each in made.history if words in each.activity["name"])


def jumps(records: list[dict[str, Any]]) -> list[str]:
    """The session spike rule, written out once more so that it shares nothing with the program's own."""
    found = []
    for record in records:
        start = datetime.fromisoformat(record["start_date"])
        before = [
            other["distance"]
            for other in records
            if start - timedelta(days=30) <= datetime.fromisoformat(other["start_date"]) < start
        ]
        if not before:
            continue
        distance, longest = record["distance"], max(before)
        if distance >= 5000 and distance > 1.10 * longest and distance - longest >= 1500:
            found.append(record["name"])
    return found


def metres_between(a: list[float], b: list[float]) -> float:
    return math.dist(a, b) * 111_195


def test_the_same_arguments_give_the_same_season(made: Season) -> None:
    again = season(UNTIL)

    assert [each.activity for each in again.history] == [each.activity for each in made.history]
    assert again.live[1].streams == made.live[1].streams


def test_another_seed_gives_other_runs_with_other_ids(made: Season) -> None:
    other = season(UNTIL, seed=8)

    ids = {each.activity["id"] for each in made.history}
    assert ids.isdisjoint(each.activity["id"] for each in other.history)


def test_a_season_is_made_in_a_moment() -> None:
    started = time.process_time()  # the machine may have other work

    season(UNTIL)

    assert time.process_time() - started < 1


@pytest.mark.parametrize("until", MOMENTS)
def test_nothing_in_the_regular_season_is_a_jump(until: datetime) -> None:
    assert jumps(runs(season_at(until).history)) == []


@pytest.mark.parametrize("weeks", [1, 2, 5, 30, 60])
def test_a_shorter_or_longer_season_has_no_jump_either(weeks: int) -> None:
    assert jumps(runs(season(UNTIL, weeks=weeks).history)) == []


@pytest.mark.parametrize("seed", range(3))
def test_no_seed_makes_a_jump_of_the_season(seed: int) -> None:
    assert jumps(runs(season(UNTIL, seed=seed).history)) == []


@pytest.mark.parametrize("until", MOMENTS)
def test_of_the_live_activities_only_the_long_run_is_a_jump(until: datetime) -> None:
    made = season_at(until)

    records = sorted(runs(made.history + made.live), key=lambda record: record["start_date"])

    assert jumps(records) == [made.live[1].activity["name"]]


@pytest.mark.parametrize("until", MOMENTS)
def test_the_live_long_run_is_1_62_times_the_longest_of_30_days(until: datetime) -> None:
    made = season_at(until)
    long_run = made.live[1]
    since = long_run.start - timedelta(days=30)

    longest = max(
        each.activity["distance"]
        for each in made.history
        if each.activity["sport_type"] == "Run" and each.start >= since
    )

    assert long_run.activity["distance"] / longest == pytest.approx(1.62, abs=0.001)


@pytest.mark.parametrize("until", MOMENTS)
def test_live_activities_lie_within_the_last_20_hours_without_overlap(until: datetime) -> None:
    live = sorted(season_at(until).live, key=lambda each: each.start)

    assert all(until - timedelta(hours=20) <= each.start and each.end < until for each in live)
    assert all(first.end < second.start for first, second in itertools.pairwise(live))


def test_the_live_long_run_is_on_this_morning_when_the_demo_runs_at_noon(made: Season) -> None:
    local = made.live[1].start.astimezone(ZoneInfo("Europe/Berlin"))

    assert local.date() == UNTIL.date()
    assert 6 <= local.hour < 12
    assert "this morning" in (made.live[1].story or "")


def test_the_live_activities_are_an_easy_run_a_jump_and_a_ride_with_a_story_each(made: Season) -> None:
    assert [each.activity["sport_type"] for each in made.live] == ["Run", "Run", "Ride"]
    assert all(each.story for each in made.live)


@pytest.mark.parametrize("until", MOMENTS)
def test_history_is_in_order_and_ends_a_day_before_now(until: datetime) -> None:
    history = season_at(until).history

    starts = [each.start for each in history]
    assert starts == sorted(starts)
    assert all(each.end <= until - timedelta(days=1) for each in history)


def test_ids_are_unique(made: Season) -> None:
    ids = [each.activity["id"] for each in made.history + made.live]

    assert len(set(ids)) == len(ids)


def test_most_weeks_have_three_to_five_runs(made: Season) -> None:
    first = made.history[0].start.date()
    per_week = [0] * 16
    for each in made.history:
        if each.activity["sport_type"] == "Run":
            per_week[(each.start.date() - first).days // 7] += 1

    assert all(3 <= count <= 5 for count in per_week[:-2])  # the last ones are cut off by "now"


def test_every_kind_of_entry_occurs(made: Season) -> None:
    names = " ".join(each.activity["name"] for each in made.history)
    sports = {each.activity["sport_type"] for each in made.history}

    assert {"Run", "Ride", "Swim", "PaddleTennisOfTheFuture"} <= sports
    assert all(word in names for word in ("Track", "Hill", "Treadmill", "Warm-up", "race", "watch was flat"))


def test_records_are_as_uneven_as_real_ones(made: Season) -> None:
    records = [each.activity for each in made.history]

    assert any(isinstance(record["moving_time"], float) for record in records)
    assert any(record["athlete_count"] == 0 for record in records)
    assert any(record.get("max_heartrate", 0) % 1 == 0.5 for record in records)
    assert any("workout_type" not in record for record in records)
    assert any(record["device_name"] is None for record in records)


def test_local_start_has_a_false_z_and_the_zone_its_winter_offset() -> None:
    record = season(datetime(2026, 7, 5, 12, tzinfo=UTC)).live[1].activity
    utc, local = (datetime.fromisoformat(record[key]) for key in ("start_date", "start_date_local"))

    assert record["start_date_local"].endswith("Z")
    assert local - utc == timedelta(hours=2) == timedelta(seconds=record["utc_offset"])
    assert record["timezone"] == "(GMT+01:00) Europe/Berlin"


def test_a_warm_up_and_its_race_are_two_files_within_two_hours(made: Season) -> None:
    warm_up, race = named(made, "Warm-up"), named(made, "race")

    assert timedelta(0) < race.start - warm_up.end < timedelta(hours=2)


def test_a_manual_entry_has_no_streams(made: Season) -> None:
    manual = named(made, "watch was flat")

    assert manual.activity["manual"] is True
    assert manual.streams is None


def test_a_treadmill_run_has_no_position_and_no_altitude(made: Season) -> None:
    treadmill = named(made, "Treadmill")

    assert treadmill.activity["trainer"] is True
    assert treadmill.activity["start_latlng"] == []
    assert {"latlng", "altitude"}.isdisjoint(treadmill.streams or {})


def test_streams_have_equal_length_and_agree_with_the_record(made: Season) -> None:
    long_run = made.live[1]
    streams, record = long_run.streams, long_run.activity
    assert streams is not None

    assert {len(values) for values in streams.values()} == {len(streams["time"])}
    assert streams["time"][-1] == record["elapsed_time"]
    assert streams["distance"][-1] == pytest.approx(record["distance"], abs=0.1)
    mean_hr = sum(streams["heartrate"]) / len(streams["heartrate"])
    assert mean_hr == pytest.approx(record["average_heartrate"], abs=2)
    assert max(streams["heartrate"]) == int(record["max_heartrate"])


def test_time_has_gaps_and_the_runner_stands_still_now_and_then(made: Season) -> None:
    all_streams = [each.streams for each in made.history if each.activity["name"] == "Sunday long run"]

    steps = [b - a for s in all_streams if s for a, b in zip(s["time"], s["time"][1:], strict=False)]
    assert min(steps) == 1
    assert max(steps) >= 14
    assert any(not moving for s in all_streams if s for moving in s["moving"][1:])


def test_recorded_climb_is_that_of_the_altitude_stream(made: Season) -> None:
    hills = named(made, "Hill")
    altitude = (hills.streams or {})["altitude"]

    climb = sum(max(0.0, b - a) for a, b in itertools.pairwise(altitude))

    assert climb == pytest.approx(hills.activity["total_elevation_gain"], rel=0.1)


def test_lap_indexes_point_at_the_repetitions_of_a_track_session(made: Season) -> None:
    session = named(made, "Track")
    streams = session.streams or {}

    first = session.activity["laps"][1]
    metres = streams["distance"][first["end_index"] + 1] - streams["distance"][first["start_index"]]

    assert first["distance"] == pytest.approx(400, abs=5)
    assert metres == pytest.approx(400, abs=15)


def test_the_track_is_a_400_m_oval_of_standard_size() -> None:
    points = [track_point(metre / 10) for metre in range(4001)]

    assert math.dist(points[0], points[-1]) < 0.1
    assert max(x for x, _ in points) - min(x for x, _ in points) == pytest.approx(84.39 + 2 * 36.8, abs=0.01)
    assert max(y for _, y in points) - min(y for _, y in points) == pytest.approx(2 * 36.8, abs=0.01)


def test_a_track_session_stays_where_the_track_is(made: Season) -> None:
    session = named(made, "Track")
    streams, laps = session.streams or {}, session.activity["laps"]

    on_track = streams["latlng"][laps[1]["start_index"] : laps[-2]["end_index"]]

    centre = [sum(point[axis] for point in on_track) / len(on_track) for axis in (0, 1)]
    radii = [metres_between(point, centre) for point in on_track]
    assert min(radii) > 25
    assert max(radii) < 95


def test_gps_and_distance_agree_within_the_noise(made: Season) -> None:
    streams = made.live[0].streams or {}

    every = streams["latlng"][::20]
    path_m = sum(metres_between(a, b) for a, b in itertools.pairwise(every))

    assert path_m == pytest.approx(streams["distance"][-1], rel=0.06)


def test_the_place_is_open_sea(made: Season) -> None:
    for latitude, longitude in (made.live[1].streams or {})["latlng"]:
        assert abs(latitude - 0.5) < 0.1
        assert abs(longitude + 30) < 0.1


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        season(datetime(2026, 3, 11, 11, 0))
