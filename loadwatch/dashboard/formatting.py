"""Quantities as the runner reads them: in their units, their time zone, and words."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask
from flask_login import current_user
from markupsafe import Markup, escape

from loadwatch.dashboard.current import profile
from loadwatch.domain.activity import RUN_FAMILY, Run
from loadwatch.domain.alerts import Alert
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.rules import Reason
from loadwatch.domain.wording import Units, ceiling_text, days_text, distance_text, duration_text
from loadwatch.services.ports import RunDetail

UNKNOWN = "–"

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

RULE_NAMES = {
    "R-M1": "Longer than the longest run of 30 days",
    "R-RTN": "First run after a break",
}

QUANTITIES = {
    "run_distance": "Distance of this run",
    "session_distance": "Distance of this session",
    "session_spike": "Against the longest before it",
    "days_without_run": "Days without a run before it",
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
    "resolved": "Past",
    "retracted": "Taken back",
}

MAIL_KINDS = {"alert": "Alert", "retraction": "Correction", "weekly": "Weekly summary"}

MAIL_OUTCOMES = {
    "pending": "waiting to be sent",
    "claimed": "uncertain: sending began and no outcome is known; not sent again",
    "sent": "sent",
    "failed": "not sent",
    "cancelled": "taken back before it left",
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


def ascent_text(ascent_m: float | None, units: Units) -> str:
    """Metres or feet climbed."""
    if ascent_m is None:
        return UNKNOWN
    return f"{ascent_m / 0.3048:.0f} ft" if units == "imperial" else f"{ascent_m:.0f} m"


def quantity_text(value: float | None, unit: str, units: Units) -> str:
    """A reason's number with its unit."""
    if value is None:
        return UNKNOWN
    if unit == "m":
        return distance_text(value, units)
    if unit == "ratio":
        return f"{value:.2f} times"
    if unit == "d":
        return days_text(value)
    return f"{value:g} {unit}".strip()


def reason_name(reason: Reason) -> str:
    return QUANTITIES.get(reason.quantity, reason.quantity.replace("_", " ").capitalize())


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


def severity_text(alert: Alert) -> str:
    return SEVERITIES.get(alert.severity, f"Severity {alert.severity}")


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
        "ascent": lambda m: ascent_text(m, units()),
        "pace": lambda run: pace_text(run.moving_s, run.distance_m, units()),
        "quantity": lambda value, unit: quantity_text(value, unit, units()),
        "day": day_text,
        "full_day": lambda day: day_text(day, year=True),
        "moment": lambda at, timezone=None: moment_text(at, timezone or profile().timezone),
        "reason_name": reason_name,
        "sport": sport_text,
        "run_name": run_name,
        "why_not_counted": why_not_counted,
        "severity": severity_text,
        "state": lambda state: STATES.get(str(state), str(state)),
        "rule_name": lambda rule: RULE_NAMES.get(rule, rule),
        "grade": lambda grade: GRADES.get(grade, ""),
        "week": week_text,
        "change": change_text,
        "mail_kind": lambda kind: MAIL_KINDS.get(kind, kind),
        "mail_outcome": lambda state: MAIL_OUTCOMES.get(state, state),
        "with_links": with_links,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "ceiling_sentence": lambda ceiling: ceiling_text(ceiling, units()),
        "groupby_week": by_week,
        "iso_week": lambda day: str(IsoWeek.of(day)),
    }
    app.jinja_env.filters.update(filters)
