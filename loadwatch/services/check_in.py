"""What a runner reports: checked, screened for what must not be missed, stored, and compared with patterns."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Final, Literal
from zoneinfo import ZoneInfo

from loadwatch.domain import clues
from loadwatch.domain.activity import Run
from loadwatch.domain.asking import matters_at
from loadwatch.domain.completeness import Gap
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.findings import Finding
from loadwatch.domain.flares import told_of
from loadwatch.domain.ladder import LadderEntry
from loadwatch.domain.loads import RunLoad, loads_reach, run_loads
from loadwatch.domain.mornings import DAY
from loadwatch.domain.patterns import BONE_STRESS, INJURY_KINDS, Patterns, PatternScore, Resemblance, resemblance
from loadwatch.domain.programme import (
    STOP_SIGNS,
    Answered,
    Clearance,
    Criterion,
    Exercise,
    Programme,
    RehabSession,
    Told,
    Withheld,
    withheld,
)
from loadwatch.domain.redflags import (
    URGENCIES,
    Question,
    RedFlag,
    RedFlagFinding,
    ScreenContext,
    answered,
    follow_ups,
    screen,
)
from loadwatch.domain.rehab import Progress, stage_of
from loadwatch.domain.rehab_week import RehabWeek, days_done, days_planned
from loadwatch.domain.report import open_problems
from loadwatch.domain.rules import EarlierHistory, judge, look_back_from
from loadwatch.domain.session_plan import TodaysSession, days_asked, todays_session
from loadwatch.domain.symptom_rules import (
    RUNS_REACH,
    knows_runs,
    load_events,
    problem_id_of,
    reduced_load_days,
    site_of,
    watched_until,
)
from loadwatch.domain.symptoms import (
    ONSETS,
    REGIONS,
    SIDES,
    LoadEvent,
    Problem,
    Region,
    SymptomReport,
    WeeklyAnswers,
    problems,
    symptom_level,
    week_of,
)
from loadwatch.domain.text import capital, say
from loadwatch.domain.thresholds import BONE_LOAD, TREND_WINDOW
from loadwatch.domain.wording import site_text
from loadwatch.knowledge.codes import Code, CodeKind, codes_of_kind
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.facts import Facts, earlier_history
from loadwatch.services.health_ports import RISK_QUESTIONS, Draft, ProblemEvent, RiskProfile
from loadwatch.services.health_ports import InvalidCheckIn as InvalidCheckIn
from loadwatch.services.ports import AthleteProfile, Clock, Database, Nudge, Tx
from loadwatch.services.problem_story import STORY_REACH, ProblemStory, story_of
from loadwatch.services.way_back import LadderStart, WayBack, WayBackUseCases, ladder_start, way_back

GONE: Final = "gone"
"""The answer that closes a problem."""

MAX_NOTE: Final = 2000
CLOCK_SKEW: Final = timedelta(minutes=5)
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)


class Superseded(LoadwatchError):
    """The same key came with another check-in."""


@dataclass(frozen=True, slots=True)
class ClinicalContent:
    """
    The clinical content, as the files of `knowledge` have it.

    Attributes
    ----------
    codes : mapping of str to Code
        What a check-in may carry.
    questions : mapping of str to str
        What may be answered besides the codes, such as the criteria of the programmes, with its wording.
    exercises : mapping of str to Exercise
        The library, by id: those that may be logged.
    programmes : mapping of str to Programme
        By the id of the pattern that they are for.
    stop_rules : sequence of str
        When to stop, valid for every programme.
    """

    flags: Sequence[RedFlag]
    patterns: Patterns
    codes: Mapping[str, Code]
    questions: Mapping[str, str] = field(default_factory=dict)
    exercises: Mapping[str, Exercise] = field(default_factory=dict)
    programmes: Mapping[str, Programme] = field(default_factory=dict)
    stop_rules: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CheckInResult:
    """
    What a check-in says.

    Attributes
    ----------
    red_flags : tuple of RedFlagFinding
        The most urgent first; where there is one, nothing softer is shown.
    follow_ups : tuple of Question
        Only those whose answer would change what the screen says.
    resemblance : Resemblance or None
        None where nothing hurts.
    problem_ids : tuple of int
        Problems that the report belongs to.
    level : int
        Symptom level, 0 to 4.
    is_new : bool
        False where the very same check-in had come before.
    """

    report: SymptomReport
    red_flags: tuple[RedFlagFinding, ...]
    follow_ups: tuple[Question, ...]
    resemblance: Resemblance | None
    problem_ids: tuple[int, ...]
    level: int
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class RehabPlan:
    """
    Attributes
    ----------
    today : TodaysSession, Withheld or None
        None once all stages are done.
    ask : mapping of str to str
        Questions that the criteria of the stage wait for, with their wording; answered with a check-in of the day.
    gate : mapping of str to str
        Questions to answer with yes before each run, with their wording.
    """

    programme: Programme
    progress: Progress
    today: TodaysSession | Withheld | None
    ask: Mapping[str, str]
    gate: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """
    A problem with all that is known of it.

    Attributes
    ----------
    id : int
        Of the report that opened it.
    red_flags : tuple of RedFlagFinding
        Raised by any of its reports, until a professional has seen it or it is gone.
    resemblance : Resemblance
        Of `shown_of`: its latest report with a clear pattern, else its latest.
    bone_guard : PatternScore or None
        Bone stress, if any report since a professional saw it asks for it.
    rehab : RehabPlan or None
        None where the pattern is unclear, or the problem is closed.
    held_back : Withheld or None
        What stands against any exercise.
    elsewhere : Withheld or None
        What another open problem holds against any running.
    ladder : WayBack or None
        None until the runner steps on; of a problem that is gone as it stood then.
    start : LadderStart or None
        None where something stands against stepping on; `why_no_start` says what.
    """

    id: int
    today: date
    problem: Problem
    level: int
    red_flags: tuple[RedFlagFinding, ...]
    resemblance: Resemblance
    shown_of: SymptomReport
    bone_guard: PatternScore | None
    held_back: Withheld | None
    rehab: RehabPlan | None
    sessions: tuple[RehabSession, ...]
    events: tuple[ProblemEvent, ...]
    clearance: Clearance
    elsewhere: Withheld | None
    ladder: WayBack | None
    start: LadderStart | None

    @property
    def pattern(self) -> str | None:
        """Id of the pattern on top; None where it is unclear."""
        return self.resemblance.top.pattern.id if self.resemblance.top else None

    @property
    def withheld(self) -> Withheld | None:
        """What stands against exercises today, the runner's missing consent among it."""
        today = self.rehab.today if self.rehab else None
        return self.held_back or (today if isinstance(today, Withheld) else None)

    @property
    def no_run(self) -> Withheld | None:
        """What stands against any running today, beside the ladder."""
        return self.withheld or self.elsewhere

    @property
    def why_no_start(self) -> str:
        """Why nobody steps on the ladder now, in words; empty where one may."""
        if self.start:
            return ""
        if not self.problem.is_open:
            return say("it is gone; should it come back, a check-in opens it anew")
        if self.no_run:
            return self.no_run.text
        return say(
            "it is stopped, and begins anew once a professional has seen it and that is noted with this problem"
        )

    @property
    def watched_until(self) -> datetime | None:
        """Until when a problem that is gone counts as a recent injury."""
        return watched_until(self.problem)

    @property
    def shown(self) -> tuple[PatternScore, ...]:
        """Patterns to tell, at most two, bone stress among them whenever its guard speaks."""
        shown = self.resemblance.shown
        if self.bone_guard is None or any(s.pattern.id == BONE_STRESS for s in shown):
            return shown
        return (*shown[:1], self.bone_guard)


class CheckInService(WayBackUseCases):
    """Takes in how a runner feels and answers with what matters first."""

    def __init__(self, database: Database, nudge: Nudge, clock: Clock, clinic: ClinicalContent) -> None:
        self._database = database
        self._nudge = nudge
        self._clock = clock
        self.clinic = clinic

    @cached_property
    def matters(self) -> Mapping[Region | None, clues.Facts]:
        """For each region, and for none told, what may change the result of a check-in there: see `matters_at`."""
        return {r: matters_at(r, self.clinic.flags, self.clinic.patterns) for r in (None, *REGIONS)}

    # check-ins

    def record(
        self, athlete_id: int, draft: Draft, beside: Callable[[Tx, SymptomReport], None] | None = None
    ) -> CheckInResult:
        """
        Store a check-in and say what it means. It is stored before anything is said.

        Parameters
        ----------
        beside : callable, optional
            Stores what belongs to it, in the same transaction: if it raises, nothing is stored.

        Raises
        ------
        InvalidCheckIn
            If a field cannot be so.
        Superseded
            If its key belongs to another check-in.
        """
        now = self._clock()
        self._check(draft, now)
        with self._database.write() as tx:
            profile = _profile(tx, athlete_id)
            at = (draft.at or now).astimezone(UTC)
            report = tx.add_symptom_report(athlete_id, draft, at, _local(at, profile), now)
            is_new = report is not None
            if report is None:
                assert draft.client_key is not None  # nothing else is unique
                report = tx.report_by_key(athlete_id, draft.client_key)
                assert report is not None
                _check_same(draft, report)
            else:
                tx.want_assessment(athlete_id, report.at, now)
            if beside is not None:
                beside(tx, report)
        if is_new:
            self._nudge.assess(athlete_id)
        return replace(self.result(athlete_id, report.id), is_new=is_new)

    def answer(self, athlete_id: int, report_id: int, answers: Mapping[str, bool]) -> CheckInResult:
        """Add answers to follow-up questions to a stored check-in."""
        self._check_answers(answers)
        now = self._clock()
        with self._database.write() as tx:
            report = tx.lock_report(athlete_id, report_id)
            if report is None:
                raise NotYours(f"check-in {report_id}")
            both = answered(report, dict(answers))
            _check_gone(both.answers, report.worst_pain)
            if both.answers != report.answers:
                tx.put_answers(athlete_id, report_id, both.answers)
                tx.want_assessment(athlete_id, report.at, now)
        self._nudge.assess(athlete_id)
        return self.result(athlete_id, report_id)

    def result(self, athlete_id: int, report_id: int) -> CheckInResult:
        """What a stored check-in says, as of its own time."""
        with self._database.read() as tx:
            profile = _profile(tx, athlete_id)
            reports = tx.symptom_reports(athlete_id)
            report = next((r for r in reports if r.id == report_id), None)
            if report is None:
                raise NotYours(f"check-in {report_id}")
            return self._result(_Known.of_reports(tx, profile, reports, self._clock(), report.at), report)

    def results(self, athlete_id: int, since: datetime | None = None) -> list[CheckInResult]:
        """Stored check-ins, the newest first."""
        with self._database.read() as tx:
            known = _Known.of(tx, _profile(tx, athlete_id), self._clock(), since)
            wanted = [r for r in known.reports if since is None or r.at >= since]
            return [self._result(known, r) for r in reversed(wanted)]

    def _result(self, known: "_Known", report: SymptomReport) -> CheckInResult:
        context = known.context(report)
        flags = screen(report, context, self.clinic.flags)
        own = [p for p in problems(known.reports) if any(r.id == report.id for r in p.reports)]
        return CheckInResult(
            report=report,
            red_flags=flags,
            follow_ups=follow_ups(report, context, self.clinic.flags) if report.hurts else (),
            resemblance=self._resemblance(known, report) if report.hurts else None,
            problem_ids=tuple(problem_id_of(p) for p in own),
            level=known.level(report, flags),
        )

    def _resemblance(self, known: "_Known", report: SymptomReport) -> Resemblance:
        return resemblance(report, known.risks.injuries, known.loads_before(report), self.clinic.patterns)

    # problems

    def problems(self, athlete_id: int) -> list[ProblemPage]:
        """All problems, the open ones first, of each the latest first."""
        with self._database.read() as tx:
            known = _Known.of(tx, _profile(tx, athlete_id), self._clock())
            pages = [self._page(known, p) for p in problems(known.reports)]
        return sorted(pages, key=lambda p: (not p.problem.is_open, -p.problem.updated.timestamp()))

    def open_problems(self, facts: Facts) -> list[ProblemPage]:
        """Those that are open, the worst first; without one nothing more is read."""
        found = open_problems(facts.reports)
        if not found:
            return []
        with self._database.read() as tx:
            known = _Known.beside(tx, facts, min(p.problem.opened for p in found))
        return [self._page(known, p.problem) for p in found]

    def problem(self, athlete_id: int, number: int) -> ProblemPage:
        with self._database.read() as tx:
            return self._problem(tx, athlete_id, number)

    def _problem(self, tx: Tx, athlete_id: int, number: int) -> ProblemPage:
        return self._page(*self._known_of(tx, _profile(tx, athlete_id), number))

    def _known_of(
        self, tx: Tx, profile: AthleteProfile, number: int, back: timedelta = timedelta()
    ) -> tuple["_Known", Problem]:
        """A problem, and what is known for judging it and others that are open; of runs so much more as asked for."""
        reports = tx.symptom_reports(profile.id)
        problem = _find(reports, number)
        first = min([problem.opened, *(p.opened for p in problems(reports) if p.is_open)])
        return _Known.of(tx, profile, self._clock(), first - back, reports), problem

    def overview(self, profile: AthleteProfile) -> tuple[list[ProblemPage], list[Problem]]:
        """The open problems as their pages tell them, and those that are gone; of each the latest first."""
        with self._database.read() as tx:
            reports = tx.symptom_reports(profile.id)
            found = sorted(problems(reports), key=lambda p: p.updated, reverse=True)
            still_open = [p for p in found if p.is_open]
            if still_open:
                first = min(p.opened for p in still_open)
                known = _Known.of(tx, profile, self._clock(), first, reports)
        return [self._page(known, p) for p in still_open], [p for p in found if not p.is_open]

    def story(self, profile: AthleteProfile, number: int, gap: Gap | None = None) -> ProblemStory:
        """
        A problem with its pain over the loads of the same weeks, for its page and for whoever examines it.

        Parameters
        ----------
        gap : Gap, optional
            What is missing of the athlete's runs now; by default nothing.
        """
        with self._database.read() as tx:
            known, problem = self._known_of(tx, profile, number, STORY_REACH)
        page = self._page(known, problem)
        last = known.context(problem.latest)
        closed_on = next((r.local_date for r in known.reports if r.at == problem.closed and r.says_gone), None)
        return story_of(
            page,
            told_of(problem, known.reports),
            known.runs,
            {f.run.id for f in known.jumps if f.run is not None},
            self.clinic.flags,
            follow_ups(problem.latest, last, self.clinic.flags) if problem.is_open else (),
            gap,
            until=closed_on or known.today,
            known_from=known.first_day,
        )

    def find(self, tx: Tx, athlete_id: int, number: int) -> Problem:
        """
        A problem by the number of a report of it, and nothing that is judged of it.

        Raises
        ------
        NotYours
        """
        return _find(tx.symptom_reports(athlete_id), number)

    def rehab_weeks(self, tx: Tx, facts: Facts, week: IsoWeek) -> tuple[RehabWeek, ...]:
        """
        What was done of programmes in a week, of the open problems that have one, or that something is held against.

        Without an open problem nothing more is read.
        """
        found = open_problems(facts.reports)
        if not found:
            return ()
        known = _Known.beside(tx, facts, min(p.problem.opened for p in found))
        weeks = (_rehab_week(self._page(known, p.problem), week) for p in found)
        return tuple(w for w in weeks if w is not None)

    def close_problem(self, athlete_id: int, number: int) -> ProblemPage:
        """Note that the runner says it is gone: a report of its own, as every step of a problem."""
        now = self._clock()
        with self._database.write() as tx:
            tx.lock_athlete(athlete_id)
            reports = tx.symptom_reports(athlete_id)
            problem = _find(reports, number)
            if problem.is_open:
                last = problem.latest
                at = max(now, last.at)
                draft = Draft(side=last.side, regions=problem.regions, answers={GONE: True}, source="page")
                self._check_closes_alone(reports, problem, draft, at)
                report = tx.add_symptom_report(athlete_id, draft, at, _local(at, _profile(tx, athlete_id)), now)
                assert report is not None  # it has no key
                tx.want_assessment(athlete_id, report.at, now)
        self._nudge.assess(athlete_id)
        return self.problem(athlete_id, number)

    @staticmethod
    def _check_closes_alone(reports: Sequence[SymptomReport], problem: Problem, draft: Draft, at: datetime) -> None:
        """A problem without a place cannot be told from others of its side: those are to be closed first."""
        if problem.regions:
            return
        last = max(r.id for r in reports)
        gone = SymptomReport(last + 1, at, at.date(), draft.side, draft.regions, answers=dict(draft.answers))
        was_open = {problem_id_of(p) for p in problems(reports) if p.is_open}
        still_open = {problem_id_of(p) for p in problems([*reports, gone]) if p.is_open}
        if was_open - still_open != {problem_id_of(problem)}:
            raise InvalidCheckIn(
                "state", say("no place was told for this problem, and closing it would close others too")
            )

    def note_step(self, athlete_id: int, number: int, what: Literal["agreed", "seen"]) -> ProblemPage:
        """Note that the runner agreed to be shown exercises, or that a professional has seen it."""
        now = self._clock()
        with self._database.write() as tx:
            problem = _find(tx.symptom_reports(athlete_id), number)
            event = ProblemEvent(problem_id_of(problem), what, now, _local(now, _profile(tx, athlete_id)))
            tx.add_problem_event(athlete_id, event)
            tx.want_assessment(athlete_id, problem.opened, now)
        self._nudge.assess(athlete_id)
        return self.problem(athlete_id, number)

    def log_session(
        self,
        athlete_id: int,
        number: int,
        *,
        exercises: Collection[str],
        pain_during: int,
        pain_next_morning: int | None = None,
        signs: Collection[str] = (),
        note: str = "",
        at: datetime | None = None,
    ) -> ProblemPage:
        """Note exercises that were done; a second entry of the same moment takes the first one's place."""
        now = self._clock()
        when = _check_at(at, now)
        _check_pain("pain_during", pain_during)
        _check_pain("pain_next_morning", pain_next_morning)
        _check_codes("signs", signs, STOP_SIGNS)
        _check_codes("exercises", exercises, self.clinic.exercises)
        _check_note(note)
        if not exercises:
            raise InvalidCheckIn("exercises", say("name at least one that was done"))
        with self._database.write() as tx:
            page = self._problem(tx, athlete_id, number)
            session = RehabSession(
                at=when,
                local_date=_local(when, _profile(tx, athlete_id)),
                exercises=frozenset(exercises),
                pain_during=pain_during,
                pain_next_morning=pain_next_morning,
                note=note,
                signs=frozenset(sign for sign in STOP_SIGNS if sign in signs),
            )
            tx.put_rehab_session(athlete_id, page.id, session, now)
            tx.want_assessment(athlete_id, page.problem.opened, now)
        self._nudge.assess(athlete_id)
        return self.problem(athlete_id, number)

    # what stands

    def _page(self, known: "_Known", problem: Problem) -> ProblemPage:
        ids = {r.id for r in problem.reports}
        judged = self._judged(known, problem)
        sessions = tuple(s for number in sorted(ids) for s in known.sessions.get(number, ()))
        resumed = max((e.local_date for e in judged.events if e.what == "seen"), default=None)
        ladder = way_back(
            [entry for number, entry in known.ladders if number in ids],
            {run_id: kept for number, run_id, kept in known.kept if number in ids},
            known.runs,
            problem.reports,
            known.today if problem.is_open else problem.latest.local_date,
            judged.clearance,
        )
        levels = ladder.levels if ladder else ()
        page = ProblemPage(
            id=problem_id_of(problem),
            today=known.today,
            problem=problem,
            level=judged.level if problem.is_open else 0,
            red_flags=judged.flags,
            resemblance=judged.resemblance,
            shown_of=judged.shown_of,
            bone_guard=judged.bone_guard if problem.is_open else None,
            held_back=judged.held_back,
            rehab=self._plan(problem, sessions, known.today, judged, resumed, levels),
            sessions=sessions,
            events=judged.events,
            clearance=judged.clearance,
            elsewhere=self._elsewhere(known, problem) if problem.is_open else None,
            ladder=ladder,
            start=None,
        )
        if ladder is not None and page.no_run is not None:
            ladder = replace(ladder, withheld=page.no_run)
        may_start = problem.is_open and page.no_run is None
        if ladder is not None and ladder.is_stopped and not (resumed and resumed >= ladder.last_drop):
            may_start = False
        start = ladder_start(known.run_days(), known.today, ladder) if may_start else None
        return replace(page, ladder=ladder, start=start)

    def _judged(self, known: "_Known", problem: Problem) -> "_Judged":
        ids = {r.id for r in problem.reports}
        events = tuple(e for e in known.events if e.problem_id in ids)
        seen = max((e.at for e in events if e.what == "seen"), default=None)
        unseen = [r for r in problem.reports if seen is None or r.at > seen]
        flags = self._standing(known, unseen) if problem.is_open else ()
        judged = [(r, self._resemblance(known, r)) for r in problem.reports]
        shown_of, like = next(((r, s) for r, s in reversed(judged) if s.top), judged[-1])
        guard = next((s.bone_guard for r, s in reversed(judged) if s.bone_guard and r in unseen), None)
        level = known.level(problem.latest, flags)
        pattern = like.top.pattern.id if like.top else None
        clearance = Clearance(
            red_flags=frozenset(f.flag.id for f in flags),
            severity=level,
            bone_stress=guard is not None,
            confirmed=any(e.what == "agreed" for e in events),
        )
        held_back = withheld(pattern, clearance) if problem.is_open else None
        return _Judged(events, flags, like, shown_of, guard, level, pattern, clearance, held_back)

    def _elsewhere(self, known: "_Known", problem: Problem) -> Withheld | None:
        """What another open problem holds against running: the most urgent of all."""
        others = (p for p in problems(known.reports) if p.is_open and problem_id_of(p) != problem_id_of(problem))
        found = [h for h in (self._judged(known, p).held_back for p in others) if h]
        first = min(found, key=lambda h: _MOST_URGENT.index(h.reason), default=None)
        return first and replace(first, text=say("Another problem that is open: {why}", why=first.text))

    def _standing(self, known: "_Known", reports: Iterable[SymptomReport]) -> tuple[RedFlagFinding, ...]:
        """Flags that any of the reports raised, of each flag the most urgent; none falls away by itself."""
        found: dict[str, RedFlagFinding] = {}
        for report in reports:
            for finding in screen(report, known.context(report), self.clinic.flags):
                before = found.get(finding.flag.id)
                if before is None or _urgency(finding) <= _urgency(before):
                    found[finding.flag.id] = finding
        return tuple(sorted(found.values(), key=lambda f: (-f.severity, _urgency(f))))

    def _plan(
        self,
        problem: Problem,
        sessions: Sequence[RehabSession],
        today: date,
        judged: "_Judged",
        resumed: date | None,
        levels: Iterable[tuple[date, int]],
    ) -> RehabPlan | None:
        pattern, clearance = judged.pattern, judged.clearance
        programme = self.clinic.programmes.get(pattern) if pattern else None
        if programme is None or not problem.is_open:
            return None
        progress = stage_of(programme, sessions, problem.reports, today, ladder=levels, resumed=resumed)
        due = todays_session(
            programme, progress, sessions, today, reports=problem.reports, clearance=clearance, pattern=pattern
        )
        wanted = [code for criterion in progress.unmet for code in _questions_of(criterion)]
        said = self.clinic.questions
        return RehabPlan(programme, progress, due, {q: said[q] for q in wanted}, {q: said[q] for q in programme.gate})

    # the one-time form and the week

    def risk_profile(self, athlete_id: int) -> RiskProfile:
        with self._database.read() as tx:
            return tx.risk_profile(athlete_id)

    def put_risk_profile(self, athlete_id: int, profile: RiskProfile) -> RiskProfile:
        """Store the one-time form in place of what was there."""
        now = self._clock()
        if profile.birth_year is not None and not now.year - 110 <= profile.birth_year <= now.year - 5:
            raise InvalidCheckIn(
                "birth_year", say("{year} is no year of birth of a runner", year=str(profile.birth_year))
            )
        _check_codes("answers", profile.answers, RISK_QUESTIONS)
        _check_codes("injuries", [i.kind for i in profile.injuries], INJURY_KINDS)
        if any(i.ended and i.ended > (now + timedelta(days=1)).date() for i in profile.injuries):
            raise InvalidCheckIn("injuries", say("an earlier injury has ended already"))
        with self._database.write() as tx:
            _profile(tx, athlete_id)
            tx.put_risk_profile(athlete_id, profile, now)
            tx.want_assessment(athlete_id, now, now)
        self._nudge.assess(athlete_id)
        return self.risk_profile(athlete_id)

    def week_answers(self, athlete_id: int, week: IsoWeek) -> WeeklyAnswers | None:
        with self._database.read() as tx:
            return tx.week_answers(athlete_id, week)

    def put_week_answers(self, athlete_id: int, week: IsoWeek, steps: Mapping[str, int]) -> WeeklyAnswers:
        """Store a week's questionnaire; a second one takes the first one's place."""
        now = self._clock()
        with self._database.write() as tx:
            today = _local(now, _profile(tx, athlete_id))
            if week.monday > today:
                raise InvalidCheckIn("week", say("{week} has not begun", week=str(week)))
            try:
                answers = WeeklyAnswers(local_date=min(today, week.sunday), **steps)
            except (TypeError, ValueError) as error:
                raise InvalidCheckIn("answers", say("each of the four has a step from 0 to 3")) from error
            tx.put_weekly_answers(athlete_id, week, answers, now)
            tx.want_assessment(athlete_id, now, now)
        self._nudge.assess(athlete_id)
        return answers

    # checks

    def _check(self, draft: Draft, now: datetime) -> None:
        if draft.side is not None:
            _check_codes("side", [draft.side], SIDES)
        _check_codes("regions", draft.regions, REGIONS)
        for name in ("pain_run", "pain_today", "pain_morning"):
            _check_pain(name, getattr(draft, name))
        if draft.onset is not None:
            _check_codes("onset", [draft.onset], ONSETS)
        lists: tuple[tuple[str, CodeKind, frozenset[str]], ...] = (
            ("qualities", "quality", draft.qualities),
            ("aggravators", "aggravator", draft.aggravators),
            ("signs", "sign", draft.signs),
        )
        for name, kind, given in lists:
            _check_codes(name, given, codes_of_kind(self.clinic.codes.values(), kind))
        self._check_answers(draft.answers)
        _check_note(draft.note)
        _check_at(draft.at, now)
        if draft.client_key is not None and not 0 < len(draft.client_key) <= 200:
            raise InvalidCheckIn("Idempotency-Key", say("1 to 200 characters"))
        pains = [p for p in (draft.pain_run, draft.pain_today, draft.pain_morning) if p is not None]
        _check_gone(draft.answers, max(pains, default=None))
        told = draft.regions or draft.qualities or draft.aggravators or draft.signs or draft.answers or draft.onset
        if not told and not pains and draft.side is None:
            raise InvalidCheckIn("pain_today", say("nothing was told; say 0 if nothing hurts"))
        # Whoever reports a sign is heard, whatever else is missing.
        if draft.regions and draft.side is None and not draft.signs:
            raise InvalidCheckIn("side", say("which side hurts? One of {sides}", sides=", ".join(SIDES)))

    def _check_answers(self, answers: Mapping[str, bool]) -> None:
        _check_codes("answers", answers, {GONE, *self.clinic.codes, *self.clinic.questions})
        if not all(isinstance(answer, bool) for answer in answers.values()):
            raise InvalidCheckIn("answers", say("each is true or false"))


_MOST_URGENT: Final = ("red_flag", "bone_stress", "severity")


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the reports of a problem amount to; the names are those of `ProblemPage`."""

    events: tuple[ProblemEvent, ...]
    flags: tuple[RedFlagFinding, ...]
    resemblance: Resemblance
    shown_of: SymptomReport
    bone_guard: PatternScore | None
    level: int
    pattern: str | None
    clearance: Clearance
    held_back: Withheld | None


@dataclass(frozen=True, slots=True)
class _Known:
    """All of an athlete that a judgement on a report rests on."""

    reports: list[SymptomReport]
    risks: RiskProfile
    jumps: Sequence[Finding]
    runs: Sequence[RunLoad]
    weeks: list[WeeklyAnswers]
    sessions: Mapping[int, Sequence[RehabSession]]
    events: list[ProblemEvent]
    ladders: list[tuple[int, LadderEntry]]
    kept: list[tuple[int, int, bool]]
    first_day: date | None
    today: date

    @classmethod
    def of(
        cls,
        tx: Tx,
        profile: AthleteProfile,
        now: datetime,
        since: datetime | None = None,
        reports: list[SymptomReport] | None = None,
    ) -> "_Known":
        """What is known for judging the reports from `since` on; all of them by default."""
        reports = tx.symptom_reports(profile.id) if reports is None else reports
        first = since or min((r.at for r in reports), default=now)
        ladders, kept = tx.ladders(profile.id)
        sessions, events = tx.problem_log(profile.id)
        return replace(
            cls.of_reports(tx, profile, reports, now, first),
            sessions=sessions,
            events=events,
            ladders=ladders,
            kept=kept,
        )

    @classmethod
    def of_reports(
        cls, tx: Tx, profile: AthleteProfile, reports: list[SymptomReport], now: datetime, since: datetime
    ) -> "_Known":
        """The same without what was done about problems: for results of check-ins alone."""
        jumps, runs, first_day = _loads(tx, profile, since, now)
        return cls(
            reports=reports,
            risks=tx.risk_profile(profile.id),
            jumps=jumps,
            runs=runs,
            weeks=tx.weekly_answers(profile.id),
            sessions={},
            events=[],
            ladders=[],
            kept=[],
            first_day=first_day,
            today=_local(now, profile),
        )

    @classmethod
    def beside(cls, tx: Tx, facts: Facts, since: datetime) -> "_Known":
        """The same, where most of it was read already; `facts` reach `RUNS_REACH` before `since`."""
        profile = facts.profile
        jumps, runs = _judged_loads(facts.runs, facts.earlier, profile, since)
        ladders, kept = tx.ladders(profile.id)
        return cls(
            reports=list(facts.reports),
            risks=tx.risk_profile(profile.id),
            jumps=jumps,
            runs=runs,
            weeks=tx.weekly_answers(profile.id, (since - TREND_WINDOW).date() - DAY),
            sessions=tx.sessions_by_problem(profile.id) if facts.sessions is None else facts.sessions,
            events=list(facts.events),
            ladders=ladders,
            kept=kept,
            first_day=facts.first_day,
            today=_local(facts.as_of, profile),
        )

    def context(self, report: SymptomReport) -> ScreenContext:
        return ScreenContext(
            age_band=self.risks.age_band(report.local_date),
            risks=self.risks.risks,
            earlier=tuple(r for r in self.reports if (r.at, r.id) < (report.at, report.id)),
            loads=self.loads_before(report) if knows_runs(self.runs, report) else None,
            reduced_load_days=reduced_load_days(self.runs, report),
        )

    def run_days(self) -> frozenset[date]:
        """Local days with a run, up to today."""
        return frozenset(x.run.local_date for x in self.runs if x.run.local_date <= self.today)

    def loads_before(self, report: SymptomReport) -> tuple[LoadEvent, ...]:
        """Jumps in load of the four weeks before a report."""
        return load_events(f for f in self.jumps if timedelta() <= report.at - f.at <= BONE_LOAD)

    def level(self, report: SymptomReport, flags: Iterable[RedFlagFinding]) -> int:
        return symptom_level(
            report,
            self.reports,
            week=week_of(report, self.weeks, self.reports),
            has_red_flag=any(f.severity >= 4 for f in flags),
        )


def _loads(
    tx: Tx, profile: AthleteProfile, first: datetime, now: datetime
) -> tuple[list[Finding], list[RunLoad], date | None]:
    """What the load rules said from four weeks before a moment on; runs of six weeks; the first day of all."""
    since = first - RUNS_REACH
    history, *_ = tx.history(profile.id, now, since)
    runs = tx.runs_between(profile.id, min(look_back_from(history.last_before, since), loads_reach(since)))
    return *_judged_loads(runs, earlier_history(history, runs, now), profile, first), history.first_day


def _judged_loads(
    runs: Sequence[Run], earlier: EarlierHistory, profile: AthleteProfile, first: datetime
) -> tuple[list[Finding], list[RunLoad]]:
    found = judge(
        runs,
        since=first - BONE_LOAD,
        earlier=earlier,
        novice=profile.novice,
        five_k_m_s=profile.five_k_m_s,
        thresholds=profile.thresholds.while_hurting,
    )
    return found, run_loads(runs, since=first - RUNS_REACH, five_k_m_s=profile.five_k_m_s)


def _find(reports: Iterable[SymptomReport], number: int) -> Problem:
    """
    The problem that a report opened, else the first that it belongs to.

    A report that arrives late may open a problem which another one seemed to have opened: its old address still
    leads there.
    """
    found = problems(reports)
    opened = (p for p in found if problem_id_of(p) == number)
    holding = (p for p in found if any(r.id == number for r in p.reports))
    problem = next(opened, None) or next(holding, None)
    if problem is None:
        raise NotYours(f"problem {number}")
    return problem


def _rehab_week(page: ProblemPage, week: IsoWeek) -> RehabWeek | None:
    place = capital(site_text(site_of(page.problem)))
    held = page.withheld if page.withheld and page.withheld.reason != "not_confirmed" else None
    stage = page.rehab.progress.stage if page.rehab else None
    last = min(week.sunday, page.today)
    if page.rehab is None or stage is None:
        return RehabWeek(page.id, place, held_back=held.text) if held else None
    agreed = min((e.local_date for e in page.events if e.what == "agreed"), default=None)
    is_open = held is None and agreed is not None
    return RehabWeek(
        problem_id=page.id,
        place=place,
        programme=page.rehab.programme.name,
        stage=stage.name,
        number=page.rehab.progress.number + 1,
        n_stages=len(page.rehab.programme.stages),
        done=days_done(page.sessions, week.monday, last),
        planned=None if held else days_planned(stage, page.pattern, agreed, week.monday, last),
        asked=days_asked(stage, page.pattern, 7) if is_open else 0,
        held_back=held.text if held else "",
        running=_running(page, held or page.elsewhere, stage.running),
        step=page.ladder.state.level if page.ladder and not page.ladder.state.is_done else None,
        is_reviewed=stage.source.review == "reviewed",
    )


def _running(page: ProblemPage, none: Withheld | None, of_stage: str) -> str:
    """What running there is: none and why, the step of the ladder, or what the stage says of it."""
    if none is not None:
        return none.text
    step = page.ladder.state.step if page.ladder else None
    return step.level.text if step else of_stage


def _questions_of(criterion: Criterion) -> tuple[str, ...]:
    match criterion:
        case Answered(question=question):
            return (question,)
        case Told(questions=questions):
            return questions
        case _:
            return ()


def _urgency(finding: RedFlagFinding) -> int:
    return URGENCIES.index(finding.urgency)


def _profile(tx: Tx, athlete_id: int) -> AthleteProfile:
    profile = tx.athlete(athlete_id)
    if profile is None:
        raise NotYours(f"athlete {athlete_id}")
    return profile


def _local(at: datetime, profile: AthleteProfile) -> date:
    return at.astimezone(ZoneInfo(profile.timezone)).date()


def _check_codes(name: str, given: Iterable[str], known: Collection[str]) -> None:
    unknown = sorted(str(code)[:40] for code in given if code not in known)
    if unknown:
        raise InvalidCheckIn(name, say("{codes} is not known", codes=", ".join(map(repr, unknown))))


def _check_pain(name: str, pain: int | None) -> None:
    if pain is not None and (isinstance(pain, bool) or not isinstance(pain, int) or not 0 <= pain <= 10):
        raise InvalidCheckIn(name, say("a whole number from 0 to 10"))


def _check_note(note: str) -> None:
    if len(note) > MAX_NOTE or "\0" in note:
        raise InvalidCheckIn("note", say("plain text of at most {n} characters", n=MAX_NOTE))


def _check_at(at: datetime | None, now: datetime) -> datetime:
    if at is None:
        return now
    if at.tzinfo is None:
        raise InvalidCheckIn(
            "at", say("a moment with its time zone, like {example}", example="2026-11-22T07:30:00+01:00")
        )
    if not EARLIEST <= at <= now + CLOCK_SKEW:
        raise InvalidCheckIn("at", say("lies in the future") if at > now else say("lies too far back"))
    return at.astimezone(UTC)


def _check_gone(answers: Mapping[str, bool], pain: int | None) -> None:
    if answers.get(GONE) and pain:
        raise InvalidCheckIn("answers", say("it cannot be gone and hurt at once"))


_TOLD = ("side", "regions", "pain_run", "pain_today", "pain_morning", "qualities", "onset", "aggravators", "signs")


def _check_same(draft: Draft, report: SymptomReport) -> None:
    """Answers may have come since; all else must be what was stored."""
    same = all(getattr(draft, name) == getattr(report, name) for name in (*_TOLD, "note"))
    if not same or (draft.at is not None and draft.at != report.at):
        raise Superseded(say("Idempotency-Key: it belongs to another check-in already; send a new one"))
