"""Where an athlete's runs stand, and a nudge for one that is stuck."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from loadwatch.domain.completeness import Completeness, CutOff
from loadwatch.services.errors import NotYours
from loadwatch.services.ingest import LOAD_WINDOW, SOURCE, HistoryBudget
from loadwatch.services.ports import Clock, Connection, Database, SyncState, Tx
from loadwatch.services.sync_ports import Awaited


def complete_until(sync: SyncState, connection: Connection | None, now: datetime) -> datetime | None:
    """
    Up to when every run that Strava announced is counted: now, or the start of the oldest that is awaited.

    None where it is not known: Strava is not connected, or the list of the last months is still to come.
    """
    if connection is None or connection.state != "connected" or sync.list_awaited:
        return None
    return now if sync.oldest_awaited is None else min(sync.oldest_awaited, now)


READS_ACTIVITIES = "activity:read"
"""Without this permission Strava sends no word of new runs, whatever else was granted."""

SAMPLES_REACH = timedelta(days=28)
"""How far back samples that are still to come are looked for: further than any open alert. Design choice."""


def completeness_of(tx: Tx, athlete_id: int, now: datetime, inactive_since: datetime | None) -> Completeness:
    """
    What is awaited of an athlete.

    Parameters
    ----------
    inactive_since : datetime or None
        Since when Strava has switched the application off; None: it has not.
    """
    return completeness(tx, athlete_id, tx.awaited(athlete_id, now - SAMPLES_REACH), inactive_since)


def completeness(tx: Tx, athlete_id: int, awaited: Awaited, inactive_since: datetime | None) -> Completeness:
    """The same of what was read already."""
    if awaited.link is None:
        return Completeness(n_files=awaited.n_files)
    cut_off: CutOff | None = None
    cut_off_at: datetime | None = None
    if awaited.link != "connected":
        cut_off, cut_off_at = "reconnect", tx.list_read_at(athlete_id)
    elif READS_ACTIVITIES not in awaited.scopes:
        cut_off = "permission"
    elif inactive_since is not None:
        cut_off, cut_off_at = "inactive", inactive_since
    return Completeness(
        runs=awaited.runs,
        samples=awaited.samples,
        n_files=awaited.n_files,
        list_awaited=awaited.list_awaited,
        cut_off=cut_off,
        cut_off_at=cut_off_at,
        is_linked=True,
    )


def note_gaps(tx: Tx, athlete_id: int, since: datetime, known: Completeness) -> None:
    """Note with each alert that is open, or of a time since then, what is missing for it."""
    for alert_id, at, before in tx.alert_gaps(athlete_id, since):
        gap = known.gap(at)
        if gap != before:
            tx.put_gap(alert_id, gap)


QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class HistoryProgress:
    """
    How far a runner's past is read in detail.

    Attributes
    ----------
    n_runs, n_read : int
        Runs of which more than the distance may be known, and those of which that was asked for.
    left : timedelta or None
        How long the others take at what Strava lets this server ask; None: not known.
    """

    n_runs: int
    n_read: int
    left: timedelta | None


def time_left(n_left: int, used_today: int, budget: HistoryBudget) -> timedelta | None:
    """
    How long it takes to ask for the samples of so many runs, one call each.

    Parameters
    ----------
    used_today : int
        Calls of this kind in the last day.

    Returns
    -------
    timedelta or None
        Whole quarters of an hour if the rest of the day is enough, otherwise whole days; None: the budget is zero.
    """
    if not n_left:
        return timedelta()
    if budget.per_quarter_hour <= 0 or budget.per_day <= 0:
        return None
    today = max(budget.per_day - used_today, 0)
    if n_left <= today:
        return QUARTER * math.ceil(n_left / budget.per_quarter_hour)
    by_day = math.ceil((n_left - today) / budget.per_day)
    return max(timedelta(days=by_day), QUARTER * math.ceil(n_left / budget.per_quarter_hour))


class SyncService:
    """
    What a runner may see and do of runs that do not arrive.

    Parameters
    ----------
    budget : callable
        For how many runs of the past samples may be asked by now; None while Strava lets nobody in.
    """

    def __init__(
        self, database: Database, clock: Clock, budget: Callable[[], HistoryBudget | None] = lambda: None
    ) -> None:
        self._database = database
        self._clock = clock
        self._budget = budget

    def progress(self, athlete_id: int) -> HistoryProgress:
        """How far the past is read in detail, and how long the rest takes: all athletes wait in one line."""
        budget, now = self._budget(), self._clock()
        with self._database.read() as tx:
            counts = tx.sample_counts(athlete_id, SOURCE, now - LOAD_WINDOW)
            is_asked = budget is not None and counts.n_left > 0
            used_today = tx.samples_wanted(now - timedelta(days=1)) if is_asked else 0
        left = time_left(counts.n_left_of_all, used_today, budget) if budget and counts.n_left else None
        return HistoryProgress(counts.n_runs, counts.n_runs - counts.n_left, left)

    def retry(self, athlete_id: int, source_id: int) -> None:
        """
        Make an activity's fetch due now; the sweep finds it.

        Raises
        ------
        NotYours
            If nothing of this athlete waits under that id.
        """
        with self._database.write() as tx:
            if not tx.retry_job(athlete_id, SOURCE, source_id, self._clock()):
                raise NotYours(f"activity {source_id}")
