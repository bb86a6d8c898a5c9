"""`loadwatch import`: files, folders and archives into the store, with a word on each that stays out."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from loadwatch.adapters.files.archive import files_in, n_files_in
from loadwatch.bootstrap import Services
from loadwatch.services.archive_ports import Given
from loadwatch.services.ports import Told, Upload
from loadwatch.services.uploads import Handed

TAKEN_TOGETHER: Final = 25
TAKEN_TOGETHER_BYTES: Final = 8 * 2**20
"""Files that are kept in one transaction, and how much of them may lie in memory for that. Design choice."""

ASKED_TOGETHER: Final = 500
"""Files whose outcome is asked in one query."""

SAID_EVERY_S: Final = 10.0
"""How often a line says how far it is where there is no terminal to draw a bar on. [s]"""

LOOKED_EVERY_S: Final = 0.2
"""How often it is looked whether workers are done with the files that they hold. [s]"""

INTERRUPTED: Final = 130


def run_import(
    services: Services, athlete_id: int, paths: Sequence[Path], *, sport: str | None, console: Console
) -> int:
    """
    Take in what lies at the paths, read it, and judge it.

    All files are kept first, in rows that any worker may read; then this process reads beside the workers, and
    waits for those that they hold. Stopped half-way it may be called again: what is known already is not stored
    twice.

    Parameters
    ----------
    sport : str or None
        What it was where a file does not say.

    Returns
    -------
    int
        0, or 1 if a file could not be read; 130 after Ctrl-C.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    counts: Counter[str] = Counter()
    try:
        with _Course(errors) as course:
            waiting = _take_in(services, athlete_id, paths, sport, counts, course)
            services.uploads.wake()
            _read(services, athlete_id, course)
        for upload in _outcomes(services, athlete_id, waiting):
            counts[upload.state] += 1
            if upload.state == "failed":
                click.echo(f"failed: {upload.name}: {upload.reason}", err=True)
        services.assess.assess(athlete_id)
    except KeyboardInterrupt:
        errors.print("stopped: what was taken in so far is kept. Call the same command again, and it goes on.")
        return INTERRUPTED
    kinds = ("stored", "known already", "waiting", "failed", "skipped")
    console.print(", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind]) or "nothing found there")
    return 1 if counts["failed"] else 0


class _Course:
    """How far it is and how long it will take: a bar on a terminal, else a line on stderr now and then."""

    def __init__(self, errors: Console) -> None:
        self._errors = errors
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
        self._said_at = time.monotonic()

    def __enter__(self) -> "_Course":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def begin(self, what: str, total: int) -> None:
        self._bars.add_task(what, total=total)

    def reached(self, n: int) -> None:
        """So many are done of what began last."""
        task = self._bars.tasks[-1]
        self._bars.update(task.id, completed=n, total=max(n, int(task.total or 0)))
        if self._errors.is_terminal or time.monotonic() - self._said_at < SAID_EVERY_S:
            return
        self._said_at = time.monotonic()
        left = task.time_remaining
        soon = f", about {left:.0f} s left" if left else ""
        click.echo(f"{task.description}: {n:,} of {task.total:,.0f}{soon}", err=True)


def _take_in(
    services: Services,
    athlete_id: int,
    paths: Sequence[Path],
    sport: str | None,
    counts: Counter[str],
    course: _Course,
) -> list[int]:
    """Keep what lies at the paths; the uploads that wait to be read."""
    waiting: list[int] = []
    n = 0
    course.begin("taking in", sum(map(n_files_in, paths)))
    for together in _together(given for path in paths for given in files_in(path)):
        handed = []
        for given in together:
            if given.data is not None:
                told = given.told or Told()
                told = replace(told, sport_if_silent=told.sport_if_silent or sport)
                handed.append(Handed(given.name, given.data, told))
                continue
            kind = "failed" if given.failed else "skipped"
            counts[kind] += 1
            click.echo(f"{kind}: {given.name}: {given.failed or given.skipped}", err=True)
        for receipt in services.uploads.put_all(athlete_id, handed):
            if receipt.upload.state == "waiting":
                waiting.append(receipt.upload.id)
            else:
                counts["known already"] += 1
        n += len(together)
        course.reached(n)
    return list(dict.fromkeys(waiting))


def _together(files: Iterable[Given]) -> Iterator[list[Given]]:
    """Some files at a time, of which a few megabytes lie in memory."""
    some: list[Given] = []
    size = 0
    for given in files:
        some.append(given)
        size += len(given.data or b"")
        if len(some) == TAKEN_TOGETHER or size > TAKEN_TOGETHER_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _read(services: Services, athlete_id: int, course: _Course) -> None:
    """Read the athlete's files until none is left, and none in another's hands."""
    total = services.uploads.n_unread(athlete_id)
    course.begin("reading", total)
    while left := services.uploads.n_unread(athlete_id):
        course.reached(total - left)
        if not services.file_ingest.read_next(athlete_id):
            time.sleep(LOOKED_EVERY_S)


def _outcomes(services: Services, athlete_id: int, ids: Sequence[int]) -> Iterator[Upload]:
    for n in range(0, len(ids), ASKED_TOGETHER):
        yield from services.uploads.uploads_by_id(athlete_id, ids[n : n + ASKED_TOGETHER])
