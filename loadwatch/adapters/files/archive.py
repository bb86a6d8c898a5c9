"""Files, folders and zip archives as a stream of files, one at a time in memory; nothing is unpacked to disk."""

import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from loadwatch.adapters.files.limits import MAX_BYTES, MAX_RATIO, UnreadableFile
from loadwatch.adapters.files.strava_export import LIST_NAME, read_list
from loadwatch.services.ports import Told

ENDINGS: Final = (".fit", ".gpx", ".tcx")

MAX_MEMBERS: Final = 200_000
"""An export of 10,000 activities holds some 20,000 with its pictures."""

_SMALL_BYTES: Final = 2**20
"""What unpacks to less than this does no harm, however well it is packed."""


@dataclass(frozen=True, slots=True)
class Given:
    """
    One file to be taken in, or why it is not.

    Attributes
    ----------
    data : bytes or None
        None where it stays out, and why is in `skipped` or, where it should have been readable, in `failed`.
    """

    name: str
    data: bytes | None
    told: Told = field(default_factory=Told)
    skipped: str = ""
    failed: str = ""


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


def _members(path: Path) -> Iterator[Given]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
            if len(members) > MAX_MEMBERS:
                yield Given(str(path), None, failed=f"holds more than {MAX_MEMBERS:,} files; split it")
                return
            base = next((n[: -len(LIST_NAME)] for n in members if PurePosixPath(n).name == LIST_NAME), None)
            if base is not None:
                yield from _export(archive, members, base)
                return
            for name, info in members.items():
                if is_activity_file(name):
                    yield _member(archive, info)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        yield Given(str(path), None, failed=f"is a damaged zip archive ({error}); download it again")
    except OSError as error:
        yield Given(str(path), None, failed=f"cannot be opened: {error.strerror}")


def _export(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], base: str) -> Iterator[Given]:
    """A Strava export: first what its list names, then files that it does not name."""
    try:
        listed = read_list(_read(archive, members[base + LIST_NAME]))
    except UnreadableFile as error:
        yield Given(base + LIST_NAME, None, failed=str(error))
        listed = []
    named = set()
    for row in listed:
        if row.file is not None:
            name = base + row.file
            named.add(name)
            if name in members:
                yield _member(archive, members[name], row.told)
            else:
                yield Given(name, None, skipped="is named in the list and missing in the archive")
            continue
        title = f"activity {row.activity_id} {row.told.name!r}"
        if row.lacks:
            yield Given(title, None, skipped=row.lacks)
        else:
            facts = asdict(row.told) | {"start": str(row.told.start), "activity_id": row.activity_id}
            yield Given(title, json.dumps(facts, sort_keys=True).encode(), row.told)
    for name, info in members.items():
        if name not in named and is_activity_file(name) and not name.startswith(f"{base}routes/"):
            yield _member(archive, info)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, told: Told | None = None) -> Given:
    try:
        return Given(info.filename, _read(archive, info), told or Told())
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
        raise UnreadableFile("unpacks to nothing but repetition")
    try:
        with archive.open(info) as member:
            return member.read(MAX_BYTES)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UnreadableFile("is damaged in the archive; download it again") from error
    except RuntimeError as error:  # what zipfile raises without a password
        raise UnreadableFile("is encrypted; unpack the archive with its password first") from error
