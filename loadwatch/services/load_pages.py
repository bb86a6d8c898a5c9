"""What the pages of load, calendar and runs show of an athlete: few queries, however long the history is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import Recording, Run, counted
from loadwatch.domain.alerts import Alert
from loadwatch.domain.completeness import Gap
from loadwatch.domain.inside import Inside
from loadwatch.domain.load_history import (
    USUAL_WEEKS,
    ContextNumbers,
    Days,
    Pain,
    WeekLoads,
    context_numbers,
    pain_by_day,
    unknown_days,
    weekly_loads,
)
from loadwatch.domain.loads import FastSpeeds, RunLoad, fast_speeds, loads_reach, run_loads
from loadwatch.domain.looked import Look, looks_at
from loadwatch.domain.report import ChartPoint, distance_points
from loadwatch.domain.rules import MANY_RUNS, EarlierHistory, details_from, look_back_from
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.load_ports import AlertMark, RunKind
from loadwatch.services.plan_ports import StoredPlan
from loadwatch.services.ports import AthleteProfile, Clock, Database, RunDetail, Tx, UploadFiles
from loadwatch.services.sync import completeness_of
from loadwatch.services.uploads import ACTIVITIES_PER_FILE, SOURCE, Read, upload_id

LONGEST_WITH_SPEEDS: Final = timedelta(days=400)
"""Over more than that fast metres are not worked out: each run would be held against the half year before it."""

RUNS_A_PAGE: Final = 50

BREAK_AT_ONCE: Final = timedelta(days=180)
"""A run before a longer break than this is looked for in a second query."""

_ZONES: Final = timedelta(days=1)
"""A local day may begin and end so much earlier or later than that of UTC."""


@dataclass(frozen=True, slots=True)
class AlertDay:
    """An alert's mark with the local day it stands on."""

    mark: AlertMark
    day: date


@dataclass(frozen=True, slots=True)
class LoadHistory:
    """
    A time of an athlete's load.

    Attributes
    ----------
    shown : Days
        Local days, the last no later than today.
    first_day, last_day : date or None
        Of the first and the last run of all.
    unknown : tuple of Days
        Shown days of which nobody knows whether there was a run.
    points : tuple of ChartPoint
        Each run with the ceiling that held for it.
    weeks : tuple of WeekLoads
    pains : tuple of Pain
    alerts : tuple of AlertDay
    context : ContextNumbers or None
        As of the last shown day.
    with_speeds : bool
        Whether fast metres were worked out.
    gap : Gap or None
        What is still awaited.
    """

    shown: Days
    today: date
    first_day: date | None
    last_day: date | None
    unknown: tuple[Days, ...]
    points: tuple[ChartPoint, ...]
    weeks: tuple[WeekLoads, ...]
    pains: tuple[Pain, ...]
    alerts: tuple[AlertDay, ...]
    context: ContextNumbers | None
    with_speeds: bool
    gap: Gap | None


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """
    A day of the calendar.

    Attributes
    ----------
    runs : tuple of RunLoad
        Those that count.
    others : tuple of Run
        Activities that do not: other sports, and second recordings.
    pains : tuple of Pain
    rehab : tuple of int
        Problems whose exercises were done.
    planned : tuple of StoredPlan
        Runs that are planned for it.
    is_planned : bool
        Its long run or race was planned.
    is_unknown : bool
        Nobody knows whether there was a run.
    """

    day: date
    runs: tuple[RunLoad, ...]
    others: tuple[Run, ...]
    alerts: tuple[AlertMark, ...]
    pains: tuple[Pain, ...]
    rehab: tuple[int, ...]
    planned: tuple[StoredPlan, ...]
    is_planned: bool
    is_unknown: bool

    @property
    def n_runs(self) -> int:
        return len(self.runs)

    @property
    def distance_m(self) -> float | None:
        """Of the runs that count; None without one. [m]"""
        return sum(load.run.distance_m or 0.0 for load in self.runs) if self.runs else None


@dataclass(frozen=True, slots=True)
class Month:
    """Whole weeks around a month, Monday first."""

    first: date
    today: date
    first_day: date | None
    weeks: tuple[tuple[CalendarDay, ...], ...]
    gap: Gap | None


@dataclass(frozen=True, slots=True)
class RunList:
    """
    A page of the list of activities.

    Attributes
    ----------
    load_of : dict of int to RunLoad
        By the id of the run; what does not count has none. Fast metres are worked out where the page spans no more
        than `LONGEST_WITH_SPEEDS`.
    alert_of : dict of int to AlertMark
    """

    runs: tuple[Run, ...]
    more: bool
    years: tuple[int, ...]
    load_of: dict[int, RunLoad]
    alert_of: dict[int, AlertMark]


@dataclass(frozen=True, slots=True)
class RunSheet:
    """
    One activity with what was made of it.

    Attributes
    ----------
    alerts : tuple of Alert
        That speak of it.
    load : RunLoad or None
        What it added to each load; None for what does not count.
    speeds : FastSpeeds or None
        What was fast for its runner when it began; None where that was not known.
    looks : tuple of Look
        What each load rule makes of it; empty for what does not count.
    """

    detail: RunDetail
    alerts: tuple[Alert, ...]
    load: RunLoad | None
    speeds: FastSpeeds | None
    looks: tuple[Look, ...]


class NoSamples(LoadwatchError):
    """Nothing more can be shown of a run: the text says why."""


class LoadPages:
    """Reads for one athlete at a time."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        files: UploadFiles,
        read: Read,
        inside: Callable[[Recording, float], Inside],
        *,
        inactive_since: Callable[[], datetime | None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._files = files
        self._read = read
        self._inside = inside
        self._inactive_since = inactive_since  # of the application at Strava

    def history(self, profile: AthleteProfile, shown: Days | None) -> LoadHistory:
        """
        The load of some local days.

        Parameters
        ----------
        shown : Days or None
            None: from the first run on. Days that lie ahead are left out.
        """
        now, inactive_since = self._clock(), self._inactive_since()
        zone = ZoneInfo(profile.timezone)
        today = now.astimezone(zone).date()
        with self._database.read() as tx:
            ends = tx.first_and_last_day(profile.id)
            first_day = ends[0] if ends else None
            shown = Days(shown.first, min(shown.last, today)) if shown else Days(first_day or today, today)
            with_speeds = shown.last - shown.first <= LONGEST_WITH_SPEEDS
            usual_from = shown.first - timedelta(weeks=USUAL_WEEKS, days=6)
            since, until = _instants(Days(usual_from, shown.last))
            reach = loads_reach(since)
            runs = tx.runs_of_loads(profile.id, reach, until, since, with_speeds=with_speeds)
            marks = tx.alert_marks(profile.id, *_instants(shown))
            reports = tx.symptom_reports(profile.id, _instants(shown)[0])
            gap = completeness_of(tx, profile.id, now, inactive_since).gap(now)
        known = counted(runs)
        alerts = _alert_days(marks, known, zone)
        unknown = _unknown(Days(usual_from, shown.last), first_day, gap, zone)
        loads = run_loads(known, since=reach, five_k_m_s=profile.five_k_m_s)
        in_sight = [load for load in loads if load.run.local_date >= usual_from]
        speaking = {mark.run_id: mark.id for mark in marks if mark.run_id is not None}
        points = distance_points(known, speaking, since=since, thresholds=profile.thresholds)
        return LoadHistory(
            shown=shown,
            today=today,
            first_day=first_day,
            last_day=ends[1] if ends else None,
            unknown=tuple(_clipped(unknown, shown)),
            points=tuple(p for p in points if p.run.local_date in shown),
            weeks=tuple(weekly_loads(in_sight, shown, unknown, today)),
            pains=tuple(p for p in pain_by_day(reports) if p.day in shown),
            alerts=tuple(a for a in alerts if a.day in shown),
            context=context_numbers(_lately(loads, shown.last), shown.last, first_day),
            with_speeds=with_speeds,
            gap=gap,
        )

    def month(self, profile: AthleteProfile, first: date) -> Month:
        """The weeks around a month, given by its first day."""
        now, inactive_since = self._clock(), self._inactive_since()
        zone = ZoneInfo(profile.timezone)
        after = (first + timedelta(days=31)).replace(day=1)
        monday = first - timedelta(days=first.weekday())
        days = Days(monday, after + timedelta(days=(7 - after.weekday()) % 7 - 1))
        since, until = _instants(days)
        with self._database.read() as tx:
            ends = tx.first_and_last_day(profile.id)
            runs = tx.runs_of_loads(profile.id, loads_reach(since), until, since, with_speeds=True)
            marks = tx.alert_marks(profile.id, since, until)
            reports = tx.symptom_reports(profile.id, since)
            rehab = tx.rehab_days(profile.id, days.first, days.last)
            told_planned = frozenset(tx.planned_days(profile.id, days.first))
            planned = tx.planned_runs(profile.id, days.first)
            gap = completeness_of(tx, profile.id, now, inactive_since).gap(now)
        today = now.astimezone(zone).date()
        first_day = ends[0] if ends else None
        unknown = _unknown(days, first_day, gap, zone)
        loads = run_loads(runs, since=since, five_k_m_s=profile.five_k_m_s)
        counts = {load.run.id for load in loads}
        pains, alerts = pain_by_day(reports), _alert_days(marks, runs, zone)

        def of(day: date) -> CalendarDay:
            return CalendarDay(
                day=day,
                runs=tuple(load for load in loads if load.run.local_date == day),
                others=tuple(r for r in runs if r.local_date == day and r.start >= since and r.id not in counts),
                alerts=tuple(a.mark for a in alerts if a.day == day),
                pains=tuple(p for p in pains if p.day == day),
                rehab=tuple(problem_id for on, problem_id in rehab if on == day),
                planned=tuple(p for p in planned if p.local_date == day),
                is_planned=day in told_planned,
                is_unknown=day <= today and any(day in span for span in unknown),
            )

        all_days = [of(days.first + timedelta(days=n)) for n in range((days.last - days.first).days + 1)]
        weeks = tuple(tuple(all_days[n : n + 7]) for n in range(0, len(all_days), 7))
        return Month(first, today, first_day, weeks, gap)

    def runs(
        self,
        profile: AthleteProfile,
        *,
        kind: RunKind = "all",
        year: int | None = None,
        name: str = "",
        page: int = 1,
    ) -> RunList:
        """A page of the activities, newest first; pages count from 1."""
        with self._database.read() as tx:
            ends = tx.first_and_last_day(profile.id)
            offset = (page - 1) * RUNS_A_PAGE
            found = tx.listed_runs(profile.id, kind, year, name, RUNS_A_PAGE, offset)
            alert_of: dict[int, AlertMark] = {}
            loads: list[RunLoad] = []
            if found.runs:
                oldest, newest = found.runs[-1].start, found.runs[0].start
                marks = tx.alert_marks(profile.id, oldest, newest + _ZONES)
                alert_of = {mark.run_id: mark for mark in marks if mark.run_id is not None}
                loads = self._loads(tx, profile, found.runs)
        years = tuple(range(ends[1].year, ends[0].year - 1, -1)) if ends else ()
        return RunList(found.runs, found.more, years, {load.run.id: load for load in loads}, alert_of)

    def run(self, profile: AthleteProfile, run_id: int) -> RunSheet:
        """
        One activity.

        Raises
        ------
        NotYours
        """
        with self._database.read() as tx:
            detail = tx.run_detail(profile.id, run_id)
            if detail is None:
                raise NotYours(f"run {run_id}")
            alerts = tx.alerts_of_run(profile.id, run_id)
            start, until = detail.run.start, max(detail.run.end, detail.run.start) + _ZONES
            back, in_detail = look_back_from(start - BREAK_AT_ONCE, start), details_from(start)
            runs = tx.runs_of_loads(profile.id, back, until, in_detail, with_speeds=True)
            if not any(r.start < start for r in counted(runs)):
                back = look_back_from(tx.last_counted_start(profile.id, start), start)
                runs = tx.runs_of_loads(profile.id, back, until, in_detail, with_speeds=True)
            earlier = tx.earlier_history(profile.id, back, MANY_RUNS)
        load = next(
            (load for load in run_loads(runs, since=start, five_k_m_s=profile.five_k_m_s) if load.run.id == run_id),
            None,
        )
        before = [r for r in counted(runs) if r.start < start]
        return RunSheet(
            detail=detail,
            alerts=tuple(alerts),
            load=load,
            speeds=fast_speeds(before, start, five_k_m_s=profile.five_k_m_s),
            looks=_looks(load.run, runs, earlier, profile) if load else (),
        )

    def inside(self, athlete_id: int, run_id: int, unit_m: float) -> Inside:
        """
        What the samples of a run show, read from the runner's own file.

        Parameters
        ----------
        unit_m : float
            Length of a split. [m]

        Raises
        ------
        NotYours
        NoSamples
            Where there is no file, or it cannot be read any more: the text says why.
        """
        with self._database.read() as tx:
            detail = tx.run_detail(athlete_id, run_id)
            upload = (
                tx.upload(athlete_id, upload_id(detail.source_id)) if detail and detail.source == SOURCE else None
            )
        if detail is None:
            raise NotYours(f"run {run_id}")
        if upload is None or upload.told.is_manual:
            raise NoSamples("there is no file")
        recordings = self._read(self._files.get(athlete_id, upload.sha256), upload.name)
        n = detail.source_id % ACTIVITIES_PER_FILE
        if n >= len(recordings):
            raise NoSamples("the file holds fewer activities than it did")
        return self._inside(recordings[n], unit_m)

    @staticmethod
    def _loads(tx: Tx, profile: AthleteProfile, listed: Sequence[Run]) -> list[RunLoad]:
        """Of what of a list counts; over more than a year without fast metres, by the days of these runs alone."""
        # A longer recording of the same run may have begun on the day before, or end on the day after.
        since, until = listed[-1].start - _ZONES, listed[0].start + _ZONES
        if until - since > LONGEST_WITH_SPEEDS:
            days = {run.local_date + timedelta(days=n) for run in listed for n in (-1, 0, 1)}
            return run_loads(tx.runs_of_days(profile.id, days), since=since)
        runs = tx.runs_of_loads(profile.id, loads_reach(since), until, since, with_speeds=True)
        return run_loads(runs, since=since, five_k_m_s=profile.five_k_m_s)


def _looks(run: Run, runs: list[Run], earlier: EarlierHistory, profile: AthleteProfile) -> tuple[Look, ...]:
    return looks_at(
        run,
        runs,
        earlier=earlier,
        novice=profile.novice,
        five_k_m_s=profile.five_k_m_s,
        thresholds=profile.thresholds,
    )


def _instants(days: Days) -> tuple[datetime, datetime]:
    """From when to when something may have been that belongs to these local days, UTC."""
    first, after = datetime.combine(days.first, time(), UTC), datetime.combine(days.last, time(), UTC) + _ZONES
    return first - _ZONES, after + _ZONES


def _unknown(days: Days, first_day: date | None, gap: Gap | None, zone: ZoneInfo) -> list[Days]:
    known_until = gap.until.astimezone(zone).date() - timedelta(days=1) if gap and gap.until else None
    waits = gap is not None and bool(gap.runs or gap.files or gap.list_awaited or gap.cut_off)
    return unknown_days(days, first_day, known_until, all_known=not waits)


def _lately(loads: list[RunLoad], last: date) -> list[RunLoad]:
    """As far back as a mean that fades with 42 days can tell."""
    since = last - LONGEST_WITH_SPEEDS
    return [load for load in loads if load.run.local_date >= since]


def _clipped(spans: list[Days], shown: Days) -> list[Days]:
    return [Days(max(s.first, shown.first), min(s.last, shown.last)) for s in spans if s.meets(shown)]


def _alert_days(marks: list[AlertMark], runs: list[Run], zone: ZoneInfo) -> list[AlertDay]:
    """Of a run's alert the day is that of the run, wherever it was; of a check-in's that at home."""
    day_of = {run.id: run.local_date for run in runs}
    return [AlertDay(m, day_of.get(m.run_id or 0) or m.at.astimezone(zone).date()) for m in marks]
