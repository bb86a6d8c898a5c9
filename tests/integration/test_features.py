"""From samples to stored features: once, again when the version rises, and never more than the features."""

import itertools
import json
import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event

from loadwatch.adapters.db.tables import Base
from loadwatch.adapters.nudge import no_nudge
from loadwatch.adapters.processes import ProcessLeases
from loadwatch.bootstrap import Services, make_services
from loadwatch.domain.activity import HillReps, Recording, Repetition, RunFeatures, Streams, TrackWork
from loadwatch.domain.daily import IsoWeek, day_totals
from loadwatch.services.errors import NotFound, RateLimited, StravaError
from loadwatch.services.ingest import HistoryBudget, IngestService
from loadwatch.services.ports import ActivityRecord, Analysis, Connection, ListPage, RunDetail, TokenPair
from loadwatch.services.tokens import TokenService
from loadwatch.settings import Settings
from tests.support.stack import running_stack

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RETRY_S = (60, 300)
TRACK = TrackWork(True, 2000.0, 5.0, 400.0, 1, True, ((600.0, 1100.5), (1200.0, 1300.0)))


def features_of(recording: Recording) -> RunFeatures:
    """Features that can be worked out in one's head: of a climb of x m, x m of descent as well."""
    altitude, distance = recording.streams.altitude_m, recording.streams.distance_m
    assert distance is not None
    climbed = None if altitude is None else float(np.ptp(altitude))
    return RunFeatures(
        version=1,
        distance_m=float(distance[-1]),
        moving_s=float(recording.streams.time_s[-1]),
        altitude_quality="none" if altitude is None else "baro",
        ascent_m=climbed,
        descent_m=climbed,
        eccentric_load_m=climbed,
        flat_equivalent_m=None,
        hill_share=0.25,
        hill_reps=HillReps(6, 20.0, 19.5),
        easy_speed_m_s=2.9,
        best_20s_m_s=6.1,
        speed_profile_m=(*(0.0,) * 30, 1234.56, 100 / 3, *(0.0,) * 69),
        reps=(Repetition(600.0, 690.5, 400.0, 90.0), Repetition(780.5, 870.0, 400.0, None)),
        track=TRACK,
        warnings=("made up",),
    )


def samples(km: float, climb_m: float | None = 40.0) -> Streams:
    """A run at 10 km/h up a hill, along a meridian."""
    n = 61
    return Streams(
        time_s=np.linspace(0, km * 360, n),
        distance_m=np.linspace(0, km * 1000, n),
        latitude_deg=np.linspace(52.123456, 52.2, n),
        longitude_deg=np.full(n, 13.654321),
        altitude_m=None if climb_m is None else np.linspace(30, 30 + climb_m, n),
    )


def activity(source_id: int, days_ago: float, km: float = 8.0, **more: Any) -> ActivityRecord:
    start = NOW - timedelta(days=days_ago)
    record = ActivityRecord(
        source_id=source_id,
        name=f"Run {source_id}",
        sport="Run",
        start=start,
        local_date=start.date(),
        timezone=None,
        distance_m=km * 1000,
        moving_s=km * 360,
        elapsed_s=km * 360,
        ascent_m=40.0,
        average_heartrate_bpm=None,
        is_race=False,
        is_manual=False,
    )
    return replace(record, **more)


@dataclass
class PretendedStrava:
    """What the API has, and what it was asked for."""

    activities: dict[int, ActivityRecord] = field(default_factory=dict)
    samples: dict[int, Streams] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    error: StravaError | None = None

    def activity(self, access_token: str, source_id: int) -> ActivityRecord:
        self._ask("activity", source_id)
        if source_id not in self.activities:
            raise NotFound
        return self.activities[source_id]

    def streams(self, access_token: str, source_id: int) -> Streams | None:
        self._ask("streams", source_id)
        return self.samples.get(source_id)

    def list_page(self, access_token: str, after: datetime, page: int) -> ListPage:
        return ListPage(tuple(self.activities.values()), (), len(self.activities))

    def refresh(self, refresh_token: str) -> TokenPair:
        raise AssertionError("the token is fresh")

    def _ask(self, what: str, source_id: int) -> None:
        self.asked.append((what, source_id))
        if self.error is not None:
            raise self.error


@dataclass
class House:
    """One server with one connected athlete, whose features are made by functions of the test's own."""

    services: Services
    now: list[datetime]
    strava: PretendedStrava = field(default_factory=PretendedStrava)
    athlete_id: int = 0

    def __post_init__(self) -> None:
        self.athlete_id = self.add_athlete(77)

    def add_athlete(self, strava_id: int) -> int:
        with self.services.store.write() as tx:
            athlete_id = tx.add_athlete("Ann", None, "UTC", NOW)
            tx.put_connection(
                Connection(athlete_id, strava_id, "a", "r", NOW + timedelta(days=10), frozenset(), "connected"), NOW
            )
        return athlete_id

    def ingest(self, made_by: Any = features_of, version: int = 1, per_quarter: int = 20, per_day: int = 300) -> Any:
        def of_version(recording: Recording) -> RunFeatures:
            return replace(made_by(recording), version=version)

        store, strava, clock = self.services.store, self.strava, self.services.clock
        tokens = TokenService(store, strava, clock)
        analysis = Analysis(version, of_version, lambda streams: True)
        return IngestService(
            store,
            strava,
            tokens,
            no_nudge(),
            ProcessLeases(),
            clock,
            RETRY_S,
            analysis,
            HistoryBudget(per_quarter, per_day),
        )

    def has(self, *records: ActivityRecord, streams: bool = True, climb_m: float | None = 40.0) -> None:
        """Let Strava have these activities."""
        for record in records:
            self.strava.activities[record.source_id] = record
            if streams:
                self.strava.samples[record.source_id] = samples((record.distance_m or 0) / 1000, climb_m)

    def arrive(self, *source_ids: int, ingest: Any = None, athlete_id: int | None = None) -> None:
        """Each as an event would make it arrive."""
        for source_id in source_ids:
            with self.services.store.write() as tx:
                job_id = tx.want(athlete_id or self.athlete_id, "strava", source_id, deletion=False, now=self.now[0])
            assert (ingest or self.ingest()).work_off(job_id)

    def work_off(self, ingest: Any) -> None:
        with self.services.store.read() as tx:
            due = tx.due_job_ids(self.now[0], 1000)
        for job_id in due:
            ingest.work_off(job_id)

    def later(self, **more: float) -> None:
        self.now[0] += timedelta(**more)

    def detail(self, source_id: int, athlete_id: int | None = None) -> RunDetail:
        with self.services.store.read() as tx:
            found = tx.run_by_source(athlete_id or self.athlete_id, "strava", source_id)
        assert found is not None
        return found

    def features(self, source_id: int) -> RunFeatures | None:
        return self.detail(source_id).run.features

    def asked(self) -> list[tuple[str, int]]:
        """What Strava was asked for since the last look."""
        asked = list(self.strava.asked)
        self.strava.asked.clear()
        return asked

    def waits_for_assessment(self) -> bool:
        with self.services.store.read() as tx:
            return tx.assessment_waits(self.athlete_id)

    def assess(self) -> None:
        self.services.assess.assess(self.athlete_id)

    def day(self, days_ago: float) -> Any:
        day = (NOW - timedelta(days=days_ago)).date()
        with self.services.store.read() as tx:
            (total,) = tx.day_totals(self.athlete_id, day, day)
        return total


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    now = [NOW]
    settings = Settings(data_dir=tmp_path, database_url=database_url, secret_key="k")
    services = make_services(settings, clock=lambda: now[0])
    yield House(services, now)
    services.close()


# a run arrives


def test_what_the_samples_showed_is_stored_and_read_back(house: House):
    house.has(activity(1, 0.1))

    house.arrive(1)

    found = house.features(1)
    assert found is not None
    expected = features_of(Recording("Run", NOW, samples(8)))
    assert replace(found, speed_profile_m=None) == replace(expected, speed_profile_m=None)
    # Tenths of a metre are kept of the profile, and every band.
    assert found.speed_profile_m == (*(0.0,) * 30, 1234.6, 33.3, *(0.0,) * 69)
    assert house.detail(1).streams == "ok"


def test_what_is_not_known_stays_unknown(house: House):
    def nothing(recording: Recording) -> RunFeatures:
        unknown = dict.fromkeys(f for f in asdict(features_of(recording)) if f not in ("reps", "warnings"))
        return RunFeatures(**{**unknown, "altitude_quality": "none", "version": 1}, reps=())  # type: ignore[arg-type]

    house.has(activity(1, 0.1))
    house.arrive(1, ingest=house.ingest(nothing))

    found = house.features(1)
    assert found == nothing(Recording("Run", NOW, samples(8)))
    with house.services.engines.read.connect() as raw:
        row = raw.exec_driver_sql(
            "SELECT hill_reps IS NULL, track IS NULL, speed_profile_m IS NULL FROM run_features"
        )
        assert [bool(v) for v in row.one()] == [True, True, True]


def test_the_reader_gets_what_strava_says_beside_the_samples(house: House):
    seen: list[Recording] = []

    def watching(recording: Recording) -> RunFeatures:
        seen.append(recording)
        return features_of(recording)

    house.has(activity(1, 0.1, sport="TrailRun", ascent_m=123.0, distance_m=8010.0))
    house.arrive(1, ingest=house.ingest(watching))

    (recording,) = seen
    assert (recording.sport, recording.start) == ("TrailRun", NOW - timedelta(days=0.1))
    assert (recording.reported_ascent_m, recording.reported_distance_m) == (123.0, 8010.0)
    assert recording.has_barometer is None


def test_days_hold_the_descent_and_the_track_of_their_runs(house: House):
    house.has(activity(1, 0.1), activity(2, 0.2), climb_m=40)

    house.arrive(1, 2)

    assert (house.day(0.1).descent_m, house.day(0.1).eccentric_load_m, house.day(0.1).track_m) == (80, 80, 4000)


def broken(recording: Recording) -> RunFeatures:
    assert recording.streams.latitude_deg is not None
    raise ValueError(f"cannot read {recording.streams.latitude_deg[0]}")


def without_an_end(recording: Recording) -> RunFeatures:
    return replace(features_of(recording), hill_share=float("nan"))


@pytest.mark.parametrize("reader", [broken, without_an_end])
def test_a_bug_in_the_reader_costs_the_features_and_not_the_run(house: House, caplog: Any, reader: Any):
    house.has(activity(1, 0.1))

    with caplog.at_level(logging.ERROR):
        house.arrive(1, ingest=house.ingest(reader))

    assert house.detail(1).run.distance_m == 8000
    assert house.features(1) is None
    assert house.detail(1).features_error in ("ValueError", "AssertionError")
    assert "activity 1 " in caplog.text
    assert "52.123456" not in caplog.text
    assert house.day(0.1).distance_m == 8000
    assert house.day(0.1).descent_m is None


def test_a_reader_that_failed_is_tried_again_only_when_its_version_rises(house: House):
    house.has(activity(1, 0.1))
    house.arrive(1, ingest=house.ingest(broken))

    assert house.ingest().want_features() == 0

    mended = house.ingest(version=2)
    assert mended.want_features() == 1
    house.work_off(mended)
    assert house.features(1) == house_features(house, version=2)
    assert house.detail(1).features_error is None


def test_a_reader_that_breaks_in_a_new_version_leaves_no_older_numbers(house: House):
    house.has(activity(1, 0.1))
    house.arrive(1)

    house.arrive(1, ingest=house.ingest(broken, version=2))

    assert house.features(1) is None
    assert house.day(0.1).descent_m is None
    assert house.waits_for_assessment()
    assert house.ingest(broken, version=2).want_features() == 0


def house_features(house: House, version: int, km: float = 8.0) -> RunFeatures:
    made = features_of(Recording("Run", NOW, samples(km)))
    return replace(made, version=version, speed_profile_m=(*(0.0,) * 30, 1234.6, 33.3, *(0.0,) * 69))


def test_an_edit_makes_the_features_anew_and_is_judged(house: House):
    house.has(activity(1, 0.1))
    house.arrive(1)
    house.assess()

    house.has(activity(1, 0.1), climb_m=90)  # corrected altitude, and nothing else
    house.arrive(1)

    features = house.features(1)
    assert features is not None
    assert features.descent_m == 90
    assert house.day(0.1).descent_m == 90
    assert house.waits_for_assessment()


def test_the_same_run_again_is_no_news(house: House):
    house.has(activity(1, 0.1))
    house.arrive(1)
    house.assess()

    house.arrive(1)

    assert not house.waits_for_assessment()


def test_an_edit_while_the_samples_are_missing_keeps_what_they_showed(house: House):
    house.has(activity(1, 0.1))
    house.arrive(1)
    before = house.features(1)
    house.has(activity(1, 0.1, km=9.0), streams=False)
    house.strava.samples.clear()

    house.arrive(1)

    assert house.detail(1).run.distance_m == 9000
    assert house.features(1) == before
    assert before is not None
    assert house.detail(1).streams == "ok"


def test_a_run_that_becomes_a_ride_loses_its_features_and_gets_them_back_with_its_sport(house: House):
    house.has(activity(1, 0.1))
    house.arrive(1)

    house.has(activity(1, 0.1, sport="Ride"))
    house.arrive(1)
    assert (house.features(1), house.detail(1).streams) == (None, "none")

    house.has(activity(1, 0.1))
    house.ingest().backfill(house.athlete_id)
    assert house.detail(1).streams == "listed"
    assert house.ingest().want_features() == 1
    house.work_off(house.ingest())
    assert house.features(1) is not None


def test_a_deleted_run_takes_its_features_along_and_no_others(house: House):
    other = house.add_athlete(88)
    house.has(activity(1, 0.1), activity(2, 0.2))
    house.arrive(1, 2)
    house.arrive(1, athlete_id=other)

    with house.services.store.write() as tx:
        tx.delete_run(house.athlete_id, "strava", 1)

    assert count(house, "run_features") == 2
    assert house.features(2) is not None
    assert house.detail(1, other).run.features is not None
    with house.services.engines.write.begin() as raw:
        raw.exec_driver_sql(f"DELETE FROM athletes WHERE id = {house.athlete_id}")
    assert count(house, "run_features") == 1


def count(house: House, table: str) -> int:
    with house.services.engines.read.connect() as raw:
        return int(raw.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def test_a_history_is_read_in_one_query(house: House):
    house.has(*(activity(n, n) for n in range(1, 13)))
    house.arrive(*range(1, 13))
    statements: list[str] = []
    event.listen(house.services.engines.read, "before_cursor_execute", lambda *a: statements.append(a[2]))

    with house.services.store.read() as tx:
        runs = tx.runs_between(house.athlete_id, NOW - timedelta(days=300))

    assert [r.features is not None for r in runs] == [True] * 12
    assert len([s for s in statements if s.startswith("SELECT")]) == 1


def test_what_the_rules_read_of_a_run_is_what_is_stored_and_of_older_runs_their_speeds(house: House):
    house.has(*(activity(n, n) for n in range(1, 7)), activity(7, 8, sport="Ride"))
    house.arrive(*range(1, 8))
    since, detailed = NOW - timedelta(days=300), NOW - timedelta(days=4, hours=12)

    with house.services.store.read() as tx:
        whole = tx.runs_between(house.athlete_id, since)
        judged = tx.runs_to_judge(house.athlete_id, since, detailed)

    assert [r.id for r in judged] == [r.id for r in whole]
    assert {r.start >= detailed for r in judged} == {True, False}
    for one, full in zip(judged, whole, strict=True):
        if full.features is None:
            assert one.features is None
        elif full.start >= detailed:
            assert one == replace(full, features=replace(full.features, hill_reps=None, reps=(), warnings=()))
        else:
            assert one.features is not None
            assert (one.distance_m, one.end) == (full.distance_m, full.end)
            assert one.features.best_20s_m_s == full.features.best_20s_m_s
            assert one.features.easy_speed_m_s == full.features.easy_speed_m_s


def test_the_empty_bands_at_the_end_of_a_profile_are_not_stored_and_read_again(house: House):
    house.has(activity(1, 1))
    house.arrive(1)

    with house.services.engines.read.connect() as raw:
        kept = raw.exec_driver_sql("SELECT CAST(speed_profile_m AS TEXT) FROM run_features").scalar_one()
    with house.services.store.read() as tx:
        (run,) = tx.runs_between(house.athlete_id, NOW - timedelta(days=300))

    assert run.features is not None
    stored = json.loads(kept)
    assert run.features.speed_profile_m == (*stored, *[0.0] * (101 - len(stored)))
    assert stored[-1] > 0


# history


def test_a_run_from_the_list_is_listed_until_its_samples_are_asked_for(house: House):
    house.has(activity(1, 3), activity(2, 4, sport="Ride"), activity(3, 5, is_manual=True))

    house.ingest().backfill(house.athlete_id)

    assert [house.detail(n).streams for n in (1, 2, 3)] == ["listed", "none", "none"]
    assert house.asked() == []


def test_each_run_of_the_past_costs_one_call(house: House):
    house.has(activity(1, 3), activity(2, 4))
    ingest = house.ingest()
    ingest.backfill(house.athlete_id)
    house.assess()

    assert ingest.want_features() == 2
    house.work_off(ingest)

    assert sorted(house.asked()) == [("streams", 1), ("streams", 2)]
    assert house.features(1) == house_features(house, version=1)
    assert house.detail(1).streams == "ok"
    assert house.day(3).descent_m == 40
    assert house.waits_for_assessment()
    assert ingest.want_features() == 0


def test_samples_do_not_renew_what_the_list_said(house: House):
    house.has(activity(1, 3))
    ingest = house.ingest()
    ingest.backfill(house.athlete_id)
    house.later(hours=1)

    ingest.want_features()
    house.work_off(ingest)

    assert house.features(1) is not None
    assert house.detail(1).fetched_at == NOW


def test_the_newest_come_first_and_what_lies_before_the_load_window_never(house: House):
    house.has(activity(1, 263), activity(2, 265), activity(3, 10), activity(4, 100))
    ingest = house.ingest(per_quarter=2)
    ingest.backfill(house.athlete_id, days=400)

    for _ in range(3):
        ingest.want_features()
        house.work_off(ingest)
        house.later(minutes=16)

    assert sorted(house.asked()[:2]) == [("streams", 3), ("streams", 4)]
    assert [house.detail(n).streams for n in (1, 2, 3, 4)] == ["ok", "listed", "ok", "ok"]


def test_the_budget_of_a_quarter_of_an_hour_is_one_for_all_workers_and_survives_them(house: House):
    house.has(*(activity(n, n) for n in range(1, 11)))
    house.ingest().backfill(house.athlete_id)

    wanted = [house.ingest(per_quarter=4).want_features() for _ in range(3)]
    house.work_off(house.ingest())
    wanted.append(house.ingest(per_quarter=4).want_features())
    house.later(minutes=14)
    wanted.append(house.ingest(per_quarter=4).want_features())
    house.later(minutes=2)
    wanted.append(house.ingest(per_quarter=4).want_features())

    assert wanted == [4, 0, 0, 0, 0, 4]


def test_the_budget_of_a_day(house: House):
    house.has(*(activity(n, n) for n in range(1, 11)))
    house.ingest().backfill(house.athlete_id)

    wanted = []
    for _ in range(4):
        wanted.append(house.ingest(per_quarter=3, per_day=5).want_features())
        house.later(minutes=16)
    house.later(hours=24)
    wanted.append(house.ingest(per_quarter=3, per_day=5).want_features())

    assert wanted == [3, 2, 0, 0, 3]


def test_a_budget_of_nothing_asks_for_nothing(house: House):
    house.has(activity(1, 3))
    house.ingest().backfill(house.athlete_id)

    assert house.ingest(per_quarter=0).want_features() == 0


def test_new_runs_do_not_use_up_the_budget_of_the_past(house: House):
    house.has(*(activity(n, n) for n in range(1, 4)))
    house.arrive(1, 2)
    house.ingest().backfill(house.athlete_id)

    assert house.ingest(per_quarter=1).want_features() == 1


def test_nothing_of_the_past_is_asked_for_while_strava_takes_no_calls(house: House):
    house.has(*(activity(n, n) for n in range(1, 6)))
    house.ingest().backfill(house.athlete_id)
    house.strava.error = RateLimited(NOW + timedelta(minutes=9))
    ingest = house.ingest(per_quarter=2)
    assert ingest.want_features() == 2
    house.work_off(ingest)
    house.strava.error = None
    house.asked()

    assert house.ingest().want_features() == 0
    house.later(minutes=8)
    assert house.ingest().want_features() == 0
    house.later(minutes=2)

    assert house.ingest().want_features() == 3
    house.work_off(house.ingest())
    assert [house.detail(n).streams for n in range(1, 6)] == ["ok"] * 5


def test_only_the_connected_are_asked_for(house: House):
    gone = house.add_athlete(88)
    house.has(activity(1, 3))
    house.ingest().backfill(house.athlete_id)
    house.ingest().backfill(gone)
    with house.services.engines.write.begin() as raw:
        raw.exec_driver_sql(f"UPDATE strava_connections SET state = 'needs_reauth' WHERE athlete_id = {gone}")

    assert house.ingest().want_features() == 1
    house.work_off(house.ingest())

    assert house.detail(1).streams == "ok"
    assert (house.detail(1, gone).streams, house.detail(1, gone).run.features) == ("listed", None)


def test_a_run_without_samples_is_given_up_after_the_usual_attempts(house: House):
    house.has(activity(1, 3), streams=False)
    ingest = house.ingest()
    ingest.backfill(house.athlete_id)

    ingest.want_features()
    states = []
    for _ in range(4):
        house.work_off(ingest)
        states.append(house.detail(1).streams)
        house.later(minutes=10)

    assert states == ["waiting", "waiting", "missing", "missing"]
    assert len(house.asked()) == 1 + len(RETRY_S)
    assert ingest.want_features() == 0


def test_an_event_that_comes_while_samples_are_fetched_is_served_in_full(house: House):
    house.has(activity(1, 3))

    def edited_meanwhile(recording: Recording) -> RunFeatures:
        if house.strava.activities[1].distance_m == 8000:
            house.has(activity(1, 3, km=9.0))
            with house.services.store.write() as tx:
                tx.want(house.athlete_id, "strava", 1, deletion=False, now=NOW)
        return features_of(recording)

    ingest = house.ingest(edited_meanwhile)
    ingest.backfill(house.athlete_id)
    ingest.want_features()
    house.work_off(ingest)

    assert house.detail(1).run.distance_m == 9000
    assert house.features(1) == house_features(house, version=1, km=9.0)


def test_what_is_wanted_anyway_is_not_wanted_twice(house: House):
    house.has(activity(1, 3))
    ingest = house.ingest()
    ingest.backfill(house.athlete_id)
    with house.services.store.write() as tx:
        tx.want(house.athlete_id, "strava", 1, deletion=False, now=NOW)

    assert ingest.want_features() == 0
    house.work_off(ingest)

    assert house.asked() == [("activity", 1), ("streams", 1)]


# versions


def test_features_of_an_older_version_are_made_anew(house: House):
    house.has(activity(1, 3), activity(2, 300))
    house.arrive(1, 2)
    house.assess()
    house.asked()

    newer = house.ingest(version=2)
    assert newer.want_features() == 1
    house.work_off(newer)

    assert house.asked() == [("streams", 1)]
    assert [f.version for f in (house.features(1), house.features(2)) if f] == [2, 1]
    assert house.waits_for_assessment()
    assert newer.want_features() == 0


def test_an_older_program_leaves_newer_features_alone(house: House):
    house.has(activity(1, 3))
    house.arrive(1, ingest=house.ingest(version=2))

    assert house.ingest(version=1).want_features() == 0


def test_what_was_known_stays_when_the_samples_are_gone_for_good(house: House):
    house.has(activity(1, 3))
    house.arrive(1)
    house.strava.samples.clear()

    newer = house.ingest(version=2)
    newer.want_features()
    for _ in range(4):
        house.work_off(newer)
        house.later(minutes=10)

    features = house.features(1)
    assert features is not None
    assert features.version == 1
    assert house.detail(1).streams == "missing"
    assert newer.want_features() == 0


def test_a_run_stored_before_there_were_features_gets_them(house: House):
    house.has(activity(1, 3))
    house.arrive(1)
    with house.services.engines.write.begin() as raw:
        raw.exec_driver_sql("DELETE FROM run_features")

    assert house.ingest().want_features() == 1


def test_judging_the_past_again_sends_no_mail(house: House):
    with house.services.store.write() as tx:
        tx.update_athlete(house.athlete_id, email="ann@example.org")
    house.has(*(activity(n, 2 * n + 4) for n in range(1, 30)), activity(100, 5, km=16))
    ingest = house.ingest()
    ingest.backfill(house.athlete_id)
    house.assess()
    for _ in range(3):
        ingest.want_features()
        house.work_off(ingest)
        house.later(minutes=16)
        house.assess()

    assert house.services.views.alerts(house.athlete_id) != []
    assert house.services.views.mails(house.athlete_id) == []


# whatever the order


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_arrival_leaves_the_same(house: House, seed: int):
    records = [activity(n, 0.3 * n, km=4 + n % 5) for n in range(1, 16)]
    house.has(*records)
    house.has(activity(16, 2, km=5), streams=False)
    ids = [r.source_id for r in records] + [16]
    ingest = house.ingest()
    steps = [*ids, *ids[:5], "list", "past", "delete 3"]
    random.Random(seed).shuffle(steps)

    for step in steps:
        if step == "list":
            ingest.backfill(house.athlete_id)
        elif step == "past":
            ingest.want_features()
            house.work_off(ingest)
        elif step == "delete 3":
            house.strava.activities.pop(3, None)
            with house.services.store.write() as tx:
                job_id = tx.want(house.athlete_id, "strava", 3, deletion=True, now=NOW)
            ingest.work_off(job_id)
        else:
            house.arrive(int(step), ingest=ingest)
    ingest.want_features()
    house.work_off(ingest)

    with house.services.store.read() as tx:
        runs = tx.runs_between(house.athlete_id, NOW - timedelta(days=300))
        stored = tx.day_totals(house.athlete_id, date(2000, 1, 1), date(2100, 1, 1))
    assert {t.local_date: t for t in stored} == day_totals(runs)
    assert len(runs) == 15
    expected = {r.name: house_features(house, 1, (r.distance_m or 0) / 1000) for r in records if r.source_id != 3}
    assert {r.name: r.features for r in runs if r.features is not None} == expected


# what pages and mails make of them


def with_speeds(house: House, fast_of: dict[int, float], climb_m: float = 40.0) -> Any:
    """
    Ingests runs whose fast metres are told by their start in days ago; the others have none.

    All ran 6.0 m/s at best, so from 4.5 m/s on is fast, and from 5.4 m/s on a sprint: the metres are at 5.0 m/s.
    """

    def of_run(recording: Recording) -> RunFeatures:
        assert recording.start is not None
        days_ago = round((NOW - recording.start) / timedelta(days=1))
        fast_m = fast_of.get(days_ago, 0.0)
        slow_m = (recording.reported_distance_m or 0.0) - fast_m
        profile = tuple({9: slow_m, 30: fast_m}.get(band, 0.0) for band in range(101))
        made = replace(features_of(recording), best_20s_m_s=6.0, easy_speed_m_s=2.9, speed_profile_m=profile, reps=())
        return replace(made, track=TRACK if fast_m else replace(TRACK, is_oval=False, distance_m=0.0))

    return house.ingest(of_run)


def sixty_days(house: House, ingest: Any) -> None:
    """A run of 8 km on every other day, the last one two days ago."""
    with house.services.store.write() as tx:
        tx.update_athlete(house.athlete_id, email="ann@example.org")
    house.has(*(activity(100 + n, 2 * n) for n in range(1, 31)))
    house.arrive(*range(101, 131), ingest=ingest)
    house.assess()


def rules(house: House) -> list[tuple[str, str, int]]:
    return sorted((a.rule, str(a.state), a.severity) for a in house.services.views.alerts(house.athlete_id))


def mails(house: House) -> list[tuple[str, str]]:
    """Kind of each mail, and the rule that it speaks of."""
    views = house.services.views
    found = views.mails(house.athlete_id)
    return sorted((m.kind, views.alert(house.athlete_id, int(m.subject)).alert.rule) for m in found)


def test_the_days_of_a_runner_show_all_three_loads(house: House):
    ingest = with_speeds(house, {0: 1200.0, 2: 300.0})
    sixty_days(house, ingest)
    house.has(activity(1, 0), climb_m=70)
    house.arrive(1, ingest=ingest)

    days = house.services.views.load(house.athlete_id, (NOW - timedelta(days=60)).date(), NOW.date())

    last = days[-1]
    assert (last.local_date, last.distance_m, last.descent_m, last.eccentric_load_m) == (NOW.date(), 8000, 70, 70)
    assert (last.fast_m, last.sprint_m, last.track_m) == (1200, 0, 2000)
    assert [d.fast_m for d in days[-3:]] == [0, 300, 1200]
    # What is fast for somebody is known after eight runs.
    assert [d.fast_m for d in days[:9]] == [None] * 8 + [0]
    assert [d.track_m for d in days[:3]] == [0, 0, 0]


def test_a_day_with_a_run_that_does_not_tell_is_unknown_and_not_zero(house: House):
    ingest = with_speeds(house, {})
    sixty_days(house, ingest)
    house.has(activity(1, 0), streams=False)
    house.arrive(1, ingest=ingest)

    (day,) = house.services.views.load(house.athlete_id, NOW.date(), NOW.date())

    assert (day.distance_m, day.ascent_m) == (8000, 40)
    assert (day.descent_m, day.eccentric_load_m, day.track_m, day.fast_m, day.sprint_m) == (None,) * 5


def test_the_week_and_the_ceilings_hold_all_three_loads(house: House):
    ingest = with_speeds(house, {2: 600.0, 10: 1000.0})
    sixty_days(house, ingest)

    week = house.services.views.week(house.athlete_id, IsoWeek.of(NOW.date()))
    now = house.services.views.ceilings(house.athlete_id)
    page = house.services.views.today(house.athlete_id)

    # Monday the 16th to Sunday the 22nd: runs six, four and two days ago.
    assert [(line.kind, line.value, line.known_runs) for line in week.loads] == [
        ("mileage", 24_000, 3),
        ("hills", 120, 3),
        ("fast", 600, 3),
    ]
    assert week.loads[2].track_m == 2000
    assert (now.mileage.distance_m, now.hills.largest_m, now.fast.largest_m) == (pytest.approx(8800), 40, 1000)
    assert now.hills.basis == "usual"
    # The week does not read all that the samples of its runs showed.
    assert [r.id for r in page.week.runs] == [r.id for r in week.runs]
    assert (replace(page.week, runs=()), page.ceiling) == (replace(week, runs=()), now.mileage)
    assert house.services.views.ceiling(house.athlete_id) == now.mileage


def test_a_run_is_mailed_once_about_what_is_most_severe_in_it(house: House):
    ingest = with_speeds(house, {0: 1500.0})
    sixty_days(house, ingest)

    house.has(activity(1, 0, km=9.6))  # 1.2 times the longest: severity 1; first fast running in weeks: 2
    house.arrive(1, ingest=ingest)
    house.assess()

    assert rules(house) == [("R-M1", "firing", 1), ("R-T3", "firing", 2)]
    assert mails(house) == [("alert", "R-T3")]


def test_two_that_are_as_severe_are_one_mail(house: House):
    ingest = with_speeds(house, {0: 1500.0})
    sixty_days(house, ingest)

    house.has(activity(1, 0, km=16))
    house.arrive(1, ingest=ingest)
    house.assess()

    assert [severity for _, _, severity in rules(house)] == [2, 2]
    assert mails(house) == [("alert", "R-M1")]


def test_fast_running_that_was_an_error_takes_its_alert_back(house: House):
    sixty_days(house, with_speeds(house, {}))
    house.has(activity(1, 0))
    house.arrive(1, ingest=with_speeds(house, {0: 1500.0}))
    house.assess()
    assert mails(house) == [("alert", "R-T3")]
    with house.services.store.write() as tx:
        (mail,) = tx.outbox_items(house.athlete_id, 10)
        tx.settle_outbox(mail.id, "sent", NOW)

    # The same run, corrected: no fast metre, but twice as long. The mail about speed must not silence this one.
    house.has(activity(1, 0, km=16))
    house.arrive(1, ingest=with_speeds(house, {}))
    house.assess()

    assert rules(house) == [("R-M1", "firing", 2), ("R-T3", "retracted", 2)]
    assert mails(house) == [("alert", "R-M1"), ("alert", "R-T3"), ("retraction", "R-T3")]


def test_the_samples_of_the_past_correct_a_judgement_made_without_them(house: House):
    ingest = with_speeds(house, {0: 1500.0, 4: 1500.0})
    house.has(*(activity(100 + n, 2 * n) for n in range(1, 31)), activity(1, 0))
    ingest.backfill(house.athlete_id)
    house.arrive(1, ingest=ingest)
    house.assess()
    assert rules(house) == []  # nothing is known of what is fast

    for _ in range(2):
        ingest.want_features()
        house.work_off(ingest)
        house.later(minutes=16)
    house.assess()

    # Four days ago was the first fast running in weeks; today's is as much again.
    assert ("R-T3", "firing", 2) in rules(house)
    assert [a.at for a in house.services.views.alerts(house.athlete_id) if a.rule == "R-T3"] == [
        NOW - timedelta(days=4)
    ]


# never positions, never samples


def test_no_position_and_no_sample_of_strava_reaches_the_database(tmp_path: Path, database_url: str, redis_url: str):
    time_s = list(range(0, 2400))
    streams = {
        "time": time_s,
        "distance": [round(3.3 * s, 1) for s in time_s],
        "latlng": [[52.512345 + 3e-5 * s, 13.398765] for s in time_s],
        "altitude": [round(34.7 + 5 * abs((s % 600) - 300) / 60, 1) for s in time_s],
    }
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    run = {
        "id": 4711,
        "name": "Home and back",
        "sport_type": "Run",
        "distance": 7920.0,
        "moving_time": 2400,
        "elapsed_time": 2400,
        "total_elevation_gain": 100.0,
        "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "start_date_local": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "start_latlng": [52.512345, 13.398765],
        "end_latlng": [52.512345, 13.398765],
        "map": {"summary_polyline": "abc_poison_def"},
        "manual": False,
    }
    with running_stack(tmp_path, database_url, redis_url) as stack:
        athlete_id = stack.connect()
        stack.sim.add_activity(run, streams=streams, push=False)
        with stack.services.store.write() as tx:
            job_id = tx.want(athlete_id, "strava", 4711, deletion=False, now=datetime.now(UTC))
        assert stack.services.ingest.work_off(job_id)
        stack.services.assess.assess(athlete_id)

        with stack.services.store.read() as tx:
            detail = tx.run_by_source(athlete_id, "strava", 4711)
        assert detail is not None
        features = detail.run.features
        assert features is not None
        assert features.speed_profile_m is not None
        longest = len(features.speed_profile_m)
        values = list(itertools.chain.from_iterable(_values(row) for row in _rows(stack.services)))

    assert len(values) > 50
    for value in values:
        text = str(value)
        for poison in ("52.51", "13.39", "abc_poison_def"):
            assert poison not in text
        assert max(_lengths(value), default=0) <= longest


def _rows(services: Services) -> Iterator[Any]:
    with services.engines.read.connect() as raw:
        for name in Base.metadata.tables:
            yield from raw.exec_driver_sql(f"SELECT * FROM {name}")


def _values(row: Sequence[Any]) -> Iterator[Any]:
    for value in row:
        if isinstance(value, str) and value[:1] in "[{":
            yield json.loads(value)
        else:
            yield value


def _lengths(value: Any) -> Iterator[int]:
    """Of all lists in a value, however deep."""
    if isinstance(value, dict):
        value = list(value.values())
        yield from itertools.chain.from_iterable(map(_lengths, value))
    elif isinstance(value, list):
        yield len(value)
        yield from itertools.chain.from_iterable(map(_lengths, value))
