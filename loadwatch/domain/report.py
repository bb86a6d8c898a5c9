"""The records that a page and a mail both show, so that they cannot disagree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from loadwatch.domain.activity import Run, counted, longest_m
from loadwatch.domain.alerts import OPEN_STATES, Alert
from loadwatch.domain.ceilings import Ceiling
from loadwatch.domain.daily import IsoWeek, day_totals, week_distance_m
from loadwatch.domain.spikes import baseline
from loadwatch.domain.thresholds import SPIKE_SMALL, SPIKE_WINDOW
from loadwatch.domain.wording import Units, ceiling_text, distance_text

COMPARED_WEEKS = 4


@dataclass(frozen=True, slots=True)
class WeeklyReport:
    """
    One week of one athlete.

    Attributes
    ----------
    week : IsoWeek
    runs : tuple of Run
        Those that count, in order.
    other_sports : int
        Activities of the week that are kept but do not count.
    distance_m, moving_s : float
        Sums over the runs. [m; s]
    previous : tuple of (IsoWeek, float)
        The four weeks before, oldest first, with their distance [m]; weeks before the first run are left out.
    usual_m : float or None
        Their mean; None if there is none. [m]
    alerts : tuple of Alert
        Those of the week's runs that still stand.
    ceiling : Ceiling
        For the first run of the week to come.
    """

    week: IsoWeek
    runs: tuple[Run, ...]
    other_sports: int
    distance_m: float
    moving_s: float
    longest_m: float
    previous: tuple[tuple[IsoWeek, float], ...]
    usual_m: float | None
    alerts: tuple[Alert, ...]
    ceiling: Ceiling

    @property
    def change(self) -> float | None:
        """This week over the usual, minus one; None without a usual. [unitless]"""
        return self.distance_m / self.usual_m - 1 if self.usual_m else None


def weekly_report(
    week: IsoWeek,
    activities: Sequence[Run],
    alerts: Sequence[Alert],
    ceiling: Ceiling,
    first_day: date | None,
) -> WeeklyReport:
    """
    Put one week together.

    Parameters
    ----------
    activities : sequence of Run
        At least those of the week and of the four weeks before it, in any order.
    alerts : sequence of Alert
        At least those of the week's runs.
    ceiling : Ceiling
        As of the end of the week.
    first_day : date or None
        Local day of the athlete's first run ever: weeks before it are unknown, not empty.
    """
    in_week = [a for a in activities if week.monday <= a.local_date <= week.sunday]
    runs = [r for r in counted(activities) if week.monday <= r.local_date <= week.sunday]
    totals = day_totals(activities).values()
    earlier = [week.shifted(-n) for n in range(COMPARED_WEEKS, 0, -1)]
    previous = tuple((w, week_distance_m(totals, w)) for w in earlier if first_day and w.sunday >= first_day)
    ids = {r.id for r in in_week}
    return WeeklyReport(
        week=week,
        runs=tuple(runs),
        other_sports=len(in_week) - len(runs),
        distance_m=sum(r.distance_m or 0.0 for r in runs),
        moving_s=sum(r.moving_s or 0.0 for r in runs),
        longest_m=longest_m(runs),
        previous=previous,
        usual_m=sum(d for _, d in previous) / len(previous) if previous else None,
        alerts=tuple(a for a in alerts if a.run_id in ids and a.state != "retracted"),
        ceiling=ceiling,
    )


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """
    One run in the chart of distances.

    Attributes
    ----------
    ceiling_m : float or None
        1.10 times the longest of the 30 days before this run; None where there was none. [m]
    """

    run: Run
    distance_m: float
    ceiling_m: float | None
    alert_id: int | None


def distance_chart(runs: Sequence[Run], alerts: Sequence[Alert], *, since: datetime) -> tuple[ChartPoint, ...]:
    """
    Distance per run with the ceiling that held for it.

    Parameters
    ----------
    runs : sequence of Run
        Activities that reach back to 30 days before `since`.
    """
    known = counted(runs)
    alert_of = {a.run_id: a.id for a in alerts if a.state != "retracted"}
    points = []
    for i, run in enumerate(known):
        if run.start < since:
            continue
        longest = longest_m(baseline(known[:i], run.start))
        points.append(ChartPoint(run, run.distance_m or 0.0, SPIKE_SMALL * longest or None, alert_of.get(run.id)))
    return tuple(points)


@dataclass(frozen=True, slots=True)
class Today:
    """
    What the first page shows.

    Attributes
    ----------
    verdict : str
        The whole page in one sentence.
    level : {"quiet", "caution", "learning", "empty"}
        The verdict's weight.
    alerts : tuple of Alert
        Open ones, the most severe and newest first.
    last_runs : tuple of Run
        Newest first, other sports included.
    """

    verdict: str
    level: str
    ceiling: Ceiling
    ceiling_sentence: str
    alerts: tuple[Alert, ...]
    last_runs: tuple[Run, ...]
    chart: tuple[ChartPoint, ...]
    week: WeeklyReport


def today(
    activities: Sequence[Run],
    alerts: Sequence[Alert],
    ceiling: Ceiling,
    week: WeeklyReport,
    *,
    as_of: datetime,
    units: Units = "metric",
    n_last: int = 10,
    chart_days: int = 120,
) -> Today:
    """
    Put the first page together.

    Parameters
    ----------
    activities : sequence of Run
        Those of `chart_days` and 30 days more before `as_of`.
    alerts : sequence of Alert
        Those of the same time.
    """
    open_alerts = sorted(
        (a for a in alerts if a.state in OPEN_STATES), key=lambda a: (-a.severity, -a.run_start.timestamp())
    )
    newest = sorted(activities, key=lambda r: r.start, reverse=True)
    any_ever = bool(activities) or ceiling.days_since_run is not None
    verdict, level = _verdict(open_alerts, ceiling, any_ever, units)
    return Today(
        verdict=verdict,
        level=level,
        ceiling=ceiling,
        ceiling_sentence=ceiling_text(ceiling, units),
        alerts=tuple(open_alerts),
        last_runs=tuple(newest[:n_last]),
        chart=distance_chart(activities, alerts, since=as_of - timedelta(days=chart_days)),
        week=week,
    )


def chart_reach(as_of: datetime, chart_days: int = 120) -> datetime:
    """From when on `today` wants activities, UTC."""
    return as_of - timedelta(days=chart_days) - SPIKE_WINDOW


def _verdict(alerts: Sequence[Alert], ceiling: Ceiling, any_activity: bool, units: Units) -> tuple[str, str]:
    if not any_activity:
        return "No runs here yet: connect Strava and the next run arrives by itself.", "empty"
    urgent = [a for a in alerts if a.severity >= 2]
    limit = f", up to {distance_text(ceiling.distance_m, units)}" if ceiling.distance_m is not None else ""
    if urgent:
        what = "You came back with a long run" if urgent[0].rule == "R-RTN" else "Your load jumped"
        return f"{what}: keep the next runs easy and short{limit}.", "caution"
    if ceiling.basis == "learning":
        return "Still learning what is usual for you: no judgement on load yet.", "learning"
    if ceiling.basis == "after_break":
        return f"Coming back from a break: start low{limit}.", "caution"
    return f"Nothing unusual in your load: run as planned{limit}.", "quiet"
