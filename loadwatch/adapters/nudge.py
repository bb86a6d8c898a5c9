"""Waking workers through the broker."""

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


class TaskNudge:
    """
    Wakes workers through the broker, best effort.

    Parameters
    ----------
    send : callable
        Puts a task by its name and arguments on the broker; may raise whatever it likes: the sweep finds
        what a lost nudge leaves.
    """

    def __init__(self, send: Callable[[str, tuple[int, ...]], None]) -> None:
        self._send = send

    def inbox(self, inbox_id: int) -> None:
        self._try("ingest.receive", inbox_id)

    def assess(self, athlete_id: int) -> None:
        self._try("assess.assess", athlete_id)

    def mails(self) -> None:
        self._try("notify.deliver_due")

    def backfill(self, athlete_id: int) -> None:
        self._try("ingest.backfill", athlete_id)

    def uploads(self) -> None:
        self._try("uploads.read_due")

    def _try(self, task: str, *args: int) -> None:
        try:
            self._send(task, args)
        except Exception as error:  # whatever the broker's client raises: the row is safe in the database
            log.warning("no worker could be woken (%s): the sweep will find the work", type(error).__name__)


def no_nudge() -> TaskNudge:
    """For commands that run while no worker does."""
    return TaskNudge(lambda _task, _args: None)
