"""One assessment must not cost more the longer somebody has run."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from loadwatch.adapters.db import migrate
from loadwatch.bootstrap import Services, make_services
from loadwatch.domain.loads import FastSpeeds
from loadwatch.domain.told import told_features
from loadwatch.services.health_ports import Draft
from loadwatch.services.ports import ActivityRecord
from loadwatch.settings import Settings

NOW = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
LIMIT_S = 0.020
MORE = 1.2
ROUNDS = 40
SPEEDS = FastSpeeds(4.2, 5.0)


def runner(services: Services, days: int, check_ins: Sequence[int] = range(10, -1, -2)) -> int:
    """An athlete with a run on four days a week, and check-ins so many days ago."""
    with services.store.write() as tx:
        athlete_id = tx.add_athlete(f"{days} days", "a@example.org", "Europe/Berlin", NOW)
        for day in range(days, 0, -1):
            if day % 7 in (0, 2, 4, 5):
                run, _ = tx.upsert_run(athlete_id, "strava", _record(day), streams="ok", trusted=True, now=NOW)
                fast_m = 300.0 * (day % 3)
                told = told_features(run.distance_m or 0.0, descent_m=60.0, fast_m=fast_m, speeds=SPEEDS)
                assert told is not None
                tx.put_features(run.id, told, NOW)
        for day in check_ins:
            at = NOW - timedelta(days=day)
            draft = Draft(side="left", regions=frozenset({"PM"}), pain_today=3 + day % 4)
            tx.add_symptom_report(athlete_id, draft, at, at.date(), at)
        tx.want_assessment(athlete_id, NOW - timedelta(days=90), NOW)
    services.assess.assess(athlete_id)
    return athlete_id


def _record(day: int) -> ActivityRecord:
    start = NOW - timedelta(days=day, hours=3)
    km = 8 + day % 5
    return ActivityRecord(
        source_id=day,
        name="Run",
        sport="Run",
        start=start,
        local_date=start.date(),
        timezone="Europe/Berlin",
        distance_m=km * 1000.0,
        moving_s=km * 350.0,
        elapsed_s=km * 355.0,
        ascent_m=60.0,
        average_heartrate_bpm=None,
        is_race=False,
        is_manual=False,
    )


def assessed(services: Services, athlete_id: int) -> float:
    """What the assessment of yesterday's run takes. [s]"""
    with services.store.write() as tx:
        tx.want_assessment(athlete_id, NOW - timedelta(days=1, hours=4), NOW - timedelta(hours=1))
    began = time.perf_counter()
    services.assess.assess(athlete_id)
    return time.perf_counter() - began


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    services = make_services(
        Settings(data_dir=tmp_path, database_url=url, secret_key=SecretStr("k")), clock=lambda: NOW
    )
    migrate.upgrade(services.engines.write)
    yield services
    services.close()


def least(services: Services, athletes: Sequence[int]) -> list[float]:
    """
    What an assessment of each athlete takes at least. [s]

    In turns, so that whatever else the machine does meets all; a bound is judged by the least disturbed round.
    """
    times = [[assessed(services, athlete_id) for athlete_id in athletes] for _ in range(ROUNDS)]
    return [min(t) for t in zip(*times, strict=True)]


def shown(times: Sequence[float]) -> str:
    return ", ".join(f"{1000 * t:.1f} ms" for t in times)


def test_ten_years_cost_hardly_more_than_ninety_days(services: Services) -> None:
    times = least(services, [runner(services, days) for days in (90, 3650)])

    of_90_days, of_ten_years = times
    print(f"one assessment after 90 days, ten years: {shown(times)}; ratio {of_ten_years / of_90_days:.2f}")
    assert of_ten_years <= MORE * of_90_days
    assert of_ten_years <= LIMIT_S


def test_years_of_daily_check_ins_of_one_place_cost_in_proportion_at_most(services: Services) -> None:
    times = least(services, [runner(services, 90, range(days, -1, -1)) for days in (365, 3 * 365)])

    of_year, of_three_years = times
    print(f"one assessment with daily check-ins for a year, three years: {shown(times)}")
    assert of_three_years <= 3 * of_year
