"""Mails."""

from celery import shared_task

from workers.runtime import services


@shared_task(name="workers.notify.deliver_due")
def deliver_due() -> None:
    """Send what is due; each mail is claimed first, so this may run twice at once."""
    services().notify.deliver_due()
