"""Judgements."""

from celery import shared_task

from workers.runtime import services


@shared_task(name="workers.assess.assess")
def assess(athlete_id: int) -> None:
    """Judge what changed for an athlete, if anything did; safe to run twice."""
    services().assess.assess(athlete_id)
