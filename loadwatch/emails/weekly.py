"""The mail of a week: the three loads, how they compare, what stood out, how far the next run may go."""

import re
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import Run
from loadwatch.domain.completeness import gap_text
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.report import WeeklyReport
from loadwatch.domain.symptom_rules import site_of
from loadwatch.domain.text import capital
from loadwatch.domain.wording import (
    HURTS_FIRST,
    Units,
    ceiling_text,
    distance_text,
    duration_text,
    site_text,
)
from loadwatch.emails import EmailContent
from loadwatch.emails.loads import load_rows
from loadwatch.emails.render import day_text, one_line, render

CLOSE: Final = 0.10
"""A week within this share of the usual is called close to it. [unitless] Chooses a word, sets off nothing."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """
    One run in words.

    Attributes
    ----------
    when : str
        Day, and the start in the athlete's time zone; the day alone if the run was on another day there.
    duration : str or None
        Time in motion, or else from start to end; None if nothing measured it.
    """

    when: str
    name: str
    distance: str
    duration: str | None


@dataclass(frozen=True, slots=True)
class WeekRow:
    """
    One bar of the comparison.

    Attributes
    ----------
    percent : int
        Length of the bar: 100 for the longest week. [%]
    """

    label: str
    distance: str
    percent: int
    is_this: bool


def weekly_mail(report: WeeklyReport, *, name: str, units: Units, timezone: str, base_url: str) -> EmailContent:
    """
    The mail of one week.

    Parameters
    ----------
    name : str
        The runner's name, may be empty.
    timezone : str
        The athlete's, by its IANA name ("Europe/Berlin").
    base_url : str
        Where this loadwatch is reached.

    Raises
    ------
    zoneinfo.ZoneInfoNotFoundError
        If there is no such time zone.
    """
    report = replace(report, alerts=tuple(alert.in_units(units) for alert in report.alerts))
    week = report.week
    zone = ZoneInfo(timezone)
    days = f"{day_text(week.monday)} – {day_text(week.sunday, year=True)}"
    return render(
        "weekly",
        subject=f"Week {week.week}: {_fact(report, units, 'no runs arrived')}",
        because="the weekly mail is switched on for you",
        base_url=base_url,
        kicker=" · ".join(part for part in (one_line(name), f"Week {week.week}", days) if part),
        verdict=_verdict(report, units),
        gap=gap_text(report.gap, zone) if report.gap else None,
        report=report,
        # Of a week without runs there is nothing to add up, and what is missing may only be late.
        loads=load_rows(report.loads, units, symptoms_decide=report.symptoms_decide) if report.runs else [],
        still_open=[(p.id, capital(site_text(site_of(p.problem)))) for p in report.problems],
        runs=[_run_row(run, units, zone) for run in report.runs],
        # A sum that leaves a run out would be taken for the whole.
        total_time=duration_text(report.moving_s) if all(run.moving_s for run in report.runs) else None,
        total=distance_text(report.distance_m, units),
        longest=distance_text(report.longest_m, units),
        weeks=_week_rows(report, units),
        mean=_mean(report, units),
        others=_others(report.other_sports),
        ceiling_sentence=HURTS_FIRST if report.symptoms_decide else ceiling_text(report.ceiling, units),
    )


def _fact(report: WeeklyReport, units: Units, nothing: str) -> str:
    """The week in half a sentence, the same in the subject and in the verdict."""
    n = len(report.runs)
    ran = f"{distance_text(report.distance_m, units)} in {n} run{'s' * (n > 1)}" if n else nothing
    if report.usual_m is None:
        return ran
    usual = distance_text(report.usual_m, units)
    change = report.change
    if change is None:
        return f"{ran}, after {_weeks(len(report.previous))} without a run" if n else ran
    if not n:
        return f"{ran}, your usual is {usual}"
    change = round(change, 3)
    if abs(change) <= CLOSE:
        return f"{ran}, close to your usual {usual}"
    return f"{ran}, {'more' if change > 0 else 'less'} than your usual {usual}"


def _verdict(report: WeeklyReport, units: Units) -> str:
    if not report.runs:
        return f"{_fact(report, units, f'No runs arrived in week {report.week.week}')}."
    return f"You ran {_fact(report, units, '')}."


def _weeks(n: int) -> str:
    return "1 week" if n == 1 else f"{n} weeks"


def _mean(report: WeeklyReport, units: Units) -> str:
    if report.usual_m is None:
        return ""
    n = len(report.previous)
    usual = distance_text(report.usual_m, units)
    if n == 1:
        return f"The week before, {usual}, is all there is to compare with so far."
    return f"Mean of the {n} weeks before: {usual} a week, taken as your usual."


def _others(n: int) -> str:
    more = "1 more recording of the week is" if n == 1 else f"{n} more recordings of the week are"
    return f"{more} kept but not counted: another sport, no usable distance, or a second recording of one run."


def _run_row(run: Run, units: Units, zone: tzinfo) -> RunRow:
    day, start = day_text(run.local_date), run.start.astimezone(zone)
    seconds = run.moving_s or run.elapsed_s
    # "TrailRun" -> "Trail run", for a run without a title.
    name = one_line(run.name) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", run.sport).capitalize()
    return RunRow(
        when=f"{day}, {start:%H:%M}" if start.date() == run.local_date else day,
        name=f"{name} (race)" if run.is_race else name,
        distance=distance_text(run.distance_m or 0.0, units),
        duration=duration_text(seconds) if seconds else None,
    )


def _week_rows(report: WeeklyReport, units: Units) -> list[WeekRow]:
    """The weeks before and this one, oldest first; none if there is nothing to compare with."""
    if not report.previous:
        return []
    weeks: list[tuple[IsoWeek, float]] = [*report.previous, (report.week, report.distance_m)]
    most = max(distance_m for _, distance_m in weeks)
    return [
        WeekRow(
            label=f"Week {week.week}",
            distance=distance_text(distance_m, units) if distance_m or week != report.week else "none arrived",
            percent=round(100 * distance_m / most) if most else 0,
            is_this=week == report.week,
        )
        for week, distance_m in weeks
    ]
