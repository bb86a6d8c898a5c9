"""Events and fetches."""

from celery import shared_task

from workers.runtime import services


@shared_task(name="workers.ingest.receive")
def receive(inbox_id: int) -> None:
    """Turn an event into work and do it; safe to run twice."""
    everything = services()
    job_id = everything.ingest.take(inbox_id)
    if job_id is not None:
        everything.ingest.work_off(job_id)
        return
    for athlete_id in everything.rights.due_checks():
        everything.rights.check(athlete_id)


@shared_task(name="workers.ingest.fetch")
def fetch(job_id: int) -> None:
    """Do the work that a row asks for, if it is due and nobody else does; safe to run twice."""
    services().ingest.work_off(job_id)


@shared_task(name="workers.ingest.backfill")
def backfill(athlete_id: int) -> None:
    """Take over the list of the last months; safe to run twice."""
    services().ingest.backfill(athlete_id)
