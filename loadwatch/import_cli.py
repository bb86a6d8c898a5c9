"""`loadwatch import`: files, folders and archives into the store, with a word on each that stays out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from loadwatch.adapters.files.archive import files_in
from loadwatch.bootstrap import Services


def run_import(
    services: Services, athlete_id: int, paths: Sequence[Path], *, sport: str | None, console: Console
) -> int:
    """
    Take in what lies at the paths, read it, and judge it.

    All files are kept first, in rows that any worker may read too; then this process reads what is still
    unread. Stopped half-way it may be called again: what is known already is not stored twice.

    Parameters
    ----------
    sport : str or None
        What it was where a file does not say.

    Returns
    -------
    int
        0, or 1 if a file could not be read.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    counts: Counter[str] = Counter()
    waiting: list[int] = []
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        taking = progress.add_task("taking in", total=None)
        for path in paths:
            for given in files_in(path):
                progress.advance(taking)
                if given.data is None:
                    kind = "failed" if given.failed else "skipped"
                    counts[kind] += 1
                    click.echo(f"{kind}: {given.name}: {given.failed or given.skipped}", err=True)
                    continue
                told = replace(given.told, sport_if_silent=given.told.sport_if_silent or sport)
                receipt = services.uploads.put(athlete_id, given.name, given.data, told)
                if receipt.upload.state == "waiting":
                    waiting.append(receipt.upload.id)
                else:
                    counts["known already"] += 1
        services.uploads.wake()
        for upload_id in progress.track(list(dict.fromkeys(waiting)), description="reading"):
            services.file_ingest.work_off(upload_id)
            upload = services.uploads.upload(athlete_id, upload_id)
            counts[upload.state] += 1
            if upload.state == "failed":
                click.echo(f"failed: {upload.name}: {upload.reason}", err=True)
    services.assess.assess(athlete_id)
    kinds = ("stored", "known already", "waiting", "failed", "skipped")
    console.print(", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind]) or "nothing found there")
    return 1 if counts["failed"] else 0
