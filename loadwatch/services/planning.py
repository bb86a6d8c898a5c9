"""What planned runs would set off, told before they are run."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import Counted, Run, counted
from loadwatch.domain.findings import Finding
from loadwatch.domain.report import symptoms_decide
from loadwatch.domain.rules import EarlierHistory, look_back_from
from loadwatch.domain.symptom_rules import LOADS_REACH, Clinic, Runner
from loadwatch.domain.thresholds import ALERT_LIFE, SPIKE_WINDOW
from loadwatch.domain.what_if import Health, PlannedRun, plan_ahead, planned_runs
from loadwatch.domain.wording import AlertText, alert_text
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.facts import what_stands
from loadwatch.services.plan_ports import StoredPlan
from loadwatch.services.ports import AthleteProfile, Clock, Database, Tx
from loadwatch.services.views import Ceilings, ceilings_after, lately_judged

DAYS_AHEAD: Final = 14
"""So far ahead runs are planned. [d] Design choice: further ahead too much is not known yet."""

DAYS_BACK: Final = 7
"""So long it is shown what was planned beside what was run. [d] Design choice."""

MAX_PER_DAY: Final = 3
"""More runs on one day are a slip of the keys. Design choice."""

MAX_DISTANCE_M: Final = 300_000.0
MAX_DESCENT_M: Final = 20_000.0
"""What is planned is no further, and no more downhill. [m] Design choice."""

_USUAL_START: Final = time(12)
_APART: Final = timedelta(hours=4)
"""Between two planned runs of one day: they are two sessions."""


class InvalidPlan(LoadwatchError):
    """
    A run cannot be planned so.

    Attributes
    ----------
    code : str
        What is wrong: "day", "full", "distance", "descent", "fast".
    """

    def __init__(self, code: str) -> None:
        super().__init__(f"this cannot be planned: {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class WhatIf:
    """
    What the rules would say of a planned run.

    Attributes
    ----------
    planned : PlannedRun
    findings : tuple of (Finding, AlertText)
        The most severe first; empty where none would speak.
    ceilings : Ceilings
        What a run at that time could bring without one.
    symptoms_decide : bool
        Something hurts: what hurts decides, and not the ceilings.
    """

    planned: PlannedRun
    findings: tuple[tuple[Finding, AlertText], ...]
    ceilings: Ceilings
    symptoms_decide: bool


@dataclass(frozen=True, slots=True)
class PlanItem:
    """
    A planned run of a day to come.

    Attributes
    ----------
    ceilings : Ceilings
        What a run at that time could bring, given the planned ones before it.
    findings : tuple of (Finding, AlertText)
        What the rules would say, the most severe first.
    """

    stored: StoredPlan
    ceilings: Ceilings
    findings: tuple[tuple[Finding, AlertText], ...]

    @property
    def is_beyond(self) -> bool:
        """
        Whether it is more than the day's ceilings name, although no rule would speak.

        After a jump, and while a break is not long over, they ask for less than what sets a rule off.
        """
        c, plan = self.ceilings, self.stored
        return (
            _above(plan.distance_m, c.mileage.distance_m)
            or _above(plan.descent_m, c.hills.value_m)
            or _above(plan.fast_m, c.fast.value_m)
        )

    @property
    def severity(self) -> int:
        return max((f.severity for f, _ in self.findings), default=0)


def _above(planned_m: float | None, ceiling_m: float | None) -> bool:
    return planned_m is not None and ceiling_m is not None and planned_m > ceiling_m


@dataclass(frozen=True, slots=True)
class Matched:
    """A planned run of a day that has come, and the run of that day, where there is one."""

    stored: StoredPlan
    run: Run | None


@dataclass(frozen=True, slots=True)
class PlanDay:
    """
    One of the next days.

    Attributes
    ----------
    ceilings : Ceilings
        What the first run of the day that is still to come could bring.
    items : tuple of PlanItem
    done : tuple of Matched
        Planned for today, and run.
    """

    day: date
    ceilings: Ceilings
    items: tuple[PlanItem, ...] = ()
    done: tuple[Matched, ...] = ()

    @property
    def is_full(self) -> bool:
        return len(self.items) + len(self.done) >= MAX_PER_DAY


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What is planned, and what the rules would say of it.

    Attributes
    ----------
    days : tuple of PlanDay, shape (14,)
        Today first.
    past : tuple of Matched
        Of the last days, the latest first.
    symptoms_decide : bool
        Something hurts: what hurts decides, and not the ceilings.
    """

    days: tuple[PlanDay, ...]
    past: tuple[Matched, ...]
    symptoms_decide: bool

    @property
    def items(self) -> tuple[PlanItem, ...]:
        return tuple(item for day in self.days for item in day.items)

    @property
    def distance_m(self) -> float:
        """Of all that is still to be run. [m]"""
        return sum(item.stored.distance_m for item in self.items)

    @property
    def beyond(self) -> tuple[PlanItem, ...]:
        """No rule would speak of these, and yet they are more than the ceilings name."""
        return tuple(item for item in self.items if item.is_beyond and not item.findings)

    @property
    def speaking(self) -> tuple[PlanItem, ...]:
        """Of these a rule would speak."""
        return tuple(item for item in self.items if item.findings)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a plan is held against."""

    profile: AthleteProfile
    runs: Counted
    earlier: EarlierHistory
    health: Health
    symptoms_decide: bool

    def findings(self, planned: Sequence[PlannedRun]) -> list[tuple[tuple[Finding, AlertText], ...]]:
        profile = self.profile
        found = plan_ahead(
            self.runs,
            planned,
            earlier=self.earlier,
            novice=profile.novice,
            five_k_m_s=profile.five_k_m_s,
            thresholds=profile.thresholds,
            health=self.health,
        )
        return [tuple((f, alert_text(f, profile.units)) for f in of) for of in found]


class PlanningService:
    """Judges runs that are only thought of, and keeps those that a runner plans."""

    def __init__(self, database: Database, clock: Clock, clinic: Callable[[], Clinic]) -> None:
        self._database = database
        self._clock = clock
        self._clinic = clinic

    def what_if(
        self,
        athlete_id: int,
        *,
        distance_m: float,
        descent_m: float | None = None,
        ascent_m: float | None = None,
        fast_m: float | None = None,
        start: datetime | None = None,
    ) -> WhatIf:
        """
        Which rules would speak on a run of an athlete, and why.

        Parameters
        ----------
        start : datetime or None
            UTC; None: now.

        Raises
        ------
        LoadwatchError
            If a quantity is impossible.
        """
        at = start or self._clock()
        with self._database.read() as tx:
            known = self._known(tx, athlete_id, at)
        planned = PlannedRun(
            start=at,
            distance_m=distance_m,
            descent_m=descent_m,
            ascent_m=ascent_m,
            fast_m=fast_m,
            local_date=at.astimezone(ZoneInfo(known.profile.timezone)).date(),
        )
        try:
            (findings,) = known.findings([planned])
        except ValueError as error:
            raise LoadwatchError(str(error)) from error
        ceilings = ceilings_after(known.profile, known.runs, known.earlier, at)
        return WhatIf(planned, findings, ceilings, known.symptoms_decide)

    def plan(self, athlete_id: int, *, thought_of: StoredPlan | None = None) -> Plan:
        """
        The next days as they are planned.

        Parameters
        ----------
        thought_of : StoredPlan or None
            Taken as if it were planned too; in place of the one with its id.

        Raises
        ------
        InvalidPlan
            If what is thought of cannot be.
        """
        now = self._clock()
        with self._database.read() as tx:
            known = self._known(tx, athlete_id, now)
            today = now.astimezone(ZoneInfo(known.profile.timezone)).date()
            stored = tx.planned_runs(athlete_id, today - timedelta(days=DAYS_BACK))
        if thought_of is not None:
            _check(thought_of, today, [s for s in stored if s.id != thought_of.id])
            stored = [s for s in stored if s.id != thought_of.id] + [thought_of]
            stored.sort(key=lambda s: s.local_date)
        return _plan(known, stored, now, today)

    def add(self, athlete_id: int, wanted: StoredPlan) -> int:
        """
        Keep a planned run; its number. That of `wanted` does not count.

        Raises
        ------
        InvalidPlan
        """
        now = self._clock()
        with self._database.write() as tx:
            today = self._today(tx, athlete_id, now)
            _check(wanted, today, tx.planned_runs(athlete_id, today))
            return tx.add_planned_run(
                athlete_id, wanted.local_date, wanted.distance_m, wanted.descent_m, wanted.fast_m, now
            )

    def change(self, athlete_id: int, wanted: StoredPlan) -> None:
        """
        Another day, or other numbers, for a planned run.

        Raises
        ------
        InvalidPlan
        NotYours
        """
        with self._database.write() as tx:
            today = self._today(tx, athlete_id, self._clock())
            others = [s for s in tx.planned_runs(athlete_id, today) if s.id != wanted.id]
            _check(wanted, today, others)
            changed = tx.change_planned_run(
                athlete_id,
                wanted.id,
                local_date=wanted.local_date,
                distance_m=wanted.distance_m,
                descent_m=wanted.descent_m,
                fast_m=wanted.fast_m,
            )
        if not changed:
            raise NotYours(f"planned run {wanted.id}")

    def move(self, athlete_id: int, planned_id: int, day: date) -> None:
        """
        The same run on another day.

        Raises
        ------
        InvalidPlan
        NotYours
        """
        with self._database.write() as tx:
            today = self._today(tx, athlete_id, self._clock())
            stored = tx.planned_runs(athlete_id, today)
            if all(s.id != planned_id for s in stored):
                raise NotYours(f"planned run {planned_id}")
            others = [s for s in stored if s.id != planned_id]
            _check_day(day, today, others)
            tx.change_planned_run(athlete_id, planned_id, local_date=day)

    def delete(self, athlete_id: int, planned_id: int) -> None:
        with self._database.write() as tx:
            found = tx.delete_planned_runs(athlete_id, planned_id)
        if not found:
            raise NotYours(f"planned run {planned_id}")

    def clear(self, athlete_id: int) -> int:
        """Forget all that is planned, and was; how much it was."""
        with self._database.write() as tx:
            return tx.delete_planned_runs(athlete_id)

    def _known(self, tx: Tx, athlete_id: int, at: datetime) -> _Known:
        """What lies before a moment, as far back as planned runs from then on are judged by."""
        profile = tx.athlete(athlete_id)
        if profile is None:
            raise NotYours(f"athlete {athlete_id}")
        judged_from = at - LOADS_REACH
        back = look_back_from(tx.last_counted_start(athlete_id, judged_from), judged_from)
        runs, earlier = tx.runs_between(athlete_id, back, at), tx.earlier_history(athlete_id, back)
        reports, risk = tx.symptom_reports(athlete_id), tx.risk_profile(athlete_id)
        weeks = tx.weekly_answers(athlete_id, judged_from.date())
        stand = what_stands(tx, athlete_id, at - ALERT_LIFE, reports)
        runner = Runner(risk.injuries, risk.risks, risk.age_band)
        health = Health(reports, self._clinic(), runner, weeks, ZoneInfo(profile.timezone))
        return _Known(profile, counted(runs), earlier, health, symptoms_decide(*stand))

    @staticmethod
    def _today(tx: Tx, athlete_id: int, now: datetime) -> date:
        profile = tx.athlete(athlete_id)
        if profile is None:
            raise NotYours(f"athlete {athlete_id}")
        return now.astimezone(ZoneInfo(profile.timezone)).date()


def _check(wanted: StoredPlan, today: date, others: Sequence[StoredPlan]) -> None:
    _check_day(wanted.local_date, today, others)
    if not (math.isfinite(wanted.distance_m) and 0 < wanted.distance_m <= MAX_DISTANCE_M):
        raise InvalidPlan("distance")
    if wanted.descent_m is not None and not 0 <= wanted.descent_m <= MAX_DESCENT_M:
        raise InvalidPlan("descent")
    if wanted.fast_m is not None and not 0 <= wanted.fast_m <= wanted.distance_m:
        raise InvalidPlan("fast")


def _check_day(day: date, today: date, others: Sequence[StoredPlan]) -> None:
    if not today <= day < today + timedelta(days=DAYS_AHEAD):
        raise InvalidPlan("day")
    if sum(s.local_date == day for s in others) >= MAX_PER_DAY:
        raise InvalidPlan("full")


def _plan(known: _Known, stored: Sequence[StoredPlan], now: datetime, today: date) -> Plan:
    """Each planned run beside a run of its day, or ahead of it."""
    runs_of: dict[date, list[Run]] = {}
    ran = known.runs
    for run in ran:
        if run.local_date >= today - timedelta(days=DAYS_BACK):
            runs_of.setdefault(run.local_date, []).append(run)
    done: dict[date, list[Matched]] = {}
    ahead: list[StoredPlan] = []
    for day, group in groupby(stored, key=lambda s: s.local_date):
        for n, plan in enumerate(group):
            of_day = runs_of.get(day, [])
            match = of_day[n] if n < len(of_day) else None
            if match is None and day >= today:
                ahead.append(plan)
            else:
                done.setdefault(day, []).append(Matched(plan, match))
    zone = ZoneInfo(known.profile.timezone)
    clock = usual_start(ran, now, zone)
    starts = _starts(ahead, now, clock, zone)
    planned = [
        PlannedRun(start, p.distance_m, descent_m=p.descent_m, fast_m=p.fast_m, local_date=p.local_date)
        for start, p in zip(starts, ahead, strict=True)
    ]
    as_run = planned_runs(ran, planned, five_k_m_s=known.profile.five_k_m_s)
    found = known.findings(planned)
    everything = counted([*ran, *as_run])
    judged = lately_judged(known.profile, everything, known.earlier, now)

    def ceilings(at: datetime) -> Ceilings:
        before = Counted(r for r in everything if r.start < at)
        return ceilings_after(known.profile, before, known.earlier, at, judged)

    days = []
    for n in range(DAYS_AHEAD):
        day = today + timedelta(days=n)
        items = tuple(
            PlanItem(p, ceilings(start), findings)
            for start, p, findings in zip(starts, ahead, found, strict=True)
            if p.local_date == day
        )
        first = items[0].ceilings if items else ceilings(max(_at(day, clock, zone), now))
        days.append(PlanDay(day, first, items, tuple(done.get(day, ()))))
    past = sorted((m for day, of in done.items() if day < today for m in of), key=lambda m: m.stored.local_date)
    return Plan(tuple(days), tuple(reversed(past)), known.symptoms_decide)


def usual_start(ran: Sequence[Run], now: datetime, zone: ZoneInfo) -> time:
    """The median time of day at which the runs of 30 days began; noon where none tells."""
    recent = [r.start.astimezone(zone) for r in ran if now - r.start <= SPIKE_WINDOW and not r.start_hidden]
    if not recent:
        return _USUAL_START
    minutes = int(median(at.hour * 60 + at.minute for at in recent))
    return time(minutes // 60, minutes % 60)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _starts(ahead: Sequence[StoredPlan], now: datetime, clock: time, zone: ZoneInfo) -> list[datetime]:
    """When each planned run would begin: at the usual time, or now where that is over; several of a day apart."""
    starts = []
    for day, group in groupby(ahead, key=lambda p: p.local_date):
        first = max(_at(day, clock, zone), now)
        starts += [first + n * _APART for n, _ in enumerate(group)]
    return starts
