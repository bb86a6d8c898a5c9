"""Quantities as the runner reads them: in their units, their time zone, and words."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask
from markupsafe import Markup, escape

from loadwatch.adapters.charts import load_bar_svg
from loadwatch.dashboard.current import profile
from loadwatch.dashboard.speech import reader, said
from loadwatch.domain import text
from loadwatch.domain.activity import RUN_FAMILY, Repetition, Run, TrackWork
from loadwatch.domain.alerts import Alert
from loadwatch.domain.completeness import gap_text
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.loads import RunLoad, ascent_of
from loadwatch.domain.report import LoadLine
from loadwatch.domain.rules import Reason
from loadwatch.domain.sports import sport_text
from loadwatch.domain.text import (
    Text,
    clock_text,
    day_text,
    days_text,
    distance_text,
    duration_text,
    fast_text,
    height_text,
    metres_text,
    number_text,
    percent_text,
    say,
    say_n,
)
from loadwatch.domain.thresholds import FAST_RUN_M
from loadwatch.domain.wording import QUANTITIES, ceiling_text, quantity_text
from loadwatch.emails.receipt import WHY as RECEIPT_WHY
from loadwatch.emails.receipt import receipt_rows
from loadwatch.services.outbox import KINDS as MAIL_KINDS
from loadwatch.services.ports import RunDetail

UNKNOWN = "–"

LIKE = 0.12
"""Repetitions whose lengths differ by less than this share are written as one line. [unitless]"""

RULE_NAMES = {
    "R-M1": say("Longer than the longest run of 30 days"),
    "R-RTN": say("First run after a break"),
    "R-H1": say("More downhill than in any run of 42 days"),
    "R-H2": say("More climbing than in any run of 42 days"),
    "R-T1": say("More fast running in 7 days than in the weeks before"),
    "R-T2": say("More fast running than in any session before"),
    "R-T3": say("First fast running in 42 days"),
    "R-M3": say("Two weeks in a row of at least 30 % more"),
    "R-RED": say("A sign that must not be missed"),
    "C-HS": say("Back of the thigh, and fast running"),
    "C-PHT": say("Sit bone, and sitting"),
    "C-Q": say("Front of the thigh, and downhill or a long run"),
    "C-IT": say("Outer knee, at a repeatable distance"),
    "C-N": say("Burning, tingling or numbness"),
    "C-BSI": say("A bone that may be under stress"),
    "S-LEVEL": say("What you reported, with what you ran"),
    "S-ASYM": say("One side, again"),
    "S-TREND": say("Getting worse"),
    "S-STUCK": say("Not settling"),
    "P-PUSH": say("Running through it"),
}

GRADES = {
    "A": say("measured on a cohort of runners"),
    "B": say("measured in other sports"),
    "C": say("expert opinion"),
}

SEVERITIES = {1: say("Note"), 2: say("Caution"), 3: say("Warning"), 4: say("Stop")}

STATES = {
    "firing": say("New"),
    "acknowledged": say("Read"),
    "monitoring": say("Going on, read"),
    "snoozed": say("Snoozed"),
    "resolved": say("Settled"),
    "expired": say("Past"),
    "retracted": say("Taken back"),
}

ALTITUDE = {
    "baro": say("from a barometer"),
    "corrected": say("from a map, by position"),
    "gps": say("from satellites alone: rough, too rough for descent"),
    "none": say("none was recorded"),
}


def moment_text(at: datetime | None, timezone: str) -> str:
    """ "Sat 21 Nov 2026, 07:30" by the clock of a time zone."""
    return UNKNOWN if at is None else text.moment_text(at, zone(timezone), year=True)


def about_text(left: timedelta) -> Text:
    """A time to wait, roughly: "45 minutes", "5 hours", "3 days"."""
    minutes = left.total_seconds() / 60
    if minutes <= 90:
        return say_n("{n} minute", "{n} minutes", math.ceil(minutes))
    if minutes <= 36 * 60:
        return say_n("{n} hour", "{n} hours", math.ceil(minutes / 60))
    return days_text(math.ceil(minutes / 60 / 24))


def zone(timezone: str | None) -> ZoneInfo:
    """A time zone; UTC where the name means nothing."""
    try:
        return ZoneInfo(timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def pace_text(moving_s: float | None, distance_m: float | None) -> str:
    """Time for a kilometre or a mile: "5:42 min/km"."""
    return text.pace_text(distance_m / moving_s) if moving_s and distance_m else UNKNOWN


def reason_name(reason: Reason) -> str:
    return QUANTITIES.get(reason.quantity, reason.quantity.replace("_", " ").capitalize())


def reason_number(value: float | None, reason: Reason) -> str:
    """The value, baseline or threshold of a reason with its unit."""
    return UNKNOWN if value is None else quantity_text(reason.quantity, value, reason.unit)


def or_more(reason: Reason, rule: str) -> bool:
    """Whether the rule speaks at the threshold itself already, not only above it."""
    return rule == "R-T3" or reason.quantity == "days_without_run" or (rule == "R-H1" and reason.baseline == 0)


def run_name(run: Run) -> str:
    return run.name.strip() or sport_text(run.sport)


def why_not_counted(run: Run) -> str | None:
    """Why an activity is shown but not compared; None if it counts."""
    if run.sport not in RUN_FAMILY:
        return say("{sport}: kept, but only runs are compared.", sport=sport_text(run.sport))
    if not run.distance_m:
        return say("No distance was measured, so there is nothing to compare.")
    if not run.distance_trusted:
        return say("Too many GPS jumps: the distance is shown, but neither counted nor judged.")
    return None


def file_size_text(size: int) -> str:
    """Like "1.2 GB", "35 MB", "1 MB"."""
    if size >= 2**30:
        return number_text(size / 2**30, 1) + " GB"
    return number_text(max(size / 2**20, 1)) + " MB"


def origin_text(detail: RunDetail) -> str:
    """Where a recording came from."""
    return "Strava" if detail.source == "strava" else say("A file")


def severity_text(alert: Alert) -> Text:
    return SEVERITIES.get(alert.severity) or say("Severity {severity}", severity=alert.severity)


def unbroken(words: str) -> str:
    """The same with numbers held together, and with their units, where a line breaks."""
    return re.sub(r"(?<=\d) (?=\d|(?:m|km|ft|mi)\b)", "\xa0", words)


def reps_text(reps: Sequence[Repetition]) -> list[Text]:
    """Like ones together: "6 × about 400 m in 1:24, rest 1:30"; metres for everybody, as on a track."""
    groups: list[list[Repetition]] = []
    for rep in reps:
        if groups and abs(rep.distance_m / groups[-1][0].distance_m - 1) < LIKE:
            groups[-1].append(rep)
        else:
            groups.append([rep])
    told = []
    for group in groups:
        rests = [rep.rest_s for rep in group if rep.rest_s is not None]
        words = say(
            "about {far} in {time}",
            far=metres_text(round(fmean(rep.distance_m for rep in group), -1)),
            time=clock_text(fmean(rep.duration_s for rep in group)),
        )
        if len(group) > 1:
            words = say("{n} × {repetition}", n=len(group), repetition=words)
        told.append(
            say("{repetitions}, rest {time}", repetitions=words, time=clock_text(fmean(rests))) if rests else words
        )
    return told


def track_text(track: TrackWork | None) -> Text:
    """What of a run lay on an athletics track, in words."""
    if track is None:
        return say("unknown: no positions were recorded")
    if not track.is_oval:
        return say("none")
    laps = say("{n} laps", n=number_text(track.laps, 1))
    if track.lap_m is not None:
        laps = say("{laps} of {length}", laps=laps, length=metres_text(track.lap_m))
    if track.lane is not None:
        laps = say("{laps} in lane {lane}", laps=laps, lane=track.lane)
    if track.is_standard is False:
        laps = say("{laps}, an oval that is no 400 m track", laps=laps)
    return say("{laps}: {amount}, jogging included", laps=laps, amount=fast_text(track.distance_m))


def load_marks(load: RunLoad | None) -> list[Text]:
    """What a list of runs says of fast running and track, where it is known and there was some."""
    if load is None:
        return []
    marks = [say("fast {amount}", amount=fast_text(load.fast_m))] if load.fast_m and load.fast_m >= FAST_RUN_M else []
    track = load.run.features.track if load.run.features else None
    if load.track_m and track is not None:
        marks.append(say("track {n} laps", n=number_text(track.laps, 1)))
    return marks


def change_text(change: float | None) -> str:
    """ "12 % more", "8 % less", "about the same"."""
    if change is None:
        return UNKNOWN
    if round(abs(change) * 100) < 3:
        return say("about the same")
    amount = percent_text(abs(change))
    return say("{percent} more", percent=amount) if change > 0 else say("{percent} less", percent=amount)


def by_week(details: Iterable[RunDetail]) -> list[tuple[IsoWeek, list[Run]]]:
    """Runs by week, in the order in which they come."""
    weeks: dict[IsoWeek, list[Run]] = {}
    for detail in details:
        weeks.setdefault(IsoWeek.of(detail.run.local_date), []).append(detail.run)
    return list(weeks.items())


def with_links(citation: str) -> Markup:
    """A citation whose DOI can be followed."""

    def link(match: re.Match[str]) -> str:
        doi = match.group(1)
        return f'<a href="https://doi.org/{doi}" rel="noopener noreferrer">doi:{doi}</a>'

    return Markup(re.sub(r"doi:(10\.\d+/[\w./()-]*\w)", link, str(escape(citation))))  # noqa: S704  escaped before


def _named(names: Mapping[str, str], code: str) -> str:
    """The words for a code; the code itself where there are none."""
    return names.get(str(code), str(code))


def load_bar(line: LoadLine, *, with_next: bool = False) -> Markup:
    """The picture of a load; with what the next run may add where that is asked for."""
    weeks = None if line.usual_least is None or line.usual_most is None else (line.usual_least, line.usual_most)
    svg = load_bar_svg(line.value, line.usual, range_m=weeks, next_m=line.ceiling if with_next else None)
    return Markup(svg)  # noqa: S704  numbers alone


def register(app: Flask) -> None:
    """Make these known to the templates, in the language, the units and the time zone of whoever reads."""

    def saying(words: Callable[..., str]) -> Callable[..., str]:
        """The words of a function as they are said to the reader; an unknown number has none."""

        def filtered(value: Any, *args: Any, **kwargs: Any) -> str:
            return UNKNOWN if value is None else str(said(words(value, *args, **kwargs)))

        return filtered

    def held(words: Callable[..., str]) -> Callable[..., str]:
        """The same with numbers held to their units."""
        return lambda *args: unbroken(saying(words)(*args))

    filters: dict[str, Callable[..., Any]] = {
        "distance": saying(distance_text),
        "duration": saying(duration_text),
        "unbroken": lambda words: unbroken(str(said(words))),
        "height": held(height_text),
        "fast": held(fast_text),
        "ascent_of": ascent_of,
        "altitude": saying(lambda quality: ALTITUDE[quality]),
        "speed": saying(text.pace_text),
        "reps": lambda reps: [unbroken(str(said(line))) for line in reps_text(reps)],
        "track": lambda track: unbroken(str(said(track_text(track)))),
        "marks": lambda load: unbroken(str(said(text.joined(", ", load_marks(load))))),
        "load_bar": load_bar,
        "pace": saying(lambda run: pace_text(run.moving_s, run.distance_m)),
        "quantity": saying(reason_number),
        "or_more": or_more,
        "day": saying(day_text),
        "full_day": saying(lambda day: day_text(day, year=True)),
        "short_day": lambda day: reader().short_day(day),
        "weekday": lambda day: reader().weekday(day),
        "month": lambda day, *, year=True: reader().month(day, year=year),
        "gap": saying(lambda gap: gap_text(gap, zone(profile().timezone))),
        "about": saying(about_text),
        "moment": saying(lambda at, timezone=None: moment_text(at, timezone or profile().timezone)),
        "reason_name": saying(reason_name),
        "sport": saying(sport_text),
        "run_name": saying(run_name),
        "why_not_counted": lambda run: said(why_not_counted(run)),
        "origin": saying(origin_text),
        "file_size": saying(file_size_text),
        "count": lambda n: str(said(number_text(n))).replace(" ", "\u202f"),
        "number": saying(number_text),
        "percent": saying(percent_text),
        "severity": saying(severity_text),
        "state": saying(lambda state: _named(STATES, state)),
        "rule_name": saying(lambda rule: _named(RULE_NAMES, rule)),
        "grade": saying(lambda grade: _named(GRADES, grade)),
        "week": lambda week, *, year=True: reader().span(week.monday, week.sunday, year=year),
        "change": saying(change_text),
        "purge_why": saying(lambda why: _named(RECEIPT_WHY, why)),
        "purge_rows": receipt_rows,
        "mail_kind": saying(lambda kind: _named(MAIL_KINDS, kind)),
        "with_links": lambda citation: with_links(str(said(citation))),
        "capitalize_first": saying(text.capital),
        "ceiling_sentence": saying(ceiling_text),
        "groupby_week": by_week,
        "iso_week": lambda day: str(IsoWeek.of(day)),
    }
    app.jinja_env.filters.update(filters)
