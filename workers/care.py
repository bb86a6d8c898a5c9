"""What must happen though nobody asked: the sweep over all rows that are due."""

import logging
import time
from collections.abc import Callable, Iterable

from celery import current_app, shared_task

from workers.runtime import services

BUDGET_S = 20.0
"""A sweep stops after this and asks for the next: it must end before its time limit."""

_BATCH = 200

log = logging.getLogger(__name__)


@shared_task(name="workers.care.sweep")
def sweep() -> None:
    """
    Do everything that is due by the database: events, fetches, files, judgements, weekly mails, mails, expiry.

    Samples of the past are asked for here too, so that their fetches are among those due.

    One row that fails is logged and leaves the others alone; its own next attempt stands in the database.
    """
    everything = services()
    ingest, store, now = everything.ingest, everything.store, everything.clock
    deadline = time.monotonic() + BUDGET_S

    def pending() -> list[int]:
        with store.read() as tx:
            return tx.pending_inbox_ids(_BATCH)

    def due_jobs() -> list[int]:
        with store.read() as tx:
            return tx.due_job_ids(now(), _BATCH)

    def due_assessments() -> list[int]:
        with store.read() as tx:
            return tx.due_assessments(now(), _BATCH)

    finished = [drain(pending, ingest.take, deadline)]
    try:
        ingest.want_features()
    except Exception:
        log.exception("samples of the past could not be asked for")
    finished += [
        drain(everything.rights.due_checks, everything.rights.check, deadline),
        drain(due_jobs, ingest.work_off, deadline),
        drain(ingest.due_backfills, ingest.backfill, deadline),
        drain(everything.file_ingest.due, everything.file_ingest.work_off, deadline),
        drain(due_assessments, everything.assess.assess, deadline),
    ]
    everything.notify.expire()
    everything.assess.refresh_gaps()
    everything.notify.queue_weekly()
    everything.notify.deliver_due()
    if not all(finished):
        current_app.send_task("workers.care.sweep", expires=60, retry=False)


@shared_task(name="workers.care.keep")
def keep() -> None:
    """Renew what the API told by the lists that are due, then delete what was not renewed in time."""
    rights = services().rights
    drain(rights.due_reconciles, rights.reconcile, time.monotonic() + BUDGET_S)
    rights.purge_stale()


def drain(due: Callable[[], Iterable[int]], serve: Callable[[int], object], deadline: float) -> bool:
    """Serve each due row once; whether there was time for all."""
    seen: set[int] = set()
    while True:
        fresh = [i for i in due() if i not in seen]
        if not fresh:
            return True
        for row_id in fresh:
            if time.monotonic() > deadline:
                return False
            seen.add(row_id)
            try:
                serve(row_id)
            except Exception:
                log.exception("%s failed on row %s", getattr(serve, "__qualname__", serve), row_id)
