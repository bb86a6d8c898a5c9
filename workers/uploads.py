"""Files that were handed in."""

from typing import Final

from celery import current_app, shared_task

from workers.care import FILES_S, read_files
from workers.runtime import services

READERS: Final = 4
"""As many processes may read what one knock told of. Design choice."""

FORGOTTEN_S: Final = 60
"""A turn that nobody took for so long is not needed: others read, or the sweep asks again. [s]"""


@shared_task(name="workers.uploads.read_due")
def read_due(*, knocked: bool = True) -> None:
    """
    Take archives apart and read the files that wait, for a moment, and ask for the next turn; safe to run twice.

    After its first turn, when many still wait, a knock asks for as many turns as there may be readers.
    """
    archives = services().archive_ingest
    goes_on = False
    for archive_id in archives.due(limit=1):
        goes_on = archives.work_off(archive_id)
    if not read_files(FILES_S) or goes_on:
        for _ in range(READERS if knocked else 1):
            turn = {"kwargs": {"knocked": False}, "expires": FORGOTTEN_S}
            current_app.send_task("workers.uploads.read_due", **turn, retry=False)
