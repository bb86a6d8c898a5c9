"""Nudges that leave from a thread of their own."""

import threading
import time

from loadwatch.adapters.nudge import BackgroundNudge


class Broker:
    """Keeps what is sent; holds the sender up until it is let go."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, tuple[int, ...]]] = []
        self.answers = threading.Event()
        self.asked = threading.Semaphore(0)

    def send(self, task: str, args: tuple[int, ...]) -> None:
        self.sent.append((task, args))
        self.asked.release()
        assert self.answers.wait(10)

    def wait_for(self, n: int) -> None:
        for _ in range(n):
            assert self.asked.acquire(timeout=10)


def test_nobody_waits_for_a_broker_that_hangs():
    broker = Broker()
    nudge = BackgroundNudge(broker.send)

    began = time.monotonic()
    for inbox_id in range(100):
        nudge.inbox(inbox_id)
    assert time.monotonic() - began < 5
    broker.wait_for(1)
    broker.answers.set()


def test_a_burst_of_events_that_came_while_one_nudge_left_is_one_more():
    broker = Broker()
    nudge = BackgroundNudge(broker.send)

    nudge.inbox(1)
    broker.wait_for(1)
    for inbox_id in range(2, 100):
        nudge.inbox(inbox_id)
    nudge.assess(7)
    broker.answers.set()
    broker.wait_for(2)

    assert broker.sent == [("ingest.receive_due", ()), ("ingest.receive_due", ()), ("assess.assess", (7,))]


def test_after_a_broker_that_was_away_the_next_nudge_leaves():
    sent: list[str] = []
    came = threading.Event()

    def send(task: str, _args: tuple[int, ...]) -> None:
        sent.append(task)
        if len(sent) == 1:
            raise ConnectionError("no broker")
        came.set()

    nudge = BackgroundNudge(send)
    nudge.mails()
    while not sent:
        time.sleep(0.001)
    nudge.uploads()

    assert came.wait(10)
    assert sent == ["notify.deliver_due", "uploads.read_due"]
