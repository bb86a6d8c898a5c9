"""What did not reach an athlete, as the store tells it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

NOTICED_FOR: Final = timedelta(days=7)
"""So long a lost mail is spoken of: as long as an alert counts. Design choice."""


@dataclass(frozen=True, slots=True)
class Untold:
    """
    What did not reach an athlete, in numbers.

    Attributes
    ----------
    n_dropped : int
        Alerts that were not sent lately, as they would have come too late.
    n_uncertain_red : int
        Red flags that may or may not have arrived lately.
    n_channels_off : int
        Channels that were switched off, as they took nothing any more.
    mail_down_since : datetime or None
        Since when the mail server cannot be reached, UTC; None: it can.
    """

    n_dropped: int = 0
    n_uncertain_red: int = 0
    n_channels_off: int = 0
    mail_down_since: datetime | None = None


class NoticeTx(Protocol):
    """Part of `ports.Tx`."""

    def not_told(self, athlete_id: int, since: datetime) -> Untold:
        """In one statement; what was lost is counted since a moment."""
        ...
