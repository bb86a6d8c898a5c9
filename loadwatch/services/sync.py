"""Where an athlete's runs stand, and a nudge for one that is stuck."""

from datetime import datetime, timedelta

from loadwatch.domain.completeness import Completeness, CutOff
from loadwatch.services.errors import NotYours
from loadwatch.services.ingest import SOURCE
from loadwatch.services.ports import Clock, Connection, Database, SyncState, Tx


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
    n_files = tx.n_files_awaited(athlete_id)
    connection = tx.connection(athlete_id)
    if connection is None:
        return Completeness(n_files=n_files)
    cut_off: CutOff | None = None
    cut_off_at: datetime | None = None
    if connection.state != "connected":
        cut_off, cut_off_at = "reconnect", tx.list_read_at(athlete_id)
    elif READS_ACTIVITIES not in connection.scopes:
        cut_off = "permission"
    elif inactive_since is not None:
        cut_off, cut_off_at = "inactive", inactive_since
    return Completeness(
        runs=tuple(tx.awaited_starts(athlete_id, connection.strava_athlete_id)),
        samples=tuple(tx.starts_without_samples(athlete_id, now - SAMPLES_REACH)),
        n_files=n_files,
        list_awaited=tx.list_awaited(athlete_id),
        cut_off=cut_off,
        cut_off_at=cut_off_at,
    )


def note_gaps(tx: Tx, athlete_id: int, since: datetime, known: Completeness) -> None:
    """Note with each alert that is open, or of a time since then, what is missing for it."""
    for alert_id, at, before in tx.alert_gaps(athlete_id, since):
        gap = known.gap(at)
        if gap != before:
            tx.put_gap(alert_id, gap)


class SyncService:
    """What a runner may do about runs that do not arrive."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

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
