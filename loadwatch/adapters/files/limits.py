"""How much a file may ask of the machine, and the error that names why one could not be read."""

import time
from typing import Final

from loadwatch.domain.text import say
from loadwatch.services.errors import LoadwatchError

MAX_BYTES: Final = 64 * 2**20
"""Half a million points take about this much as GPX, the wordiest of the formats. Holds packed and unpacked."""

MAX_RATIO: Final = 200
"""Track points pack to a fifteenth at most; a gzip bomb to a thousandth."""

MAX_ACTIVITIES: Final = 5_000
"""Thirteen years of a run a day in one file."""

MAX_SAMPLES: Final = 500_000
"""More samples than six days at one a second are no activity."""

MIN_SAMPLES: Final = 2
"""A single sample has neither duration nor distance."""

MAX_DEPTH: Final = 100
"""GPX and TCX nest less than a dozen elements, extensions included."""

MAX_POINT_BYTES: Final = 2**20
"""A point with every extension there is takes a kilobyte."""

TIME_LIMIT_S: Final = 20.0
"""Twenty times what the slowest of the files we have seen takes. [s]"""


class UnreadableFile(LoadwatchError):
    """A file holds no activity that could be read; the text says what it is and what can be done."""


class Deadline:
    """A clock that runs from its making; `check` refuses to go on when the time is up."""

    def __init__(self, limit_s: float = TIME_LIMIT_S) -> None:
        self._end = time.monotonic() + limit_s

    def check(self) -> None:
        if time.monotonic() > self._end:
            raise UnreadableFile(say("takes too long to read; export it again, or split it"))
