"""What must happen though nobody asked: the sweep over all rows that are due."""

import logging
import time
from collections.abc import Callable, Iterable

from celery import current_app, shared_task

from workers.runtime import services

BUDGET_S = 20.0
"""A sweep stops after this and asks for the next: it must end before its time limit."""

FILES_S = 1.0
"""So long a process reads files before it looks for other work: a run that Strava pushes must not wait for years of
files. Design choice."""

MANY = 50
"""More summaries than this, laid out at once, are sent by several processes."""

SENDERS = 4
"""So many of them, if there are as many; the mail server must take as many connections. Design choice."""

_BATCH = 200

SWEEP = "workers.care.sweep"

log = logging.getLogger(__name__)


@shared_task(name=SWEEP)
def sweep() -> None:
    """
    Do everything that is due by the database: events, fetches, archives, files, judgements, replays, mails,
    expiry.

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
    try:
        everything.file_ingest.want_again()
    except Exception:
        log.exception("files could not be asked for again")
    finished += [
        drain(everything.rights.due_checks, everything.rights.check, deadline),
        drain(due_jobs, ingest.work_off, deadline),
        drain(ingest.due_backfills, ingest.backfill, deadline),
        drain(everything.archive_ingest.due, everything.archive_ingest.work_off, deadline),
        drain(due_assessments, everything.assess.assess, deadline),
        drain(everything.backtests.due, everything.backtests.replay, deadline),
    ]
    if not read_files(FILES_S):
        everything.nudge.uploads()
    try:
        everything.assess.refresh_gaps()
    except Exception:
        log.exception("what is missing for open alerts could not be noted anew")
    everything.notify.expire()
    if everything.notify.queue_weekly() > MANY:
        for _ in range(SENDERS):
            everything.nudge.more_mails()
    everything.notify.queue_asks()
    everything.notify.deliver_due()
    if not all(finished):
        current_app.send_task(SWEEP, expires=60, retry=False)


@shared_task(name="workers.care.keep")
def keep() -> None:
    """Renew what the API told by the lists that are due, then delete what was not renewed in time."""
    rights = services().rights
    drain(rights.due_reconciles, rights.reconcile, time.monotonic() + BUDGET_S)
    rights.purge_stale()
    check_subscription()


@shared_task(name="workers.care.check_subscription")
def check_subscription(*, at_start: bool = False) -> None:
    """See that Strava still pushes here, once a day and when a worker starts."""
    everything = services()
    if everything.settings.strava_configured:
        everything.subscription.check_if_due(at_start=at_start)


def read_files(budget_s: float) -> bool:
    """Read files for a while; whether none is left that nobody else is reading."""
    file_ingest, deadline = services().file_ingest, time.monotonic() + budget_s
    try:
        while file_ingest.read_next():
            if time.monotonic() > deadline:
                return False
    except Exception:
        log.exception("files cannot be read")  # they are free again when their lease ends
    return True


@shared_task(name="workers.care.tidy")
def tidy() -> None:
    """Delete the bytes of uploads that are gone, mails of athletes who are, and samples whose time is over."""
    services().uploads.tidy()
    services().account_deletion.tidy()
    services().samples.tidy()


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
