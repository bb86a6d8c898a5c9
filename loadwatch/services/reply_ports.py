"""What was answered with one tap, as the store keeps it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredReply:
    """
    The answer to a question of a mail; a question is an athlete's, with its purpose and what it is about.

    Attributes
    ----------
    answer : str
        As the link says it.
    report_id : int or None
        The check-in that it became; None where it became none.
    at : datetime
        UTC.
    """

    answer: str
    report_id: int | None
    at: datetime


class ReplyTx(Protocol):
    """Part of a transaction."""

    def reply(self, athlete_id: int, purpose: str, about: str) -> StoredReply | None:
        """None: not answered yet."""
        ...

    def add_reply(self, athlete_id: int, purpose: str, about: str, reply: StoredReply) -> bool:
        """False, and nothing is stored, where the question was answered already."""
        ...
