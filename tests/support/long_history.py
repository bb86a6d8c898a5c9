"""A runner with ten years behind them: four thousand runs, alerts, problems, mails."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from loadwatch.bootstrap import Services
from loadwatch.domain.daily import IsoWeek, day_totals
from loadwatch.domain.programme import RehabSession
from loadwatch.domain.symptoms import WEEKLY_ITEMS, Region, WeeklyAnswers
from loadwatch.services.check_in import GONE
from loadwatch.services.health_ports import Draft, ProblemEvent
from loadwatch.services.ports import ActivityRecord, Tx
from tests.support.samples import features, track_session
from tests.support.seeding import NOW, connect, sign_up

VETERAN: Final = "vera@example.org"
N_RUNS: Final = 4_000
DAYS: Final = 3_652
N_PROBLEMS: Final = 40


def veteran(services: Services, *, n_runs: int = N_RUNS, days: int = DAYS) -> int:
    """
    Vera, who has run on most days.

    The runs of the last year came from Strava, those before in files. Every seventh is long and hilly, every
    fifth is on a track, and once a month one is a jump. Every three months a thigh hurts for a week, and it does now.
    """
    vera = sign_up(services, VETERAN, "Vera").athlete_id
    connect(services, vera, 99)
    _runs(services, vera, n_runs, days)
    n_problems = max(1, N_PROBLEMS * days // DAYS)
    with services.store.write() as tx:
        for n in range(n_problems, 0, -1):
            _problem(tx, vera, days * (n - 1) // n_problems + 6, "PM" if n % 2 else "LT", still=n == 1)
        for weeks in range(days // 7, 0, -1):
            day = (NOW - timedelta(weeks=weeks)).date()
            week = IsoWeek.of(day)
            answers = WeeklyAnswers(week.sunday, *(weeks % 2 for _ in WEEKLY_ITEMS))
            tx.put_weekly_answers(vera, week, answers, NOW)
        tx.want_assessment(vera, NOW - timedelta(days=days), NOW)
    services.assess.assess(vera)
    services.notify.deliver_due()
    return vera


def _runs(services: Services, athlete_id: int, n_runs: int, days: int) -> None:
    with services.store.write() as tx:
        tx.want_backfill(athlete_id, None)
        stored = []
        for k in range(n_runs, 0, -1):
            start = NOW - timedelta(days=k * days / n_runs, hours=-1)
            source = "strava" if k < n_runs / 10 else "file"
            run, _ = tx.upsert_run(athlete_id, source, _record(k, start), streams="ok", trusted=True, now=NOW)
            found = track_session(run) if k % 5 == 0 else features(run, hill_m=300.0 if k % 7 == 0 else 40.0)
            stored.append(replace(run, features=tx.put_features(run.id, found, NOW)))
        totals = day_totals(stored)
        tx.put_day_totals(athlete_id, totals, totals.values())


def _record(k: int, start: datetime) -> ActivityRecord:
    metres = 8_000.0 + 137 * (k % 11)
    if k % 7 == 0:
        metres = 16_000.0
    if k % 33 == 0:
        metres = 24_000.0
    return ActivityRecord(
        source_id=k,
        name="Club evening" if k % 5 == 0 else "Long run" if k % 7 == 0 else "Morning Run",
        sport="Run",
        start=start,
        local_date=start.date(),
        timezone="Europe/Berlin",
        distance_m=metres,
        moving_s=metres * 0.34,
        elapsed_s=metres * 0.36,
        ascent_m=60.0,
        average_heartrate_bpm=148.0,
        is_race=False,
        is_manual=False,
    )


def _problem(tx: Tx, athlete_id: int, days_ago: int, region: Region, *, still: bool) -> None:
    """Three check-ins, exercises, and, but for the last, that it is gone."""
    began = NOW - timedelta(days=days_ago)
    at = [began + timedelta(days=n) for n in range(5)]
    number = 0
    for n, pain in enumerate((3, 2, 1)):
        draft = Draft(
            side="left",
            regions=frozenset({region}),
            pain_run=pain,
            pain_today=pain - 1,
            onset="during",
            aggravators=frozenset({"sprint"}),
        )
        report = tx.add_symptom_report(athlete_id, draft, at[n], at[n].date(), at[n])
        assert report is not None
        number = number or report.id
    tx.add_problem_event(athlete_id, ProblemEvent(number, "agreed", at[2], at[2].date()))
    tx.put_rehab_session(athlete_id, number, RehabSession(at[3], at[3].date(), frozenset({"easy_walk"}), 1), at[3])
    if not still:
        gone = Draft(side="left", regions=frozenset({region}), answers={GONE: True})
        tx.add_symptom_report(athlete_id, gone, at[4], at[4].date(), at[4])
