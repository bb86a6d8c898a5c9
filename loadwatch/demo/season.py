"""
A made-up amateur runner's season, as Strava's API would tell it.

Pure and deterministic: the same arguments give the same runs, to the last sample. The place is fictitious:
open sea near the equator, where nobody lives whose runs these could be.
"""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

JsonDict = dict[str, Any]

ATHLETE_ID = 1001
JUMP_RATIO = 1.62
"""How the live long run compares with the longest run of the 30 days before it. [unitless]"""

LIVE_HILLINESS_M = 32.0
"""Of the live long run: three times the usual, and so steep that it brakes on the way down. [m]"""

NEW_SHOES_FOR = timedelta(weeks=3)
OLD_SHOES_BEFORE_M = 412_000.0
"""What the old pair had run before the season. [m]"""

HOME_DEG = (0.5, -30.0)
DEG_PER_M = 1 / 111_195.0
STRAIGHT_M = 84.39
LANE_RADIUS_M = 36.8
"""The measured line of lane 1: 0.30 m out from the kerb, whose radius is 36.50 m."""
LAP_M = 2 * STRAIGHT_M + 2 * math.pi * LANE_RADIUS_M  # 400.00
SPRINT_M = 110.0
SPRINT_MPS = 5.4
REST_HR = 62.0
HILL_M = 260.0
HILL_GRADE = 0.075

Point = tuple[float, float]


@dataclass(frozen=True)
class Leg:
    """A stretch at one effort."""

    duration_s: int
    speed_mps: float
    heartrate: float
    section: int = 0
    lap: int = 1

    @property
    def distance_m(self) -> float:
        return self.duration_s * self.speed_mps


@dataclass(frozen=True)
class Recipe:
    """All that is needed to make the streams of one activity, and no more."""

    seed: int
    sections: tuple[str, ...]  # loop, track, hills, treadmill, pool
    legs: tuple[Leg, ...]
    stops: tuple[tuple[int, int, bool], ...]  # starts at [s of moving time], lasts [s], watch paused itself
    distance_m: float
    average_heartrate: float | None
    max_heartrate: float | None
    cadence: float | None  # of one leg [1/min]
    hilliness_m: float
    origin_m: Point


@dataclass(frozen=True)
class DemoActivity:
    """
    One activity of the season.

    Attributes
    ----------
    activity : dict
        Detail record in the form of Strava's ``GET /activities/{id}``.
    story : str or None
        What the demo says when it pushes this activity; None for the history.
    """

    activity: JsonDict
    recipe: Recipe | None = None
    story: str | None = None

    @property
    def streams(self) -> dict[str, list[Any]] | None:
        """
        Plain lists of equal length by Strava's stream name; None if typed in by hand.

        time [s], distance [m], latlng [deg], altitude [m], velocity_smooth [m/s], heartrate [1/min], cadence
        of one leg [1/min], moving, grade_smooth [%]. Made anew at each access: some 60 ms for a long run.
        """
        return None if self.recipe is None else _streams(self.recipe)

    @property
    def start(self) -> datetime:
        """Start in UTC."""
        return datetime.fromisoformat(self.activity["start_date"])

    @property
    def end(self) -> datetime:
        """End in UTC."""
        return self.start + timedelta(seconds=self.activity["elapsed_time"])


@dataclass(frozen=True)
class Season:
    """
    A season, and what comes next.

    Attributes
    ----------
    history : tuple of DemoActivity
        In order of time; all ended at least a day before `until`. Nothing in it is a jump in distance.
    live : tuple of DemoActivity
        In this order: an ordinary easy run, the long run that is a jump in distance and in hills, a bike ride.
        All within 20 h before `until`.
    """

    until: datetime
    timezone: str
    history: tuple[DemoActivity, ...]
    live: tuple[DemoActivity, ...]


def season(until: datetime, seed: int = 7, weeks: int = 16, timezone: str = "Europe/Berlin") -> Season:
    """
    Make a runner's season up to a moment.

    Parameters
    ----------
    until : datetime
        "Now" of the demo, with a time zone.
    seed : int
        Another seed is another, similar runner.
    weeks : int
        Length of the history. At least 1; the first partial week is left out, so it starts with a long run.
    timezone : str
        IANA name of where the runner lives.

    Raises
    ------
    ValueError
        If `until` has no time zone or `weeks` < 1.
    """
    if until.tzinfo is None:
        raise ValueError("until needs a time zone")
    if weeks < 1:
        raise ValueError(f"weeks must be >= 1: {weeks}")
    until = until.astimezone(UTC).replace(microsecond=0)
    runner = _Runner(seed, ZoneInfo(timezone), timezone)
    today = until.astimezone(runner.zone).date()
    first_day = today - timedelta(days=7 * weeks)
    first_day += timedelta(days=(6 - first_day.weekday()) % 7)  # a Sunday: the long run leads
    planned = [made for day in _days(first_day, today) for made in runner.day(day, first_day, weeks)]
    history = sorted((each for each in planned if each.end <= until - timedelta(days=1)), key=lambda each: each.start)
    live = _live(runner, until, history)
    _put_on_shoes([*history, *live], until - NEW_SHOES_FOR)
    return Season(until, timezone, tuple(history), live)


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)


def _put_on_shoes(in_order: Sequence[DemoActivity], changed: datetime) -> None:
    """Two pairs, one after the other; with each run Strava tells how far its pair has come."""
    before_m = {"g7000001": OLD_SHOES_BEFORE_M, "g7000002": 0.0}
    for made in in_order:
        record = made.activity
        if record["sport_type"] != "Run":
            continue
        gear_id = "g7000001" if made.start < changed else "g7000002"
        before_m[gear_id] += record["distance"]
        record["gear_id"] = gear_id
        record["gear"] = {
            "id": gear_id,
            "primary": gear_id == "g7000002",
            "name": {"g7000001": "Example Trainer", "g7000002": "Example Trainer, new"}[gear_id],
            "resource_state": 2,
            "retired": False,
            "distance": round(before_m[gear_id]),
        }


def _long_run_m(weeks_before_end: int) -> float:
    """Long run of a build week: up by 0.4 km a week to 14.8 km. [m]"""
    return max(7_500.0, 14_800.0 - 400.0 * weeks_before_end)


class _Runner:
    """Draws this runner's activities, each from random numbers of its own, so none depends on another."""

    def __init__(self, seed: int, zone: ZoneInfo, zone_name: str) -> None:
        self.seed = seed
        self.zone = zone
        self.zone_name = zone_name

    def activity_id(self, day: date, slot: int) -> int:
        return 9_000_000_000 + (self.seed % 1000) * 10_000_000 + (day.toordinal() - 700_000) * 100 + slot

    def rng_of(self, activity_id: int) -> random.Random:
        return random.Random(self.seed * 1_000_003 + activity_id)

    def day(self, day: date, first_day: date, weeks: int) -> list[DemoActivity]:
        """What happens on one day of the history."""
        week = (day - first_day).days // 7
        to_end = weeks - 1 - week
        cut_back = to_end % 4 == 2
        scale = 0.75 if cut_back else 1.0
        long_m = _long_run_m(to_end) * scale
        match day.weekday():
            case 6:
                return [self.run(day, 0, "Sunday long run", long_m, at="08:40", hilliness_m=9.0, workout_type=2)]
            case 0:
                return [self.ride(day, 0, 22_000.0)] if to_end == 9 else []
            case 1:
                return self._tuesday(day, to_end, scale)
            case 2:
                if week % 3 != 1 or to_end == 2:  # fewer runs before the race
                    return []
                return [self.run(day, 0, "Easy lunch run", 5_200 * scale, at="12:10")]
            case 3:
                return self._thursday(day, to_end, cut_back)
            case 4:
                return [self.swim(day, 0)] if to_end == 5 else []
            case _:
                return self._saturday(day, week, to_end, scale)

    def _tuesday(self, day: date, to_end: int, scale: float) -> list[DemoActivity]:
        distance_m = (6_300 + 120 * (15 - min(15, to_end))) * scale
        if to_end == 7:  # rain
            return [self.run(day, 0, "Treadmill, it poured", distance_m * 0.9, at="18:20", section="treadmill")]
        if to_end == 4:
            return [self.manual(day, 0)]
        return [self.run(day, 0, "Easy evening run", distance_m, at="18:05")]

    def _thursday(self, day: date, to_end: int, cut_back: bool) -> list[DemoActivity]:
        if cut_back:
            return [self.run(day, 0, "Relaxed run by the water", 5_600, at="18:30")]
        if to_end % 4 in (0, 3):
            return [self.track(day, 0, repetitions=6 + (15 - min(15, to_end)) // 5)]
        if to_end % 8 == 5:
            return [self.hills(day, 0)]
        return [self.run(day, 0, "Steady run", 7_400, at="18:15", speed_mps=3.05, heartrate=154)]

    def _saturday(self, day: date, week: int, to_end: int, scale: float) -> list[DemoActivity]:
        if to_end == 2:
            warm_up = self.run(day, 0, "Warm-up", 2_100, at="09:20")
            race = self.run(
                day, 1, "Harbour 8 km race", 8_050, at="10:00", speed_mps=3.62, heartrate=171, workout_type=1
            )
            return [warm_up, race]
        if to_end == 11:
            return [self.unknown_sport(day, 0)]
        if week % 2 == 0:
            return [self.run(day, 0, "Short shake-out", 4_100 * scale, at="10:15", section="loop")]
        return []

    # ---- kinds of activity ----

    def run(
        self,
        day: date,
        slot: int,
        name: str,
        distance_m: float,
        at: str,
        *,
        speed_mps: float = 2.78,
        heartrate: float = 143,
        hilliness_m: float = 5.0,
        section: str = "loop",
        workout_type: int | None = 0,
        start: datetime | None = None,
    ) -> DemoActivity:
        """A run at an even effort."""
        rng = self.rng_of(self.activity_id(day, slot))
        speed_mps *= rng.uniform(0.985, 1.015)
        legs = []
        done_m = 0.0
        while distance_m - done_m > 60:
            drift = 7.0 * min(1.0, done_m / 15_000)
            pace = speed_mps * rng.uniform(0.965, 1.035)
            duration_s = min(rng.randint(150, 420), max(20, round((distance_m - done_m) / pace)))
            legs.append(Leg(duration_s, pace, heartrate + drift + rng.uniform(-3, 3)))
            done_m += legs[-1].distance_m
        stops = _stops(rng, sum(leg.duration_s for leg in legs), workout_type == 1 or section == "treadmill")
        return self._finish(day, slot, name, at, rng, (section,), legs, stops, hilliness_m, workout_type, start)

    def track(self, day: date, slot: int, repetitions: int) -> DemoActivity:
        """Warm-up, laps of a 400 m oval with half a lap of jogging between, the last ended in a sprint, cool-down."""
        rng = self.rng_of(self.activity_id(day, slot))
        legs = [Leg(round(2_000 / 2.7), 2.7, 138, 0, 1)]
        for number in range(repetitions):
            fast = 4.35 * rng.uniform(0.985, 1.015)
            sprint_m = SPRINT_M if number == repetitions - 1 else 0.0
            lap = 2 * number + 2
            legs.append(Leg(round((LAP_M - sprint_m) / fast), fast, 174 + rng.uniform(-1, 3), 1, lap))
            if sprint_m:
                legs.append(Leg(round(sprint_m / SPRINT_MPS), SPRINT_MPS, 179, 1, lap))
            legs.append(Leg(round(LAP_M / 2 / 2.2), 2.2, 148, 1, 2 * number + 3))
        legs.append(Leg(round(1_500 / 2.6), 2.6, 142, 2, 2 * repetitions + 2))
        name = f"Track: {repetitions} x 400 m"
        return self._finish(day, slot, name, "18:40", rng, ("loop", "track", "loop"), legs, (), 3.0, 3)

    def hills(self, day: date, slot: int) -> DemoActivity:
        """Six times up a hill of 260 m and down again."""
        rng = self.rng_of(self.activity_id(day, slot))
        legs = [Leg(round(2_200 / 2.7), 2.7, 140, 0, 1)]
        for _ in range(6):
            legs.append(Leg(round(HILL_M / 2.95), 2.95, 170 + rng.uniform(-2, 3), 1, 2))
            legs.append(Leg(round(HILL_M / 2.45), 2.45, 150, 1, 2))
        legs.append(Leg(round(1_700 / 2.65), 2.65, 143, 2, 3))
        return self._finish(day, slot, "Hill repeats", "18:30", rng, ("loop", "hills", "loop"), legs, (), 3.0, 3)

    def ride(self, day: date, slot: int, distance_m: float, start: datetime | None = None) -> DemoActivity:
        """A bike ride, on which the watch is used without a cadence sensor."""
        rng = self.rng_of(self.activity_id(day, slot))
        legs = []
        done_m = 0.0
        while done_m < distance_m - 300:
            pace = 6.9 * rng.uniform(0.85, 1.12)
            duration_s = min(rng.randint(120, 300), max(20, round((distance_m - done_m) / pace)))
            legs.append(Leg(duration_s, pace, 122 + rng.uniform(-6, 8)))
            done_m += legs[-1].distance_m
        stops = _stops(rng, sum(leg.duration_s for leg in legs), False)
        ride = self._finish(day, slot, "Bike ride", "17:30", rng, ("loop",), legs, stops, 14.0, None, start)
        ride.activity.update(type="Ride", sport_type="Ride", device_watts=False)
        ride.activity.pop("average_cadence", None)
        return replace(ride, recipe=replace(_recipe(ride), cadence=None))

    def swim(self, day: date, slot: int) -> DemoActivity:
        """1200 m in a pool: no position, no heart rate."""
        rng = self.rng_of(self.activity_id(day, slot))
        legs = [Leg(rng.randint(300, 360), 0.72 * rng.uniform(0.95, 1.05), 120) for _ in range(5)]
        swim = self._finish(day, slot, "Pool swim", "07:00", rng, ("pool",), legs, ((700, 60, False),), 0.0, None)
        swim.activity.update(type="Swim", sport_type="Swim", average_cadence=None)
        _forget_heartrate(swim.activity)
        return replace(swim, recipe=replace(_recipe(swim), cadence=None, average_heartrate=None))

    def unknown_sport(self, day: date, slot: int) -> DemoActivity:
        """A sport that did not exist when the program was written: Strava adds some every year."""
        rng = self.rng_of(self.activity_id(day, slot))
        legs = [Leg(600, 1.1 * rng.uniform(0.8, 1.2), 128) for _ in range(5)]
        play = self._finish(day, slot, "Something with a ball", "15:00", rng, ("treadmill",), legs, (), 0.0, None)
        play.activity.update(type="Workout", sport_type="PaddleTennisOfTheFuture", trainer=False, athlete_count=4)
        return play

    def manual(self, day: date, slot: int) -> DemoActivity:
        """A run typed in afterwards: no streams, no heart rate."""
        made = self.run(day, slot, "Evening run, watch was flat", 6_000, "18:00", section="treadmill")
        made.activity.update(
            manual=True,
            trainer=False,
            distance=6000.0,
            moving_time=2160,
            elapsed_time=2160,
            average_speed=2.778,
            max_speed=0,
            total_elevation_gain=0,
            upload_id=None,
            external_id=None,
            device_name=None,
            laps=[],
            splits_metric=[],
        )
        _forget_heartrate(made.activity)
        for key in ("average_cadence", "upload_id_str", "suffer_score", "average_temp"):
            made.activity.pop(key, None)
        return replace(made, recipe=None)

    def _finish(
        self,
        day: date,
        slot: int,
        name: str,
        at: str,
        rng: random.Random,
        sections: tuple[str, ...],
        legs: Sequence[Leg],
        stops: Sequence[tuple[int, int, bool]],
        hilliness_m: float,
        workout_type: int | None,
        start: datetime | None = None,
    ) -> DemoActivity:
        """The record that belongs to legs and stops."""
        activity_id = self.activity_id(day, slot)
        if start is None:
            local = datetime.combine(day, time.fromisoformat(at), self.zone)
            start = local.astimezone(UTC) + timedelta(seconds=rng.randint(-600, 900))
        moving_s = sum(leg.duration_s for leg in legs)
        heartrates = _settled_heartrates(legs)
        average_hr = sum(hr * leg.duration_s for hr, leg in zip(heartrates, legs, strict=True)) / moving_s
        recipe = Recipe(
            seed=self.seed * 1_000_003 + activity_id + 1,
            sections=sections,
            legs=tuple(legs),
            stops=tuple(stops),
            distance_m=round(sum(leg.distance_m for leg in legs), 1),
            average_heartrate=round(average_hr, 1),
            # Strava gives a float, mostly a whole one.
            max_heartrate=round(max(heartrates)) + 4.0 + (0.5 if activity_id % 9 == 0 else 0.0),
            cadence=round(79 + 3.2 * _mean_speed(legs), 1),
            hilliness_m=hilliness_m,
            origin_m=(rng.uniform(-40, 40), rng.uniform(-40, 40)),
        )
        record = self._record(activity_id, name, start, recipe, workout_type, rng)
        return DemoActivity(record, recipe)

    def _record(
        self,
        activity_id: int,
        name: str,
        start: datetime,
        recipe: Recipe,
        workout_type: int | None,
        rng: random.Random,
    ) -> JsonDict:
        local = start.astimezone(self.zone)
        standard = (local.utcoffset() or timedelta()) - (local.dst() or timedelta())
        minutes = int(standard.total_seconds() // 60)
        sign = "-" if minutes < 0 else "+"
        moving_s = sum(leg.duration_s for leg in recipe.legs)
        elapsed_s = moving_s + sum(lasts_s for _, lasts_s, _ in recipe.stops)
        outdoors = not {"treadmill", "pool"} & set(recipe.sections)
        place = _latlng(*recipe.origin_m)
        gain_m, low_m, high_m = _climb(recipe)
        average_mps = recipe.distance_m / moving_s
        record: JsonDict = {
            "resource_state": 3,
            "athlete": {"id": ATHLETE_ID, "resource_state": 1},
            "name": name,
            "distance": recipe.distance_m,
            # Strava means whole seconds, but other sources of its data now and then let halves through.
            "moving_time": moving_s + 0.5 if recipe.stops and activity_id % 13 == 0 else moving_s,
            "elapsed_time": elapsed_s,
            "total_elevation_gain": round(gain_m, 1),
            "type": "Run",
            "sport_type": "Run",
            "workout_type": workout_type,
            "id": activity_id,
            "start_date": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "start_date_local": local.strftime("%Y-%m-%dT%H:%M:%SZ"),  # Strava's false Z
            "timezone": f"(GMT{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}) {self.zone_name}",
            "utc_offset": (local.utcoffset() or timedelta()).total_seconds(),
            "location_city": None,
            "location_state": None,
            "location_country": None,
            "achievement_count": 0,
            "kudos_count": rng.randint(0, 9),
            "comment_count": 0,
            "athlete_count": 0 if activity_id // 100 % 4 == 0 else 1,
            "photo_count": 0,
            "map": {"id": f"a{activity_id}", "polyline": "", "summary_polyline": "", "resource_state": 3},
            "trainer": "treadmill" in recipe.sections,
            "commute": False,
            "manual": False,
            "private": False,
            "visibility": "followers_only",
            "flagged": False,
            "gear_id": None,
            "start_latlng": place if outdoors else [],
            "end_latlng": place if outdoors else [],
            "average_speed": round(average_mps, 3),
            "max_speed": round(max(leg.speed_mps for leg in recipe.legs) * 1.06, 3),
            "average_cadence": recipe.cadence,
            "average_temp": rng.randint(6, 22),
            "has_heartrate": True,
            "average_heartrate": recipe.average_heartrate,
            "max_heartrate": recipe.max_heartrate,
            "heartrate_opt_out": False,
            "display_hide_heartrate_option": True,
            "elev_high": round(high_m, 1),
            "elev_low": round(low_m, 1),
            "upload_id": activity_id + 1_000_000_000,
            "upload_id_str": str(activity_id + 1_000_000_000),
            "external_id": f"demo_{activity_id}.fit",
            "from_accepted_tag": False,
            "pr_count": 0,
            "total_photo_count": 0,
            "has_kudoed": False,
            "suffer_score": round(moving_s / 60 * max(0.2, ((recipe.average_heartrate or 140) - 100) / 45) * 2) / 2,
            "description": None,
            "calories": round(recipe.distance_m * 0.07, 1),
            "perceived_exertion": None,
            "prefer_perceived_exertion": None,
            "device_name": "Example Watch 3",
        }
        if not outdoors:
            for key in ("elev_high", "elev_low"):
                del record[key]
        if activity_id % 7 == 0:  # records are not all alike: nothing but id and sport can be relied on
            for key in ("average_temp", "workout_type", "suffer_score"):
                record.pop(key, None)
        record["laps"] = _laps(record, recipe)
        record["splits_metric"] = _splits(recipe)
        return record


def _mean_speed(legs: Sequence[Leg]) -> float:
    """Mean speed of the legs. [m/s]"""
    return sum(leg.distance_m for leg in legs) / sum(leg.duration_s for leg in legs)


def _recipe(made: DemoActivity) -> Recipe:
    if made.recipe is None:
        raise ValueError("a manual activity has no recipe")
    return made.recipe


def _forget_heartrate(record: JsonDict) -> None:
    record["has_heartrate"] = False
    for key in ("average_heartrate", "max_heartrate", "suffer_score"):
        record.pop(key, None)


def _stops(rng: random.Random, moving_s: int, none: bool) -> tuple[tuple[int, int, bool], ...]:
    """Traffic lights and a drink: about one stop per 25 minutes, half of them with the watch paused."""
    if none:
        return ()
    stops: list[tuple[int, int, bool]] = []
    at_s = rng.randint(400, 1500)
    while at_s < moving_s - 200:
        stops.append((at_s, rng.randint(14, 75), rng.random() < 0.5))
        at_s += rng.randint(700, 2200)
    return tuple(stops)


def _settled_heartrates(legs: Sequence[Leg]) -> list[float]:
    """Mean heart rate of each leg, following the effort with a delay. [1/min]"""
    heartrate, means = REST_HR + 30, []
    for leg in legs:
        share = 45.0 / leg.duration_s * (1 - math.exp(-leg.duration_s / 45.0))
        means.append(leg.heartrate + (heartrate - leg.heartrate) * share)
        heartrate = leg.heartrate + (heartrate - leg.heartrate) * math.exp(-leg.duration_s / 45.0)
    return means


# ---- the live ones ----


def _live(runner: _Runner, until: datetime, history: Sequence[DemoActivity]) -> tuple[DemoActivity, ...]:
    today = until.astimezone(runner.zone).date()
    window_start = until - timedelta(hours=20)
    taken: list[tuple[datetime, datetime]] = []

    def slot_for(duration_s: float, liking: Callable[[datetime], float]) -> datetime:
        """The best start in the window: free, in daylight if possible, then as liked."""
        length = timedelta(seconds=duration_s)
        best: tuple[float, datetime] | None = None
        start = window_start + timedelta(minutes=7)
        while start + length <= until - timedelta(minutes=10):
            margin = timedelta(minutes=20)
            if all(start + length + margin <= begin or start >= end + margin for begin, end in taken):
                local = start.astimezone(runner.zone)
                hour = local.hour + local.minute / 60
                night = 50 * (max(0.0, 6 - hour) + max(0.0, hour + duration_s / 3600 - 22))
                cost = night + liking(local)
                if best is None or cost < best[0]:
                    best = (cost, start)
            start += timedelta(minutes=10)
        assert best is not None  # three activities of some 4.5 h always fit into 20 h
        taken.append((best[1], best[1] + length))
        return best[1]

    def hour_of(local: datetime) -> float:
        return local.hour + local.minute / 60

    long_guess_s = 2.75 * 3600
    long_start = slot_for(long_guess_s, lambda local: abs(hour_of(local) - 7.6) + 30 * (local.date() != today))
    easy_start = slot_for(2900, lambda local: abs(hour_of(local) - 18) + 6 * (local > long_start))
    ride_start = slot_for(4200, lambda local: abs(hour_of(local) - 14.5) + 6 * (local < long_start))

    recent = [
        float(each.activity["distance"])
        for each in history
        if each.activity["sport_type"] == "Run" and long_start - timedelta(days=30) <= each.start < long_start
    ]
    longest_m = max(recent, default=9_000.0)

    def named(start: datetime) -> tuple[date, str]:
        local = start.astimezone(runner.zone)
        part = "morning" if local.hour < 12 else "afternoon" if local.hour < 17 else "evening"
        return local.date(), ("this " if local.date() == today else "yesterday ") + part

    easy_day, easy_when = named(easy_start)
    easy = runner.run(easy_day, 50, "Easy run", min(6_400.0, 0.55 * longest_m), at="", start=easy_start)
    long_day, long_when = named(long_start)
    long_run = runner.run(
        long_day,
        51,
        "Long run, felt great, kept going",
        JUMP_RATIO * longest_m,
        at="",
        hilliness_m=LIVE_HILLINESS_M,
        workout_type=2,
        start=long_start,
    )
    long_run = _stretched(long_run, JUMP_RATIO * longest_m)
    ride_day, ride_when = named(ride_start)
    ride = runner.ride(ride_day, 52, 24_000.0, start=ride_start)
    return (
        replace(easy, story=f"An easy run {easy_when}, well within the usual: no reason to say anything."),
        replace(
            long_run,
            story=f"A long run {long_when}: {long_run.activity['distance'] / 1000:.1f} km, "
            f"{JUMP_RATIO:.2f} times the longest of the 30 days before, and through the hills. The runner should hear"
            " of both.",
        ),
        replace(ride, story=f"A bike ride {ride_when}: it is shown, but does not count as running."),
    )


def _stretched(made: DemoActivity, distance_m: float) -> DemoActivity:
    """The same activity with its distance exact, at a pace that differs by a hair."""
    recipe = _recipe(made)
    factor = distance_m / recipe.distance_m
    legs = tuple(replace(leg, speed_mps=leg.speed_mps * factor) for leg in recipe.legs)
    recipe = replace(recipe, legs=legs, distance_m=round(distance_m, 1))
    record = made.activity | {"distance": recipe.distance_m, "average_speed": round(_mean_speed(legs), 3)}
    record["laps"] = _laps(record, recipe)
    record["splits_metric"] = _splits(recipe)
    return DemoActivity(record, recipe)


# ---- when the watch took a sample ----


class _Clock:
    """
    The samples of one recording.

    Mostly one a second, but a watch skips a few seconds now and then, and none are taken while it is paused.
    """

    def __init__(self, recipe: Recipe) -> None:
        rng = random.Random(recipe.seed)
        self.moving_s = sum(leg.duration_s for leg in recipe.legs)
        self.stops = recipe.stops
        self.elapsed_s = self.moving_s + sum(lasts_s for _, lasts_s, _ in recipe.stops)
        missing: list[tuple[int, int]] = []  # [first, end) in elapsed seconds
        shift_s = 0
        for at_s, lasts_s, paused in recipe.stops:
            if paused:
                missing.append((at_s + shift_s + 1, at_s + shift_s + lasts_s))
            shift_s += lasts_s
        at_s = rng.randint(20, 60)
        while at_s < self.elapsed_s - 10:
            missing.append((at_s, at_s + rng.choice((1, 1, 2, 3, 5))))
            at_s += rng.randint(8, 70)
        self.missing = sorted(missing)

    def times(self) -> list[int]:
        """Elapsed seconds of each sample. [s]"""
        times: list[int] = []
        at_s = 0
        for first_s, end_s in self.missing:
            times.extend(range(at_s, first_s))
            at_s = max(at_s, end_s)
        times.extend(range(at_s, self.elapsed_s + 1))
        return times

    def elapsed_at(self, moving_s: float) -> float:
        """Elapsed time at a moving time. [s]"""
        return moving_s + sum(lasts_s for at_s, lasts_s, _ in self.stops if at_s < moving_s)


def _laps(record: JsonDict, recipe: Recipe) -> list[JsonDict]:
    """One lap per press of the button; ``start_index`` and ``end_index`` point into the streams."""
    clock = _Clock(recipe)
    times = clock.times()
    start = datetime.fromisoformat(record["start_date"])
    local_start = datetime.fromisoformat(record["start_date_local"])
    laps: list[JsonDict] = []
    moving_s = 0
    for number in dict.fromkeys(leg.lap for leg in recipe.legs):
        legs = [leg for leg in recipe.legs if leg.lap == number]
        lap_s = sum(leg.duration_s for leg in legs)
        begin_s, end_s = clock.elapsed_at(moving_s), clock.elapsed_at(moving_s + lap_s)
        distance_m = sum(leg.distance_m for leg in legs)
        last = moving_s + lap_s >= clock.moving_s
        laps.append(
            {
                "id": record["id"] * 10 + number,
                "resource_state": 2,
                "name": f"Lap {number}",
                "activity": {"id": record["id"], "visibility": record["visibility"], "resource_state": 1},
                "athlete": {"id": ATHLETE_ID, "resource_state": 1},
                "elapsed_time": round(end_s - begin_s),
                "moving_time": lap_s,
                "start_date": (start + timedelta(seconds=begin_s)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "start_date_local": (local_start + timedelta(seconds=begin_s)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "distance": round(distance_m, 1),
                "average_speed": round(distance_m / lap_s, 2),
                "max_speed": round(max(leg.speed_mps for leg in legs) * 1.06, 2),
                "lap_index": number,
                "split": number,
                "start_index": bisect.bisect_left(times, begin_s),
                "end_index": len(times) - 1 if last else bisect.bisect_left(times, end_s) - 1,
                "total_elevation_gain": record["total_elevation_gain"] if last and number == 1 else 0.0,
                "device_watts": False,
                "pace_zone": 0,
            }
        )
        moving_s += lap_s
    return laps


def _splits(recipe: Recipe) -> list[JsonDict]:
    """Every full kilometre, and the rest."""
    ends_m, ends_s = [0.0], [0.0]
    for leg in recipe.legs:
        ends_m.append(ends_m[-1] + leg.distance_m)
        ends_s.append(ends_s[-1] + leg.duration_s)
    splits: list[JsonDict] = []
    begin_m = begin_s = 0.0
    while ends_m[-1] - begin_m > 20:
        end_m = min(begin_m + 1000, ends_m[-1])
        at = min(max(1, bisect.bisect_left(ends_m, end_m)), len(ends_m) - 1)
        share = (end_m - ends_m[at - 1]) / (ends_m[at] - ends_m[at - 1])
        end_s = ends_s[at - 1] + share * (ends_s[at] - ends_s[at - 1])
        splits.append(
            {
                "distance": round(end_m - begin_m, 1),
                "elapsed_time": round(end_s - begin_s),
                "moving_time": round(end_s - begin_s),
                "elevation_difference": 0.0,
                "split": len(splits) + 1,
                "average_speed": round((end_m - begin_m) / (end_s - begin_s), 2),
                "pace_zone": 0,
            }
        )
        begin_m, begin_s = end_m, end_s
    return splits


# ---- where ----


def _latlng(east_m: float, north_m: float) -> list[float]:
    lat_deg = HOME_DEG[0] + north_m * DEG_PER_M
    lng_deg = HOME_DEG[1] + east_m * DEG_PER_M / math.cos(math.radians(HOME_DEG[0]))
    return [round(lat_deg, 6), round(lng_deg, 6)]


def track_point(distance_m: float) -> Point:
    """
    Point on the measured line of lane 1, anticlockwise from the end of the home bend.

    Parameters
    ----------
    distance_m : float
        Distance run since the start line, any number of laps. [m]

    Returns
    -------
    (float, float)
        East and north of the start line. [m]
    """
    at_m = distance_m % LAP_M
    bend_m = math.pi * LANE_RADIUS_M
    if at_m < STRAIGHT_M:
        return at_m, 0.0
    at_m -= STRAIGHT_M
    if at_m < bend_m:
        angle = at_m / LANE_RADIUS_M
        return STRAIGHT_M + LANE_RADIUS_M * math.sin(angle), LANE_RADIUS_M * (1 - math.cos(angle))
    at_m -= bend_m
    if at_m < STRAIGHT_M:
        return STRAIGHT_M - at_m, 2 * LANE_RADIUS_M
    angle = (at_m - STRAIGHT_M) / LANE_RADIUS_M
    return -LANE_RADIUS_M * math.sin(angle), LANE_RADIUS_M * (1 + math.cos(angle))


def _waves(recipe: Recipe) -> list[tuple[float, int, float]]:
    """Height of a round course as whole waves (amplitude [m], number, phase): it ends as high as it began."""
    rng = random.Random(recipe.seed + 1)
    per_wave_m = 900.0
    number = max(1, round(recipe.distance_m / len(recipe.sections) / per_wave_m))
    return [
        (recipe.hilliness_m * 0.7, max(1, number // 3), rng.uniform(0, math.tau)),
        (recipe.hilliness_m * 0.3, number + 1, rng.uniform(0, math.tau)),
    ]


def _height(waves: Sequence[tuple[float, int, float]], share: float) -> float:
    return sum(a * (math.sin(math.tau * n * share + phase) - math.sin(phase)) for a, n, phase in waves)


def _hill_position(at_m: float, length_m: float) -> float:
    """How far up the hill, going up and down six times in `length_m`. [m]"""
    phase = (at_m / length_m * 6) % 1.0
    return HILL_M * (1 - abs(2 * phase - 1))


def _climb(recipe: Recipe) -> tuple[float, float, float]:
    """Ascent, lowest and highest point. [m]"""
    heights: list[float] = []
    waves = _waves(recipe)
    for kind in recipe.sections:
        if kind == "loop":
            heights += [_height(waves, i / 160) for i in range(161)]
        elif kind == "hills":
            heights += [HILL_GRADE * _hill_position(i, 120) for i in range(121)]
    heights = heights or [0.0]
    gain_m = sum(max(0.0, b - a) for a, b in pairwise(heights))
    return gain_m, 12.0 + min(heights), 12.0 + max(heights)


def _streams(recipe: Recipe) -> dict[str, list[Any]]:
    """Run the recipe second by second and keep what the watch recorded."""
    rng = random.Random(recipe.seed + 2)
    times = _Clock(recipe).times()
    elapsed_s = times[-1]
    speeds, targets, sections, moving = _by_second(recipe)

    # Speed and heart rate follow the effort with a delay; distance is their sum, scaled to the record's.
    smooth = [0.0] * (elapsed_s + 1)
    distance = [0.0] * (elapsed_s + 1)
    heartrate = [0.0] * (elapsed_s + 1)
    speed, pulse, wobble = speeds[1], REST_HR + 30, 0.0
    gauss = rng.gauss
    for t in range(1, elapsed_s + 1):
        wobble = 0.9 * wobble + gauss(0.0, 0.035)
        if moving[t]:
            speed += (speeds[t] - speed) * 0.4
            smooth[t] = max(0.2, speed + wobble * speed * 0.3)
        distance[t] = distance[t - 1] + smooth[t]
        pulse += (targets[t] - pulse) / 45.0
        heartrate[t] = pulse
    scale = recipe.distance_m / distance[-1]
    distance = [each * scale for each in distance]

    streams: dict[str, list[Any]] = {
        "time": times,
        "distance": [round(distance[t], 1) for t in times],
        "velocity_smooth": [round(smooth[t] * scale, 3) for t in times],
        "moving": [moving[t] for t in times],
    }
    if recipe.average_heartrate is not None and recipe.max_heartrate is not None:
        shift = recipe.average_heartrate - sum(heartrate[t] for t in times) / len(times)
        top = int(recipe.max_heartrate)
        pulses = [min(top, round(heartrate[t] + shift + gauss(0.0, 0.7))) for t in times]
        pulses[max(range(len(pulses)), key=pulses.__getitem__)] = top
        streams["heartrate"] = pulses
    if recipe.cadence is not None:
        mean_mps = _mean_speed(recipe.legs)
        streams["cadence"] = [
            round(recipe.cadence + 3.2 * (smooth[t] - mean_mps) + gauss(0.0, 0.8)) if moving[t] else 0 for t in times
        ]
    if not {"treadmill", "pool"} & set(recipe.sections):
        east, north, height = _path(recipe, distance, sections)
        streams["latlng"] = _measured_positions(east, north, times, rng)
        streams["altitude"] = [round((12.0 + height[t]) * 5) / 5 for t in times]  # a barometer's 0.2 m
        streams["grade_smooth"] = _grades(height, distance, times)
    return streams


def _by_second(recipe: Recipe) -> tuple[list[float], list[float], list[int], list[bool]]:
    """Speed, heart rate aimed at, section and whether moving, for each elapsed second from 0."""
    speeds, targets, sections = [0.0], [REST_HR + 30], [0]
    for leg in recipe.legs:
        speeds += [leg.speed_mps] * leg.duration_s
        targets += [leg.heartrate] * leg.duration_s
        sections += [leg.section] * leg.duration_s
    moving = [False] + [True] * (len(speeds) - 1)
    for at_s, lasts_s, _ in reversed(recipe.stops):  # from the end, so that earlier positions stay right
        speeds[at_s + 1 : at_s + 1] = [0.0] * lasts_s
        targets[at_s + 1 : at_s + 1] = [110.0] * lasts_s
        sections[at_s + 1 : at_s + 1] = [sections[at_s]] * lasts_s
        moving[at_s + 1 : at_s + 1] = [False] * lasts_s
    return speeds, targets, sections, moving


def _path(
    recipe: Recipe, distance: Sequence[float], sections: Sequence[int]
) -> tuple[list[float], list[float], list[float]]:
    """True position east and north of home, and height, for each elapsed second. [m]"""
    rng = random.Random(recipe.seed + 3)
    waves = _waves(recipe)
    east, north, height = [], [], []
    bounds = [0] + [t for t in range(1, len(sections)) if sections[t] != sections[t - 1]] + [len(sections)]
    turn = math.radians(25)
    for first, end in pairwise(bounds):
        kind = recipe.sections[sections[first]]
        begin_m = distance[max(0, first - 1)]
        length_m = max(1.0, distance[end - 1] - begin_m)
        x, y, last_m = 0.0, 0.0, begin_m
        # A heading that turns once while waving k times a turn, k > 1, comes back to where it began.
        folds = rng.choice((2, 3, 4, 5))
        bends = (rng.uniform(0.2, 0.6), rng.uniform(0.1, 0.4))
        phases = (rng.uniform(0, math.tau), rng.uniform(0, math.tau))
        direction = rng.uniform(0, math.tau)
        for t in range(first, end):
            at_m = distance[t] - begin_m
            if kind == "track":
                x, y = track_point(at_m)
                up_m = 0.0
            elif kind == "hills":
                x, y = _hill_position(at_m, length_m), 0.0
                up_m = HILL_GRADE * x
            else:
                share = math.tau * at_m / length_m
                heading = (
                    direction
                    + share
                    + bends[0] * math.sin(folds * share + phases[0])
                    + bends[1] * math.sin(2 * folds * share + phases[1])
                )
                x += (distance[t] - last_m) * math.cos(heading)
                y += (distance[t] - last_m) * math.sin(heading)
                up_m = _height(waves, at_m / length_m)
            last_m = distance[t]
            if kind == "loop":
                east.append(recipe.origin_m[0] + x)
                north.append(recipe.origin_m[1] + y)
            else:
                east.append(recipe.origin_m[0] + x * math.cos(turn) - y * math.sin(turn))
                north.append(recipe.origin_m[1] + x * math.sin(turn) + y * math.cos(turn))
            height.append(up_m)
    return east, north, height


def _measured_positions(
    east: Sequence[float], north: Sequence[float], times: Sequence[int], rng: random.Random
) -> list[list[float]]:
    """What GPS says: off by some 2 to 3 m, with an error that wanders rather than jumps. [deg]"""
    sigma_m = rng.uniform(1.6, 2.4)  # per axis: 2.3 to 3.4 m altogether
    keep = math.exp(-1 / 25)
    fresh = sigma_m * math.sqrt(1 - keep * keep)
    x, y = rng.gauss(0, sigma_m), rng.gauss(0, sigma_m)
    gauss = rng.gauss
    measured = []
    lng_per_m = DEG_PER_M / math.cos(math.radians(HOME_DEG[0]))
    for t in times:
        x, y = keep * x + gauss(0, fresh), keep * y + gauss(0, fresh)
        lat_deg = HOME_DEG[0] + (north[t] + y) * DEG_PER_M
        measured.append([round(lat_deg, 6), round(HOME_DEG[1] + (east[t] + x) * lng_per_m, 6)])
    return measured


def _grades(height: Sequence[float], distance: Sequence[float], times: Sequence[int]) -> list[float]:
    """Rise over run across some 8 seconds. [%]"""
    last = len(height) - 1
    grades = []
    for t in times:
        a, b = max(0, t - 4), min(last, t + 4)
        run_m = distance[b] - distance[a]
        grades.append(round(100 * (height[b] - height[a]) / run_m, 1) if run_m > 2 else 0.0)
    return grades
