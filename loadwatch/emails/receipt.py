"""The mail that says what was deleted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.emails import EmailContent
from loadwatch.emails.render import day_text, one_line, render

KINDS: Final = {
    "runs": "activities",
    "features": "sets of figures measured on a run",
    "shoes": "pairs of shoes",
    "alerts": "alerts that spoke of these runs",
    "mails": "kept copies of mails that told of them",
    "events": "messages from Strava",
    "jobs": "notes on what to fetch",
}
"""What a receipt counts, in words."""

WHY: Final = {
    "withdrawn": "You took the permission back on strava.com, and Strava confirmed it.",
    "asked": "You asked for it in the settings of loadwatch.",
    "not_renewed": (
        "Strava did not let loadwatch read your list for so long that the data could not be renewed, and Strava’s"
        " rules allow nothing older to be kept. Once Strava can be read again they are fetched anew; if the settings"
        " say that the connection is lost, connect again. Until then your load is not known and no alert on it comes."
    ),
}
"""By `rights_ports.Why`."""

KEPT: Final = "Your check-ins, your problems with their exercises, and runs from files are yours: they stay."


def receipt_rows(counts: Mapping[str, int]) -> list[str]:
    """A line for each kind of which something was deleted."""
    return [f"{counts[kind]} {words}" for kind, words in KINDS.items() if counts.get(kind)]


def receipt_mail(
    why: str, at: datetime, counts: Mapping[str, int], *, name: str, timezone: str, base_url: str
) -> EmailContent:
    """
    The receipt for data of the API that was deleted.

    Parameters
    ----------
    why : str
        A key of `WHY`.
    at : datetime
        When. [UTC]
    counts : mapping of str to int
        How many of each of `KINDS`.
    """
    local = at.astimezone(ZoneInfo(timezone))
    return render(
        "receipt",
        subject="Your data from Strava has been deleted",
        because="data of yours from Strava was deleted",
        base_url=base_url,
        kicker=" · ".join(part for part in (one_line(name), "Receipt") if part),
        moment=f"{day_text(local.date(), year=True)}, {local:%H:%M}",
        why=WHY[why],
        rows=receipt_rows(counts) or ["nothing: there was no data"],
        kept=KEPT,
    )
