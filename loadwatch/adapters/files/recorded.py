"""What somebody did, of what a file holds."""

from loadwatch.adapters.files.limits import UnreadableFile
from loadwatch.adapters.files.reading import read_recordings
from loadwatch.adapters.files.samples import PLANNED
from loadwatch.domain.activity import Recording
from loadwatch.domain.text import say


def read_recorded(data: bytes, name: str) -> tuple[Recording, ...]:
    """
    As `read_recordings`, without planned courses: nobody has run those yet.

    Raises
    ------
    UnreadableFile
        Also if a planned course is all that it holds.
    """
    done = tuple(r for r in read_recordings(data, name) if PLANNED not in r.notes)
    if not done:
        raise UnreadableFile(say("is a planned course, which is no run yet"))
    return done
