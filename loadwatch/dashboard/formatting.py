"""Quantities as the runner reads them: in their units, their time zone, and words."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask
from flask_login import current_user
from markupsafe import Markup, escape

from loadwatch.adapters.charts import load_bar_svg
from loadwatch.dashboard.current import profile
from loadwatch.domain.activity import RUN_FAMILY, Repetition, Run, TrackWork
from loadwatch.domain.alerts import Alert
from loadwatch.domain.completeness import gap_text
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.loads import RunLoad, ascent_of
from loadwatch.domain.rules import Reason
from loadwatch.domain.thresholds import FAST_RUN_M
from loadwatch.domain.wording import (
    QUANTITIES,
    Units,
    ceiling_text,
    distance_text,
    duration_text,
    fast_text,
    height_text,
    quantity_text,
)
from loadwatch.emails.receipt import WHY as RECEIPT_WHY
from loadwatch.emails.receipt import receipt_rows
from loadwatch.services.ports import RunDetail

UNKNOWN = "–"

LIKE = 0.12
"""Repetitions whose lengths differ by less than this share are written as one line. [unitless]"""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

RULE_NAMES = {
    "R-M1": "Longer than the longest run of 30 days",
    "R-RTN": "First run after a break",
    "R-H1": "More downhill than in any run of 42 days",
    "R-H2": "More climbing than in any run of 42 days",
    "R-T1": "More fast running in 7 days than in the weeks before",
    "R-T2": "More fast running than in any session before",
    "R-T3": "First fast running in 42 days",
    "R-M3": "Two weeks in a row of at least 30 % more",
    "R-RED": "A sign that must not be missed",
    "C-HS": "Back of the thigh, and fast running",
    "C-PHT": "Sit bone, and sitting",
    "C-Q": "Front of the thigh, and downhill or a long run",
    "C-IT": "Outer knee, at a repeatable distance",
    "C-N": "Burning, tingling or numbness",
    "C-BSI": "A bone that may be under stress",
    "S-LEVEL": "What you reported, with what you ran",
    "S-ASYM": "One side, again",
    "S-TREND": "Getting worse",
    "S-STUCK": "Not settling",
    "P-PUSH": "Running through it",
}

GRADES = {
    "A": "measured on a cohort of runners",
    "B": "measured in other sports",
    "C": "expert opinion",
}

SEVERITIES = {1: "Note", 2: "Caution", 3: "Warning", 4: "Stop"}

STATES = {
    "firing": "New",
    "acknowledged": "Read",
    "monitoring": "Going on, read",
    "snoozed": "Snoozed",
    "resolved": "Settled",
    "expired": "Past",
    "retracted": "Taken back",
}

MAIL_KINDS = {
    **{"alert": "Alert", "again": "Alert, again", "retraction": "Correction", "weekly": "Weekly summary"},
    "receipt": "Receipt",
}

MAIL_OUTCOMES = {
    "pending": "waiting to be sent",
    "claimed": "uncertain: sending began and no outcome is known; not sent again",
    "sent": "sent",
    "failed": "not sent",
    "cancelled": "taken back before it left",
}

ALTITUDE = {
    "baro": "from a barometer",
    "corrected": "from a map, by position",
    "gps": "from satellites alone: rough, too rough for descent",
    "none": "none was recorded",
}

SPORTS = {"TrailRun": "Trail run", "VirtualRun": "Virtual run"}


def day_text(day: date, *, year: bool = False) -> str:
    """ "Sat 21 Nov", with the year where it is asked for."""
    text = f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"
    return f"{text} {day.year}" if year else text


def moment_text(at: datetime | None, timezone: str) -> str:
    """ "Sat 21 Nov 2026, 07:30" by the clock of a time zone."""
    if at is None:
        return UNKNOWN
    local = at.astimezone(zone(timezone))
    return f"{day_text(local.date(), year=True)}, {local:%H:%M}"


def about_text(left: timedelta) -> str:
    """A time to wait, roughly: "45 minutes", "5 hours", "3 days"."""
    minutes = left.total_seconds() / 60
    if minutes <= 90:
        return f"{math.ceil(minutes)} minutes"
    if minutes <= 36 * 60:
        return f"{math.ceil(minutes / 60)} hours"
    return f"{math.ceil(minutes / 60 / 24)} days"


def zone(timezone: str | None) -> ZoneInfo:
    """A time zone; UTC where the name means nothing."""
    try:
        return ZoneInfo(timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def pace_text(moving_s: float | None, distance_m: float | None, units: Units) -> str:
    """Time for a kilometre or a mile: "5:42 min/km"."""
    if not moving_s or not distance_m:
        return UNKNOWN
    per_m, unit = (1609.344, "mi") if units == "imperial" else (1000.0, "km")
    seconds = round(moving_s / distance_m * per_m)
    return f"{seconds // 60}:{seconds % 60:02d} min/{unit}"


def reason_name(reason: Reason) -> str:
    return QUANTITIES.get(reason.quantity, reason.quantity.replace("_", " ").capitalize())


def reason_number(value: float | None, reason: Reason, units: Units) -> str:
    """The value, baseline or threshold of a reason with its unit."""
    return UNKNOWN if value is None else quantity_text(reason.quantity, value, reason.unit, units)


def or_more(reason: Reason, rule: str) -> bool:
    """Whether the rule speaks at the threshold itself already, not only above it."""
    return rule == "R-T3" or reason.quantity == "days_without_run" or (rule == "R-H1" and reason.baseline == 0)


def sport_text(sport: str) -> str:
    """ "AlpineSki" as "Alpine ski"."""
    words = SPORTS.get(sport) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", sport)
    return words[:1].upper() + words[1:].lower() if words else "Activity"


def run_name(run: Run) -> str:
    return run.name.strip() or sport_text(run.sport)


def why_not_counted(run: Run) -> str | None:
    """Why an activity is shown but not compared; None if it counts."""
    if run.sport not in RUN_FAMILY:
        return f"{sport_text(run.sport)}: kept, but only runs are compared."
    if not run.distance_m:
        return "No distance was measured, so there is nothing to compare."
    if not run.distance_trusted:
        return "Too many GPS jumps: the distance is shown, but neither counted nor judged."
    return None


def file_size_text(size: int) -> str:
    """Like "1.2 GB", "35 MB", "1 MB"."""
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{max(size / 2**20, 1):.0f} MB"


def origin_text(detail: RunDetail) -> str:
    """Where a recording came from."""
    return "Strava" if detail.source == "strava" else "A file"


def severity_text(alert: Alert) -> str:
    return SEVERITIES.get(alert.severity, f"Severity {alert.severity}")


def unbroken(text: str) -> str:
    """The same with numbers held together, and with their units, where a line breaks."""
    return re.sub(r"(?<=\d) (?=\d|(?:m|km|ft|mi)\b)", "\xa0", text)


def clock_text(seconds: float) -> str:
    """ "1:24", as a stop-watch shows it."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def speed_text(speed_m_s: float, units: Units) -> str:
    """A speed as a pace: "4:56 min/km"."""
    return pace_text(1.0, speed_m_s, units)


def reps_text(reps: Sequence[Repetition]) -> list[str]:
    """Like ones together: "6 × about 400 m in 1:24, rest 1:30"; metres for everybody, as on a track."""
    groups: list[list[Repetition]] = []
    for rep in reps:
        if groups and abs(rep.distance_m / groups[-1][0].distance_m - 1) < LIKE:
            groups[-1].append(rep)
        else:
            groups.append([rep])
    said = []
    for group in groups:
        rests = [rep.rest_s for rep in group if rep.rest_s is not None]
        times = f"{len(group)} × " if len(group) > 1 else ""
        rest = f", rest {clock_text(fmean(rests))}" if rests else ""
        metres, seconds = fmean(rep.distance_m for rep in group), fmean(rep.duration_s for rep in group)
        said.append(f"{times}about {fast_text(metres)} in {clock_text(seconds)}{rest}")
    return said


def track_text(track: TrackWork | None, units: Units) -> str:
    """What of a run lay on an athletics track, in words."""
    if track is None:
        return "unknown: no positions were recorded"
    if not track.is_oval:
        return "none"
    laps = f"{track.laps:.1f} laps"
    if track.lap_m is not None:
        laps += f" of {track.lap_m:.0f} m"
    lane = f" in lane {track.lane}" if track.lane is not None else ""
    other = ", an oval that is no 400 m track" if track.is_standard is False else ""
    return f"{laps}{lane}{other}: {fast_text(track.distance_m, units)}, jogging included"


def load_marks(load: RunLoad | None, units: Units) -> list[str]:
    """What a list of runs says of fast running and track, where it is known and there was some."""
    if load is None:
        return []
    marks = [f"fast {fast_text(load.fast_m, units)}"] if load.fast_m and load.fast_m >= FAST_RUN_M else []
    track = load.run.features.track if load.run.features else None
    if load.track_m and track is not None:
        marks.append(f"track {track.laps:.1f} laps")
    return marks


def week_text(week: IsoWeek, *, year: bool = True) -> str:
    """ "16 – 22 Nov 2026"."""
    first, last = week.monday, week.sunday
    month = "" if first.month == last.month else f" {_MONTHS[first.month - 1]}"
    text = f"{last.day} {_MONTHS[last.month - 1]}"
    if not year:
        return f"{first.day}{month} – {text}"
    before = "" if first.year == last.year else f" {first.year}"
    return f"{first.day}{month}{before} – {text} {last.year}"


def change_text(change: float | None) -> str:
    """ "12 % more", "8 % less", "about the same"."""
    if change is None:
        return UNKNOWN
    percent = round(abs(change) * 100)
    if percent < 3:
        return "about the same"
    return f"{percent} % {'more' if change > 0 else 'less'}"


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


def register(app: Flask) -> None:
    """Make these known to the templates, in the units and the time zone of whoever is logged in."""

    def units() -> Units:
        return profile().units if current_user.is_authenticated else "metric"

    filters: dict[str, Callable[..., Any]] = {
        "distance": lambda m: UNKNOWN if m is None else distance_text(m, units()),
        "duration": lambda s: UNKNOWN if s is None else duration_text(s),
        "unbroken": unbroken,
        "height": lambda m: UNKNOWN if m is None else unbroken(height_text(m, units())),
        "fast": lambda m: UNKNOWN if m is None else unbroken(fast_text(m, units())),
        "ascent_of": ascent_of,
        "altitude": lambda quality: ALTITUDE[quality],
        "speed": lambda m_s: speed_text(m_s, units()),
        "reps": lambda reps: [unbroken(line) for line in reps_text(reps)],
        "track": lambda track: unbroken(track_text(track, units())),
        "marks": lambda load: unbroken(", ".join(load_marks(load, units()))),
        "load_bar": lambda line: Markup(load_bar_svg(line.value, line.usual)),  # noqa: S704  numbers alone
        "pace": lambda run: pace_text(run.moving_s, run.distance_m, units()),
        "quantity": lambda value, reason: reason_number(value, reason, units()),
        "or_more": or_more,
        "day": day_text,
        "full_day": lambda day: day_text(day, year=True),
        "gap": lambda gap: gap_text(gap, zone(profile().timezone)),
        "about": about_text,
        "moment": lambda at, timezone=None: moment_text(at, timezone or profile().timezone),
        "reason_name": reason_name,
        "sport": sport_text,
        "run_name": run_name,
        "why_not_counted": why_not_counted,
        "origin": origin_text,
        "file_size": file_size_text,
        "count": lambda n: f"{n:,}".replace(",", "\u202f"),
        "severity": severity_text,
        "state": lambda state: STATES.get(str(state), str(state)),
        "rule_name": lambda rule: RULE_NAMES.get(rule, rule),
        "grade": lambda grade: GRADES.get(grade, ""),
        "week": week_text,
        "change": change_text,
        "purge_why": lambda why: RECEIPT_WHY.get(why, ""),
        "purge_rows": receipt_rows,
        "mail_kind": lambda kind: MAIL_KINDS.get(kind, kind),
        "mail_outcome": lambda state: MAIL_OUTCOMES.get(state, state),
        "with_links": with_links,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "ceiling_sentence": lambda ceiling: ceiling_text(ceiling, units()),
        "groupby_week": by_week,
        "iso_week": lambda day: str(IsoWeek.of(day)),
    }
    app.jinja_env.filters.update(filters)
