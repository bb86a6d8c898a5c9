"""Waking workers through the broker."""

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

Send = Callable[[str, tuple[int, ...]], None]

PAUSE_S = 0.1
"""How long a process that has just sent collects what is to be sent next. [s] Design choice: a burst of pushes needs
no more than a few nudges, and nobody notices the delay."""


class TaskNudge:
    """
    Wakes workers through the broker, best effort.

    Parameters
    ----------
    send : callable
        Puts a task by its name and arguments on the broker; may raise whatever it likes: the sweep finds
        what a lost nudge leaves.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def inbox(self, inbox_id: int) -> None:  # noqa: ARG002  # it stands in the database, with all that wait
        self._try("ingest.receive_due")

    def assess(self, athlete_id: int) -> None:
        self._try("assess.assess", athlete_id)

    def mails(self) -> None:
        self._try("notify.deliver_due")

    def more_mails(self) -> None:
        self._try("notify.deliver_more")

    def backfill(self, athlete_id: int) -> None:
        self._try("ingest.backfill", athlete_id)

    def uploads(self) -> None:
        self._try("uploads.read_due")

    def backtest(self, athlete_id: int) -> None:
        self._try("backtests.replay", athlete_id)

    def _try(self, task: str, *args: int) -> None:
        try:
            self._send(task, args)
        except Exception as error:  # whatever the broker's client raises: the row is safe in the database
            log.warning("no worker could be woken (%s): the sweep will find the work", type(error).__name__)


class BackgroundNudge(TaskNudge):
    """
    The same from a thread of its own: no answer waits for the broker, and what is asked for twice is sent once.

    A task wakes after the row was stored that it is to find, so one nudge serves all rows stored before it left.
    """

    def __init__(self, send: Send) -> None:
        super().__init__(send)
        self._changed = threading.Condition()
        self._waiting: dict[tuple[str, tuple[int, ...]], None] = {}
        self._thread: threading.Thread | None = None

    def _try(self, task: str, *args: int) -> None:
        with self._changed:
            if self._thread is None or not self._thread.is_alive():  # the first time, also after a fork
                self._thread = threading.Thread(target=self._run, name="nudge", daemon=True)
                self._thread.start()
            self._waiting[task, args] = None
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                leaving, self._waiting = self._waiting, {}
            for task, args in leaving:
                super()._try(task, *args)
            time.sleep(PAUSE_S)


def no_nudge() -> TaskNudge:
    """For commands that run while no worker does."""
    return TaskNudge(lambda _task, _args: None)
