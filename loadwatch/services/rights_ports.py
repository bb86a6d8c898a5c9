"""What `services.rights` asks of a transaction, and the records that pass to and fro."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol

RECENT_EVERY = timedelta(hours=6)
"""How often the list of the last two weeks is read again."""

SUMMARY_FIELDS = (
    *("name", "sport", "start", "local_date", "distance_m", "moving_s", "elapsed_s", "ascent_m"),
    *("average_heartrate_bpm", "is_race", "is_manual", "start_hidden"),
)
"""What the list tells of an activity, beside its gear: an edit of anything in it shows there."""

Why = Literal["withdrawn", "asked", "not_renewed"]


@dataclass(frozen=True, slots=True)
class KnownRun:
    """
    A stored activity as it is held against the list.

    Attributes
    ----------
    summary : tuple
        Its `SUMMARY_FIELDS` and the id of its gear.
    list_digest : str or None
        Of what the list said of it last; None: not seen there yet.
    """

    start: datetime
    fetched_at: datetime
    summary: tuple[Any, ...]
    list_digest: str | None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What one or several passes over the list found."""

    at: datetime | None = None
    """Of the last one; None: there was none."""
    n_calls: int = 0
    n_listed: int = 0
    n_missed: int = 0
    """Activities of which no message had told."""
    n_edited: int = 0
    n_gone: int = 0
    """Activities that are no longer in the list: each is asked for by itself before it is deleted."""


@dataclass(frozen=True, slots=True)
class PurgedRuns:
    """What went with deleted runs."""

    starts: tuple[datetime, ...] = ()
    days: frozenset[date] = frozenset()
    n_features: int = 0
    n_alerts: int = 0
    message_ids: tuple[str, ...] = ()
    """Of the mails that spoke of them."""


@dataclass(frozen=True, slots=True)
class PurgeReceipt:
    """
    What was deleted, when and why.

    Attributes
    ----------
    counts : mapping of str to int
        How many of each kind; see `rights.KINDS`.
    """

    id: int
    at: datetime
    why: Why
    counts: Mapping[str, int] = field(default_factory=dict)


class RightsTx(Protocol):
    """The part of `ports.Tx` that deletes and renews what came from the API."""

    # withdrawal
    def want_check(self, athlete_id: int, at: datetime | None) -> None:
        """When to ask Strava whether the connection was withdrawn; None: it is answered."""
        ...

    def due_checks(self, now: datetime, limit: int) -> list[int]: ...

    # the list
    def due_reconciles(self, now: datetime, limit: int) -> list[int]: ...
    def begin_reconcile(self, athlete_id: int, now: datetime, again: datetime) -> bool | None:
        """Claim a pass until `again`: True if the whole window is due, False if the last days are; None: neither."""
        ...

    def schedule_reconcile(self, athlete_id: int, recent_at: datetime, window_at: datetime | None) -> None:
        """When the next passes are due; None leaves that of the whole window as it is."""
        ...

    def note_unread(self, athlete_id: int, now: datetime | None) -> None:
        """That the list could not be read, for the first time at `now`; None: it was."""
        ...

    def known_runs(self, athlete_id: int, source: str, since: datetime) -> dict[int, KnownRun]: ...
    def waiting_ids(self, athlete_id: int, source: str) -> set[int]:
        """Activities that are to be fetched anyway."""
        ...

    def renew_runs(self, athlete_id: int, source: str, digests: Mapping[int, str], now: datetime) -> None:
        """Note that the list has just shown these activities, and the digest of each."""
        ...

    def gear_to_renew(self, athlete_id: int, source: str, told_before: date) -> list[int]:
        """For each pair told of before a day: the newest run in it."""
        ...

    def add_reconciliation(self, athlete_id: int, found: Reconciliation, now: datetime) -> None: ...
    def reconciled(self, athlete_id: int, since: datetime) -> Reconciliation:
        """Sums over the passes since then."""
        ...

    # deletion
    def stale_athletes(
        self, source: str, before: datetime, *, read_since: datetime, unread_before: datetime, limit: int
    ) -> list[int]:
        """
        Athletes with runs that were not fetched since `before` and could have been renewed.

        That is: their list was read since `read_since`, or cannot be read since before `unread_before`, or nobody is
        connected who could read it.
        """
        ...

    def purge_runs(self, athlete_id: int, source: str, fetched_before: datetime | None = None) -> PurgedRuns:
        """
        Delete runs with all that hangs on them and the alerts that speak of them; None: every one of the source.

        Alerts on check-ins stay: they are about what the runner said.
        """
        ...

    def purge_connection(self, athlete_id: int, source: str, strava_athlete_id: int) -> dict[str, int]:
        """Delete tokens, gear, jobs, events and notes of the source; how many of each kind."""
        ...

    def forget_mails(self, athlete_id: int) -> list[str]:
        """Clear the subjects of the mails that may quote runs, all but receipts; their message ids."""
        ...

    def forget_gear(self, source: str, told_before: date) -> None:
        """Forget what was told of gear before a day, and gear in which no run is known."""
        ...

    def purge_events(self, before: datetime) -> int:
        """Delete events and notes that were received before then and are worked off, and jobs without an owner."""
        ...

    def add_receipt(self, athlete_id: int, why: Why, counts: Mapping[str, int], now: datetime) -> int: ...
    def receipt(self, athlete_id: int, receipt_id: int) -> PurgeReceipt | None: ...
    def receipts(self, athlete_id: int, limit: int) -> list[PurgeReceipt]:
        """The newest first."""
        ...
