"""What the use cases ask of the store about how far the runs of an athlete are here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

from loadwatch.domain.completeness import Gap
from loadwatch.services.notice_ports import Untold

SubscriptionState = Literal["ok", "none", "gone", "elsewhere", "unknown"]
"""
What became of the push subscription: Strava pushes here; none was ever made from here; ours is gone and could not be
made anew; the application's one pushes to another address; Strava did not say.
"""


@dataclass(frozen=True, slots=True)
class SubscriptionCheck:
    """
    What the last look at Strava's list of subscriptions showed.

    Attributes
    ----------
    says : str
        The state in words for the operator, with what to do.
    next_at : datetime
        When it is looked at again.
    """

    at: datetime
    state: SubscriptionState
    says: str
    next_at: datetime


@dataclass(frozen=True, slots=True)
class SampleCounts:
    """
    How far the samples of runs were asked for.

    Attributes
    ----------
    n_runs : int
        The athlete's runs that have samples to ask for.
    n_left : int
        Those of them whose samples are still to come.
    n_left_of_all : int
        The same of all connected athletes: they share what Strava lets one application ask.
    """

    n_runs: int
    n_left: int
    n_left_of_all: int


@dataclass(frozen=True, slots=True)
class QuarantineReason:
    """Events that lie in quarantine for one reason."""

    reason: str
    n: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Quarantine:
    """
    Events that are kept and not acted on, because they are nobody's here.

    Attributes
    ----------
    n_day : int
        Those of the last day.
    reasons : tuple of QuarantineReason
        The most frequent.
    """

    n: int
    n_day: int
    reasons: tuple[QuarantineReason, ...]


@dataclass(frozen=True, slots=True)
class Awaited:
    """
    What of an athlete's runs is known to be on its way, and how the link to Strava stands.

    Attributes
    ----------
    link : str or None
        State of the connection; None: there is none.
    scopes : frozenset of str
        Granted ones.
    runs : tuple of datetime
        Start of each activity that was announced or changed and is not fetched. Of one that is not known yet it is
        taken to be a day before its announcement.
    samples : tuple of datetime
        Start of each run since the moment asked for whose samples are still to come.
    n_files : int
        Files that were handed in and are not read.
    list_awaited : bool
        The list of the last months is still to be taken over.
    """

    link: str | None = None
    scopes: frozenset[str] = frozenset()
    runs: tuple[datetime, ...] = ()
    samples: tuple[datetime, ...] = ()
    n_files: int = 0
    list_awaited: bool = False


@dataclass(frozen=True, slots=True)
class Pulse:
    """
    Numbers of an athlete's data that move whenever something that a page shows may have changed.

    Attributes
    ----------
    n_runs, last_run_id : int
        Activities, and the newest one's id; 0 where there is none.
    wanted, done : int
        Judgements that were asked for, and up to which they were made; see `tables.AssessJob`.
    last_step : int
        The newest transition of an alert; 0 where there is none.
    n_files_left, n_files_read : int
        Files that were handed in: still to be read, and read.
    """

    n_runs: int = 0
    last_run_id: int = 0
    wanted: int = 0
    done: int = 0
    last_step: int = 0
    n_files_left: int = 0
    n_files_read: int = 0

    @property
    def is_judged(self) -> bool:
        """Whether the alerts have followed all that was stored."""
        return self.wanted == self.done


@dataclass(frozen=True, slots=True)
class History:
    """
    How far the counted runs of an athlete go back, without reading them.

    Attributes
    ----------
    n_runs : int
        Those that began before the moment asked for.
    first_start : datetime or None
        Of the first of them, UTC.
    first_day : date or None
        Local day of the first counted run of all.
    last_before : datetime or None
        Start of the last one before an earlier moment, UTC.
    """

    n_runs: int
    first_start: datetime | None
    first_day: date | None
    last_before: datetime | None


class SyncTx(Protocol):
    """Part of `ports.Tx`."""

    # what is awaited
    def awaited(self, athlete_id: int, samples_since: datetime) -> Awaited:
        """All of it, in one statement."""
        ...

    def pulse(self, athlete_id: int) -> Pulse:
        """In one statement, cheap enough to be asked every few seconds."""
        ...

    def history(self, athlete_id: int, before: datetime, last_before: datetime) -> tuple[History, Untold, Pulse]:
        """In one statement."""
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

    # history
    def begin_backfill(self, athlete_id: int, after: datetime) -> tuple[datetime, int]:
        """Since when the list is taken over, and from which page on: where it stopped, unless more is asked for."""
        ...

    def put_backfill_page(self, athlete_id: int, page: int) -> None:
        """Note the page that comes next."""
        ...

    def sample_counts(self, athlete_id: int, source: str, since: datetime) -> SampleCounts: ...

    # quarantine
    def quarantine(self, since: datetime, reasons: int) -> Quarantine:
        """What lies there, with the most frequent reasons; `Quarantine.n_day` counts from `since` on."""
        ...

    def drop_quarantine(self, before: datetime) -> int:
        """Delete what was received before then; how many."""
        ...

    # the push subscription
    def subscription_check(self) -> SubscriptionCheck | None: ...
    def claim_subscription_check(self, now: datetime, again: datetime, stale_before: datetime) -> bool:
        """Claim the look that is due, or older than `stale_before`, until `again`; False if none is."""
        ...

    def put_subscription_check(self, check: SubscriptionCheck) -> None: ...

    # after a pause
    def read_lists_at(self, at: datetime) -> None:
        """Have the last days of every connected athlete's list read then, or earlier if that is due before."""
        ...

    def wake_refused(self, now: datetime) -> None:
        """Make due what waits because Strava took no calls of this application."""
        ...
