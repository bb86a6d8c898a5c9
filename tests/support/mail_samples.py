"""
Three weeks of a made-up runner in which every kind of mail is due once.

Mara runs four times a week; then a long run is much longer, a hamstring hurts, and a sign comes that must not be
missed. Noah has only signed up. All of it goes through the services, at moments of a clock that is moved.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from loadwatch.adapters.db.tables import Base
from loadwatch.bootstrap import Services, make_services
from loadwatch.domain.activity import Run, RunFeatures
from loadwatch.emails import EmailContent
from loadwatch.services.health_ports import Draft
from loadwatch.services.outbox import LookKind
from loadwatch.services.ports import ActivityRecord
from loadwatch.settings import Settings
from tests.support.mails import BASE_URL
from tests.support.samples import features, give_features, track_session
from tests.support.seeding import SeedRun, add_runs, connect, sign_up

MARA, NOAH = "mara@example.org", "noah@example.org"
MONDAY: Final = datetime(2026, 11, 9, 6, 0, tzinfo=UTC)
"""07:00 in Berlin, after sixteen weeks of running."""

ENDINGS: Final = {"": "en", "-de": "de"}

LONG_RUN = 500
"""Strava's number of the run that is much longer."""


@dataclass
class Clock:
    """Stands where it was put."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def to(self, *, days: int, hour: int, minute: int = 0) -> None:
        """So many days after `MONDAY`, at a time of UTC."""
        self.now = (MONDAY + timedelta(days=days)).replace(hour=hour, minute=minute)


@dataclass(frozen=True)
class Due:
    """A mail that is due at the moment of the clock."""

    name: str
    kind: LookKind
    athlete_id: int


def open_house(folder: Path, clock: Clock, **settings: Any) -> Services:
    """Services on a fresh database, reached at `BASE_URL`."""
    options = {
        "secret_key": "k",
        "base_url": BASE_URL,
        "mail_from": "loadwatch <runs@run.example>",
        "strava_oauth_url": "http://127.0.0.1:9",  # nobody listens there
        **settings,
    }
    services = make_services(Settings(data_dir=folder, **options), clock=clock)
    Base.metadata.create_all(services.engines.write)
    return services


def looks(folder: Path) -> dict[str, EmailContent]:
    """Each mail of the story by its name, in English; in German with "-de" behind it. Folder: an empty one."""
    clock, found = Clock(), {}
    services = open_house(folder, clock)
    for due in story(services, clock):
        for ending, language in ENDINGS.items():
            look = services.outbox.look(due.athlete_id, due.kind, language=language)
            assert look is not None, f"nothing to write a mail {due.name} of"
            found[due.name + ending] = look.content
        services.notify.deliver_due()
    services.close()
    return found


def story(services: Services, clock: Clock) -> Iterator[Due]:
    """What happens; it pauses whenever a mail has been laid out, which is then looked at or sent."""
    clock.to(days=-30, hour=12)
    mara = sign_up(services, MARA, "Mara").athlete_id
    noah = sign_up(services, NOAH, "Noah").athlete_id
    connect(services, mara, 77)
    with services.store.write() as tx:
        tx.want_backfill(mara, None)
    clock.to(days=-1, hour=12)
    add_runs(services, mara, _season())
    give_features(services, mara, _samples)

    clock.to(days=0, hour=6, minute=1)
    _tick(services)
    yield Due("weekly-quiet", "weekly", mara)
    yield Due("weekly-without-data", "weekly", noah)

    clock.to(days=6, hour=11, minute=30)
    add_runs(services, mara, _week_of_the_long_run(), LONG_RUN - 3)
    give_features(services, mara, _samples)
    yield Due("alert-load", "alert", mara)

    clock.to(days=7, hour=6, minute=1)
    _tick(services)
    yield Due("ask", "ask", mara)

    yield from _the_hamstring(services, clock, mara)
    yield from _the_sign(services, clock, mara)

    clock.to(days=17, hour=17)
    _correct_the_long_run(services, mara)
    yield Due("retraction", "retraction", mara)

    services.rights.leave(mara)
    yield Due("receipt", "receipt", mara)
    yield Due("test", "test", mara)


def _tick(services: Services) -> None:
    """What the schedule does."""
    services.notify.queue_weekly()
    services.notify.expire()
    services.notify.queue_asks()


def _season() -> Iterator[SeedRun]:
    """Sixteen weeks, their long runs from 11 to 14 km."""
    for week in range(16, 0, -1):
        monday = MONDAY.replace(hour=7) - timedelta(weeks=week)
        yield SeedRun(monday + timedelta(days=1), 7_400 + 150 * (week % 4))
        yield SeedRun(monday + timedelta(days=3), 8_000, "Track", ascent_m=None)
        yield SeedRun(monday + timedelta(days=5), 5_200)
        yield SeedRun(monday + timedelta(days=6, hours=1), 11_000 + 200 * (16 - week), "Long run", ascent_m=110.0)


def _week_of_the_long_run() -> Iterator[SeedRun]:
    monday = MONDAY.replace(hour=7)
    yield SeedRun(monday + timedelta(days=1), 7_500)
    yield SeedRun(monday + timedelta(days=3), 8_000, "Track", ascent_m=None)
    yield SeedRun(monday + timedelta(days=5), 5_200)
    yield SeedRun(monday + timedelta(days=6, hours=1), 18_400, "Along the river", ascent_m=140.0)


def _samples(run: Run) -> RunFeatures:
    if run.name == "Track":
        return track_session(run)
    return features(run, hill_m=run.ascent_m)


def _the_hamstring(services: Services, clock: Clock, mara: int) -> Iterator[Due]:
    clock.to(days=9, hour=17)
    runs = [
        SeedRun(clock() - timedelta(days=1, hours=10), 6_000, ascent_m=20.0),
        SeedRun(clock() - timedelta(hours=1), 8_000, "Track", ascent_m=None),
    ]
    add_runs(services, mara, runs, LONG_RUN + 1)
    give_features(services, mara, _samples)
    hurts = {"pain_run": 5, "pain_today": 4, "qualities": frozenset({"tight"}), "onset": "during"}
    problem = _tell(services, mara, **hurts, aggravators=frozenset({"sprint"}))
    yield Due("alert-symptom", "alert", mara)

    services.check_ins.note_step(mara, problem, "agreed")
    for days, pain in ((10, 4), (11, 3), (13, 2)):
        clock.to(days=days, hour=6)
        _tell(services, mara, pain_morning=pain, pain_today=pain)
        plan = services.check_ins.problem(mara, problem).rehab
        exercises = [item.exercise.id for item in getattr(plan.today, "items", ())] if plan else []
        if exercises:
            clock.to(days=days, hour=17)
            services.check_ins.log_session(mara, problem, exercises=exercises, pain_during=2)
    clock.to(days=14, hour=6, minute=1)
    _tick(services)
    yield Due("weekly-busy", "weekly", mara)


def _the_sign(services: Services, clock: Clock, mara: int) -> Iterator[Due]:
    clock.to(days=15, hour=17)
    both: dict[str, Any] = {"side": "both_equal", "regions": frozenset({"BK"})}
    _tell(services, mara, **both, pain_today=3, signs=frozenset({"numb_saddle"}))
    yield Due("red-flag", "red", mara)

    clock.to(days=16, hour=17, minute=5)
    _tick(services)
    yield Due("again", "again", mara)


def _tell(services: Services, mara: int, **said: Any) -> int:
    """Check in, of the left hamstring unless told; the problem's number."""
    told = {"side": "left", "regions": frozenset({"PM"}), "source": "page", **said}
    problem = services.check_ins.record(mara, Draft(**told)).problem_ids[0]
    services.assess.assess(mara)
    return problem


def _correct_the_long_run(services: Services, mara: int) -> None:
    """The watch had lost its way: it was 9.4 km."""
    with services.store.write() as tx:
        (run,) = [run for run in tx.runs_between(mara, MONDAY) if run.name == "Along the river"]
        record = ActivityRecord(
            source_id=LONG_RUN,
            name=run.name,
            sport=run.sport,
            start=run.start,
            local_date=run.local_date,
            timezone="Europe/Berlin",
            distance_m=9_400.0,
            moving_s=run.moving_s,
            elapsed_s=run.elapsed_s,
            ascent_m=run.ascent_m,
            average_heartrate_bpm=148.4,
            is_race=False,
            is_manual=False,
        )
        tx.upsert_run(mara, "strava", record, streams="ok", trusted=True, now=services.clock())
        tx.want_assessment(mara, run.start, services.clock())
    services.assess.assess(mara)
