"""Histories that are replayed."""

from celery import shared_task

from workers.runtime import services


@shared_task(name="workers.backtests.replay")
def replay(athlete_id: int) -> None:
    """Work out what the rules would have said of an athlete's history, if it is due; safe to run twice."""
    services().backtests.replay(athlete_id)
