"""The way back to running: ten levels, climbed by runs that really arrive and by the mornings after them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import zip_longest
from typing import Final, Literal

from loadwatch.domain.activity import Run
from loadwatch.domain.bands import BAND_M_S, SLOWEST_BAND_M_S
from loadwatch.domain.loads import RunLoad, is_indoor
from loadwatch.domain.mornings import A_LIMP, DAY, PainDays, in_order, pain_days, reasons_to_stop
from loadwatch.domain.programme import Clearance, withheld
from loadwatch.domain.sources import Source
from loadwatch.domain.symptoms import SymptomReport
from loadwatch.domain.text import Text, day_text, distance_text, fast_text, height_text, joined, say
from loadwatch.domain.thresholds import (
    BREAK,
    BREAK_BASELINE,
    CLEAN_SESSIONS,
    LADDER_AFTER_BREAK,
    LADDER_AFTER_LONG_BREAK,
    LADDER_DESCENT_GROWTH,
    LADDER_FAST_M,
    LADDER_FAST_SHARE,
    LADDER_FIRST_DESCENT_M,
    LADDER_GROWTH,
    LADDER_LEAST,
    LADDER_LONG_SHARE,
    LADDER_OVERSHOOT,
    LADDER_ROUNDING,
    LONG_BREAK,
    NRS_CHANGE,
    NRS_MILD,
    NRS_MILD_TENDON,
    NRS_MODERATE,
    PAIN_STEP,
    RUNNING_M_S,
    SETBACK_WINDOW,
    SETBACKS,
)
from loadwatch.domain.told import NOT_MEASURED


@dataclass(frozen=True, slots=True)
class Level:
    """
    One level of the ladder.

    Attributes
    ----------
    run_min, walk_min : float or None
        Minutes of running and of walking in turn; None from level 8 on, where distance is the measure. [min]
    repeats : int
    """

    number: int
    run_min: float | None
    walk_min: float | None
    repeats: int
    text: str

    @property
    def running_min(self) -> float | None:
        """Running in the whole session. [min]"""
        return None if self.run_min is None else self.run_min * self.repeats


LADDER: Final = (
    Level(1, 1, 4, 6, say("6 times 1 min run, 4 min walk; flat and easy")),
    Level(2, 2, 3, 6, say("6 times 2 min run, 3 min walk; flat and easy")),
    Level(3, 3, 2, 6, say("6 times 3 min run, 2 min walk; flat and easy")),
    Level(4, 4, 1, 6, say("6 times 4 min run, 1 min walk; flat and easy")),
    Level(5, 7, 1, 4, say("4 times 7 min run, 1 min walk; flat and easy")),
    Level(6, 15, 1, 2, say("2 times 15 min run, 1 min walk; flat and easy")),
    Level(7, 30, 0, 1, say("30 min of easy running on the flat, without a break")),
    Level(8, None, None, 1, say("easy and flat, a little further each time")),
    Level(9, None, None, 1, say("easy, with a few metres of hills; downhill last")),
    Level(10, None, None, 1, say("strides, then the track with half of the fast metres of before")),
)
LAST: Final = LADDER[-1].number
DISTANCE_LEVEL: Final = 8
HILL_LEVEL: Final = 9
FAST_LEVEL: Final = 10

LADDER_SOURCE: Final = Source(
    citation=say(
        "Expert opinion: our own steps, after the run-walk phases of a published trial in soldiers (each phase at"
        " least twice, a day of rest between, no hills) and the pain-monitoring model"
    ),
    grade="C",
    review="unreviewed",
)

ENTRY_QUESTIONS: Final[Mapping[str, Text]] = {
    "walks_30_min_quietly": say("Can you walk briskly for 30 minutes without raising the pain?"),
    "single_leg_step_down_ok": say("Can you step down on one leg and do single-leg calf raises without trouble?"),
}
"""Asked before the first step, beside no limp and mild pain in daily life."""


@dataclass(frozen=True, slots=True)
class LadderEntry:
    """
    Where and when somebody steps on the ladder; a new entry begins it anew.

    Attributes
    ----------
    on : date
        First local day.
    level : int
        1 to 7; see `entry_levels`.
    tendon : bool
        For a tendon one point more is allowed while running.
    old_long_m, old_fast_m : float or None
        Longest run, and most fast metres of a day, before the problem. [m] None where they are not known: then
        levels 8 and 10 cannot be finished.
    """

    on: date
    level: int = 1
    tendon: bool = False
    old_long_m: float | None = None
    old_fast_m: float | None = None


def entry_levels(off: timedelta) -> tuple[int, int]:
    """Lowest and highest level to start from after so long without a run, even if nothing hurts."""
    if off > LONG_BREAK:
        return LADDER_AFTER_LONG_BREAK
    return LADDER_AFTER_BREAK if off >= BREAK else (1, LADDER_AFTER_BREAK[1])


def usual_before(loads: Iterable[RunLoad], on: date) -> tuple[float | None, float | None]:
    """
    Longest run, and most fast metres of a day, of the 90 days before a day: `old_long_m` and `old_fast_m`.

    None where no run, or no run whose speed is known, was found. [m; m]
    """
    known = [x for x in _each_once(loads) if on - BREAK_BASELINE <= x.run.local_date < on]
    longest = [x.run.distance_m for x in known if x.run.distance_m is not None]
    fast: dict[date, float] = {}
    for load in known:
        if load.fast_m is not None:
            fast[load.run.local_date] = fast.get(load.run.local_date, 0.0) + load.fast_m
    return max(longest, default=None), max(fast.values(), default=None)


@dataclass(frozen=True, slots=True)
class LadderStep:
    """
    What a level asks for, with this runner's limits.

    Attributes
    ----------
    longest_m : float or None
        Distance not to be exceeded, from level 8 on. [m]
    descent_m : float
        Descent of a session not to be exceeded; the least there is stands for "flat". [m]
    fast_m : float or None
        Fast metres not to be exceeded; below level 10 next to none. [m] None where the old ones are not known.
    """

    level: Level
    longest_m: float | None
    descent_m: float
    fast_m: float | None


VerdictKind = Literal["clean", "hold", "drop", "overshoot", "unclear", "waiting"]
"""
As it should be; stay on the level; one level down; more than the step allowed; counted neither way; the next morning
is not yet known.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a day's running meant for the ladder, and why."""

    on: date
    run_ids: tuple[int, ...]
    level: int
    kind: VerdictKind
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LadderMove:
    """A change of level, the runs behind it, and why; `after` is one more than the last level at the end."""

    on: date
    run_ids: tuple[int, ...]
    before: int
    after: int
    why: str


@dataclass(frozen=True, slots=True)
class LadderState:
    """
    Where a runner stands on the ladder on a day.

    Attributes
    ----------
    step : LadderStep or None
        What the next session is; None once the ladder is done.
    next_step : LadderStep or None
        What it leads to.
    is_unlocked : bool
        Whether the step may be run today.
    why_locked : tuple of str
    clean, needed : int
        Clean sessions of this level so far, and how many it takes.
    verdicts, moves : tuples
        Every day with a run since the entry; every change of level.
    levels : tuple of (date, int)
        Level from a day on, as `stage_of` takes it: a level is reached when the one before it is passed.
    referred : str
        Why the ladder is stopped and a professional is to be seen; empty if it is not.
    notes : tuple of str
        What could not be checked, in words.
    """

    level: int
    step: LadderStep | None
    next_step: LadderStep | None
    is_unlocked: bool
    why_locked: tuple[str, ...]
    clean: int
    needed: int
    verdicts: tuple[Verdict, ...]
    moves: tuple[LadderMove, ...]
    levels: tuple[tuple[date, int], ...]
    referred: str
    notes: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        return self.step is None

    @property
    def why_not_next(self) -> str:
        """What is missing before the next level, in words; empty once the ladder is done."""
        if self.is_done:
            return ""
        missing = say("{clean} of {needed} clean sessions of this level", clean=self.clean, needed=self.needed)
        last = self.verdicts[-1] if self.verdicts else None
        if last is None or last.kind in ("clean", "drop"):
            return missing
        return say(
            "{missing}; the run of {day}: {why}", missing=missing, day=day_text(last.on), why=joined(", ", last.why)
        )


def ladder_state(
    loads: Iterable[RunLoad],
    reports: Iterable[SymptomReport],
    entry: LadderEntry,
    as_of: date,
    *,
    clearance: Clearance,
    kept: Mapping[int, bool] | None = None,
) -> LadderState:
    """
    The level of the ladder, replayed from the runs since the entry.

    A day's running is clean if it kept to the step, hurt no more than 2 (tendon 3) and was back to the baseline
    the next morning. Two clean days pass a level; pain of 3 to 5 holds it; more, a limp or a morning two points up
    takes it one down; more running, hills or speed than the step allows begins its count anew.

    Parameters
    ----------
    loads : iterable of RunLoad
        Of `run_loads`, in any order, doubles allowed; what is before the entry or after `as_of` is not looked at.
    reports : iterable of SymptomReport
        Of this problem, in any order.
    kept : mapping of int to bool, or None
        By id of the run the runner's own word on whether it kept to the step, where nothing measured that.

    Raises
    ------
    ValueError
        If the entry is not on one of the levels 1 to 7.
    """
    if not 1 <= entry.level <= LADDER_AFTER_BREAK[1]:
        raise ValueError(f"level {entry.level} is not one to start from")
    told = in_order(reports, as_of)
    climb = _Climb(entry, told, pain_days(told), as_of, dict(kept or {}), level=entry.level)
    days: dict[date, list[RunLoad]] = {}
    for load in sorted(_each_once(loads), key=lambda x: (x.run.local_date, x.run.start, x.run.id)):
        if entry.on <= load.run.local_date <= as_of:
            days.setdefault(load.run.local_date, []).append(load)
    for (day, of_day), following in zip_longest(days.items(), list(days.values())[1:]):
        climb.run(day, of_day, following[0].run if following else None)
    climb.rest_until(as_of)
    return climb.state(clearance)


def _each_once(loads: Iterable[RunLoad]) -> list[RunLoad]:
    return sorted({x.run.id: x for x in loads}.values(), key=lambda x: (x.run.start, x.run.id))


def running_min(run: Run) -> float | None:
    """
    Minutes of a run that were run, not walked; None where its speed is not known. [min]

    From the bands of speed: what was slower than 2.1 m/s counts as walked.
    """
    f = run.features
    if f is None or f.speed_profile_m is None or f.version == NOT_MEASURED:
        return None
    first = round((RUNNING_M_S - SLOWEST_BAND_M_S) / BAND_M_S)
    seconds = 0.0
    for band, metres in enumerate(f.speed_profile_m[first:], start=first):
        seconds += metres / (SLOWEST_BAND_M_S + (band + 0.5) * BAND_M_S)
    return seconds / 60


def not_measured(load: RunLoad) -> tuple[str, ...]:
    """What the ladder cannot see of a run, in words: whether it kept to the step is for the runner to say."""
    indoors = is_indoor(load.run)
    unseen = {
        say("running and walking"): running_min(load.run) is None,
        say("hills"): _descent_m(load) is None,
        say("fast metres"): load.fast_m is None and not indoors,
    }
    return tuple(what for what, holds in unseen.items() if holds)


def _descent_m(load: RunLoad) -> float | None:
    """Descent, or where that is not known ascent: what a round climbs it comes down again. [m]"""
    f = load.run.features
    if is_indoor(load.run):
        return 0.0
    return f.descent_m if f is not None and f.descent_m is not None else load.ascent_m


def _sum(values: Iterable[float | None]) -> float | None:
    known = list(values)
    return None if None in known else sum(v for v in known if v is not None)


_WORSE_MORNING: Final = say("the next morning was {points} points or more above the usual", points=NRS_CHANGE)


@dataclass(slots=True)
class _Climb:
    """A climb, lived through day by day."""

    entry: LadderEntry
    reports: list[SymptomReport]
    pain: PainDays
    as_of: date
    kept: dict[int, bool]
    level: int
    counted: list[tuple[int, ...]] = field(default_factory=list)  # runs of the clean days of this level in a row
    base_m: float | None = None  # the longest clean day since level 7 was reached
    descent_m: float = 0.0  # the most descent of a clean day on level 9
    last: date | None = None
    drops: list[date] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    moves: list[LadderMove] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)

    def run(self, day: date, loads: Sequence[RunLoad], following: Run | None) -> None:
        self.rest_until(day)
        rested = self.last is None or day - self.last > DAY
        self.last = day
        ids = tuple(x.run.id for x in loads)
        if self.level > LAST:
            return
        kind, why = self._judge(day, loads, following, rested=rested)
        self.verdicts.append(Verdict(day, ids, self.level, kind, why))
        if kind == "drop":
            self._drop(day, ids, why)
        elif kind in ("hold", "overshoot"):
            self.counted = []
        elif kind == "clean":
            self._count(day, ids, loads)

    def rest_until(self, day: date) -> None:
        """After a break the climb goes on lower down."""
        if self.last is None or day - self.last < BREAK or self.level > LAST:
            return
        for off in (BREAK, LONG_BREAK + DAY):
            lowest, _ = entry_levels(off)
            if day - self.last >= off and self.level > lowest:
                why = say("{days} days without a run: from level {level} again", days=off.days, level=lowest)
                self._move(self.last + off, (), lowest, why)
        self.counted = []

    def _drop(self, day: date, ids: tuple[int, ...], why: tuple[str, ...]) -> None:
        on = day + DAY if why == (_WORSE_MORNING,) else day
        self.drops.append(on)
        self.counted = []
        if self.level > 1:
            self._move(on, ids, self.level - 1, say("one level down: {why}", why=joined(", ", why)))

    def _count(self, day: date, ids: tuple[int, ...], loads: Sequence[RunLoad]) -> None:
        distance = sum(x.run.distance_m or 0.0 for x in loads)
        if self.level >= DISTANCE_LEVEL - 1:
            self.base_m = max(self.base_m or 0.0, distance)
        if self.level == DISTANCE_LEVEL and not self._is_far_enough(distance):
            return
        if self.level == HILL_LEVEL:
            self.descent_m = max(self.descent_m, _sum(map(_descent_m, loads)) or 0.0)
        self.counted.append(ids)
        if len(self.counted) >= CLEAN_SESSIONS:
            moved = tuple(i for some in self.counted for i in some)
            self._move(day + DAY, moved, self.level + 1, say("{n} clean sessions", n=CLEAN_SESSIONS))

    def _is_far_enough(self, distance_m: float) -> bool:
        old = self.entry.old_long_m
        return old is not None and distance_m * LADDER_ROUNDING >= LADDER_LONG_SHARE * old

    def _move(self, on: date, ids: tuple[int, ...], after: int, why: str) -> None:
        self.moves.append(LadderMove(on, ids, self.level, after, why))
        self.level, self.counted = after, []
        if after < DISTANCE_LEVEL - 1:
            self.base_m = None
        if after < HILL_LEVEL:
            self.descent_m = 0.0

    def _judge(
        self, day: date, loads: Sequence[RunLoad], following: Run | None, *, rested: bool
    ) -> tuple[VerdictKind, tuple[str, ...]]:
        told = self._told_of(loads, following)
        during = max((r.pain_run for r in told if r.pain_run is not None), default=None)
        limped = any("limp" in r.signs for r in told)
        response = self.pain.response(day, self.as_of)
        bad = {
            say("pain {pain} while running", pain=during or 0): during is not None and during > NRS_MODERATE,
            A_LIMP: limped,
            _WORSE_MORNING: response == "worse",
        }
        if any(bad.values()):
            return "drop", tuple(why for why, holds in bad.items() if holds)
        if more := self._too_much(loads, rested=rested):
            return "overshoot", more
        quiet = NRS_MILD_TENDON if self.entry.tendon else NRS_MILD
        if during is not None and during > quiet:
            return "hold", (say("pain {pain} while running, where {limit} is the limit", pain=during, limit=quiet),)
        if response in ("raised", "slow"):
            return "hold", (say("the next morning was not yet back to the usual"),)
        if less := self._too_little(loads):
            return "unclear", (less,)
        if during is None:
            return "unclear", (say("nobody said how it felt while running"),)
        if response == "unknown":
            if day >= self.as_of - DAY:
                return "waiting", (say("the next morning will tell"),)
            return "unclear", (say("nobody said how the next morning was"),)
        return "clean", ()

    def _told_of(self, loads: Sequence[RunLoad], following: Run | None) -> list[SymptomReport]:
        """The reports that speak of a day's running: from its start to the next run, for two days at most."""
        start = loads[0].run.start
        end = min(start + timedelta(days=2), following.start if following else start + timedelta(days=2))
        return [r for r in self.reports if start <= r.at < end]

    def _too_much(self, loads: Sequence[RunLoad], *, rested: bool) -> tuple[str, ...]:
        step = self._step(self.level)
        minutes = _sum(map(self._running_min, loads))
        distance = sum(x.run.distance_m or 0.0 for x in loads)
        descent = _sum(map(_descent_m, loads))
        fast = _sum(0.0 if x.fast_m is None and is_indoor(x.run) else x.fast_m for x in loads)
        if descent is None:
            self.notes[say("hills of some runs are not known")] = None
        if fast is None:
            self.notes[say("the speed of some runs is not known")] = None
        planned = step.level.running_min
        found = []
        if not rested:
            found.append(say("no day of rest before it"))
        if any(self.kept.get(x.run.id) is False for x in loads):
            found.append(say("more than the step, as you said"))
        if planned is not None and minutes is not None and minutes > LADDER_OVERSHOOT * planned:
            found.append(
                say("{done} min of running where {planned} were planned", done=round(minutes), planned=round(planned))
            )
        if step.longest_m is not None and distance > LADDER_ROUNDING * step.longest_m:
            far, limit = distance_text(distance), distance_text(step.longest_m)
            found.append(say("{far} where {limit} were the limit", far=far, limit=limit))
        if descent is not None and descent > LADDER_ROUNDING * step.descent_m:
            amount, limit = height_text(descent), height_text(step.descent_m)
            found.append(say("{amount} of descent where {limit} were the limit", amount=amount, limit=limit))
        if fast is not None and step.fast_m is not None and fast > LADDER_ROUNDING * step.fast_m:
            amount, limit = fast_text(fast), fast_text(step.fast_m)
            found.append(say("{amount} of fast running where {limit} were the limit", amount=amount, limit=limit))
        return tuple(found)

    def _too_little(self, loads: Sequence[RunLoad]) -> str:
        """Why a day does not show that the step is tolerated; empty where it does, or the runner says so."""
        if all(self.kept.get(x.run.id) for x in loads):
            return ""
        if self.level == HILL_LEVEL:
            descent = _sum(map(_descent_m, loads))
            enough = descent is not None and descent >= LADDER_LEAST * LADDER_FIRST_DESCENT_M
            return "" if enough else say("no hills were seen in it")
        if self.level == FAST_LEVEL:
            fast = _sum(x.fast_m for x in loads)
            return "" if fast is not None and fast >= LADDER_FAST_M else say("nothing fast was seen in it")
        planned = LADDER[self.level - 1].running_min
        if planned is None:
            return ""
        minutes = _sum(map(self._running_min, loads))
        if minutes is None:
            return say("running and walking cannot be told apart in it: say whether you kept to the step")
        if minutes >= LADDER_LEAST * planned:
            return ""
        return say("{seen} of {planned} min of running were seen", seen=round(minutes), planned=round(planned))

    def _running_min(self, load: RunLoad) -> float | None:
        minutes = running_min(load.run)
        if minutes is None and LADDER[self.level - 1].walk_min == 0 and load.run.moving_s is not None:
            return load.run.moving_s / 60  # nothing in it was to be walked
        return minutes

    def _step(self, number: int) -> LadderStep:
        level = LADDER[number - 1]
        old_long, old_fast, base = self.entry.old_long_m, self.entry.old_fast_m, self.base_m
        longest = base if number >= DISTANCE_LEVEL else None
        if number == DISTANCE_LEVEL and base is not None:
            longest = LADDER_GROWTH * base
            if old_long is not None:
                longest = max(base, min(longest, LADDER_LONG_SHARE * old_long))
        descent = LADDER_FIRST_DESCENT_M
        if number >= HILL_LEVEL:  # one thing at a time: on level 10 hills grow no more
            descent = max(descent, (LADDER_DESCENT_GROWTH if number == HILL_LEVEL else 1) * self.descent_m)
        fast: float | None = LADDER_FAST_M
        if number == FAST_LEVEL:
            fast = None if old_fast is None else max(LADDER_FAST_SHARE * old_fast, LADDER_FAST_M)
        return LadderStep(level, longest, descent, fast)

    def state(self, clearance: Clearance) -> LadderState:
        referred = self._referred()
        locked = self._locked(clearance, referred)
        step = self._step(self.level) if self.level <= LAST else None
        return LadderState(
            level=self.level,
            step=step,
            next_step=self._step(self.level + 1) if self.level < LAST else None,
            is_unlocked=not locked,
            why_locked=locked,
            clean=len(self.counted),
            needed=CLEAN_SESSIONS,
            verdicts=tuple(self.verdicts),
            moves=tuple(self.moves),
            levels=((self.entry.on, self.entry.level), *((m.on, m.after) for m in self.moves)),
            referred=referred,
            notes=tuple(self.notes),
        )

    def _referred(self) -> str:
        pairs = zip(self.drops, self.drops[SETBACKS - 1 :], strict=False)
        if any(later - first <= SETBACK_WINDOW for first, later in pairs):
            return say(
                "{n} steps down within {days} days: see a physiotherapist or doctor",
                n=SETBACKS,
                days=SETBACK_WINDOW.days,
            )
        return ""

    def _locked(self, clearance: Clearance, referred: str) -> tuple[str, ...]:
        """Why there is no run today, all reasons."""
        stopped = withheld(None, clearance)
        if stopped:
            return (stopped.text,)
        if referred:
            return (referred,)
        return (*self._locked_by_entry(), *self._locked_by_last_run(), *self._locked_by_today())

    def _locked_by_entry(self) -> list[str]:
        if self.as_of < self.entry.on:
            return [say("the ladder begins on {day}", day=day_text(self.entry.on, year=True))]
        if any(v.kind == "clean" for v in self.verdicts):
            return []  # a clean session has answered them
        answers: dict[str, bool] = {}
        for report in self.reports:
            answers |= report.answers
        return [
            say("first: {question}", question=text)
            for code, text in ENTRY_QUESTIONS.items()
            if not answers.get(code, False)
        ]

    def _locked_by_last_run(self) -> list[str]:
        if self.last is None:
            return []
        if self.last == self.as_of:
            return [say("you have run today")]
        if self.last == self.as_of - DAY:
            return [say("a day of rest between runs")]
        baseline = self.pain.baseline(self.last)
        since = [d for d in self.pain.morning if self.last < d <= self.as_of]
        if not since:
            return [say("say how the morning after the last run was")]
        if baseline is not None and self.pain.morning[max(since)] - baseline >= PAIN_STEP:
            return [say("mornings are not yet back to the usual")]
        return []

    def _locked_by_today(self) -> list[str]:
        locked: list[str] = []
        for i, report in enumerate(self.reports):
            if report.local_date == self.as_of:
                locked += reasons_to_stop(report, self.reports[:i])
        latest = self.reports[-1] if self.reports else None
        if latest and latest.local_date < self.as_of and "limp" in latest.signs:
            locked.append(A_LIMP)
        if latest and latest.pain_today is not None and latest.pain_today > NRS_MILD:
            locked.append(
                say("pain {pain} in daily life, where {limit} is the limit", pain=latest.pain_today, limit=NRS_MILD)
            )
        if self.level == FAST_LEVEL and self.entry.old_fast_m is None:
            locked.append(say("say how many fast metres a session had before"))
        return list(dict.fromkeys(locked))
