"""
A household of three: Ann who runs a lot, Emma who has just signed up, Ian whose thigh hurts.

All that they have was told and handed in as runners do it, through the services, at moments of a clock that moves.
"""

import hashlib
import io
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from loadwatch.adapters.db.tables import Base
from loadwatch.bootstrap import Services, make_services
from loadwatch.domain.activity import Run, RunFeatures
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.symptoms import EarlierInjury
from loadwatch.services.health_ports import Draft, RiskProfile
from loadwatch.services.plan_ports import StoredPlan
from loadwatch.services.ports import Told
from loadwatch.settings import Settings
from tests.support.exports import made_runs
from tests.support.samples import features, give_features, season_of_loads, track_session
from tests.support.seeding import ANN, NOW, SeedRun, add_runs, busy_season, connect, sign_up

BUSY, EMPTY, INJURED = ANN, "emma@example.org", "ian@example.org"
ATHLETES = {"busy": BUSY, "empty": EMPTY, "injured": INJURED}
"""By what is to be seen of them; the busy one's account is the operator's."""

STRAVA = {"strava_client_id": "1", "strava_client_secret": "secret"}
SPRINTED = NOW - timedelta(days=24, hours=-6)
"""The evening on which Ian's hamstring began to hurt."""

HAMSTRING: dict[str, Any] = {"side": "left", "regions": frozenset({"PM"})}
HALF_HOUR_M = 1800 / 0.34
"""By the pace of the seed."""

READY = {"walks_30_min_quietly": True, "single_leg_step_down_ok": True}


@dataclass
class Clock:
    """Stands where it was put."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def to(self, *, days_ago: float, hour: int = 12) -> None:
        """That many days before the present, at an hour of UTC."""
        self.now = (NOW - timedelta(days=days_ago)).replace(hour=hour)


def build_household(folder: Path) -> None:
    """Make the three athletes in an empty data folder."""
    clock = Clock()
    services = make_services(Settings(data_dir=folder, **STRAVA), clock=clock)  # type: ignore[arg-type]
    Base.metadata.create_all(services.engines.write)
    busy(services, clock)
    empty(services)
    injured(services, clock)
    services.close()


def open_household(built: Path, folder: Path) -> Services:
    """Services on a copy of a household, in a folder that is not there yet; the clock stands at `NOW`."""
    shutil.copytree(built, folder)
    return make_services(Settings(data_dir=folder, **STRAVA), clock=lambda: NOW)  # type: ignore[arg-type]


def empty(services: Services) -> int:
    """Emma, who has signed up and done nothing else."""
    return sign_up(services, EMPTY, "Emma").athlete_id


def busy(services: Services, clock: Clock) -> int:
    """Ann: a season from Strava and from files, jumps at its end, alerts in every state, a thigh a little stiff."""
    clock.to(days_ago=40)
    ann = sign_up(services, BUSY, "Ann").athlete_id
    _connected(services, ann, 77)
    services.shoes.add(ann, "Blue ones", (NOW - timedelta(days=120)).date(), 150_000.0)
    injuries = (EarlierInjury("hamstring", "right", (NOW - timedelta(days=500)).date()),)
    services.check_ins.put_risk_profile(ann, RiskProfile(1984, injuries, {"smoker": False}))
    week = IsoWeek.of(clock().date()).shifted(-1)
    services.check_ins.put_week_answers(ann, week, {"participation": 0, "volume": 1, "performance": 0, "pain": 1})
    clock.now = NOW
    add_runs(services, ann, busy_season())
    give_features(services, ann, season_of_loads)
    _hand_in_files(services, ann)
    _stiff_thigh(services, clock, ann)
    clock.now = NOW
    _read_some_alerts(services, ann)
    for days, metres in ((1, 8_000.0), (3, 12_000.0), (6, 24_000.0)):
        services.planning.add(ann, StoredPlan(0, (NOW + timedelta(days=days)).date(), metres))
    services.accounts.create_token(ann, "watch")
    with services.store.write() as tx:
        tx.add_outbox(ann, "weekly", "2026-W46", NOW)
    services.notify.deliver_due()
    return ann


def _connected(services: Services, athlete_id: int, strava_id: int) -> None:
    """With Strava, whose list has been taken over."""
    connect(services, athlete_id, strava_id)
    with services.store.write() as tx:
        tx.want_backfill(athlete_id, None)


def _hand_in_files(services: Services, athlete_id: int) -> None:
    """Files and an archive that can be read, and a file that cannot."""
    runs = list(made_runs(5, minutes=(20, 30)))
    for made in runs[:3]:
        services.uploads.put(athlete_id, Path(made.name).name, made.data)
    services.uploads.put(athlete_id, "holiday.fit", b"no file of a run", Told(sport_if_silent="Run"))
    _hand_in_archive(services, athlete_id, {made.name: made.data for made in runs[3:]})
    read_files(services)
    services.assess.assess(athlete_id)


def _hand_in_archive(services: Services, athlete_id: int, files: dict[str, bytes]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 1, 0, 0, 0)), data)
    data = packed.getvalue()
    part = services.upload_files.incoming / "handed-in.zip"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(data)
    services.archives.put(
        athlete_id,
        "export_77.zip",
        part,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        sport_if_silent="Run",
    )


def read_files(services: Services) -> None:
    """What a worker does with archives and files."""
    for archive_id in services.archive_ingest.due():
        services.archive_ingest.work_off(archive_id)
    while services.file_ingest.read_next():
        pass


def _stiff_thigh(services: Services, clock: Clock, athlete_id: int) -> None:
    for days_ago in (30, 22, 15):
        clock.to(days_ago=days_ago, hour=6)
        draft = Draft(
            side="right",
            regions=frozenset({"LT"}),
            pain_run=1,
            pain_today=1,
            qualities=frozenset({"tight"}),
            onset="delayed",
            aggravators=frozenset({"downhill"}),
            note="stiff on the stairs",
            source="page",
        )
        services.check_ins.record(athlete_id, draft)
    clock.now = NOW
    services.assess.assess(athlete_id)


def _read_some_alerts(services: Services, athlete_id: int) -> None:
    """The oldest was read and of use, the next is snoozed where it can be; the newest wait to be read."""
    oldest, second, *_ = reversed(services.views.alerts(athlete_id))
    services.alerts.acknowledge(athlete_id, oldest.id)
    services.alerts.feedback(athlete_id, oldest.id, useful=True)
    services.alerts.feedback(athlete_id, second.id, useful=False)


def injured(services: Services, clock: Clock) -> int:
    """
    Ian: a red flag two months ago, seen and gone; since 24 days a hamstring that hurts, its exercises, and short
    runs on the ladder.
    """
    clock.to(days_ago=100)
    ian = sign_up(services, INJURED, "Ian").athlete_id
    _connected(services, ian, 78)
    clock.now = NOW
    add_runs(services, ian, _runs_until_it_hurt(), 10_000)
    _red_flag(services, clock, ian)

    clock.now = SPRINTED
    hurts = {
        "pain_run": 6,
        "pain_today": 4,
        "pain_morning": 4,
        "qualities": frozenset({"tight"}),
        "onset": "during",
        "aggravators": frozenset({"sprint"}),
    }
    services.assess.assess(ian)
    problem = _told(services, ian, **HAMSTRING, **hurts)
    services.check_ins.note_step(ian, problem, "agreed")
    _rehab(services, clock, ian, problem)
    _way_back(services, clock, ian, problem)

    clock.now = NOW
    give_features(services, ian, _samples)
    with services.store.write() as tx:
        tx.add_outbox(ian, "weekly", "2026-W46", NOW)
    services.notify.deliver_due()
    return ian


def _runs_until_it_hurt() -> Iterator[SeedRun]:
    for days_ago in range(120, 25, -3):
        start = SPRINTED - timedelta(days=days_ago - 24)
        if days_ago % 4 == 0:
            yield SeedRun(start, 7_500, "Tempo", ascent_m=None)
        else:
            yield SeedRun(start, 8_000 + 100 * (days_ago % 7), ascent_m=60.0)
    yield SeedRun(SPRINTED - timedelta(hours=2), 9_000, "Club evening", ascent_m=None)


def _samples(run: Run) -> RunFeatures:
    if run.name in ("Tempo", "Club evening"):
        return track_session(run)
    return features(run, hill_m=(run.ascent_m or 0.0))


def _told(services: Services, athlete_id: int, **said: Any) -> int:
    """Check in; the problem's number."""
    result = services.check_ins.record(athlete_id, Draft(source="page", **said))
    return result.problem_ids[0]


def _red_flag(services: Services, clock: Clock, athlete_id: int) -> None:
    clock.to(days_ago=63, hour=18)
    services.assess.assess(athlete_id)
    both = {"side": "both_equal", "regions": frozenset({"BK"})}
    problem = _told(services, athlete_id, **both, pain_today=3, signs=frozenset({"numb_saddle"}))
    services.assess.assess(athlete_id)
    clock.to(days_ago=61)
    services.check_ins.note_step(athlete_id, problem, "seen")
    clock.to(days_ago=50)
    services.check_ins.close_problem(athlete_id, problem)


def _rehab(services: Services, clock: Clock, athlete_id: int, problem: int) -> None:
    """Exercises every second day for ten days, and mornings that get better."""
    for n, days_ago in enumerate(range(23, 12, -2)):
        clock.to(days_ago=days_ago, hour=17)
        plan = services.check_ins.problem(athlete_id, problem).rehab
        exercises = [item.exercise.id for item in getattr(plan.today, "items", ())] if plan else []
        if exercises:
            services.check_ins.log_session(
                athlete_id, problem, exercises=exercises, pain_during=min(2, max(0, 3 - n))
            )
        clock.to(days_ago=days_ago - 1, hour=6)
        _told(services, athlete_id, **HAMSTRING, pain_morning=max(2, 4 - n), pain_today=2, answers=READY)


def _way_back(services: Services, clock: Clock, athlete_id: int, problem: int) -> None:
    """Up the ladder by half an hour at a time."""
    clock.to(days_ago=11)
    services.check_ins.begin_ladder(athlete_id, problem, 7)
    for n, days_ago in enumerate((9, 7, 5, 3)):
        clock.to(days_ago=days_ago, hour=9)
        run = SeedRun(clock() - timedelta(hours=1), HALF_HOUR_M, "Half an hour", ascent_m=0.0)
        add_runs(services, athlete_id, [run], 20_000 + n)
        _told(services, athlete_id, **HAMSTRING, pain_run=1, pain_today=0)
        clock.to(days_ago=days_ago - 1, hour=6)
        _told(services, athlete_id, **HAMSTRING, pain_morning=0)
