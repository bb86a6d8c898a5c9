"""The story of a problem: its pain over the loads of the same weeks, what came before it, what was asked and done."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from loadwatch.domain.completeness import Gap
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.flares import Flare, LoadSpan, Preceded, flares, load_spans, preceded
from loadwatch.domain.loads import RunLoad
from loadwatch.domain.redflags import Question, RedFlag
from loadwatch.domain.session_plan import SessionsOfWeek, sessions_of_week
from loadwatch.domain.symptoms import SymptomReport

if TYPE_CHECKING:
    from loadwatch.services.check_in import ProblemPage

STORY_REACH: Final = timedelta(weeks=6)
"""How much further back runs are read than for judging the first check-in: twelve weeks in all. Design choice."""

WEEKS_AROUND: Final = 12
WEEKS_AFTER: Final = 3
"""Weeks shown around the onset, and how many of them after it, where so many have passed. Design choice."""

WEEKS_BEFORE: Final = 5
"""Weeks of load before the first check-in that the timeline begins with. Design choice."""

MOST_WEEKS: Final = 52
"""A longer story shows its last so many weeks. Design choice."""

MOST_DAYS: Final = 84
"""Up to so many days loads are shown day by day, beyond week by week. [d] Design choice."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the red-flag screen; `answer` is None where nobody has answered yet."""

    code: str
    ask: str
    answer: bool | None
    on: date | None


@dataclass(frozen=True, slots=True)
class ProblemStory:
    """
    A problem with all that its page and its print show.

    Attributes
    ----------
    told : tuple of SymptomReport
        Its check-ins, and the painless ones since it opened, in order.
    flares, preceded
        As `domain.flares` counts them.
    since, until : date
        Of the timeline.
    days : int
        Length of a span of loads in it. [d]
    spans : tuple of LoadSpan
        Loads of the timeline.
    onset_weeks : tuple of LoadSpan
        Twelve weeks around the first check-in, as far as they have passed.
    asked : tuple of Asked
        Answered questions of the screen, the latest word on each; then those that are open.
    week : SessionsOfWeek or None
        Sessions of the last seven days against what the stage asks for; None without a stage.
    gap : Gap or None
        What is missing of the runs.
    """

    page: "ProblemPage"
    told: tuple[SymptomReport, ...]
    flares: tuple[Flare, ...]
    preceded: tuple[Preceded, ...]
    since: date
    until: date
    days: int
    spans: tuple[LoadSpan, ...]
    onset_weeks: tuple[LoadSpan, ...]
    asked: tuple[Asked, ...]
    week: SessionsOfWeek | None
    gap: Gap | None

    @property
    def onset(self) -> date:
        """Local day of the first check-in."""
        return self.page.problem.reports[0].local_date


def story_of(
    page: "ProblemPage",
    told: Sequence[SymptomReport],
    runs: Iterable[RunLoad],
    jumps: Collection[int],
    flags: Iterable[RedFlag],
    open_questions: Sequence[Question],
    gap: Gap | None,
    until: date,
    known_from: date | None,
) -> ProblemStory:
    """
    Put a story together.

    Parameters
    ----------
    told : sequence of SymptomReport
        Of `told_of`.
    runs : iterable of RunLoad
        From twelve weeks before the first check-in on.
    jumps : collection of int
        Ids of the runs of which a load rule spoke.
    open_questions : sequence of Question
        That the latest check-in leaves open.
    until : date
        Today, or the local day on which it was gone.
    known_from : date or None
        Local day of the athlete's first run; None without one.
    """
    onset = page.problem.reports[0].local_date
    loads = [x for x in runs if x.run.local_date <= until]
    since = max(_monday(onset) - timedelta(weeks=WEEKS_BEFORE), _monday(until) - timedelta(weeks=MOST_WEEKS - 1))
    days = 1 if (until - since).days < MOST_DAYS else 7
    spans = partial(load_spans, loads, known_from=known_from, missing_from=_missing_from(gap))
    found = flares(told, loads)
    last_week = min(_monday(onset) + timedelta(weeks=WEEKS_AFTER), _monday(until))
    around = last_week - timedelta(weeks=WEEKS_AROUND - 1)
    return ProblemStory(
        page=page,
        told=tuple(told),
        flares=tuple(found),
        preceded=tuple(preceded(found, told, loads, jumps)),
        since=since,
        until=until,
        days=days,
        spans=tuple(spans(since, until, days=days)),
        onset_weeks=tuple(spans(around, min(last_week + timedelta(days=6), until), days=7)),
        asked=_asked(told, flags, open_questions),
        week=_week(page),
        gap=gap,
    )


def _monday(day: date) -> date:
    return IsoWeek.of(day).monday


def _missing_from(gap: Gap | None) -> date | None:
    if gap is None:
        return None
    return gap.until.date() if gap.until else date.min


def _asked(
    told: Iterable[SymptomReport], flags: Iterable[RedFlag], still_open: Iterable[Question]
) -> tuple[Asked, ...]:
    asks = {question.code: question.ask for flag in flags for question in flag.questions}
    latest: dict[str, Asked] = {}
    for report in told:
        for code, answer in report.answers.items():
            if code in asks:
                latest[code] = Asked(code, asks[code], answer, report.local_date)
    return (*latest.values(), *(Asked(q.code, q.ask, None, None) for q in still_open if q.code not in latest))


def _week(page: "ProblemPage") -> SessionsOfWeek | None:
    plan = page.rehab
    if plan is None or plan.progress.stage is None or page.held_back:
        return None
    since = max(plan.progress.since or page.today, page.problem.reports[0].local_date)
    return sessions_of_week(plan.progress.stage, page.pattern, page.sessions, since, page.today)
