"""The mail of a week: the three loads, how they compare, what stood out, how far the next run may go."""

import re
from datetime import tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import Run
from loadwatch.domain.completeness import gap_text
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.report import WeeklyReport
from loadwatch.domain.symptom_rules import site_of
from loadwatch.domain.text import (
    Text,
    capital,
    day_text,
    distance_text,
    duration_text,
    joined,
    moment_text,
    say,
    say_n,
)
from loadwatch.domain.wording import HURTS_FIRST, ceiling_text, site_text
from loadwatch.emails import EmailContent, Reader
from loadwatch.emails.loads import load_rows
from loadwatch.emails.parts import Bar, Bars, Button, Heading, Item, Listing, Note, Paragraph, Part, Row, Table, Title
from loadwatch.emails.render import mail, one_line

CLOSE: Final = 0.10
"""A week within this share of the usual is called close to it. [unitless] Chooses a word, sets off nothing."""


def weekly_mail(report: WeeklyReport, reader: Reader) -> EmailContent:
    """
    The mail of one week.

    Raises
    ------
    zoneinfo.ZoneInfoNotFoundError
        If the reader's time zone does not exist.
    """
    week, zone, base_url = report.week, ZoneInfo(reader.timezone), reader.base_url
    ceiling = HURTS_FIRST if report.symptoms_decide else ceiling_text(report.ceiling)
    verdict = _verdict(report)
    parts: list[Part] = [Title(verdict)]
    if report.gap:
        parts.append(Paragraph(gap_text(report.gap, zone)))
    if report.runs:
        parts += _week_parts(report, reader, zone)
    else:
        parts.append(
            Paragraph(
                say(
                    "If you did run, the run may not be synced yet, it may be saved as another sport, or the"
                    " connection to its source may have ended."
                )
            )
        )
        parts.append(Paragraph(say("Check the connection"), f"{base_url}/settings"))
    if report.other_sports:
        parts.append(Note(_others(report.other_sports)))
    if report.problems:
        parts += [
            Heading(say("Still open")),
            Listing(
                tuple(
                    Item(capital(site_text(site_of(p.problem))), url=f"{base_url}/problems/{p.id}")
                    for p in report.problems
                )
            ),
            Note(say("Say on its page how it goes, or that it is gone.")),
        ]
    if report.alerts:
        parts += [
            Heading(say("What stood out")),
            Listing(tuple(Item(a.title, a.action, f"{base_url}/alerts/{a.id}") for a in report.alerts)),
        ]
    parts += [Heading(say("Against the weeks before")), *_compared(report)]
    parts += [
        Heading(say("Your next run")),
        Paragraph(ceiling),
        Button(say("Open loadwatch"), base_url),
    ]
    return mail(
        parts,
        reader,
        subject=say("Week {week}: {fact}", week=week.week, fact=_fact(report, say("no runs arrived"))),
        because=say("the weekly mail is switched on for you"),
        kicker=joined(
            " · ",
            (
                one_line(reader.name),
                say("Week {week}", week=week.week),
                joined(" – ", (day_text(week.monday), day_text(week.sunday, year=True))),
            ),
        ),
        preheader=say("Next run: {ceiling}", ceiling=ceiling),
        short=verdict,
        url=f"{base_url}/weeks/{week}",
    )


def _week_parts(report: WeeklyReport, reader: Reader, zone: tzinfo) -> list[Part]:
    parts: list[Part] = []
    if not report.alerts:
        quiet = (
            say("No run and no check-in that is here set off an alert.")
            if report.gap
            else say("No run and no check-in set off an alert.")
        )
        parts.append(Paragraph(quiet))
    loads = load_rows(report.loads, reader.speech.units, symptoms_decide=report.symptoms_decide)
    if loads:
        parts += [
            Heading(say("The three loads")),
            Table(
                (say("This week"), say("Usual week"), say("Next run")),
                tuple(Row(load.name, (load.value, load.usual, load.ceiling), load.notes) for load in loads),
            ),
        ]
    parts += [
        Heading(say("The runs")),
        Table((say("Distance"), say("Time")), tuple(_run_row(run, zone) for run in report.runs)),
    ]
    if len(report.runs) > 1:
        parts.append(Note(_together(report)))
    return parts


def _together(report: WeeklyReport) -> Text:
    total, longest = distance_text(report.distance_m), distance_text(report.longest_m)
    # A sum that leaves a run out would be taken for the whole.
    if all(run.moving_s for run in report.runs):
        time = duration_text(report.moving_s)
        return say(
            "Together {total} in {time}; the longest run was {longest}.", total=total, time=time, longest=longest
        )
    return say("Together {total}; the longest run was {longest}.", total=total, longest=longest)


def _fact(report: WeeklyReport, nothing: Text) -> Text:
    """The week in half a sentence, the same in the subject and in the verdict."""
    n = len(report.runs)
    ran = say_n("{far} in {n} run", "{far} in {n} runs", n, far=distance_text(report.distance_m)) if n else nothing
    if report.usual_m is None:
        return ran
    usual, change = distance_text(report.usual_m), report.change
    if change is None:
        if not n:
            return ran
        weeks = len(report.previous)
        return say_n("{ran}, after {n} week without a run", "{ran}, after {n} weeks without a run", weeks, ran=ran)
    if not n:
        return say("{ran}, your usual is {usual}", ran=ran, usual=usual)
    change = round(change, 3)
    if abs(change) <= CLOSE:
        return say("{ran}, close to your usual {usual}", ran=ran, usual=usual)
    if change > 0:
        return say("{ran}, more than your usual {usual}", ran=ran, usual=usual)
    return say("{ran}, less than your usual {usual}", ran=ran, usual=usual)


def _verdict(report: WeeklyReport) -> Text:
    if not report.runs:
        return say("{fact}.", fact=_fact(report, say("No runs arrived in week {week}", week=report.week.week)))
    return say("You ran {fact}.", fact=_fact(report, say("no runs arrived")))


def _compared(report: WeeklyReport) -> list[Part]:
    if report.usual_m is None:
        return [Paragraph(say("There is no earlier week to compare with yet."))]
    weeks: list[tuple[IsoWeek, float]] = [*report.previous, (report.week, report.distance_m)]
    most = max(distance_m for _, distance_m in weeks)
    bars = (
        Bar(
            say("Week {week}", week=week.week),
            distance_text(distance_m) if distance_m or week != report.week else say("none arrived"),
            round(100 * distance_m / most) if most else 0,
            week == report.week,
        )
        for week, distance_m in weeks
    )
    n, usual = len(report.previous), distance_text(report.usual_m)
    if n == 1:
        mean = say("The week before, {usual}, is all there is to compare with so far.", usual=usual)
    else:
        mean = say("Mean of the {n} weeks before: {usual} a week, taken as your usual.", n=n, usual=usual)
    return [Bars(tuple(bars)), Note(mean)]


def _others(n: int) -> Text:
    return say_n(
        "{n} more recording of the week is kept but not counted: another sport, no usable distance, or a second"
        " recording of one run.",
        "{n} more recordings of the week are kept but not counted: another sport, no usable distance, or a second"
        " recording of one run.",
        n,
    )


def _run_row(run: Run, zone: tzinfo) -> Row:
    """A run: its day and start in the athlete's time zone; the day alone if it was on another day there."""
    start = run.start.astimezone(zone)
    seconds = run.moving_s or run.elapsed_s
    # "TrailRun" -> "Trail run", for a run without a title.
    name = one_line(run.name) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", run.sport).capitalize()
    return Row(
        say("{name} (race)", name=name) if run.is_race else name,
        (distance_text(run.distance_m or 0.0), duration_text(seconds) if seconds else "–"),
        moment_text(run.start, zone) if start.date() == run.local_date else day_text(run.local_date),
    )
