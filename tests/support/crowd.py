"""Thousands of athletes with a year behind them: a few are made, the database copies them."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, Text, cast, delete, func, insert, literal, select, true, update

from loadwatch.adapters.db import tables as t
from loadwatch.bootstrap import Services
from loadwatch.domain.daily import day_totals
from loadwatch.services.health_ports import Draft
from loadwatch.services.ports import ActivityRecord
from tests.support.samples import features, track_session

DAYS: Final = 365
KINDS: Final = ("steady", "jumped", "hurts", "paused")
"""Nothing to tell; a long run that set off an alert; an open problem; no run in the last week."""

_POINTS_TO: Final = {"report_id": "symptom_reports", "problem_id": "symptom_reports"}
"""Columns that hold the number of another table's row without a foreign key."""


def crowd(services: Services, n: int) -> int:
    """
    At least `n` athletes, each kind as often as the others, whose runs came in files and are judged; how many.

    The database must be empty. No mail waits, and no question.
    """
    for kind in KINDS:
        _runner(services, kind)
    with services.engines.write.begin() as connection:
        connection.execute(delete(t.Outbox))
        connection.execute(update(t.AlertRow).values(ask_due_at=None))
    copies = -(-n // len(KINDS)) - 1
    if copies:
        _copy(services, copies)
    return len(KINDS) * (copies + 1)


def weekly_is_due(services: Services) -> None:
    """It is Monday morning for everybody, and nobody sleeps."""
    now = services.clock()
    with services.engines.write.begin() as connection:
        connection.execute(update(t.Athlete).values(next_weekly_at=now, quiet_from=0, quiet_to=0))


def _runner(services: Services, kind: str) -> None:
    """Four runs a week for a year: one on a track, one long and hilly; on the last Sunday the kind shows."""
    now = services.clock()
    account = services.accounts.sign_up(
        kind.capitalize(), f"{kind}@example.org", "a long password", "Europe/Berlin", force=True
    )
    athlete_id = account.athlete_id
    monday = (now - timedelta(days=now.weekday())).replace(hour=6, minute=0, second=0, microsecond=0)
    with services.store.write() as tx:
        stored = []
        for day in range(DAYS, 0, -1):
            start = monday - timedelta(days=day)
            if start.weekday() not in (1, 3, 5, 6) or (kind == "paused" and day <= 7):
                continue
            metres = 14_000.0 if start.weekday() == 6 else 7_000.0 + 130 * (day % 11)
            if kind == "jumped" and day == 1:
                metres = 24_000.0
            run, _ = tx.upsert_run(
                athlete_id, "file", _record(day, start, metres), streams="ok", trusted=True, now=now
            )
            told = track_session(run) if start.weekday() == 3 else features(run, hill_m=40.0 + 20 * (day % 9))
            tx.put_features(run.id, told, now)
            stored.append(run)
        totals = day_totals(stored)
        tx.put_day_totals(athlete_id, totals, totals.values())
        if kind == "hurts":
            for days, pain in ((9, 3), (4, 2), (2, 1)):
                at = now - timedelta(days=days)
                draft = Draft(side="left", regions=frozenset({"PM"}), pain_run=pain, pain_today=pain, onset="during")
                tx.add_symptom_report(athlete_id, draft, at, at.date(), at)
        tx.want_assessment(athlete_id, monday - timedelta(days=90), now)
    services.assess.assess(athlete_id)


def _record(number: int, start: datetime, metres: float) -> ActivityRecord:
    return ActivityRecord(
        source_id=number,
        name="Track evening" if start.weekday() == 3 else "Long run" if start.weekday() == 6 else "Morning Run",
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


def _copy(services: Services, copies: int) -> None:
    """All rows so often again, with numbers of their own; done by the database, which has millions to write."""
    with services.engines.write.begin() as connection:
        kept = [table for table in t.Base.metadata.sorted_tables if connection.execute(select(table)).first()]
        last = {
            table.name: connection.execute(select(func.max(table.c.id))).scalar_one()
            for table in kept
            if "id" in table.c
        }
        for table in kept:
            connection.execute(_copies(table, last, copies))


def _copies(table: Table, last: dict[str, int], copies: int) -> Any:
    number = select(literal(1).label("k")).cte("number", recursive=True)
    number = number.union_all(select(number.c.k + 1).where(number.c.k < copies))
    values = []
    for column in table.c:
        owner = next((key.column.table.name for key in column.foreign_keys), _POINTS_TO.get(column.name))
        owner = table.name if column.name == "id" else owner
        if owner in last:
            values.append(column + number.c.k * last[owner])
        elif column.name == "email":
            values.append(cast(number.c.k, Text) + "." + column)
        else:
            values.append(column)
    rows = select(*values).select_from(table.join(number, true()))
    return insert(table).from_select([c.name for c in table.c], rows)
