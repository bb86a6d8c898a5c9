"""Why a week may be empty, and what its runner can do about it."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from loadwatch.domain.completeness import CutOff
from loadwatch.domain.sports import sport_text
from loadwatch.domain.text import Text, day_text, joined, say

Remedy = Literal["settings", "welcome", "upload", "runs", "sync"]
"""The page where it is mended, as its address has it."""


@dataclass(frozen=True, slots=True)
class NoRuns:
    """
    What is known of a week without a run.

    Attributes
    ----------
    source : {"strava", "files", "none"}
        Where the runs come from: Strava if it is linked, else files if there ever was one.
    cut_off : CutOff or None
        Why nothing arrives from Strava.
    last_from_files : date or None
        Local day of the newest activity from a file.
    sports : tuple of str
        What was recorded in the week and counts as no run, each once: "Ride".
    """

    source: Literal["strava", "files", "none"]
    cut_off: CutOff | None = None
    last_from_files: date | None = None
    sports: tuple[str, ...] = ()


_CUT_OFF: Final[dict[CutOff, tuple[Text, Text, Remedy]]] = {
    "reconnect": (
        say("The connection to Strava has ended, so no run can arrive."),
        say("Connect Strava again"),
        "settings",
    ),
    "permission": (
        say("Strava was connected without the permission to read activities, so no run can arrive."),
        say("Connect Strava again, with that box ticked"),
        "settings",
    ),
    "inactive": (
        say(
            "Strava has switched off this server’s access. Whoever runs the server has to mend that; until then, hand"
            " in the files of your runs."
        ),
        say("Hand in files"),
        "upload",
    ),
}


@dataclass(frozen=True, slots=True)
class Missing:
    """One reason in words, and the one thing that helps."""

    words: Text
    remedy: Text
    where: Remedy


def why_no_runs(no_runs: NoRuns) -> Missing:
    """The most likely reason why nothing counts."""
    if no_runs.cut_off is not None:
        return Missing(*_CUT_OFF[no_runs.cut_off])
    if no_runs.sports:
        return Missing(
            say(
                "What arrived counts as no run: {sports}. If one of them was a run, change its sport where you"
                " recorded it.",
                sports=joined(", ", map(sport_text, no_runs.sports)),
            ),
            say("See what counts"),
            "runs",
        )
    if no_runs.source == "none":
        return Missing(
            say("Nothing is connected yet, so no run can arrive."),
            say("Connect Strava, or hand in files"),
            "welcome",
        )
    if no_runs.source == "files":
        return Missing(_files(no_runs.last_from_files), say("Hand in files"), "upload")
    return Missing(
        say(
            "Strava is connected, and no run of the week came. If you did run, it may not be on Strava yet, or be"
            " saved as another sport."
        ),
        say("See what is still awaited"),
        "sync",
    )


def _files(last: date | None) -> Text:
    if last is None:
        return say("Your runs come from files, and none of this week was handed in.")
    return say(
        "Your runs come from files, and none of this week was handed in; the newest is of {day}.",
        day=day_text(last, year=True),
    )
