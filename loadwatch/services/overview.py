"""Where an athlete's data comes from, and what is still being read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from loadwatch.domain.activity import Run, recordings
from loadwatch.domain.completeness import Gap
from loadwatch.domain.thresholds import LEARNING_HISTORY, LEARNING_RUNS
from loadwatch.services.account_ports import FilesState, SourceState
from loadwatch.services.archive_ports import Archive
from loadwatch.services.errors import NotYours
from loadwatch.services.ports import Clock, Connection, Database, Tx
from loadwatch.services.sync import completeness_of
from loadwatch.services.views import ceiling_of

SHOWN_TWICE: Final = 5
"""So many runs with several recordings are listed, the newest; the others are counted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Which files and archives are still to be read."""

    files: FilesState
    archives: tuple[Archive, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """
    Attributes
    ----------
    sources : tuple of SourceState
        Those of which there is an activity.
    twice : tuple of tuple of Run
        The newest runs with several recordings, the one that counts first.
    n_twice : int
        How many such runs there are.
    archives : tuple of Archive
        Those that are being taken apart.
    fresh_until : datetime or None
        Until when what Strava told may be kept if it is not renewed; None: nothing is from there.
    """

    sources: tuple[SourceState, ...]
    files: FilesState
    archives: tuple[Archive, ...]
    twice: tuple[tuple[Run, ...], ...]
    n_twice: int
    connection: Connection | None
    gap: Gap | None
    fresh_until: datetime | None

    @property
    def n_activities(self) -> int:
        return sum(source.n for source in self.sources)


@dataclass(frozen=True, slots=True)
class Beginning:
    """
    How far somebody is who has just begun.

    Attributes
    ----------
    runs_known, days_known : int
        What is known for a verdict; `runs_needed` and `days_needed` it takes.
    """

    connection: Connection | None
    files: FilesState
    archives: tuple[Archive, ...]
    runs_known: int
    days_known: int
    is_list_awaited: bool

    runs_needed = LEARNING_RUNS
    days_needed = LEARNING_HISTORY.days

    @property
    def has_data(self) -> bool:
        return self.runs_known > 0 or self.files.n > 0 or bool(self.archives) or self.connection is not None

    @property
    def is_reading(self) -> bool:
        return self.files.n_waiting > 0 or bool(self.archives) or self.is_list_awaited

    @property
    def has_verdict(self) -> bool:
        return self.runs_known >= self.runs_needed and self.days_known >= self.days_needed


class OverviewService:
    """
    Tells where things stand.

    Parameters
    ----------
    retention : timedelta
        What the API told is not kept for longer than this since it told so.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        retention: timedelta,
        *,
        inactive_since: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._retention = retention
        self._inactive_since = inactive_since  # of the application at Strava

    def overview(self, athlete_id: int) -> Overview:
        now, inactive_since = self._clock(), self._inactive_since()
        with self._database.read() as tx:
            sources = tx.source_states(athlete_id)
            twice = [each for each in recordings(tx.light_runs(athlete_id)) if len(each) > 1]
            oldest = next((source.fetched_at for source in sources if source.source == "strava"), None)
            return Overview(
                sources=tuple(sources),
                files=tx.files_state(athlete_id),
                archives=_under_way(tx, athlete_id),
                twice=tuple(reversed(twice[-SHOWN_TWICE:])),
                n_twice=len(twice),
                connection=tx.connection(athlete_id),
                gap=completeness_of(tx, athlete_id, now, inactive_since).gap(now),
                fresh_until=oldest + self._retention if oldest is not None else None,
            )

    def reading(self, athlete_id: int) -> Reading:
        with self._database.read() as tx:
            return Reading(tx.files_state(athlete_id), _under_way(tx, athlete_id))

    def beginning(self, athlete_id: int) -> Beginning:
        now = self._clock()
        with self._database.read() as tx:
            profile = tx.athlete(athlete_id)
            if profile is None:
                raise NotYours(f"athlete {athlete_id}")
            ceiling = ceiling_of(tx, profile, now)
            return Beginning(
                connection=tx.connection(athlete_id),
                files=tx.files_state(athlete_id),
                archives=_under_way(tx, athlete_id),
                runs_known=ceiling.runs_known,
                days_known=ceiling.days_known,
                is_list_awaited=tx.list_awaited(athlete_id),
            )


def _under_way(tx: Tx, athlete_id: int) -> tuple[Archive, ...]:
    return tuple(each for each in tx.archives(athlete_id, 20) if each.state == "waiting")
