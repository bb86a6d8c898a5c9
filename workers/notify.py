"""Mails and pushes."""

from datetime import timedelta
from typing import Final

from celery import shared_task

from workers.runtime import services


@shared_task(name="workers.notify.deliver_due")
def deliver_due() -> None:
    """Send what is due; each mail is claimed first, so this may run twice at once."""
    services().notify.deliver_due()


MORE: Final = timedelta(seconds=3)
"""So long a process sends of many before it looks for other work: a run that Strava pushes must not wait for
everybody's summaries. Design choice."""


@shared_task(name="workers.notify.deliver_more")
def deliver_more() -> None:
    """Go on with what is due for a moment, and ask for the next turn; safe to run several times at once."""
    services().notify.deliver_due(MORE)
