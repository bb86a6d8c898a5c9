"""Files that were handed in."""

import time

from celery import current_app, shared_task

from workers.care import BUDGET_S, drain
from workers.runtime import services


@shared_task(name="workers.uploads.read_due")
def read_due() -> None:
    """Read the files that wait, as many as there is time for, and ask for the next turn; safe to run twice."""
    ingest = services().file_ingest
    if not drain(ingest.due, ingest.work_off, time.monotonic() + BUDGET_S):
        current_app.send_task("workers.uploads.read_due", retry=False)
