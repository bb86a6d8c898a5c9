"""What was done of a rehabilitation programme in one week, and what it asks for next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from loadwatch.domain.programme import RehabSession, Stage
from loadwatch.domain.session_plan import days_asked
from loadwatch.domain.text import Text, say, say_n, sentences


@dataclass(frozen=True, slots=True)
class RehabWeek:
    """
    A problem's programme in one week.

    Attributes
    ----------
    problem_id : int
    place : str
        Where it is, in words.
    programme, stage : str
        Their names, as of the end of the week; empty where there is no programme and something is held against it.
    number, n_stages : int
        Which it is, counted from 1, and of how many.
    done : int
        Days of the week with exercises.
    planned : int or None
        Days on which the stage asks for them, counted from the day on which the runner agreed to see them; None
        while they are held back.
    asked : int
        Days of the week to come on which the stage asks for them; 0 while they are held back.
    held_back : str
        Why there are none now, in words; empty where nothing stands against them.
    running : str
        What running there is: the step of the ladder that may be run next, else what the stage says of it.
    step : int or None
        Level of the ladder, 1 to 10; None where the runner is not on it.
    is_reviewed : bool
        Whether a clinician has read what the stage asks for.
    """

    problem_id: int
    place: str
    programme: str = ""
    stage: str = ""
    number: int = 0
    n_stages: int = 0
    done: int = 0
    planned: int | None = None
    asked: int = 0
    held_back: str = ""
    running: str = ""
    step: int | None = None
    is_reviewed: bool = False


def days_done(sessions: Iterable[RehabSession], first: date, last: date) -> int:
    """Days with exercises, from one to another."""
    return len({s.local_date for s in sessions if first <= s.local_date <= last})


def days_planned(stage: Stage, pattern: str | None, agreed: date | None, first: date, last: date) -> int | None:
    """
    Days from one to another on which the stage asks for exercises, since the runner has agreed to see them.

    None where nobody has agreed by then: exercises that are not shown are not planned.
    """
    if agreed is None or agreed > last:
        return None
    return days_asked(stage, pattern, (last - max(first, agreed)).days + 1)


_NOT_SHOWN: Final = say("There are exercises for it: its page shows them once you have agreed to see them.")


def rehab_week_text(rehab: RehabWeek) -> Text:
    """A programme's week in two or three short sentences."""
    stage = say("Stage {n} of {all}: {name}.", n=rehab.number, all=rehab.n_stages, name=rehab.stage)
    if rehab.planned is None:
        done = say_n("Exercises on {n} day.", "Exercises on {n} days.", rehab.done) if rehab.done else ""
        return sentences(stage, done, rehab.held_back or _NOT_SHOWN)
    done = say_n(
        "Exercises on {done} of {n} day that it asks for.",
        "Exercises on {done} of {n} days that it asks for.",
        rehab.planned,
        done=rehab.done,
    )
    return sentences(stage, done)
