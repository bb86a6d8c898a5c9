"""Files, folders and zip archives as a stream of files, one at a time in memory; nothing is unpacked to disk."""

import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final, Self

from loadwatch.adapters.files.limits import MAX_BYTES, MAX_RATIO, UnreadableFile
from loadwatch.adapters.files.strava_export import LIST_NAME, read_list
from loadwatch.domain.activity import UNKNOWN_SPORT
from loadwatch.domain.text import say
from loadwatch.services.archive_ports import Given
from loadwatch.services.ports import Told

ENDINGS: Final = (".fit", ".gpx", ".tcx")

MAX_MEMBERS: Final = 200_000
"""An export of 10,000 activities holds some 20,000 with its pictures."""

_SMALL_BYTES: Final = 2**20
"""What unpacks to less than this does no harm, however well it is packed."""


def is_activity_file(name: str) -> bool:
    """Whether a file is called like one of an activity."""
    return name.lower().removesuffix(".gz").endswith(ENDINGS)


def files_in(path: Path) -> Iterator[Given]:
    """
    What lies at a path: a file, the files of a folder and those below it, or the members of a zip archive.

    What is not called like an activity's file is left alone in folders and archives, silently.
    """
    if path.is_dir():
        for each in sorted(p for p in path.rglob("*") if p.is_file()):
            if is_activity_file(each.name):
                yield _from_disk(each)
            elif each.suffix.lower() == ".zip":
                yield from files_in(each)
        return
    if path.suffix.lower() == ".zip" or _is_zip(path):
        yield from _members(path)
    else:
        yield _from_disk(path)


def n_files_in(path: Path) -> int:
    """About how many files `files_in` gives of a path, to say how far it is; nothing is read for it."""
    if path.is_dir():
        found = (p for p in path.rglob("*") if p.is_file())
        return sum(n_files_in(p) if p.suffix.lower() == ".zip" else is_activity_file(p.name) for p in found)
    if path.suffix.lower() != ".zip" and not _is_zip(path):
        return 1
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(map(is_activity_file, archive.namelist()))
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return 1


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def _from_disk(path: Path) -> Given:
    try:
        if path.stat().st_size > MAX_BYTES:
            return Given(str(path), None, failed=_TOO_LARGE)
        return Given(str(path), path.read_bytes())
    except OSError as error:
        return Given(str(path), None, failed=f"cannot be opened: {error.strerror}")


_TOO_LARGE: Final = f"is larger than {MAX_BYTES // 2**20} MB"


class ZipArchive:
    """
    What a zip archive holds of activities: of a Strava export first what its list names, then the other files.

    Their order is always the same, and each is read when it is asked for.

    Raises
    ------
    UnreadableFile
        If it is none, or holds too many files.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError as error:
            raise UnreadableFile(say("is no longer in the data folder; hand it in again")) from error
        except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
            raise UnreadableFile(
                say("is a damaged zip archive ({fault}); download it again", fault=str(error))
            ) from error
        members = {info.filename: info for info in self._zip.infolist() if not info.is_dir()}
        if len(members) > MAX_MEMBERS:
            self._zip.close()
            raise UnreadableFile(say("holds more than {n} files; split it", n=MAX_MEMBERS))
        base = next((n[: -len(LIST_NAME)] for n in members if PurePosixPath(n).name == LIST_NAME), None)
        if base is not None:
            self._entries = _export(self._zip, members, base)
        else:
            self._entries = [
                partial(_member, self._zip, info) for name, info in members.items() if is_activity_file(name)
            ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, n: int) -> Given:
        return self._entries[n]()


def _members(path: Path) -> Iterator[Given]:
    try:
        with ZipArchive(path) as archive:
            for n in range(len(archive)):
                yield archive[n]
    except UnreadableFile as error:
        yield Given(str(path), None, failed=str(error))
    except OSError as error:
        yield Given(str(path), None, failed=f"cannot be opened: {error.strerror}")


_Entry = Callable[[], Given]


def _export(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], base: str) -> list[_Entry]:
    """A Strava export: first what its list names, then files that it does not name."""
    entries: list[_Entry] = []
    unlisted = Told()
    try:
        listed = read_list(_read(archive, members[base + LIST_NAME]))
    except UnreadableFile as error:
        entries.append(partial(Given, base + LIST_NAME, None, failed=str(error)))
        listed = []
        # Among the files are rides and walks: of one that does not say what it was nobody else does then.
        unlisted = Told(sport_if_silent=UNKNOWN_SPORT)
    named = set()
    for row in listed:
        if row.file is not None:
            name = base + row.file
            named.add(name)
            if name in members:
                entries.append(partial(_member, archive, members[name], row.told))
            else:
                entries.append(partial(Given, name, None, skipped="is named in the list and missing in the archive"))
            continue
        title = f"activity {row.activity_id} {row.told.name!r}"
        if row.lacks:
            entries.append(partial(Given, title, None, skipped=row.lacks))
        else:
            facts = asdict(row.told) | {"start": str(row.told.start), "activity_id": row.activity_id}
            entries.append(partial(Given, title, json.dumps(facts, sort_keys=True).encode(), row.told))
    for name, info in members.items():
        if name not in named and is_activity_file(name) and not name.startswith(f"{base}routes/"):
            entries.append(partial(_member, archive, info, unlisted))
    return entries


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, told: Told | None = None) -> Given:
    try:
        return Given(info.filename, _read(archive, info), told)
    except UnreadableFile as error:
        return Given(info.filename, None, failed=str(error))


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """
    One member, in memory.

    Raises
    ------
    UnreadableFile
        If it is too large, packed beyond belief, encrypted or damaged.
    """
    if info.file_size > MAX_BYTES:
        raise UnreadableFile(_TOO_LARGE)
    if info.file_size > max(_SMALL_BYTES, MAX_RATIO * info.compress_size):
        raise UnreadableFile(say("unpacks to nothing but repetition"))
    try:
        with archive.open(info) as member:
            return member.read(MAX_BYTES)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UnreadableFile(say("is damaged in the archive; download it again")) from error
    except RuntimeError as error:  # what zipfile raises without a password
        raise UnreadableFile(say("is encrypted; unpack the archive with its password first")) from error
