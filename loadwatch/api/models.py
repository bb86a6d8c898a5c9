"""What goes over the wire. SI units; instants in UTC; what is not known is null."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, RootModel

from loadwatch.domain.activity import AltitudeQuality, HillReps, Repetition, Run, RunFeatures, TrackWork
from loadwatch.domain.alerts import Alert, AlertState
from loadwatch.domain.ceilings import Basis, Ceiling, LoadBasis, LoadCeiling
from loadwatch.domain.completeness import CutOff, Gap, gap_text
from loadwatch.domain.loads import RunLoad
from loadwatch.domain.pain_week import PainWeek, pain_week_text
from loadwatch.domain.rehab_week import RehabWeek
from loadwatch.domain.report import LoadLine, WeeklyReport
from loadwatch.domain.weekly_action import WeekAction, week_verdict, weekly_action
from loadwatch.services.ports import AthleteProfile, Connection, RunDetail, StravaBudget, SyncState
from loadwatch.services.recordings import Recordings
from loadwatch.services.rights_ports import Reconciliation
from loadwatch.services.sync import HistoryProgress, complete_until
from loadwatch.services.sync_ports import Quarantine, SubscriptionCheck, SubscriptionState
from loadwatch.services.views import Ceilings, DayLoad

Instant = Annotated[datetime, PlainSerializer(lambda at: at.isoformat().replace("+00:00", "Z"), return_type=str)]


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Range(BaseModel):
    """Local days, both included."""

    since: date | None = Field(None, alias="from", description="First local day.")
    until: date | None = Field(None, alias="to", description="Last local day.")


class RunPath(BaseModel):
    run_id: int


class AlertPath(BaseModel):
    alert_id: int


class WeekPath(BaseModel):
    iso_week: str = Field(description="Like 2026-W47.", pattern=r"^\d{4}-W\d{2}$")


class QuietHoursOut(BaseModel):
    """Local hours between which no mail leaves but a red flag's; equal ones mean that there are none. [h]"""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)

    begin: int = Field(alias="from", ge=0, le=23)
    end: int = Field(alias="to", ge=0, le=23)


class Me(BaseModel):
    """The athlete with their settings."""

    id: int
    name: str
    email: str | None
    timezone: str
    units: Literal["metric", "imperial"]
    language: str = Field(description='What pages say things in, like "de".')
    novice: bool
    five_k_s: int | None = Field(description="Time of a present 5 km race. [s]")
    alert_mails: bool
    ask_mails: bool = Field(description="The question how it feels, on a morning after an alert.")
    weekly_mail: bool
    weekly_day: int = Field(description="Of the summary of the last week: 1 Monday to 7 Sunday.")
    weekly_hour: int = Field(description="By the athlete's clock. [h]")
    sensitivity: Literal["quiet", "balanced", "watchful"]
    quiet_hours: QuietHoursOut

    @classmethod
    def of(cls, profile: AthleteProfile) -> Self:
        return cls(
            id=profile.id,
            name=profile.name,
            email=profile.email,
            timezone=profile.timezone,
            units=profile.units,
            language=profile.language,
            novice=profile.novice,
            five_k_s=profile.five_k_s,
            alert_mails=profile.alert_mails,
            ask_mails=profile.ask_mails,
            weekly_mail=profile.weekly_mail,
            weekly_day=profile.weekly_day,
            weekly_hour=profile.weekly_hour,
            sensitivity=profile.sensitivity,
            quiet_hours=QuietHoursOut.model_validate({"from": profile.quiet_from, "to": profile.quiet_to}),
        )


class MeChange(BaseModel):
    """What to change; what is left out, or null, stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=100)
    email: str | None = Field(None, max_length=254)
    timezone: str | None = Field(None, max_length=60, description="Like Europe/Berlin.")
    units: Literal["metric", "imperial"] | None = None
    novice: bool | None = None
    five_k_s: int | None = Field(None, ge=0, description="Time of a present 5 km race; 0 forgets it. [s]")
    alert_mails: bool | None = None
    ask_mails: bool | None = None
    weekly_mail: bool | None = None
    weekly_day: int | None = Field(None, ge=1, le=7, description="1 Monday to 7 Sunday.")
    weekly_hour: int | None = Field(None, ge=0, le=23, description="By the athlete's clock. [h]")
    sensitivity: Literal["quiet", "balanced", "watchful"] | None = None
    quiet_hours: QuietHoursOut | None = None


class RunShort(BaseModel):
    """An activity; other sports are listed too, but only runs are compared."""

    id: int
    name: str
    sport: str
    start: Instant
    local_date: date
    distance_m: float | None
    moving_s: float | None
    elapsed_s: float | None
    ascent_m: float | None
    is_race: bool
    distance_trusted: bool

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(
            id=run.id,
            name=run.name,
            sport=run.sport,
            start=run.start,
            local_date=run.local_date,
            distance_m=run.distance_m,
            moving_s=run.moving_s,
            elapsed_s=run.elapsed_s,
            ascent_m=run.ascent_m,
            is_race=run.is_race,
            distance_trusted=run.distance_trusted,
        )


class HillRepsOut(BaseModel):
    """Climbs of about equal size, run again and again."""

    count: int
    ascent_each_m: float
    descent_each_m: float

    @classmethod
    def of(cls, reps: HillReps) -> Self:
        return cls(count=reps.count, ascent_each_m=reps.ascent_each_m, descent_each_m=reps.descent_each_m)


class RepetitionOut(BaseModel):
    """A fast stretch between slower ones; `rest_s` is null for the last."""

    start_s: float
    duration_s: float
    distance_m: float
    rest_s: float | None

    @classmethod
    def of(cls, rep: Repetition) -> Self:
        return cls(
            start_s=rep.start_s,
            duration_s=round(rep.duration_s, 1),
            distance_m=rep.distance_m,
            rest_s=rep.rest_s,
        )


class TrackOut(BaseModel):
    """What lay on an athletics track: laps times its length, jogging included."""

    is_oval: bool
    is_standard: bool | None = Field(description="Whether the shape is that of a 400 m track.")
    laps: float
    distance_m: float
    lap_m: float | None
    lane: int | None

    @classmethod
    def of(cls, track: TrackWork) -> Self:
        return cls(
            is_oval=track.is_oval,
            is_standard=track.is_standard,
            laps=track.laps,
            distance_m=track.distance_m,
            lap_m=track.lap_m,
            lane=track.lane,
        )


class FeaturesOut(BaseModel):
    """What the samples of a run showed."""

    version: int
    distance_m: float | None
    moving_s: float | None
    altitude_quality: AltitudeQuality
    ascent_m: float | None
    descent_m: float | None
    eccentric_load_m: float | None
    flat_equivalent_m: float | None
    hill_share: float | None
    hill_reps: HillRepsOut | None = Field(description="Null where it was no hill session, or nothing is known.")
    easy_speed_m_s: float | None
    best_20s_m_s: float | None
    reps: list[RepetitionOut]
    track: TrackOut | None = Field(description="Null without positions.")
    warnings: list[str]

    @classmethod
    def of(cls, features: RunFeatures) -> Self:
        return cls(
            version=features.version,
            distance_m=features.distance_m,
            moving_s=features.moving_s,
            altitude_quality=features.altitude_quality,
            ascent_m=features.ascent_m,
            descent_m=features.descent_m,
            eccentric_load_m=features.eccentric_load_m,
            flat_equivalent_m=features.flat_equivalent_m,
            hill_share=features.hill_share,
            hill_reps=HillRepsOut.of(features.hill_reps) if features.hill_reps else None,
            easy_speed_m_s=features.easy_speed_m_s,
            best_20s_m_s=features.best_20s_m_s,
            reps=[RepetitionOut.of(rep) for rep in features.reps],
            track=TrackOut.of(features.track) if features.track else None,
            warnings=list(features.warnings),
        )


class RunFull(RunShort):
    """
    An activity with where it came from and what it contained.

    `fast_m` and `sprint_m` go by what was fast for the runner when the run began; null if that, or the speed of
    the run, is not known, or if the activity does not count as a run.
    """

    source: str
    source_id: int
    timezone: str | None
    average_heartrate_bpm: float | None
    is_manual: bool
    fetched_at: Instant
    streams: str = Field(
        description="Samples: listed (not asked for yet), waiting, ok, missing (none were given), none (not sought)."
    )
    features: FeaturesOut | None
    fast_m: float | None
    sprint_m: float | None
    alert_ids: list[int] | None = None

    @classmethod
    def of_detail(cls, detail: RunDetail, load: RunLoad | None, alert_ids: list[int] | None = None) -> Self:
        return cls(
            **RunShort.of(detail.run).model_dump(exclude={"start"}),
            start=detail.run.start,
            source=detail.source,
            source_id=detail.source_id,
            timezone=detail.timezone,
            average_heartrate_bpm=detail.average_heartrate_bpm,
            is_manual=detail.is_manual,
            fetched_at=detail.fetched_at,
            streams=detail.streams,
            features=FeaturesOut.of(detail.run.features) if detail.run.features else None,
            fast_m=load.fast_m if load else None,
            sprint_m=load.sprint_m if load else None,
            alert_ids=alert_ids,
        )


class RecordingOut(BaseModel):
    """Another recording that looks like the same run."""

    run_id: int
    source: str
    file: str | None = Field(description="What the file is called that it came in.")
    same: bool = Field(description="It is taken for the same run; false where the runner told them apart.")
    counts: bool


class RecordingsOut(BaseModel):
    """Of the recordings of one run one counts."""

    run_id: int
    counts: bool = Field(description="Whether this recording is the one.")
    others: list[RecordingOut]

    @classmethod
    def of(cls, run_id: int, found: Recordings | None) -> Self:
        if found is None:
            return cls(run_id=run_id, counts=True, others=[])
        others = [
            RecordingOut(
                run_id=other.run.id,
                source=other.source,
                file=found.files.get(other.run.id),
                same=other.run.id in found.same,
                counts=other.run.id == found.counts,
            )
            for other in found.others
        ]
        return cls(run_id=run_id, counts=found.counts == run_id, others=others)


class RecordingsTold(BaseModel):
    """What the runner says of recordings that look like one run."""

    told: Literal["apart", "once", "prefer"] = Field(
        description="apart: this one is a run of its own; once: they are one run after all; prefer: count this one."
    )


class RunList(RootModel[list[RunFull]]):
    """Activities, the newest first."""


class LoadDay(BaseModel):
    """What was run on one local day; a sum is null if one of the day's runs does not tell."""

    date: date
    n_runs: int
    distance_m: float
    moving_s: float
    ascent_m: float | None
    descent_m: float | None
    eccentric_load_m: float | None
    fast_m: float | None
    sprint_m: float | None
    track_m: float | None

    @classmethod
    def of(cls, total: DayLoad) -> Self:
        return cls(
            date=total.local_date,
            n_runs=total.n_runs,
            distance_m=total.distance_m,
            moving_s=total.moving_s,
            ascent_m=total.ascent_m,
            descent_m=total.descent_m,
            eccentric_load_m=total.eccentric_load_m,
            fast_m=total.fast_m,
            sprint_m=total.sprint_m,
            track_m=total.track_m,
        )


class Load(RootModel[list[LoadDay]]):
    """One row for each local day, oldest first, from the first run to today."""


class CeilingNow(BaseModel):
    """How far the next run may go."""

    basis: Basis
    distance_m: float | None
    speaks_above_m: float | None
    longest_m: float | None
    days_since_run: float | None
    days_known: int
    runs_known: int
    days_to_learn: int
    runs_to_learn: int

    @classmethod
    def of(cls, ceiling: Ceiling) -> Self:
        return cls(
            basis=ceiling.basis,
            distance_m=ceiling.distance_m,
            speaks_above_m=ceiling.speaks_above_m,
            longest_m=ceiling.longest_m,
            days_since_run=ceiling.days_since_run,
            days_known=ceiling.days_known,
            runs_known=ceiling.runs_known,
            days_to_learn=ceiling.days_to_learn,
            runs_to_learn=ceiling.runs_to_learn,
        )


class LoadCeilingNow(BaseModel):
    """How much downhill load, or fast running, the next run may bring."""

    basis: LoadBasis
    value_m: float | None = Field(description="What the next run should stay below.")
    speaks_above_m: float | None
    largest_m: float | None
    known_runs: int
    n_runs: int
    days_missing: int
    runs_missing: int

    @classmethod
    def of(cls, ceiling: LoadCeiling) -> Self:
        return cls(
            basis=ceiling.basis,
            value_m=ceiling.value_m,
            speaks_above_m=ceiling.speaks_above_m,
            largest_m=ceiling.largest_m,
            known_runs=ceiling.known_runs,
            n_runs=ceiling.n_runs,
            days_missing=ceiling.days_missing,
            runs_missing=ceiling.runs_missing,
        )


class CeilingsNow(CeilingNow):
    """What the next run may bring of each load; the fields beside the three are those of `mileage` once more."""

    mileage: CeilingNow
    hills: LoadCeilingNow
    fast: LoadCeilingNow

    @classmethod
    def of_all(cls, ceilings: Ceilings) -> Self:
        mileage = CeilingNow.of(ceilings.mileage)
        return cls(
            **mileage.model_dump(),
            mileage=mileage,
            hills=LoadCeilingNow.of(ceilings.hills),
            fast=LoadCeilingNow.of(ceilings.fast),
        )


class ReasonOut(BaseModel):
    """One comparison: a quantity, its value, and what it was held against."""

    quantity: str
    value: float
    unit: str
    baseline: float | None
    threshold: float | None
    window: str


class EvidenceOut(BaseModel):
    """A cohort of runners, B other sport, C expert opinion."""

    grade: Literal["A", "B", "C"]
    citation: str


class GapOut(BaseModel):
    """What was not here yet when something was judged: later runs may change it, the load can be higher."""

    complete_until: Instant | None = Field(description="Up to here all is counted; null: that is not known.")
    awaited: int = Field(description="Activities that were announced or changed and are not fetched yet.")
    without_samples: int = Field(description="Runs of which hills and fast running are still to come.")
    unread_files: int
    list_awaited: bool = Field(description="The list of the last months is still to be taken over.")
    cut_off: CutOff | None = Field(description="Why nothing new arrives at all.")
    text: str = Field(description="The same in a sentence, its time in UTC.")

    @classmethod
    def of(cls, gap: Gap | None) -> "GapOut | None":
        if gap is None:
            return None
        return cls(
            complete_until=gap.until,
            awaited=gap.runs,
            without_samples=gap.samples,
            unread_files=gap.files,
            list_awaited=gap.list_awaited,
            cut_off=gap.cut_off,
            text=gap_text(gap, UTC),
        )


class AlertOut(BaseModel):
    """An alert with its whole reasoning."""

    id: int
    rule: str
    rule_version: str
    severity: int = Field(ge=1, le=4)
    state: AlertState
    title: str
    message: str
    action: str
    reasons: list[ReasonOut]
    evidence: EvidenceOut
    coverage: list[str]
    run_id: int | None
    problem_id: int | None
    created_at: Instant
    gap: GapOut | None = Field(description="What was missing when it was last judged; null: nothing.")

    @classmethod
    def of(cls, alert: Alert) -> Self:
        return cls(
            id=alert.id,
            rule=alert.rule,
            rule_version=alert.rule_version,
            severity=alert.severity,
            state=alert.state,
            title=alert.title,
            message=alert.message,
            action=alert.action,
            reasons=[
                ReasonOut(
                    quantity=r.quantity,
                    value=r.value,
                    unit=r.unit,
                    baseline=r.baseline,
                    threshold=r.threshold,
                    window=r.window,
                )
                for r in alert.reasons
            ],
            evidence=EvidenceOut(grade=alert.evidence.grade, citation=alert.evidence.citation),
            coverage=list(alert.coverage),
            gap=GapOut.of(alert.gap),
            run_id=alert.run_id,
            problem_id=alert.problem_id,
            created_at=alert.created_at,
        )


class AlertList(RootModel[list[AlertOut]]):
    """Alerts, the newest run first, whatever their state."""

    @classmethod
    def of(cls, alerts: Sequence[Alert]) -> Self:
        return cls([AlertOut.of(a) for a in alerts])


class WeekDistance(BaseModel):
    week: str
    distance_m: float


class LoadOut(BaseModel):
    """
    One of the three loads of a week.

    `value` is null if too few of its runs tell; if most do it is their sum, and so a lower bound.
    """

    kind: Literal["mileage", "hills", "fast"]
    unit: str
    value: float | None
    usual: float | None
    ceiling: float | None
    known_runs: int
    n_runs: int
    ascent_m: float | None
    sprint_m: float | None
    track_m: float | None
    track_laps: float | None

    @classmethod
    def of(cls, line: LoadLine) -> Self:
        return cls(
            kind=line.kind,
            unit=line.unit,
            value=line.value,
            usual=line.usual,
            ceiling=line.ceiling,
            known_runs=line.known_runs,
            n_runs=line.n_runs,
            ascent_m=line.ascent_m,
            sprint_m=line.sprint_m,
            track_m=line.track_m,
            track_laps=line.track_laps,
        )


class WeekActionOut(BaseModel):
    """The one thing to do in the week to come."""

    reason: str = Field(
        description="red_flag, problem, rehab, no_data, load, learning, build, incomplete or as_planned."
    )
    words: str
    alert_id: int | None
    problem_id: int | None

    @classmethod
    def of(cls, action: WeekAction) -> Self:
        return cls(reason=action.reason, words=action.words, alert_id=action.alert_id, problem_id=action.problem_id)


class LoadChangeOut(BaseModel):
    """A load that was more than in any of the weeks before, or less."""

    kind: str
    value: float = Field(description="Of the week [m]")
    before: float = Field(description="The most of the weeks before; the least where the week had less [m]")


class PainOnOut(BaseModel):
    on: date
    pain: int


class ProblemWeekOut(BaseModel):
    """A problem in one week, by what was told of it."""

    problem_id: int
    place: str
    check_ins: int
    trend: str | None = Field(
        description="better, same, rising (mornings against the week before) or worse; null: nothing to compare."
    )
    measure: str | None = Field(description="What first and last are of: day, run or morning.")
    first: PainOnOut | None
    last: PainOnOut | None
    worst: int | None
    gone_on: date | None
    words: str

    @classmethod
    def of(cls, told: PainWeek) -> Self:
        return cls(
            problem_id=told.id,
            place=told.place,
            check_ins=told.n_told,
            trend=told.trend,
            measure=told.measure,
            first=PainOnOut(on=told.first.on, pain=told.first.pain) if told.first else None,
            last=PainOnOut(on=told.last.on, pain=told.last.pain) if told.last else None,
            worst=told.worst,
            gone_on=told.gone_on,
            words=pain_week_text(told),
        )


class RehabWeekOut(BaseModel):
    """A problem's programme in one week."""

    problem_id: int
    programme: str
    stage: str
    number: int
    stages: int
    done: int = Field(description="Days of the week with exercises")
    planned: int | None = Field(description="Days on which the stage asks for them; null while there are none.")
    held_back: str = Field(description="Why there are none; empty where nothing stands against them.")
    running: str

    @classmethod
    def of(cls, rehab: RehabWeek) -> Self:
        return cls(
            problem_id=rehab.problem_id,
            programme=rehab.programme,
            stage=rehab.stage,
            number=rehab.number,
            stages=rehab.n_stages,
            done=rehab.done,
            planned=rehab.planned,
            held_back=rehab.held_back,
            running=rehab.running,
        )


class Week(BaseModel):
    """One ISO week."""

    week: str
    verdict: str
    level: str = Field(description="quiet, caution, act, red, learning, incomplete or empty.")
    action: WeekActionOut | None = Field(description="Null of a week that is not the latest.")
    changes: list[LoadChangeOut] = Field(description="What moved most against the weeks before, two at most.")
    problems: list[ProblemWeekOut]
    rehab: list[RehabWeekOut]
    monday: date
    sunday: date
    distance_m: float
    moving_s: float
    longest_m: float
    runs: list[RunShort]
    other_sports: int
    previous: list[WeekDistance]
    usual_m: float | None
    change: float | None = Field(description="This week over the usual, minus one.")
    alerts: list[AlertOut]
    ceiling: CeilingNow
    loads: list[LoadOut] = Field(description="Mileage, hills and fast running, in this order.")
    gap: GapOut | None = Field(description="What of the week, or before it, is not here yet; null: nothing.")

    @classmethod
    def of(cls, report: WeeklyReport) -> Self:
        verdict = week_verdict(report)
        return cls(
            week=str(report.week),
            verdict=verdict.words,
            level=verdict.level,
            action=WeekActionOut.of(weekly_action(report)) if report.is_latest else None,
            changes=[LoadChangeOut(kind=c.kind, value=c.value, before=c.before) for c in report.changes],
            problems=[ProblemWeekOut.of(told) for told in report.pain],
            rehab=[RehabWeekOut.of(r) for r in report.rehab],
            monday=report.week.monday,
            sunday=report.week.sunday,
            distance_m=report.distance_m,
            moving_s=report.moving_s,
            longest_m=report.longest_m,
            runs=[RunShort.of(r) for r in report.runs],
            other_sports=report.other_sports,
            previous=[WeekDistance(week=str(w), distance_m=d) for w, d in report.previous],
            usual_m=report.usual_m,
            change=report.change,
            alerts=[AlertOut.of(a) for a in report.alerts],
            ceiling=CeilingNow.of(report.ceiling),
            loads=[LoadOut.of(line) for line in report.loads],
            gap=GapOut.of(report.gap),
        )


class FailedFetch(BaseModel):
    source_id: int
    reason: str
    next_attempt_at: Instant


class QuotaOut(BaseModel):
    """What is used of one of Strava's windows, by all athletes of this server together."""

    window: Literal["quarter", "day"] = Field(description="A quarter of an hour or a day, of UTC")
    used: int
    limit: int
    resets_at: Instant


class HistoryOut(BaseModel):
    """How far the past is read in detail; the rest counts by its distance."""

    runs: int
    read: int
    left_s: int | None = Field(description="How long the rest takes at Strava's limits, about; null: not known [s]")

    @classmethod
    def of(cls, progress: HistoryProgress) -> Self:
        left = progress.left
        return cls(
            runs=progress.n_runs,
            read=progress.n_read,
            left_s=None if left is None else round(left.total_seconds()),
        )


class FoundByList(BaseModel):
    """What Strava's list had found in the last 30 days that no message had told."""

    last_read_at: Instant | None
    missed: int = Field(description="Found by the list, not by a message")
    edited: int
    gone: int

    @classmethod
    def of(cls, found: Reconciliation) -> Self:
        return cls(last_read_at=found.at, missed=found.n_missed, edited=found.n_edited, gone=found.n_gone)


class SubscriptionOut(BaseModel):
    """Whether Strava still pushes here."""

    state: SubscriptionState
    says: str
    checked_at: Instant
    next_at: Instant


class QuarantineReasonOut(BaseModel):
    reason: str
    events: int
    last_at: Instant


class OperatorOut(BaseModel):
    """What concerns the server, for the account that runs it."""

    subscription: SubscriptionOut | None = Field(description="null: not looked at yet")
    quarantined: int = Field(description="Messages that are nobody's here: kept apart, and dropped in the end")
    quarantined_today: int
    reasons: list[QuarantineReasonOut]

    @classmethod
    def of(cls, check: SubscriptionCheck | None, kept: Quarantine) -> Self:
        return cls(
            subscription=SubscriptionOut(
                state=check.state, says=check.says, checked_at=check.at, next_at=check.next_at
            )
            if check
            else None,
            quarantined=kept.n,
            quarantined_today=kept.n_day,
            reasons=[QuarantineReasonOut(reason=r.reason, events=r.n, last_at=r.last_at) for r in kept.reasons],
        )


class SyncPath(BaseModel):
    source_id: int


class Sync(BaseModel):
    """Where the runs and the mails stand."""

    strava: Literal["none", "connected", "needs_reauth"]
    scopes: list[str]
    received: int
    pending: int
    failed: list[FailedFetch]
    last_received_at: Instant | None
    last_run_start: Instant | None
    unsettled_mails: int
    complete_until: Instant | None = Field(
        description="Up to here every run that Strava announced is counted; null: Strava is not connected, or the"
        " list of the last months is still to come"
    )
    awaited: int = Field(description="Activities that are announced or changed and not fetched yet")
    without_samples: int = Field(description="Runs of which distance counts already, hills and fast running not yet")
    quotas: list[QuotaOut] | None = Field(description="null: the broker does not answer, or Strava is not set up")
    inactive_until: Instant | None = Field(
        description="Strava has switched the API application off; when it is asked again"
    )
    history: HistoryOut
    found_by_list: FoundByList
    gap: GapOut | None = Field(description="What is missing of the load now; null: nothing that is known of.")
    operator: OperatorOut | None = Field(description="null: this account does not run the server")

    @classmethod
    def of(
        cls,
        sync: SyncState,
        connection: Connection | None,
        budget: StravaBudget | None,
        now: datetime,
        *,
        history: HistoryProgress,
        by_list: Reconciliation,
        gap: Gap | None,
        operator: OperatorOut | None,
    ) -> Self:
        state: Literal["connected", "needs_reauth"] = "needs_reauth"
        if connection is not None and connection.state == "connected":
            state = "connected"
        return cls(
            strava=state if connection else "none",
            scopes=sorted(connection.scopes) if connection else [],
            received=sync.received,
            pending=sync.pending,
            failed=[FailedFetch(source_id=i, reason=why, next_attempt_at=at) for i, why, at in sync.failed],
            last_received_at=sync.last_received_at,
            last_run_start=sync.last_run_start,
            unsettled_mails=sync.unsettled_mails,
            complete_until=complete_until(sync, connection, now),
            awaited=sync.n_awaited,
            without_samples=sync.n_without_samples,
            quotas=[
                QuotaOut(window=q.window, used=q.used, limit=q.limit, resets_at=q.resets_at) for q in budget.quotas
            ]
            if budget
            else None,
            inactive_until=budget.inactive_until if budget else None,
            history=HistoryOut.of(history),
            found_by_list=FoundByList.of(by_list),
            gap=GapOut.of(gap),
            operator=operator,
        )


class SnoozeAsked(BaseModel):
    """What to do with an alert's kind."""

    model_config = ConfigDict(extra="forbid")

    planned: bool = Field(
        False, description="The run was planned: the load alerts of its day are read, and nothing is snoozed."
    )


class FeedbackAsked(BaseModel):
    """What the runner thinks of an alert."""

    model_config = ConfigDict(extra="forbid")

    useful: bool


class PlannedDay(BaseModel):
    """A day whose long run or race is planned: its load is no news, what hurts still is."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)

    day: date = Field(alias="date")


class MutedOut(BaseModel):
    """A kind of alert that was called not useful three times and waits for the weekly mail."""

    key: str
    alert: AlertOut


class MutedList(RootModel[list[MutedOut]]):
    """Those of which you were not asked yet whether to hear of them at once again."""


class RestoreAsked(BaseModel):
    """The answer to that."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(max_length=60)
    restore: bool
