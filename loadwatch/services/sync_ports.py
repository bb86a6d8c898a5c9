"""What the use cases ask of the store about how far the runs of an athlete are here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from loadwatch.domain.completeness import Gap


class SyncTx(Protocol):
    """Part of `ports.Tx`."""

    # what is awaited
    def awaited_starts(self, athlete_id: int, strava_athlete_id: int | None) -> list[datetime]:
        """
        Start of each activity that was announced or changed and is not fetched.

        Of one that is not known yet it is taken to be a day before its announcement.
        """
        ...

    def starts_without_samples(self, athlete_id: int, since: datetime) -> list[datetime]:
        """Start of each run since then whose samples are still to come."""
        ...

    def n_files_awaited(self, athlete_id: int) -> int:
        """Files that were handed in and are not read."""
        ...

    def list_awaited(self, athlete_id: int) -> bool: ...
    def list_read_at(self, athlete_id: int) -> datetime | None:
        """When the athlete's list was last held against what is here; None: never."""
        ...

    # on alerts
    def alert_gaps(self, athlete_id: int, since: datetime) -> Sequence[tuple[int, datetime, Gap | None]]:
        """(id, of when, gap) of each alert that is open or speaks of a time since then, and was not taken back."""
        ...

    def put_gap(self, alert_id: int, gap: Gap | None) -> None: ...
    def athletes_with_gaps(self, limit: int) -> list[int]:
        """Those with an open alert of which something was missing."""
        ...
