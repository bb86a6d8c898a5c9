"""Check-ins, problems, the one-time form and the weekly questionnaire."""

from collections.abc import Callable
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal, Self

from flask import Response, g, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, StrictBool
from werkzeug.exceptions import UnprocessableEntity

from loadwatch.api.models import Instant, WeekPath
from loadwatch.bootstrap import Services
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.ladder import LADDER_SOURCE, LadderStep, VerdictKind
from loadwatch.domain.patterns import PatternScore
from loadwatch.domain.programme import Option, Withheld
from loadwatch.domain.redflags import Question, RedFlagFinding, Urgency
from loadwatch.domain.session_plan import Circuit, Planned, TodaysSession
from loadwatch.domain.sources import Source
from loadwatch.domain.symptoms import WEEKLY_ITEMS, EarlierInjury, InjuryKind, Onset, Region, Side, SymptomReport
from loadwatch.domain.symptoms import WeeklyAnswers as Answers
from loadwatch.services.check_in import CheckInResult, ProblemPage, RehabPlan
from loadwatch.services.errors import NotYours
from loadwatch.services.health_ports import Draft, RiskProfile
from loadwatch.services.way_back import GateResult, LadderStart, NotMeasured, WayBack

DEFAULT_DAYS: Final = 180

Nrs = Annotated[int, Field(ge=0, le=10, strict=True)]


class CheckInPath(BaseModel):
    check_in_id: int


class ProblemPath(BaseModel):
    problem_id: int


class Since(BaseModel):
    days: int = Field(DEFAULT_DAYS, ge=1, le=3660, description="How far back. [d]")


class CheckInBody(BaseModel):
    """How the thighs feel; whatever is not told stays out or null."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime | None = Field(None, description="Now, if left out.")
    side: Side | None = None
    regions: list[Region] = []
    pain_run: Nrs | None = None
    pain_today: Nrs | None = None
    pain_morning: Nrs | None = None
    qualities: list[str] = []
    onset: Onset | None = None
    aggravators: list[str] = []
    signs: list[str] = []
    answers: dict[str, StrictBool] = {}
    note: str = Field("", max_length=2000)

    def draft(self, client_key: str | None) -> Draft:
        return Draft(
            side=self.side,
            regions=frozenset(self.regions),
            pain_run=self.pain_run,
            pain_today=self.pain_today,
            pain_morning=self.pain_morning,
            qualities=frozenset(self.qualities),
            onset=self.onset,
            aggravators=frozenset(self.aggravators),
            signs=frozenset(self.signs),
            answers=self.answers,
            note=self.note,
            at=self.at,
            client_key=client_key,
            source="api",
        )


class AnswersBody(BaseModel):
    """Answers to follow-up questions."""

    model_config = ConfigDict(extra="forbid")

    answers: dict[str, StrictBool] = Field(min_length=1)


class SourceOut(BaseModel):
    """Where a clinical text comes from; "unreviewed" until a clinician has read it."""

    citation: str
    grade: Literal["A", "B", "C"]
    review: Literal["unreviewed", "reviewed"]

    @classmethod
    def of(cls, source: Source) -> Self:
        return cls(citation=source.citation, grade=source.grade, review=source.review)


class RedFlagOut(BaseModel):
    """Something that must not be missed."""

    id: str
    name: str
    severity: int
    urgency: Urgency
    suspects: str
    action: str
    where: str
    avoid: list[str]
    because: list[str]
    stronger: list[str]
    source: SourceOut

    @classmethod
    def of(cls, found: RedFlagFinding) -> Self:
        flag = found.flag
        return cls(
            id=flag.id,
            name=flag.name,
            severity=flag.severity,
            urgency=found.urgency,
            suspects=flag.suspects,
            action=flag.action,
            where=flag.where,
            avoid=list(flag.avoid),
            because=list(found.because),
            stronger=list(found.stronger),
            source=SourceOut.of(flag.source),
        )


class QuestionOut(BaseModel):
    """A question whose answer would change the result."""

    code: str
    ask: str

    @classmethod
    def of(cls, question: Question) -> Self:
        return cls(code=question.code, ask=question.ask)


class PatternOut(BaseModel):
    """What a report resembles, with the strongest reasons for and against."""

    id: str
    name: str
    score: int
    reasons_for: list[str]
    reasons_against: list[str]
    source: SourceOut

    @classmethod
    def of(cls, score: PatternScore) -> Self:
        return cls(
            id=score.pattern.id,
            name=score.pattern.name,
            score=score.score,
            reasons_for=list(score.reasons_for),
            reasons_against=list(score.reasons_against),
            source=SourceOut.of(score.pattern.source),
        )


class ReportOut(BaseModel):
    """A check-in as it was given."""

    id: int
    at: Instant
    local_date: date
    side: Side | None
    regions: list[Region]
    pain_run: int | None
    pain_today: int | None
    pain_morning: int | None
    qualities: list[str]
    onset: Onset | None
    aggravators: list[str]
    signs: list[str]
    answers: dict[str, bool]
    note: str

    @classmethod
    def of(cls, report: SymptomReport) -> Self:
        return cls(
            id=report.id,
            at=report.at,
            local_date=report.local_date,
            side=report.side,
            regions=sorted(report.regions),
            pain_run=report.pain_run,
            pain_today=report.pain_today,
            pain_morning=report.pain_morning,
            qualities=sorted(report.qualities),
            onset=report.onset,
            aggravators=sorted(report.aggravators),
            signs=sorted(report.signs),
            answers=report.answers,
            note=report.note,
        )


class CheckInOut(ReportOut):
    """A check-in with what it says: red flags first, and where there is one, nothing softer."""

    level: int = Field(ge=0, le=4, description="Symptom level; 4 is a red flag.")
    red_flags: list[RedFlagOut]
    resembles: list[PatternOut] = Field(description="At most two; empty where a red flag is raised.")
    is_unclear: bool = Field(description="It hurts, and no pattern is clear enough to be named.")
    follow_ups: list[QuestionOut]
    problem_ids: list[int]

    @classmethod
    def of_result(cls, result: CheckInResult) -> Self:
        shown = result.resemblance.shown if result.resemblance and not result.red_flags else ()
        return cls(
            **ReportOut.of(result.report).model_dump(exclude={"at"}),
            at=result.report.at,
            level=result.level,
            red_flags=[RedFlagOut.of(f) for f in result.red_flags],
            resembles=[PatternOut.of(s) for s in shown],
            is_unclear=result.resemblance is not None and result.resemblance.top is None and not result.red_flags,
            follow_ups=[QuestionOut.of(q) for q in result.follow_ups],
            problem_ids=list(result.problem_ids),
        )


class CheckInList(RootModel[list[CheckInOut]]):
    """Check-ins, the newest first."""


class WithheldOut(BaseModel):
    """No exercises, and why."""

    reason: str
    text: str

    @classmethod
    def of(cls, withheld: Withheld) -> Self:
        return cls(reason=withheld.reason, text=withheld.text)


class ExerciseOut(BaseModel):
    """An exercise that is due today."""

    id: str
    name: str
    instruction: str
    caution: str
    equipment: list[str]
    each_side: bool
    amount: str
    frequency: str
    pain_limit: int
    times_left: int
    source: SourceOut

    @classmethod
    def of(cls, planned: Planned) -> Self:
        exercise = planned.exercise
        return cls(
            id=exercise.id,
            name=exercise.name,
            instruction=exercise.instruction,
            caution=exercise.caution,
            equipment=list(exercise.equipment),
            each_side=exercise.each_side,
            amount=planned.dose.amount,
            frequency=planned.dose.frequency,
            pain_limit=planned.pain_limit,
            times_left=planned.times_left,
            source=SourceOut.of(exercise.source),
        )


class StageOut(BaseModel):
    """Where the runner stands in the programme, and what is missing before the next stage."""

    number: int
    id: str
    name: str
    do: list[str]
    running: str
    since: date | None
    unmet: list[str]
    ask: list[QuestionOut] = Field(description="What the next stage waits for; answer with a check-in of the day.")
    changes: list[str] = Field(description="Every step so far, forward and back, with its reason.")
    source: SourceOut

    @classmethod
    def of(cls, plan: RehabPlan) -> Self | None:
        progress = plan.progress
        if progress.stage is None:
            return None
        return cls(
            number=progress.number,
            id=progress.stage.id,
            name=progress.stage.name,
            do=list(progress.stage.do),
            running=progress.stage.running,
            since=progress.since,
            unmet=[c.text for c in progress.unmet],
            ask=[QuestionOut(code=code, ask=ask) for code, ask in plan.ask.items()],
            changes=[f"{c.on.isoformat()}: {c.why}" for c in progress.changes],
            source=SourceOut.of(progress.stage.source),
        )


class LadderStepOut(BaseModel):
    """What a level asks for, with this runner's limits."""

    level: int
    text: str
    running_min: float | None = Field(description="Running in the session; null from level 8 on. [min]")
    longest_m: float | None = Field(description="Distance not to be exceeded, from level 8 on. [m]")
    descent_m: float = Field(description="Descent not to be exceeded. [m]")
    fast_m: float | None = Field(description="Fast metres not to be exceeded; null: the old ones are not known. [m]")

    @classmethod
    def of(cls, step: LadderStep) -> Self:
        return cls(
            level=step.level.number,
            text=step.level.text,
            running_min=step.level.running_min,
            longest_m=step.longest_m,
            descent_m=step.descent_m,
            fast_m=step.fast_m,
        )


class VerdictOut(BaseModel):
    """What a day's running meant for the ladder, and why."""

    on: date
    run_ids: list[int]
    level: int
    kind: VerdictKind
    why: list[str]


class MoveOut(BaseModel):
    """A change of level, with the runs behind it; `after` 11 is the end."""

    on: date
    run_ids: list[int]
    before: int
    after: int
    why: str


class NotMeasuredOut(BaseModel):
    """A run of which the ladder cannot see all: did it keep to the step? `kept` is null until it is told."""

    run_id: int
    what: list[str]
    kept: bool | None

    @classmethod
    def of(cls, each: NotMeasured) -> Self:
        return cls(run_id=each.run.id, what=list(each.what), kept=each.kept)


class LadderOut(BaseModel):
    """The return-to-run ladder; `step` is null while something stands against any running, and once it is done."""

    began_on: date
    began_at_level: int
    old_long_m: float | None = Field(description="Longest run before the problem. [m]")
    old_fast_m: float | None = Field(description="Most fast metres of a day before the problem. [m]")
    level: int
    is_done: bool
    step: LadderStepOut | None
    next_step: LadderStepOut | None
    is_unlocked: bool = Field(description="Whether the step may be run today.")
    why_locked: list[str]
    clean: int
    needed: int
    why_not_next: str
    ask: list[QuestionOut] = Field(description="What the first step waits for; answer with a check-in.")
    not_measured: list[NotMeasuredOut]
    verdicts: list[VerdictOut]
    moves: list[MoveOut]
    notes: list[str]
    referred: str
    source: SourceOut

    @classmethod
    def of(cls, way: WayBack) -> Self:
        state = way.state
        step, following = (None, None) if way.withheld else (state.step, state.next_step)
        return cls(
            began_on=way.entry.on,
            began_at_level=way.entry.level,
            old_long_m=way.entry.old_long_m,
            old_fast_m=way.entry.old_fast_m,
            level=state.level,
            is_done=state.is_done,
            step=LadderStepOut.of(step) if step else None,
            next_step=LadderStepOut.of(following) if following else None,
            is_unlocked=way.is_unlocked,
            why_locked=list(way.why_locked),
            clean=state.clean,
            needed=state.needed,
            why_not_next=state.why_not_next,
            ask=[QuestionOut(code=code, ask=ask) for code, ask in way.ask.items()],
            not_measured=[NotMeasuredOut.of(each) for each in way.not_measured],
            verdicts=[
                VerdictOut(on=v.on, run_ids=list(v.run_ids), level=v.level, kind=v.kind, why=list(v.why))
                for v in state.verdicts
            ],
            moves=[
                MoveOut(on=m.on, run_ids=list(m.run_ids), before=m.before, after=m.after, why=m.why)
                for m in state.moves
            ],
            notes=list(state.notes),
            referred=state.referred,
            source=SourceOut.of(LADDER_SOURCE),
        )


class LadderStartOut(BaseModel):
    """The levels that one may step on now."""

    on: date
    proposed: int
    levels: list[int]

    @classmethod
    def of(cls, start: LadderStart) -> Self:
        return cls(on=start.on, proposed=start.proposed, levels=list(start.levels))


class OptionOut(BaseModel):
    """Something that a clinician may offer: named with its evidence, not recommended."""

    name: str
    text: str
    source: SourceOut

    @classmethod
    def of(cls, option: Option) -> Self:
        return cls(name=option.name, text=option.text, source=SourceOut.of(option.source))


class LadderBody(BaseModel):
    """Where to step on; the proposed level if none is named."""

    model_config = ConfigDict(extra="forbid")

    level: Annotated[int, Field(ge=1, le=7, strict=True)] | None = None


class UsualBody(BaseModel):
    """What was usual before the problem, where no run tells it. [m]"""

    model_config = ConfigDict(extra="forbid")

    old_long_m: float | None = Field(None, gt=0)
    old_fast_m: float | None = Field(None, gt=0)


class KeptBody(BaseModel):
    """Whether a run kept to the step."""

    model_config = ConfigDict(extra="forbid")

    run_id: Annotated[int, Field(strict=True)]
    kept: StrictBool


class GateBody(BaseModel):
    """Answers to the questions before a run."""

    model_config = ConfigDict(extra="forbid")

    answers: dict[str, StrictBool]


class GateOut(BaseModel):
    """Whether today's run may begin; one no, or no answer, means no run today."""

    may_run: bool
    why_not: list[str]
    refused: list[str]
    unanswered: list[str]

    @classmethod
    def of(cls, result: GateResult) -> Self:
        gate = result.gate
        return cls(
            may_run=result.may_run,
            why_not=list(result.why_not),
            refused=list(gate.refused),
            unanswered=list(gate.unanswered),
        )


class CircuitOut(BaseModel):
    """One round for core and hip, each exercise with all its sets; null if withheld or no pattern is clear."""

    minutes: float | None = Field(description="Rests included, roughly. [min]")
    rounds: int
    exercises: list[ExerciseOut] | None
    withheld: WithheldOut | None

    @classmethod
    def of(cls, made: Circuit | Withheld | None) -> Self:
        if isinstance(made, Circuit):
            items = [ExerciseOut.of(p) for p in made.items]
            return cls(minutes=made.minutes, rounds=1, exercises=items, withheld=None)
        return cls(minutes=None, rounds=0, exercises=None, withheld=WithheldOut.of(made) if made else None)


class ProblemOut(BaseModel):
    """
    Reports of one side and place, until one says that it is gone.

    Exercises are null, with the reason in `withheld`, while something stands against them.
    """

    id: int
    state: Literal["open", "gone"]
    side: Literal["left", "right", "both"] | None
    regions: list[Region]
    opened_at: Instant
    updated_at: Instant
    level: int
    red_flags: list[RedFlagOut]
    resembles: list[PatternOut]
    is_unclear: bool
    programme: str | None
    refer: str | None
    stage: StageOut | None
    exercises: list[ExerciseOut] | None
    withheld: WithheldOut | None
    reports: list[ReportOut]
    n_sessions: int
    ladder: LadderOut | None = Field(description="The way back to running; null until it has begun.")
    ladder_start: LadderStartOut | None = Field(description="Null where something stands against beginning now.")
    gate: list[QuestionOut] = Field(description="To be answered with yes before each run.")
    options: list[OptionOut]
    watched_until: Instant | None = Field(description="Of one that is gone: a recent injury until then.")

    @classmethod
    def of(cls, page: ProblemPage) -> Self:
        plan = page.rehab
        today = plan.today if plan else None
        held_back = page.withheld
        return cls(
            id=page.id,
            state="open" if page.problem.is_open else "gone",
            side=page.problem.laterality,
            regions=sorted(page.problem.regions),
            opened_at=page.problem.opened,
            updated_at=page.problem.updated,
            level=page.level,
            red_flags=[RedFlagOut.of(f) for f in page.red_flags],
            resembles=[] if page.red_flags else [PatternOut.of(s) for s in page.shown],
            is_unclear=page.resemblance.top is None,
            programme=plan.programme.name if plan else None,
            refer=plan.programme.refer if plan else None,
            stage=StageOut.of(plan) if plan and not page.held_back else None,
            exercises=[ExerciseOut.of(p) for p in today.items]
            if isinstance(today, TodaysSession) and not held_back
            else None,
            withheld=WithheldOut.of(held_back) if held_back else None,
            reports=[ReportOut.of(r) for r in page.problem.reports],
            n_sessions=len(page.sessions),
            ladder=LadderOut.of(page.ladder) if page.ladder else None,
            ladder_start=LadderStartOut.of(page.start) if page.start else None,
            gate=[QuestionOut(code=code, ask=ask) for code, ask in plan.gate.items()] if plan else [],
            options=[OptionOut.of(o) for o in plan.programme.options] if plan and not page.held_back else [],
            watched_until=page.watched_until,
        )


class ProblemList(RootModel[list[ProblemOut]]):
    """Problems, the open ones first."""


class ProblemChange(BaseModel):
    """What to note of a problem: it is gone; the runner agrees to be shown exercises; a professional has seen it."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["gone"] | None = None
    exercises_agreed: Literal[True] | None = None
    seen_by_professional: Literal[True] | None = None


class SessionBody(BaseModel):
    """Exercises that were done."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime | None = Field(None, description="Now, if left out; the same moment again replaces it.")
    exercises: list[str] = Field(min_length=1)
    pain_during: Nrs
    pain_next_morning: Nrs | None = None
    signs: list[str] = []
    note: str = Field("", max_length=2000)


class InjuryIo(BaseModel):
    """An injury from before."""

    model_config = ConfigDict(extra="forbid")

    kind: InjuryKind
    side: Literal["left", "right", "both"] | None = None
    ended: date | None = None


class HealthIo(BaseModel):
    """The one-time form. Everything in it is optional; null and absent are not answered."""

    model_config = ConfigDict(extra="forbid")

    birth_year: int | None = None
    injuries: list[InjuryIo] = Field([], max_length=50)
    answers: dict[str, StrictBool] = Field({}, description="Risk questions that were answered.")

    @classmethod
    def of(cls, profile: RiskProfile) -> Self:
        injuries = [InjuryIo(kind=i.kind, side=i.side, ended=i.ended) for i in profile.injuries]
        return cls(birth_year=profile.birth_year, injuries=injuries, answers=dict(profile.answers))

    def profile(self) -> RiskProfile:
        injuries = tuple(EarlierInjury(i.kind, i.side, i.ended) for i in self.injuries)
        return RiskProfile(self.birth_year, injuries, self.answers)


Step = Annotated[int, Field(ge=0, le=3, strict=True)]


class WeekBody(BaseModel):
    """Of each of the four questions the step from 0 (none) to 3 (worst)."""

    model_config = ConfigDict(extra="forbid")

    participation: Step
    volume: Step
    performance: Step
    pain: Step


class WeekItem(BaseModel):
    name: str
    ask: str
    steps: list[str]


class WeekOut(BaseModel):
    """A week's questionnaire; `answers` and `score` are null until it is filled in."""

    week: str
    questions: list[WeekItem]
    answers: WeekBody | None
    score: int | None = Field(description="0 to 100, 100 the worst.")
    severity: Literal["none", "minor", "moderate", "severe"] | None

    @classmethod
    def of(cls, week: IsoWeek, answers: Answers | None) -> Self:
        body = None
        if answers:
            names = [item.name for item in WEEKLY_ITEMS]
            body = WeekBody(**dict(zip(names, answers.steps, strict=True)))
        return cls(
            week=str(week),
            questions=[WeekItem(name=i.name, ask=i.ask, steps=list(i.steps)) for i in WEEKLY_ITEMS],
            answers=body,
            score=answers.score if answers else None,
            severity=answers.severity if answers else None,
        )


def register(bp: APIBlueprint, services: Services) -> None:
    """Add the routes about how the runner feels."""
    check_ins = services.check_ins

    @bp.get("/check-ins", summary="Check-ins, the newest first", responses={200: CheckInList})
    def list_check_ins(query: Since) -> Response:
        since = services.clock() - timedelta(days=query.days)
        return _json(CheckInList([CheckInOut.of_result(r) for r in check_ins.results(g.athlete_id, since)]))

    @bp.post("/check-ins", summary="Report how the thighs feel", responses={201: CheckInOut, 200: CheckInOut})
    def check_in(body: CheckInBody) -> Response:
        """An `Idempotency-Key` header makes a second try the same check-in (200)."""
        result = check_ins.record(g.athlete_id, body.draft(request.headers.get("Idempotency-Key")))
        return _json(CheckInOut.of_result(result), 201 if result.is_new else 200)

    @bp.get("/check-ins/<int:check_in_id>", summary="One check-in", responses={200: CheckInOut})
    def one_check_in(path: CheckInPath) -> Response:
        return _json(CheckInOut.of_result(check_ins.result(g.athlete_id, path.check_in_id)))

    @bp.patch("/check-ins/<int:check_in_id>", summary="Answer follow-up questions", responses={200: CheckInOut})
    def answer(path: CheckInPath, body: AnswersBody) -> Response:
        return _json(CheckInOut.of_result(check_ins.answer(g.athlete_id, path.check_in_id, body.answers)))

    @bp.get("/problems", summary="Problems, the open ones first", responses={200: ProblemList})
    def list_problems() -> Response:
        return _json(ProblemList([ProblemOut.of(p) for p in check_ins.problems(g.athlete_id)]))

    @bp.get("/problems/<int:problem_id>", summary="One problem", responses={200: ProblemOut})
    def one_problem(path: ProblemPath) -> Response:
        return _json(ProblemOut.of(check_ins.problem(g.athlete_id, path.problem_id)))

    @bp.patch("/problems/<int:problem_id>", summary="Note what became of it", responses={200: ProblemOut})
    def change_problem(path: ProblemPath, body: ProblemChange) -> Response:
        number = path.problem_id
        page = check_ins.problem(g.athlete_id, number)
        steps: list[tuple[bool | None, Callable[[], ProblemPage]]] = [
            (body.exercises_agreed, lambda: check_ins.note_step(g.athlete_id, number, "agreed")),
            (body.seen_by_professional, lambda: check_ins.note_step(g.athlete_id, number, "seen")),
            (body.state == "gone", lambda: check_ins.close_problem(g.athlete_id, number)),
        ]
        for asked, step in steps:
            if asked:
                page = step()
        return _json(ProblemOut.of(page))

    @bp.post("/problems/<int:problem_id>/sessions", summary="Log exercises", responses={200: ProblemOut})
    def log_session(path: ProblemPath, body: SessionBody) -> Response:
        page = check_ins.log_session(g.athlete_id, path.problem_id, **dict(body))
        return _json(ProblemOut.of(page))

    @bp.post("/problems/<int:problem_id>/ladder", summary="Step on the ladder", responses={200: ProblemOut})
    def begin_ladder(path: ProblemPath, body: LadderBody) -> Response:
        """Begin the way back to running, or begin it anew."""
        return _json(ProblemOut.of(check_ins.begin_ladder(g.athlete_id, path.problem_id, body.level)))

    @bp.patch("/problems/<int:problem_id>/ladder", summary="What was usual before", responses={200: ProblemOut})
    def put_usual(path: ProblemPath, body: UsualBody) -> Response:
        return _json(ProblemOut.of(check_ins.put_usual(g.athlete_id, path.problem_id, **dict(body))))

    @bp.post("/problems/<int:problem_id>/ladder/kept", summary="Did a run keep to it?", responses={200: ProblemOut})
    def say_kept(path: ProblemPath, body: KeptBody) -> Response:
        page = check_ins.say_kept(g.athlete_id, path.problem_id, body.run_id, kept=body.kept)
        return _json(ProblemOut.of(page))

    @bp.get("/problems/<int:problem_id>/circuit", summary="Core and hip, half an hour", responses={200: CircuitOut})
    def circuit(path: ProblemPath) -> Response:
        return _json(CircuitOut.of(check_ins.circuit(g.athlete_id, path.problem_id)))

    @bp.post("/problems/<int:problem_id>/gate", summary="The gate before a run", responses={200: GateOut})
    def gate(path: ProblemPath, body: GateBody) -> Response:
        """Nothing is stored; a 422 where the programme asks nothing before a run."""
        return _json(GateOut.of(check_ins.gate(g.athlete_id, path.problem_id, body.answers)))

    @bp.get("/me/health", summary="The one-time form", responses={200: HealthIo})
    def health() -> Response:
        return _json(HealthIo.of(check_ins.risk_profile(g.athlete_id)))

    @bp.put("/me/health", summary="Fill in the one-time form", responses={200: HealthIo})
    def put_health(body: HealthIo) -> Response:
        return _json(HealthIo.of(check_ins.put_risk_profile(g.athlete_id, body.profile())))

    @bp.get("/weeks/<iso_week>/questionnaire", summary="A week's four questions", responses={200: WeekOut})
    def questionnaire(path: WeekPath) -> Response:
        week = _week(path.iso_week)
        return _json(WeekOut.of(week, check_ins.week_answers(g.athlete_id, week)))

    @bp.post("/weeks/<iso_week>/questionnaire", summary="Answer a week's four questions", responses={200: WeekOut})
    def answer_questionnaire(path: WeekPath, body: WeekBody) -> Response:
        week = _week(path.iso_week)
        return _json(WeekOut.of(week, check_ins.put_week_answers(g.athlete_id, week, body.model_dump())))


def _week(text: str) -> IsoWeek:
    try:
        week = IsoWeek.parse(text)
    except (ValueError, OverflowError) as error:
        raise UnprocessableEntity(f"{text} is no ISO week, like 2026-W47.") from error
    if week.year < 1990:
        raise NotYours(f"week {week}")
    return week


def _json(model: BaseModel, status: int = HTTPStatus.OK) -> Response:
    return Response(model.model_dump_json(), status, mimetype="application/json")
