"""Where an athlete's runs stand, and a nudge for one that is stuck."""

from datetime import datetime

from loadwatch.services.errors import NotYours
from loadwatch.services.ingest import SOURCE
from loadwatch.services.ports import Clock, Connection, Database, SyncState


def complete_until(sync: SyncState, connection: Connection | None, now: datetime) -> datetime | None:
    """
    Up to when every run that Strava announced is counted: now, or the start of the oldest that is awaited.

    None where it is not known: Strava is not connected, or the list of the last months is still to come.
    """
    if connection is None or connection.state != "connected" or sync.list_awaited:
        return None
    return now if sync.oldest_awaited is None else min(sync.oldest_awaited, now)


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
