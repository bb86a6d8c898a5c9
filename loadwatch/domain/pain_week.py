"""How the pain of a problem moved over a week, by what the runner told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.flares import told_of
from loadwatch.domain.mornings import DAY, PainDays
from loadwatch.domain.symptom_rules import problem_id_of, site_of
from loadwatch.domain.symptoms import Problem, SymptomReport
from loadwatch.domain.text import Text, capital, day_text, say, say_n, sentences
from loadwatch.domain.thresholds import NRS_CHANGE, PAIN_STEP, TREND_WINDOW
from loadwatch.domain.wording import site_text

Measure = Literal["day", "run", "morning"]
"""Worst of the day, while running, in the morning: each is held against its own kind alone."""

Trend = Literal["better", "same", "rising", "worse"]
"""
By `NRS_CHANGE`: two points or more down, in nothing up; neither; neither, and the mornings of the week `PAIN_STEP` or
more above those of the week before; two points or more up in one of the three.
"""

_DURING: Final[dict[Measure, Text]] = {
    "day": say("pain by day"),
    "run": say("pain while running"),
    "morning": say("pain in the morning"),
}


@dataclass(frozen=True, slots=True)
class PainOn:
    """The worst of one kind that was told on a local day. [0-10]"""

    on: date
    pain: int


@dataclass(frozen=True, slots=True)
class PainWeek:
    """
    A problem in one week.

    Attributes
    ----------
    n_told : int
        Check-ins of the week that speak of it, also those by which nothing hurts there.
    trend : Trend or None
        None where there is nothing to compare.
    measure : Measure or None
        What `first` and `last` are of: what decided the trend. None where no number was told.
    first : PainOn or None
        The first of the week; where it has but one, the last of the `TREND_WINDOW` before that. None without either.
    last : PainOn or None
    worst : int or None
        Of all that was told in the week. [0-10]
    gone_on : date or None
        Local day of the week on which the runner said that it is gone.
    """

    problem: Problem
    n_told: int
    trend: Trend | None = None
    measure: Measure | None = None
    first: PainOn | None = None
    last: PainOn | None = None
    worst: int | None = None
    gone_on: date | None = None

    @property
    def id(self) -> int:
        return problem_id_of(self.problem)

    @property
    def place(self) -> Text:
        """Where it is: "Left back of the thigh"."""
        return capital(site_text(site_of(self.problem)))


def pain_week(problem: Problem, reports: Sequence[SymptomReport], week: IsoWeek) -> PainWeek:
    """
    One problem in one week.

    Parameters
    ----------
    reports : sequence of SymptomReport
        All of the athlete's, up to the moment as of which it is told.

    References
    ----------
    .. [1] K. G. Silbernagel et al., Am. J. Sports Med. 35, 2007: no increase of pain from week to week.
    """
    told = told_of(problem, reports)
    in_week = [r for r in told if week.monday <= r.local_date <= week.sunday]
    pains: dict[Measure, dict[date, int]] = {"day": {}, "run": {}, "morning": {}}
    for report in told:
        nothing = 0 if not report.hurts else None
        told_now: dict[Measure, int | None] = {
            "day": nothing if report.pain_today is None else report.pain_today,
            "run": report.pain_run,
            "morning": report.pain_morning,
        }
        for measure, pain in told_now.items():
            if pain is not None:
                pains[measure][report.local_date] = max(pain, pains[measure].get(report.local_date, 0))
    moves = [move for measure, days in pains.items() if (move := _move(measure, days, week)) is not None]
    mornings = PainDays(pains["morning"], pains["day"])
    trend, shown = _trend(moves, rises=mornings.is_rising(week.sunday))
    numbers = [p for days in pains.values() for d, p in days.items() if week.monday <= d <= week.sunday]
    return PainWeek(
        problem=problem,
        n_told=len(in_week),
        trend=trend,
        measure=shown.measure if shown else None,
        first=shown.first if shown else None,
        last=shown.last if shown else None,
        worst=max(numbers, default=None),
        gone_on=_gone_on(problem, reports, week),
    )


def pain_weeks(found: Iterable[Problem], reports: Sequence[SymptomReport], week: IsoWeek) -> tuple[PainWeek, ...]:
    """The problems that are open, and those that went in the week, of which nothing more is to be told."""
    # A local day is at most one from that of UTC.
    near = (p for p in found if p.closed is None or week.monday - DAY <= p.closed.date() <= week.sunday + DAY)
    weeks = (pain_week(p, reports, week) for p in near)
    return tuple(w for w in weeks if w.problem.is_open or w.gone_on is not None)


@dataclass(frozen=True, slots=True)
class _Move:
    measure: Measure
    first: PainOn | None
    last: PainOn

    @property
    def change(self) -> int | None:
        return None if self.first is None else self.last.pain - self.first.pain


def _move(measure: Measure, pains: dict[date, int], week: IsoWeek) -> _Move | None:
    days = [PainOn(d, pains[d]) for d in sorted(pains) if d <= week.sunday]
    of_week = [d for d in days if d.on >= week.monday]
    if not of_week:
        return None
    if len(of_week) > 1:
        return _Move(measure, of_week[0], of_week[-1])
    last = of_week[0]
    before = [d for d in days if d.on < week.monday and last.on - d.on <= TREND_WINDOW]
    return _Move(measure, before[-1] if before else None, last)


def _trend(moves: Sequence[_Move], *, rises: bool) -> tuple[Trend | None, _Move | None]:
    """The trend, and what it shows best."""
    known = [(move.change, move) for move in moves if move.change is not None]
    most, up = max(known, key=lambda k: k[0], default=(0, None))
    least, down = min(known, key=lambda k: k[0], default=(0, None))
    if most >= NRS_CHANGE:
        return "worse", up
    if rises:
        return "rising", next(move for move in moves if move.measure == "morning")
    if up is None:
        return None, next(iter(moves), None)
    if least <= -NRS_CHANGE and most < PAIN_STEP:
        return "better", down
    return "same", up


def _gone_on(problem: Problem, reports: Iterable[SymptomReport], week: IsoWeek) -> date | None:
    days = (r.local_date for r in reports if problem.closed is not None and r.says_gone and r.at == problem.closed)
    day = next(days, None)
    return day if day is not None and week.monday <= day <= week.sunday else None


def pain_week_text(told: PainWeek) -> Text:
    """A problem's week in one to three short sentences."""
    if told.gone_on is not None:
        return say("You said on {day} that it is gone.", day=day_text(told.gone_on))
    if not told.n_told:
        return say("You did not tell this week how it is.")
    n = say_n("Told once.", "Told {n} times.", told.n_told)
    if told.last is None or told.measure is None:
        return sentences(say("No number was told."), n)
    return sentences(_moved(told, told.measure, told.last), _worst(told), n)


def _moved(told: PainWeek, measure: Measure, last: PainOn) -> Text:
    what, end = _DURING[measure], day_text(last.on)
    if told.trend == "rising":
        return say("The mornings are worse than those of the week before: {pain} on {day}.", pain=last.pain, day=end)
    if told.first is None:
        return capital(say("{what} {pain} of 10 on {day}.", what=what, pain=last.pain, day=end))
    between: dict[str, str | int] = {
        "what": what,
        "first": told.first.pain,
        "begin": day_text(told.first.on),
        "last": last.pain,
        "end": end,
    }
    if told.trend == "worse":
        return say("Worse: {what} went from {first} ({begin}) to {last} ({end}).", **between)
    if told.trend == "better":
        return say("Better: {what} went from {first} ({begin}) to {last} ({end}).", **between)
    return say("About the same: {what} was {first} ({begin}) and {last} ({end}).", **between)


def _worst(told: PainWeek) -> str:
    shown = [p.pain for p in (told.first, told.last) if p is not None]
    if told.worst is None or told.worst <= max(shown, default=-1):
        return ""
    return say("The worst of the week was {pain}.", pain=told.worst)
