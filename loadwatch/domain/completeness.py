"""How much of what an athlete ran was known when something was judged, and the words for what was not."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final, Literal

from loadwatch.domain.text import Text, joined, moment_text, say, say_n
from loadwatch.domain.thresholds import ALERT_LIFE

CutOff = Literal["reconnect", "permission", "inactive"]
"""Why no run arrives: the athlete must connect again, has not let us read activities, or Strava lets nobody in."""

SAMPLES_MATTER_FOR: Final = ALERT_LIFE
"""Samples that are still to come are told of the runs of so many days: as long as an alert counts. Design choice."""


@dataclass(frozen=True, slots=True)
class Gap:
    """
    What was still missing when something was judged.

    Attributes
    ----------
    until : datetime or None
        Up to here all is counted, UTC; None where that is not known.
    runs : int
        Activities that were announced or changed and are not fetched.
    samples : int
        Runs that count by their distance, of which hills and fast running are still to come.
    files : int
        Files that were handed in and are not read.
    list_awaited : bool
        The list of the last months is still to be taken over.
    cut_off : CutOff or None
        Why nothing new arrives at all.
    """

    until: datetime | None
    runs: int = 0
    samples: int = 0
    files: int = 0
    list_awaited: bool = False
    cut_off: CutOff | None = None


@dataclass(frozen=True, slots=True)
class Completeness:
    """
    What is awaited of an athlete at one moment.

    Attributes
    ----------
    runs : tuple of datetime
        Start of each activity that is awaited, UTC; where it is not known, the earliest that it is taken to be.
    samples : tuple of datetime
        Start of each run whose samples are awaited, UTC.
    cut_off_at : datetime or None
        Up to when all that there was is known, where nothing new arrives; None: not known.
    is_linked : bool
        Whether a source is linked that sends runs by itself.
    """

    runs: tuple[datetime, ...] = ()
    samples: tuple[datetime, ...] = ()
    n_files: int = 0
    list_awaited: bool = False
    cut_off: CutOff | None = None
    cut_off_at: datetime | None = None
    is_linked: bool = False

    def gap(self, at: datetime) -> Gap | None:
        """What of this bears on a judgement as of `at`, UTC; None: nothing."""
        runs = [start for start in self.runs if start <= at]
        samples = [start for start in self.samples if at - SAMPLES_MATTER_FOR <= start <= at]
        is_cut_off = self.cut_off is not None and (self.cut_off_at is None or self.cut_off_at < at)
        if not (runs or samples or self.n_files or self.list_awaited or is_cut_off):
            return None
        # When the runs of an unread file or list began nobody knows.
        is_known = not self.n_files and not self.list_awaited and not (is_cut_off and self.cut_off_at is None)
        known_until = [*runs, *samples]
        if is_cut_off and self.cut_off_at is not None:
            known_until.append(self.cut_off_at)
        return Gap(
            until=min(known_until) if is_known else None,
            runs=len(runs),
            samples=len(samples),
            files=self.n_files,
            list_awaited=self.list_awaited,
            cut_off=self.cut_off if is_cut_off else None,
        )


_CUT_OFF: Final[dict[CutOff, Text]] = {
    "reconnect": say("Strava must be connected again before new runs arrive"),
    "permission": say("Strava was connected without word of activities"),
    "inactive": say("Strava has switched off this server’s access"),
}


def gap_text(gap: Gap, zone: tzinfo) -> Text:
    """What is missing in a sentence: "Counted up to Sat 14 Nov, 18:20: 2 activities are still awaited, …"."""
    missing = missing_text(gap)
    if gap.until is None:
        return say(
            "Not all is counted yet: {missing}, so the load may be higher, and what is said here may change.",
            missing=missing,
        )
    return say(
        "Counted up to {moment}: {missing}, so the load may be higher, and what is said here may change.",
        moment=moment_text(gap.until, zone),
        missing=missing,
    )


def quiet_verdict(gap: Gap, zone: tzinfo) -> Text:
    """What can be said where nothing stands out and not all is there; `gap_text` says what is missing."""
    if gap.until is None:
        return say("Nothing unusual in what is here, but not all of it has arrived yet.")
    return say(
        "Nothing unusual up to {moment}; what came after is not all here yet.", moment=moment_text(gap.until, zone)
    )


def missing_text(gap: Gap) -> Text:
    """What is missing, without its time: "2 activities are still awaited, 1 file is still to be read"."""
    parts = []
    if gap.cut_off is not None:
        parts.append(_CUT_OFF[gap.cut_off])
    if gap.list_awaited:
        parts.append(say("the list of the last months is still to come"))
    if gap.runs:
        parts.append(say_n("{n} activity is still awaited", "{n} activities are still awaited", gap.runs))
    if gap.files:
        parts.append(say_n("{n} file is still to be read", "{n} files are still to be read", gap.files))
    if gap.samples:
        parts.append(
            say_n(
                "hills and fast running of {n} run are still to come",
                "hills and fast running of {n} runs are still to come",
                gap.samples,
            )
        )
    return joined(", ", parts)
