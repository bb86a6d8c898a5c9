"""The mail that says what was deleted."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.text import Text, joined, moment_text, say, say_n, sentences
from loadwatch.emails import EmailContent, Reader
from loadwatch.emails.parts import Button, Heading, Note, Paragraph, Title
from loadwatch.emails.render import mail, one_line

_ROWS: Final[Mapping[str, Callable[[int], Text]]] = {
    "runs": lambda n: say_n("{n} activity", "{n} activities", n),
    "features": lambda n: say_n("{n} set of figures measured on a run", "{n} sets of figures measured on a run", n),
    "shoes": lambda n: say_n("{n} pair of shoes", "{n} pairs of shoes", n),
    "alerts": lambda n: say_n("{n} alert that spoke of these runs", "{n} alerts that spoke of these runs", n),
    "mails": lambda n: say_n(
        "{n} kept copy of mails that told of them", "{n} kept copies of mails that told of them", n
    ),
    "events": lambda n: say_n("{n} message from Strava", "{n} messages from Strava", n),
    "jobs": lambda n: say_n("{n} note on what to fetch", "{n} notes on what to fetch", n),
}
"""What a receipt counts, in words."""

WHY: Final = {
    "withdrawn": say("You took the permission back on strava.com, and Strava confirmed it."),
    "asked": say("You asked for it in the settings of loadwatch."),
    "not_renewed": say(
        "Strava did not let loadwatch read your list for so long that the data could not be renewed, and Strava’s"
        " rules allow nothing older to be kept. Once Strava can be read again they are fetched anew; if the settings"
        " say that the connection is lost, connect again. Until then your load is not known and no alert on it comes."
    ),
}
"""By `rights_ports.Why`."""

KEPT: Final = say("Your check-ins, your problems with their exercises, and runs from files are yours: they stay.")


def receipt_rows(counts: Mapping[str, int]) -> list[Text]:
    """A line for each kind of which something was deleted."""
    return [row(counts[kind]) for kind, row in _ROWS.items() if counts.get(kind)]


def receipt_mail(why: str, at: datetime, counts: Mapping[str, int], reader: Reader) -> EmailContent:
    """
    The receipt for data of the API that was deleted.

    Parameters
    ----------
    why : str
        A key of `WHY`.
    at : datetime
        When. [UTC]
    counts : mapping of str to int
        How many of each kind that `receipt_rows` knows.
    """
    rows = receipt_rows(counts) or [say("nothing: there was no data")]
    moment = moment_text(at, ZoneInfo(reader.timezone), year=True)
    deleted = say("On {moment}, from the database of this loadwatch.", moment=moment)
    return mail(
        [
            Title(_DELETED),
            Paragraph(sentences(deleted, WHY[why])),
            Heading(say("What was deleted")),
            *map(Note, rows),
            Heading(say("What stays")),
            Paragraph(KEPT),
            Button(say("Open your settings"), f"{reader.base_url}/settings"),
        ],
        reader,
        subject=_DELETED,
        because=say("data of yours from Strava was deleted"),
        kicker=joined(" · ", (one_line(reader.name), say("Receipt"))),
        preheader=say("What was deleted, and when."),
        short=WHY[why],
        url=f"{reader.base_url}/settings",
    )


_DELETED: Final = say("Your data from Strava has been deleted")
