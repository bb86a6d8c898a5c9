"""Athletes with runs, put straight into a store: what pages and the API have to show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from loadwatch.adapters.db.tables import Base
from loadwatch.bootstrap import Services, make_services
from loadwatch.domain.daily import day_totals
from loadwatch.services.accounts import StravaLogin
from loadwatch.services.ports import AccountRecord, ActivityRecord
from loadwatch.settings import Settings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
"""A Sunday."""

ANN, BOB = "ann@example.org", "bob@example.org"
PASSWORD = "correct horse battery"

ALL_SCOPES = frozenset({"read", "activity:read", "activity:read_all", "profile:read_all"})


@dataclass(frozen=True)
class SeedRun:
    """One activity to store."""

    start: datetime
    distance_m: float
    name: str = "Morning Run"
    sport: str = "Run"
    ascent_m: float | None = 40.0
    is_race: bool = False


def seeded_services(folder: Path, *, now: datetime = NOW, **settings: Any) -> Services:
    """Services on a fresh SQLite file, with the tables and a clock that stands still."""
    services = make_services(Settings(data_dir=folder, **settings), clock=lambda: now)
    Base.metadata.create_all(services.engines.write)
    return services


def sign_up(services: Services, email: str, name: str = "Ann", timezone: str = "Europe/Berlin") -> AccountRecord:
    """An account, whatever the settings say of sign-up; its password is `PASSWORD`."""
    return services.accounts.sign_up(name, email, PASSWORD, timezone, force=True)


def connect(services: Services, athlete_id: int, strava_id: int, scopes: frozenset[str] = ALL_SCOPES) -> None:
    """A connection to Strava whose tokens no page may show."""
    login = StravaLogin(
        strava_athlete_id=strava_id,
        name="Ann",
        access_token=f"poison-access-{strava_id}",
        refresh_token=f"poison-refresh-{strava_id}",
        expires_at=services.clock() + timedelta(hours=6),
        scopes=scopes,
    )
    services.accounts.connect_strava(athlete_id, login)


def add_runs(services: Services, athlete_id: int, runs: Iterable[SeedRun], first_source_id: int = 1) -> list[int]:
    """Store activities and assess them; their ids."""
    now = services.clock()
    stored = []
    with services.store.write() as tx:
        for source_id, seed in enumerate(runs, first_source_id):
            record = ActivityRecord(
                source_id=source_id,
                name=seed.name,
                sport=seed.sport,
                start=seed.start,
                local_date=seed.start.date(),
                timezone="Europe/Berlin",
                distance_m=seed.distance_m,
                moving_s=seed.distance_m * 0.34,
                elapsed_s=seed.distance_m * 0.36,
                ascent_m=seed.ascent_m,
                average_heartrate_bpm=148.4,
                is_race=seed.is_race,
                is_manual=False,
            )
            run, _ = tx.upsert_run(athlete_id, "strava", record, streams="ok", trusted=True, now=now)
            stored.append(run)
        totals = day_totals(stored)
        tx.put_day_totals(athlete_id, totals, totals.values())
        tx.want_assessment(athlete_id, min(r.start for r in stored), now)
    services.assess.assess(athlete_id)
    return [r.id for r in stored]


def busy_season(now: datetime = NOW) -> list[SeedRun]:
    """
    Sixty-nine activities of four months: three runs and a long one each week, a hike, and jumps at the end.

    The long runs grow from 12 to 14.4 km. Five days ago came 21.1 km, and yesterday 29 km.
    """
    runs = []
    for week in range(17, 1, -1):
        monday = now - timedelta(days=now.weekday() + 7 * week, hours=5)
        runs += [
            SeedRun(monday + timedelta(days=1), 6_000 + 120 * (week % 4)),
            SeedRun(monday + timedelta(days=3), 8_000 + 150 * (week % 3), "Tempo", ascent_m=None),
            SeedRun(monday + timedelta(days=5), 5_000, "Easy with Zoë & <friends>"),
            SeedRun(monday + timedelta(days=6), 12_000 + 160 * (17 - week), "Long run", ascent_m=180.0),
        ]
    runs += [
        SeedRun(now - timedelta(days=9), 7_500, "Hike", sport="Hike"),
        SeedRun(now - timedelta(days=8), 6_200),
        SeedRun(now - timedelta(days=5), 21_100, "Half marathon", is_race=True),
        SeedRun(now - timedelta(days=3), 4_000, "Recovery"),
        SeedRun(now - timedelta(days=1), 29_000, "Autumn trail", sport="TrailRun", ascent_m=640.0),
    ]
    return runs


def athlete(services: Services, email: str = ANN) -> int:
    """The athlete with this address."""
    found = services.accounts.athlete_by_email(email)
    assert found is not None
    return found
