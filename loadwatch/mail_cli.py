"""`loadwatch mail`: how mails look, and what lies in the outbox."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from loadwatch.adapters.mail import to_message
from loadwatch.bootstrap import Services
from loadwatch.domain.text import Units
from loadwatch.emails import EmailContent
from loadwatch.services.errors import LoadwatchError
from loadwatch.services.outbox import LOOK_KINDS, Look, LookKind

NONE: Final = {
    "alert": "no alert here: one comes when a run or a check-in sets it off",
    "red": "no red flag here: one comes when a check-in tells of a sign that must not be missed",
    "again": "no red flag here that waits to be read: it is told again until then",
    "ask": "no alert here that asks how the next morning is",
    "retraction": "no alert here that was taken back: that happens when its run is corrected or deleted",
    "receipt": "no receipt here: one comes when data from Strava are deleted",
}
"""What to say where there is nothing of a kind."""

UNSETTLED: Final = frozenset({"waits", "sending", "uncertain", "failed"})
"""States in which something is still to happen, or went wrong."""


def kind_of(word: str) -> LookKind:
    """
    A kind of mail by its word.

    Raises
    ------
    LoadwatchError
        If there is no such kind.
    """
    if word not in LOOK_KINDS:
        raise LoadwatchError(f"there is no mail of the kind {word}: take one of {', '.join(LOOK_KINDS)}")
    return word


def looked_at(
    services: Services, athlete_id: int, kind: LookKind, about: str | None, language: str | None, units: Units | None
) -> Look:
    """
    The mail asked for.

    Raises
    ------
    LoadwatchError
        If there is none, with what would make one.
    """
    look = services.outbox.look(athlete_id, kind, about, language=language, units=units)
    if look is not None:
        return look
    if about is not None:
        raise LoadwatchError(f"{about} is nothing that a mail of the kind {kind} could be about")
    raise LoadwatchError(f"{NONE[kind]}. `./run mails` makes samples of every kind")


def write_look(look: Look, kind: str, folder: Path, sender: str, to: str) -> Iterator[Path]:
    """
    Write a mail into a folder: as text, as a page with its pictures beside it, and as the message itself.

    Raises
    ------
    LoadwatchError
        If the folder cannot be written.
    """
    content = look.content
    message = to_message(
        content, sender=sender, to=to, message_id=look.item.message_id, at=look.item.created_at
    ).as_bytes()
    files = {
        f"{kind}.txt": content.text.encode(),
        f"{kind}.html": page(content, f"{kind}-").encode(),
        f"{kind}.eml": message,
        **{f"{kind}-{picture.name}.png": picture.png for picture in content.pictures},
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
            yield folder / name
    except OSError as error:
        raise LoadwatchError(f"{folder} cannot be written: {error.strerror}") from error


def page(content: EmailContent, prefix: str) -> str:
    """The HTML of a mail for a browser: its pictures are files, called `prefix` and their name."""
    return re.sub(r"cid:([\w-]+)@loadwatch", rf"{prefix}\1.png", content.html)


def outbox_lines(services: Services, athlete_ids: list[int], *, everything: bool) -> Iterator[str]:
    """What waits, what failed and what is uncertain, a line each; `everything`: also what left or was dropped."""
    for athlete_id in athlete_ids:
        for row in services.outbox.rows(athlete_id):
            if everything or row.state in UNSETTLED:
                what = f"{row.item.id}: {row.kind} {row.item.subject}, {row.way}, athlete {athlete_id}"
                yield f"{what}, {row.since:%Y-%m-%d %H:%M} UTC. {row.says}"
