"""Events and fetches."""

import logging
import time

from celery import current_app, shared_task

from workers.care import BUDGET_S, SWEEP, drain
from workers.runtime import services

log = logging.getLogger(__name__)


@shared_task(name="workers.ingest.receive_due")
def receive_due() -> None:
    """Turn all events that wait into work and do it, as far as there is time; safe to run twice, also at once."""
    everything = services()
    ingest, deadline = everything.ingest, time.monotonic() + BUDGET_S
    try:
        while (job_ids := ingest.take_due()) is not None:
            if not drain(job_ids.copy, ingest.work_off, deadline):
                current_app.send_task(SWEEP, expires=60, retry=False)
                return
    except Exception:
        # One event that cannot be taken must not hold up the others: the sweep takes each by itself.
        log.exception("the events that wait could not be taken together")
        current_app.send_task(SWEEP, expires=60, retry=False)
    drain(everything.rights.due_checks, everything.rights.check, deadline)


@shared_task(name="workers.ingest.fetch")
def fetch(job_id: int) -> None:
    """Do the work that a row asks for, if it is due and nobody else does; safe to run twice."""
    services().ingest.work_off(job_id)


@shared_task(name="workers.ingest.backfill")
def backfill(athlete_id: int) -> None:
    """Take over the list of the last months; safe to run twice."""
    services().ingest.backfill(athlete_id)
