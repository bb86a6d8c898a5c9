"""Where a runner stands in a rehabilitation programme: stages by criteria, steps back with their reason."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from loadwatch.domain.mornings import DAY, PAIN_ABOVE, PainDays, in_order, is_new_injury, pain_days, reasons_to_stop
from loadwatch.domain.programme import (
    STOP_SIGNS,
    Answered,
    Criterion,
    LadderReached,
    NotBefore,
    PainAtMost,
    Programme,
    QuietSessions,
    RehabSession,
    Stage,
    Told,
)
from loadwatch.domain.symptoms import SymptomReport
from loadwatch.domain.text import Text, say
from loadwatch.domain.thresholds import NRS_MODERATE, SETBACK_WINDOW, SETBACKS


@dataclass(frozen=True, slots=True)
class StageChange:
    """A step from one stage to another, counted from 0; the number of stages stands for all done."""

    on: date
    before: int
    after: int
    why: str


@dataclass(frozen=True, slots=True)
class Progress:
    """
    Where a runner stands in a programme on a day.

    Attributes
    ----------
    number : int
        Index of the stage; the number of stages once all are done.
    stage : Stage or None
        None once all are done, and in a programme without stages.
    since : date or None
        First day of the stage; None before the first check-in.
    day : int
        Days since the beginning, or since the latest sudden injury. [d]
    unmet : tuple of Criterion
        What is missing before the next stage.
    changes : tuple of StageChange
        Every step so far, with its reason.
    stop_today : tuple of str
        What says that there is no exercise today, in words.
    referred : str
        Why the programme is stopped and a professional is to be seen; empty if it is not.
    rising : bool
        Morning pain is higher than the week before: no step forward.
    """

    number: int
    stage: Stage | None
    since: date | None
    day: int
    unmet: tuple[Criterion, ...]
    changes: tuple[StageChange, ...]
    stop_today: tuple[str, ...]
    referred: str
    rising: bool

    @property
    def is_done(self) -> bool:
        return self.stage is None and bool(self.changes)


def stage_of(
    programme: Programme,
    sessions: Iterable[RehabSession],
    reports: Iterable[SymptomReport],
    as_of: date,
    *,
    ladder: Iterable[tuple[date, int]] = (),
    resumed: date | None = None,
) -> Progress:
    """
    The stage of a programme, replayed from what was reported and logged.

    A stage is left when all its criteria hold, by one a day and never by the calendar alone. A session that is
    answered by two points more on the next morning, or by more than 24 h of raised pain, takes it one stage back;
    a new sudden injury back to the first. Two such setbacks in 14 days stop the programme.

    Parameters
    ----------
    sessions, reports : iterables
        Of this problem, in any order, doubles allowed; what is later than `as_of` is not looked at.
    as_of : date
        The runner's local day.
    ladder : iterable of (date, int)
        Level of the return-to-run ladder from a day on.
    resumed : date or None
        When the runner took it up again after a professional had seen them: setbacks up to that day are settled.

    References
    ----------
    .. [1] J. Hickey et al., J. Orthop. Sports Phys. Ther. 50, 2020: pain-threshold rehabilitation of hamstrings.
    .. [2] K. G. Silbernagel et al., Am. J. Sports Med. 35, 2007: the pain-monitoring model.
    """
    replay = _Replay.of(programme, sessions, reports, as_of, ladder, resumed)
    if replay is None:
        number, since, day, unmet = 0, None, 0, _first_criteria(programme)
        return Progress(number, _stage_at(programme, 0), since, day, unmet, (), (), "", rising=False)
    for when in replay.days():
        replay.live(when)
    return replay.progress()


def _first_criteria(programme: Programme) -> tuple[Criterion, ...]:
    return programme.stages[0].criteria if programme.stages else ()


def _stage_at(programme: Programme, number: int) -> Stage | None:
    return programme.stages[number] if number < len(programme.stages) else None


_WORSE_MORNING: Final = say("the next morning was two points or more above the usual: one stage back")
_SLOW: Final = say("it took more than 24 hours to settle: one stage back")


@dataclass(slots=True)
class _Replay:
    """A problem's history, lived through day by day."""

    programme: Programme
    sessions: dict[date, list[RehabSession]]
    reports: list[SymptomReport]
    as_of: date
    ladder: list[tuple[date, int]]
    resumed: date | None
    pain: PainDays
    onset: date  # or the latest sudden injury
    number: int = 0
    since: date = date.min
    changes: list[StageChange] = field(default_factory=list)
    setbacks: list[date] = field(default_factory=list)
    answered: set[date] = field(default_factory=set)  # days whose sessions have had their setback
    referred: str = ""

    @classmethod
    def of(
        cls,
        programme: Programme,
        sessions: Iterable[RehabSession],
        reports: Iterable[SymptomReport],
        as_of: date,
        ladder: Iterable[tuple[date, int]],
        resumed: date | None,
    ) -> "_Replay | None":
        told = in_order(reports, as_of)
        done = sessions_in_order(sessions, as_of)
        days = [r.local_date for r in told] + [s.local_date for s in done]
        if not days:
            return None
        by_day: dict[date, list[RehabSession]] = {}
        for session in done:
            by_day.setdefault(session.local_date, []).append(session)
        onset = min(days)
        return cls(
            programme,
            by_day,
            told,
            as_of,
            sorted(dict(ladder).items()),
            resumed,
            pain_days(told, next_mornings(done, as_of)),
            onset,
            since=onset - DAY,  # what is told on the first day counts for the first stage
        )

    def days(self) -> list[date]:
        """The days on which something may change, in order."""
        days = {self.as_of, *(d for d, _ in self.ladder)}
        days |= {r.local_date + n * DAY for r in self.reports for n in (0, 1)}  # a stop ends with its day
        days |= {d + n * DAY for d in self.sessions for n in range(3)}
        waits = [c for s in self.programme.stages for c in s.criteria if isinstance(c, NotBefore)]
        starts = [self.onset, *(r.local_date for r in self.reports)]
        days |= {d + n * DAY for c in waits for n in (c.day, c.day_with_bruise) for d in starts}
        days |= {d + n * DAY for d in self.pain.morning for n in (7, 14)}  # when a week forgets it
        days |= {self.resumed} if self.resumed else set()
        return sorted(d for d in days if self.onset <= d <= self.as_of)

    def live(self, day: date) -> None:
        if self.referred and self._is_settled(self.setbacks[-1], day):
            self.referred = ""
        if why := self._setback(day):
            self._step(day, *why)
            return
        stage = _stage_at(self.programme, self.number)
        if stage is None or self.referred or not all(self._holds(c, stage, day) for c in stage.criteria):
            return
        if not self._stop_reasons(day) and not self.pain.is_rising(day):
            self._move(day, self.number + 1, say("all criteria of the stage are met"))

    def _setback(self, day: date) -> tuple[int, Text] | None:
        """Stages to go back and why, if a session was answered badly or something new happened."""
        first, end = self._places(day)
        if first and any(is_new_injury(self.reports[i], self.reports[:i]) for i in range(first, end)):
            self.onset = day
            return self.number, say("something happened suddenly: back to the first stage")
        why = None
        for done in (day - DAY, day - 2 * DAY):
            if done not in self.sessions or done in self.answered:
                continue
            response = self.pain.response(done, day)
            if response in ("worse", "slow"):
                self.answered.add(done)
                why = why or (_WORSE_MORNING if response == "worse" else _SLOW)
        return (1, why) if why else None

    def _places(self, day: date) -> tuple[int, int]:
        """Where the day's reports begin and end among all."""
        return bisect_left(self.reports, day, key=_local_date), bisect_right(self.reports, day, key=_local_date)

    def _step(self, day: date, back: int, why: Text) -> None:
        self.setbacks.append(day)
        recent = [d for d in self.setbacks if day - d <= SETBACK_WINDOW and not self._is_settled(d, day)]
        if len(recent) >= SETBACKS:
            self.referred = say(
                "{n} setbacks within {days} days: see a physiotherapist or doctor",
                n=len(recent),
                days=SETBACK_WINDOW.days,
            )
        if not self.programme.stages:
            return
        after = max(min(self.number, len(self.programme.stages)) - back, 0)
        self._move(day, after, why if self.number else say("{why}; this is the first stage already", why=why))

    def _is_settled(self, setback: date, day: date) -> bool:
        return self.resumed is not None and setback <= self.resumed <= day

    def _move(self, day: date, after: int, why: str) -> None:
        self.changes.append(StageChange(day, self.number, after, why))
        self.number, self.since = after, day

    def _stop_reasons(self, day: date) -> tuple[str, ...]:
        reasons: list[str] = []
        for i in range(*self._places(day)):
            reasons += reasons_to_stop(self.reports[i], self.reports[:i])
        for session in self.sessions.get(day, []):
            reasons += [words for sign, words in STOP_SIGNS.items() if sign in session.signs]
            if session.pain_during > NRS_MODERATE:
                reasons.append(PAIN_ABOVE)
        return tuple(dict.fromkeys(reasons))

    def _unmet(self, day: date) -> tuple[Criterion, ...]:
        stage = _stage_at(self.programme, self.number)
        return tuple(c for c in stage.criteria if not self._holds(c, stage, day)) if stage else ()

    def _holds(self, criterion: Criterion, stage: Stage, day: date) -> bool:
        told = self.reports[self._places(self.since)[1] : self._places(day)[1]]
        match criterion:
            case Answered(question=question):
                return next((r.answers[question] for r in reversed(told) if question in r.answers), False)
            case Told(questions=questions):
                return any(not r.answers.keys().isdisjoint(questions) for r in told)
            case PainAtMost(measure=measure, nrs=nrs, times=times):
                values = [v for v in (getattr(r, measure) for r in told) if v is not None][-times:]
                return len(values) == times and max(values) <= nrs
            case QuietSessions(times=times):
                return self._are_quiet(times, stage, day)
            case NotBefore(day=number, day_with_bruise=with_bruise):
                bruise = bruised_since(self.reports[: self._places(day)[1]])
                waited = bruise is None or day - bruise >= with_bruise * DAY
                return waited and day - self.onset >= number * DAY
            case LadderReached(level=level):
                levels = [reached for d, reached in self.ladder if d <= day]
                return bool(levels) and levels[-1] >= level

    def _are_quiet(self, times: int, stage: Stage, day: date) -> bool:
        """Whether the last so many days with a session of the stage up to `day` were answered quietly."""
        ids = {p.exercise.id for p in stage.prescriptions}
        quiet = 0
        done = day
        while done > self.since and quiet < times:
            of_stage = [x for x in self.sessions.get(done, ()) if x.exercises & ids]
            if of_stage:
                response = self.pain.response(done, day)
                if response in ("raised", "slow", "worse"):
                    break
                if any(x.pain_during > self.programme.pain_limit or x.signs for x in of_stage):
                    break
                quiet += response == "quiet"
            done -= DAY
        return quiet >= times

    def progress(self) -> Progress:
        return Progress(
            number=self.number,
            stage=_stage_at(self.programme, self.number),
            since=max(self.since, self.onset),
            day=(self.as_of - self.onset).days,
            unmet=self._unmet(self.as_of),
            changes=tuple(self.changes),
            stop_today=self._stop_reasons(self.as_of),
            referred=self.referred,
            rising=self.pain.is_rising(self.as_of),
        )


def _local_date(report: SymptomReport) -> date:
    return report.local_date


def sessions_in_order(sessions: Iterable[RehabSession], as_of: date) -> list[RehabSession]:
    """The sessions up to a day in order; several entries of one moment are one, with the worst of each."""
    by_moment: dict[datetime, list[RehabSession]] = {}
    for session in sessions:
        if session.local_date <= as_of:
            by_moment.setdefault(session.at, []).append(session)
    return [_merged(by_moment[at]) for at in sorted(by_moment)]


def _merged(same: Sequence[RehabSession]) -> RehabSession:
    mornings = [s.pain_next_morning for s in same if s.pain_next_morning is not None]
    return RehabSession(
        at=same[0].at,
        local_date=min(s.local_date for s in same),
        exercises=frozenset().union(*(s.exercises for s in same)),
        pain_during=max(s.pain_during for s in same),
        pain_next_morning=max(mornings, default=None),
        note=max(s.note for s in same),
        signs=frozenset().union(*(s.signs for s in same)),
    )


def next_mornings(sessions: Iterable[RehabSession], as_of: date) -> list[tuple[date, int]]:
    """The mornings after, told with the sessions, up to a day: local day and pain."""
    return [
        (s.local_date + DAY, s.pain_next_morning)
        for s in sessions
        if s.pain_next_morning is not None and s.local_date < as_of
    ]


def bruised_since(reports: Sequence[SymptomReport]) -> date | None:
    """First day of the latest bruise, of reports in order; None where none was seen."""
    first = None
    before = False
    for report in reports:
        bruised = "bruise" in report.signs
        if bruised and not before:
            first = report.local_date
        before = bruised
    return first
