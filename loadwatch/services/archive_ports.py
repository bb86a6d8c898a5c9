"""What `services.archives` asks of a transaction and of the disk, and the records that pass to and fro."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # `ports` builds on this module
    from loadwatch.services.ports import Told


@dataclass(frozen=True, slots=True)
class Given:
    """
    One file to be taken in, or why it is not.

    Attributes
    ----------
    data : bytes or None
        None where it stays out, and why is in `skipped` or, where it should have been readable, in `failed`.
    told : Told or None
        None where nothing is said of it.
    """

    name: str
    data: bytes | None
    told: "Told | None" = None
    skipped: str = ""
    failed: str = ""


class OpenArchive(Protocol):
    """What an archive holds, in an order that is always the same; each is read when it is asked for."""

    def __len__(self) -> int: ...
    def __getitem__(self, n: int, /) -> Given: ...


class ArchiveReader(Protocol):
    """Opens an archive; raises `LoadwatchError`, whose text begins with a verb, if it is none."""

    def __call__(self, path: Path, /) -> AbstractContextManager[OpenArchive]: ...


class ArchiveFiles(Protocol):
    """The bytes of archives while they are taken apart."""

    def put_archive(self, athlete_id: int, sha256: str, part: Path) -> None:
        """Keep a file that was received in `incoming` durably, under its digest."""
        ...

    def archive(self, athlete_id: int, sha256: str) -> Path: ...
    def drop_archive(self, athlete_id: int, sha256: str) -> None:
        """Delete it; nothing happens where it is gone."""
        ...


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What of an archive was not handed in, and why; the reason begins with a verb."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Archive:
    """
    An archive that was handed in, and how far it is taken apart.

    Attributes
    ----------
    sport_if_silent : str or None
        What a file in it holds that does not say so itself.
    state : {"waiting", "stored", "failed"}
        stored: each of its files is handed in; what becomes of those their uploads tell.
    reason : str or None
        Why it failed or waits; begins with a verb.
    n_entries : int or None
        How many files and entries by hand it holds; None: not looked at yet.
    n_taken : int
        How many of them have been looked at.
    n_left_out : int
    left_out : tuple of LeftOut
        The first of these.
    attempts : int
        How often it was taken up since it last got on.
    """

    id: int
    athlete_id: int
    sha256: str
    name: str
    size: int
    sport_if_silent: str | None
    state: str
    reason: str | None
    n_entries: int | None
    n_taken: int
    n_left_out: int
    left_out: tuple[LeftOut, ...]
    attempts: int
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ArchiveFilesState:
    """What became of an archive's files: how many by state, and the first that could not be read."""

    by_state: dict[str, int] = field(default_factory=dict)
    failed: tuple[LeftOut, ...] = ()


class ArchiveTx(Protocol):
    """The part of `ports.Tx` for archives."""

    def add_archive(
        self, athlete_id: int, sha256: str, name: str, size: int, sport_if_silent: str | None, now: datetime
    ) -> Archive:
        """Note an archive to be taken apart; the same bytes once more are the same archive, from its beginning."""
        ...

    def archive(self, athlete_id: int, archive_id: int) -> Archive | None: ...
    def archives(self, athlete_id: int, limit: int) -> list[Archive]:
        """The newest first."""
        ...

    def archive_files(self, athlete_id: int, archive_id: int, limit: int) -> ArchiveFilesState: ...
    def due_archive_ids(self, now: datetime, limit: int) -> list[int]: ...
    def archive_lease_owners(self) -> list[str]: ...
    def claim_archive(
        self, archive_id: int, owner: str, dead: Iterable[str], now: datetime, until: datetime
    ) -> Archive | None: ...
    def advance_archive(
        self,
        archive_id: int,
        *,
        n_entries: int,
        n_taken: int,
        upload_ids: Sequence[int],
        left_out: Sequence[LeftOut],
    ) -> None:
        """Note how far it is taken apart, and what came of the last part."""
        ...

    def settle_archive(
        self,
        archive_id: int,
        state: str,
        now: datetime,
        *,
        reason: str | None = None,
        next_attempt_at: datetime | None = None,
    ) -> None: ...
