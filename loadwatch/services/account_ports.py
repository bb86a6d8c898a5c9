"""What accounts ask of a transaction beyond log-in: keys, a copy of everything, and the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from loadwatch.domain.activity import Run


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API token as its owner sees it; the token itself is kept nowhere."""

    id: int
    name: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeletionReceipt:
    """
    That an account was deleted.

    Attributes
    ----------
    counts : mapping of str to int
        How many rows of each table that had any.
    """

    id: int
    at: datetime
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a table, in order of its key; `after` is where the next ones begin, None at the end."""

    rows: Sequence[Mapping[str, Any]]
    after: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class SourceState:
    """
    What there is of one source.

    Attributes
    ----------
    n : int
        Activities, also those that do not count.
    first, last : date
        Local days of the oldest and the newest.
    fetched_at : datetime
        When the one that was told longest ago was told last.
    """

    source: str
    n: int
    first: date
    last: date
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class FilesState:
    """How many files there are, of these still to be read, and how many could not be read."""

    n: int = 0
    n_waiting: int = 0
    n_failed: int = 0


class AccountTx(Protocol):
    """The part of `ports.Tx` for keys, exports and deletion."""

    def api_keys(self, athlete_id: int) -> list[ApiKey]:
        """The newest first."""
        ...

    def delete_api_key(self, athlete_id: int, key_id: int) -> bool:
        """Whether the athlete had it."""
        ...

    def set_login(self, account_id: int, email: str, password_hash: str) -> None: ...
    def make_operator(self, account_id: int) -> None: ...
    def count_operators(self) -> int: ...

    # where the data comes from
    def source_states(self, athlete_id: int) -> list[SourceState]:
        """The source with the most activities first."""
        ...

    def files_state(self, athlete_id: int) -> FilesState: ...
    def light_runs(self, athlete_id: int) -> list[Run]:
        """Every activity, without its features."""
        ...

    # export
    def owned_tables(self) -> dict[str, tuple[str, ...]]:
        """Every table with rows of an athlete, and its columns that may leave the server: no secret, no digest."""
        ...

    def owned_rows(self, athlete_id: int, table: str, after: tuple[Any, ...] | None, limit: int) -> Rows:
        """An athlete's rows of one of these tables, after a key."""
        ...

    # deletion
    def delete_athlete(self, athlete_id: int, now: datetime) -> DeletionReceipt | None:
        """Delete every row that is the athlete's, in any table; None where there is no such athlete."""
        ...

    def deletions(self, limit: int) -> list[DeletionReceipt]:
        """The newest first."""
        ...

    # samples
    def is_sample(self, athlete_id: int) -> bool: ...
    def samples(self, before: datetime | None = None) -> list[int]:
        """Made-up athletes; `before`: whose time was over by then."""
        ...
