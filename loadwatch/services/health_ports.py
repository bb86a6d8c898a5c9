"""What the use cases ask of the store about how the runner feels. Everything is asked for with the athlete's id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal, Protocol

from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.ladder import LadderEntry
from loadwatch.domain.programme import RehabSession
from loadwatch.domain.redflags import RISKS, AgeBand
from loadwatch.domain.symptoms import EarlierInjury, Onset, Region, Side, SymptomReport, WeeklyAnswers
from loadwatch.services.errors import LoadwatchError

BACK_BEFORE: Final = "back_before"
"""Trouble with the low back before; asked beside the risks of the red flags."""

RISK_QUESTIONS: Final = (*RISKS, BACK_BEFORE)


class InvalidCheckIn(LoadwatchError):
    """Something in it cannot be: names the field."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason

    @property
    def words(self) -> str:
        """What is wrong, without the name that the field has in the code."""
        return self.reason


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A check-in as it is handed in.

    Attributes
    ----------
    at : datetime or None
        None: now.
    client_key : str or None
        A second draft with the key of a stored one is that one.
    source : str
        page, api or cli.
    """

    side: Side | None = None
    regions: frozenset[Region] = frozenset()
    pain_run: int | None = None
    pain_today: int | None = None
    pain_morning: int | None = None
    qualities: frozenset[str] = frozenset()
    onset: Onset | None = None
    aggravators: frozenset[str] = frozenset()
    signs: frozenset[str] = frozenset()
    answers: Mapping[str, bool] = field(default_factory=dict)
    note: str = field(default="", repr=False)
    at: datetime | None = None
    client_key: str | None = None
    source: str = "api"


@dataclass(frozen=True, slots=True)
class RiskProfile:
    """
    What the one-time form says; nothing in it has to be answered.

    Attributes
    ----------
    birth_year : int or None
    injuries : tuple of EarlierInjury
    answers : mapping of str to bool
        To questions of `RISK_QUESTIONS`; what was not answered is absent.
    """

    birth_year: int | None = None
    injuries: tuple[EarlierInjury, ...] = ()
    answers: Mapping[str, bool] = field(default_factory=dict)

    @property
    def risks(self) -> frozenset[str]:
        """Those that the red flags know and that were answered with yes."""
        return frozenset(risk for risk in RISKS if self.answers.get(risk))

    def age_band(self, day: date) -> AgeBand | None:
        """The age on a day; in the year of a birthday the band that calls for more care."""
        if self.birth_year is None:
            return None
        age = day.year - self.birth_year  # or one less
        if age <= 18:
            return "under_18"
        return "over_40" if age > 40 else "18_to_40"


ProblemStep = Literal["agreed", "seen"]
"""The runner agreed to be shown exercises; a professional has seen it."""


@dataclass(frozen=True, slots=True)
class ProblemEvent:
    """What happened with a problem beside its reports."""

    problem_id: int
    what: ProblemStep
    at: datetime
    local_date: date


class HealthTx(Protocol):
    """The part of a transaction that holds what the runner reports."""

    def symptom_reports(self, athlete_id: int, since: datetime | None = None) -> list[SymptomReport]:
        """In order of time."""
        ...

    def symptom_report(self, athlete_id: int, report_id: int) -> SymptomReport | None: ...
    def report_by_key(self, athlete_id: int, client_key: str) -> SymptomReport | None: ...
    def add_symptom_report(
        self, athlete_id: int, draft: Draft, at: datetime, local_date: date, now: datetime
    ) -> SymptomReport | None:
        """None if another check-in with the same key is there already."""
        ...

    def put_answers(self, athlete_id: int, report_id: int, answers: Mapping[str, bool]) -> None:
        """Store answers in place of those that are there; the report itself stays as it was given."""
        ...

    def lock_report(self, athlete_id: int, report_id: int) -> SymptomReport | None:
        """As `symptom_report`, held to the end of the transaction."""
        ...

    def risk_profile(self, athlete_id: int) -> RiskProfile:
        """An empty one where the form was never filled in."""
        ...

    def put_risk_profile(self, athlete_id: int, profile: RiskProfile, now: datetime) -> None: ...
    def weekly_answers(self, athlete_id: int, since: date | None = None) -> list[WeeklyAnswers]:
        """In order of week, those answered on or after a day."""
        ...

    def week_answers(self, athlete_id: int, week: IsoWeek) -> WeeklyAnswers | None: ...
    def put_weekly_answers(self, athlete_id: int, week: IsoWeek, answers: WeeklyAnswers, now: datetime) -> None: ...
    def sessions_by_problem(self, athlete_id: int) -> dict[int, list[RehabSession]]:
        """All of them, by the report under whose name they were logged."""
        ...

    def problem_log(self, athlete_id: int) -> tuple[dict[int, list[RehabSession]], list[ProblemEvent]]:
        """Those sessions and `problem_events`, in one statement."""
        ...

    def put_rehab_session(self, athlete_id: int, problem_id: int, session: RehabSession, now: datetime) -> None:
        """A second entry of the same problem and moment takes the place of the first."""
        ...

    def problem_events(self, athlete_id: int) -> list[ProblemEvent]:
        """In order of time."""
        ...

    def add_problem_event(self, athlete_id: int, event: ProblemEvent) -> None: ...
    def ladders(self, athlete_id: int) -> tuple[list[tuple[int, LadderEntry]], list[tuple[int, int, bool]]]:
        """
        Where the runner stepped on, and the own word on runs, in one statement; both in order of coming in.

        Each entry with the report under whose name it was stored; each word with that report, the run, and whether
        it kept to the step.
        """
        ...

    def add_ladder_entry(self, athlete_id: int, problem_id: int, entry: LadderEntry, now: datetime) -> None: ...
    def put_ladder_kept(self, athlete_id: int, problem_id: int, run_id: int, kept: bool, now: datetime) -> None:
        """A second word on the same run takes the place of the first."""
        ...
