"""A runner's load over time: charts to zoom into, and the calendar."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from babel.dates import format_skeleton
from babel.numbers import format_decimal
from flask import Blueprint, Response, abort, current_app, jsonify, render_template, request, url_for
from markupsafe import Markup

from loadwatch.adapters.load_charts import Said, Scale, TimeAxis, mark_svg, pains_svg, runs_svg, weeks_svg
from loadwatch.dashboard.current import profile, services
from loadwatch.dashboard.formatting import UNKNOWN, zone
from loadwatch.dashboard.speech import _, language, lazy
from loadwatch.domain.load_history import Days, Pain, Side, WeekLoads, WeekSum
from loadwatch.domain.report import ChartPoint
from loadwatch.domain.thresholds import HILLY_M
from loadwatch.services.load_pages import AlertDay, LoadHistory

bp = Blueprint("load", __name__)

FIRST_YEAR: Final = 1990
"""No run of before is looked for."""

QUARTER: Final = timedelta(days=90)
YEAR: Final = timedelta(days=365)
"""How far back "3 months" and "12 months" reach."""

YEARLY_TABLE: Final = timedelta(days=800)
"""Over more than that the table has a row for each year instead of each week. Design choice."""

_METRE, _KILOMETRE, _MILE, _FOOT = Scale(1.0, "m"), Scale(1000.0, "km"), Scale(1609.344, "mi"), Scale(0.3048, "ft")


@dataclass(frozen=True, slots=True)
class Load:
    """One of the four loads as a chart: its name, what it means, its numbers and the filter that writes them."""

    kind: str
    name: Any
    meaning: Any
    of: Callable[[WeekLoads], WeekSum]
    filter: str

    @property
    def scale(self) -> Scale:
        imperial = profile().units == "imperial"
        if self.filter == "height":
            return _FOOT if imperial else _METRE
        if self.filter == "distance":
            return _MILE if imperial else _KILOMETRE
        return _MILE if imperial else _METRE

    def text(self, metres: float | None) -> str:
        return _written(self.filter, metres)


LOADS: Final = (
    Load("mileage", lazy("Distance"), lazy("All runs of a week."), lambda w: w.mileage, "distance"),
    Load(
        "hills",
        lazy("Downhill"),
        lazy("Downhill load: metres lost where it is steep, faster ones count for more."),
        lambda w: w.hills,
        "height",
    ),
    Load(
        "fast",
        lazy("Fast running"),
        lazy("Metres at a speed that was fast for you then, at least."),
        lambda w: w.fast,
        "fast",
    ),
    Load("track", lazy("Track"), lazy("Metres on an athletics track, jogging included."), lambda w: w.track, "fast"),
)


@bp.app_template_filter("ratio")
def ratio_text(value: float | None) -> str:
    """ "1.34" as the reader's language writes it."""
    return UNKNOWN if value is None else format_decimal(value, "0.00", locale=language())


def _written(name: str, *values: Any) -> str:
    """A quantity through the filter of the templates, in the reader's units and language."""
    return str(current_app.jinja_env.filters[name](*values))


def _today() -> date:
    return services().clock().astimezone(zone(profile().timezone)).date()


@bp.get("/load")
def load() -> str:
    period = request.args.get("period", "3m")
    history = services().load_pages.history(profile(), _days_of(period, _today()))
    axis = TimeAxis(history.shown, history.unknown, _time_labels(history.shown))
    loads = [each for each in LOADS if each.kind != "fast" or history.with_speeds]
    return render_template(
        "load.html",
        period=period,
        history=history,
        choices=_choices(history, period),
        quarters=_quarters(period, history.today),
        loads=loads,
        unit=LOADS[0].scale.name,
        svg=_runs_chart(history, axis),
        week_svg={each.kind: _weeks_chart(each, history, axis) for each in loads},
        pain_svg=_pains_chart(history, axis),
        totals=_totals(history),
        years=_years(history) if history.shown.last - history.shown.first > YEARLY_TABLE else [],
        worst=_worst_by_week(history.pains),
        mark={severity: Markup(mark_svg(severity)) for severity in (1, 2, 3, 4)},  # noqa: S704  no text in it
    )


@bp.get("/load/data")
def data() -> Response:
    """What the charts draw, in the reader's units: for the script that zooms."""
    today = _today()
    first, last = request.args.get("from") or str(today - QUARTER), request.args.get("to") or str(today)
    shown = _asked_days(first, last)
    history = services().load_pages.history(profile(), shown)
    return jsonify(_numbers(history))


def _asked_days(first: str, last: str) -> Days:
    try:
        days = Days(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        abort(400)
    if days.first > days.last or days.first.year < FIRST_YEAR:
        abort(400)
    return days


def _days_of(period: str, today: date) -> Days | None:
    """The days that a period names; None: all."""
    if period == "all":
        return None
    if period in ("3m", "12m"):
        return Days(today - (QUARTER if period == "3m" else YEAR), today)
    named = re.fullmatch(r"(\d{4})(?:-q([1-4]))?", period)
    year = int(named.group(1)) if named else 0
    if named is None or not FIRST_YEAR <= year <= today.year:
        abort(404)
    if named.group(2) is None:
        return Days(date(year, 1, 1), date(year, 12, 31))
    month = 3 * int(named.group(2)) - 2
    if date(year, month, 1) > today:
        abort(404)
    return Days(date(year, month, 1), _month_later(date(year, month, 1), 3) - timedelta(days=1))


def _month_later(first: date, n: int) -> date:
    months = first.year * 12 + first.month - 1 + n
    return date(months // 12, months % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Choice:
    """A link to another time."""

    period: str
    label: str
    is_current: bool


def _choices(history: LoadHistory, period: str) -> list[Choice]:
    named = [("3m", _("3 months")), ("12m", _("12 months")), ("all", _("All"))]
    if history.first_day is not None:
        named += [(str(year), str(year)) for year in range(history.today.year, history.first_day.year - 1, -1)]
    return [Choice(key, label, key == period or period.startswith(f"{key}-")) for key, label in named]


def _quarters(period: str, today: date) -> list[Choice]:
    """The quarters of the year that is shown, as far as they have begun."""
    if not re.match(r"\d{4}", period):
        return []
    year = int(period[:4])
    found = []
    for n in range(1, 5):
        first = date(year, 3 * n - 2, 1)
        if first <= today:
            key = f"{year}-q{n}"
            label = f"{_month(first)} – {_month(_month_later(first, 2))}"
            found.append(Choice(key, label, key == period))
    return found


def _month(day: date) -> str:
    return str(format_skeleton("MMM", day, locale=language()))


def _time_labels(shown: Days) -> list[tuple[date, str]]:
    """Some beginnings of months, or of years, that have room below a chart of a phone."""
    months = []
    first = date(shown.first.year, shown.first.month, 1)
    while first <= shown.last:
        if first >= shown.first:
            months.append(first)
        first = _month_later(first, 1)
    if len(months) > 24:
        years = [m for m in months if m.month == 1]
        return [(m, str(m.year)) for m in years[:: len(years) // 6 + 1]]
    return [(m, _month(m)) for m in months[:: len(months) // 5 + 1]]


def _runs_chart(history: LoadHistory, axis: TimeAxis) -> Markup:
    said = Said("runs", _("Distance of each run, with the ceiling that held for it"), _said_of_runs(history))
    svg = runs_svg(
        history.points,
        history.alerts,
        axis,
        LOADS[0].scale,
        said,
        run_words=_run_words,
        alert_words=_alert_words,
        run_link=lambda point: url_for("pages.run", run_id=point.run.id),
        alert_link=lambda alert: url_for("pages.alert", alert_id=alert.mark.id),
    )
    return Markup(svg)  # noqa: S704  all text in it is escaped where it is drawn


def _said_of_runs(history: LoadHistory) -> str:
    if not history.points:
        return _("No run is known of this time.")
    longest = max(history.points, key=lambda p: p.distance_m)
    return _(
        "The longest run had %(distance)s, on %(day)s. The stepped line is the ceiling that held for each.",
        distance=_written("distance", longest.distance_m),
        day=_written("full_day", longest.run.local_date),
    )


def _run_words(point: ChartPoint) -> str:
    day, distance = _written("day", point.run.local_date), _written("distance", point.distance_m)
    if point.ceiling_m is None:
        return f"{day}: {distance}"
    ceiling = _written("distance", point.ceiling_m)
    return _("%(day)s: %(distance)s, ceiling %(ceiling)s", day=day, distance=distance, ceiling=ceiling)


def _alert_words(alert: AlertDay) -> str:
    return f"{_written('day', alert.day)}: {_written('rule_name', alert.mark.rule)}"


def _weeks_chart(each: Load, history: LoadHistory, axis: TimeAxis) -> Markup:
    def words(week: WeekLoads) -> str:
        return f"{_written('week', week.week)}: {_value_words(each, each.of(week))}"

    last = next((w for w in reversed(history.weeks) if w.is_whole and each.of(w).value_m is not None), None)
    text = str(each.meaning) if last is None else f"{each.meaning} {words(last)}."
    said = Said(each.kind, _("%(load)s, week by week", load=str(each.name)), text)
    return Markup(weeks_svg(history.weeks, each.of, axis, each.scale, said, words))  # noqa: S704  as above


def _value_words(each: Load, value: WeekSum) -> str:
    if value.value_m is None:
        return _("not known")
    if value.known_runs < value.n_runs:
        return _(
            "at least %(value)s, %(known)s of %(runs)s runs tell",
            value=each.text(value.value_m),
            known=value.known_runs,
            runs=value.n_runs,
        )
    return each.text(value.value_m)


def _pains_chart(history: LoadHistory, axis: TimeAxis) -> Markup:
    sides: dict[Side, str] = {"left": _("Left"), "right": _("Right")}
    days = len({p.day for p in history.pains if p.worst != 0})
    said = Said("pains", _("What hurt, by side"), _("Days on which something hurt: %(days)s.", days=days))
    return Markup(pains_svg(history.pains, axis, said, sides, _pain_words))  # noqa: S704  as above


def _pain_words(pain: Pain) -> str:
    day = _written("day", pain.day)
    if pain.worst is None:
        return _("%(day)s: it hurt, no number was told", day=day)
    if pain.worst == 0:
        return _("%(day)s: nothing hurt", day=day)
    return _("%(day)s: pain %(pain)s of 10", day=day, pain=pain.worst)


@dataclass(frozen=True, slots=True)
class Totals:
    """A time in a line of numbers; metres, None where they are not known."""

    year: int | None
    n_runs: int
    distance_m: float
    longest_m: float | None
    n_alerts: int
    n_pain_days: int


def _totals(history: LoadHistory, year: int | None = None, points: Sequence[ChartPoint] | None = None) -> Totals:
    """Of all that is shown, or of a year with these runs."""
    distances = [p.distance_m for p in (history.points if points is None else points)]
    pain_days = {p.day for p in history.pains if p.worst != 0 and year in (None, p.day.year)}
    return Totals(
        year=year,
        n_runs=len(distances),
        distance_m=sum(distances),
        longest_m=max(distances, default=None),
        n_alerts=sum(year in (None, a.day.year) for a in history.alerts),
        n_pain_days=len(pain_days),
    )


def _years(history: LoadHistory) -> list[Totals]:
    years = range(history.shown.last.year, history.shown.first.year - 1, -1)
    points: dict[int, list[ChartPoint]] = {year: [] for year in years}
    for point in history.points:
        points[point.run.local_date.year].append(point)
    return [_totals(history, year, points[year]) for year in years]


def _worst_by_week(pains: Sequence[Pain]) -> dict[tuple[str, str], int | None]:
    """The worst of each week and side, by the name of the week; None where it hurt without a number."""
    worst: dict[tuple[str, str], int | None] = {}
    for pain in pains:
        key = (_written("iso_week", pain.day), pain.side)
        worst[key] = max((worst.get(key, 0), pain.worst), key=lambda p: 0.5 if p is None else p)
    return worst


_EPOCH: Final = date(1970, 1, 1)


def _numbers(history: LoadHistory) -> dict[str, Any]:
    """Columns, days as their number since 1970, values in the reader's units; null is what is not known."""
    scale = LOADS[0].scale
    speaking: dict[str, Any] = {
        str(each.kind): {
            "unit": each.scale.name,
            "digits": 0 if each.scale.metres <= 1 else 1,
            "value": [_in(each.of(w).value_m, each.scale) for w in history.weeks],
            "low": [_in((each.of(w).usual_m or (None, None))[0], each.scale) for w in history.weeks],
            "high": [_in((each.of(w).usual_m or (None, None))[1], each.scale) for w in history.weeks],
            "part": [each.of(w).known_runs < each.of(w).n_runs or not w.is_whole for w in history.weeks],
        }
        for each in LOADS
        if each.kind != "fast" or history.with_speeds
    }
    return {
        "first": _number(history.shown.first),
        "last": _number(history.shown.last),
        "unknown": [[_number(span.first), _number(span.last)] for span in history.unknown],
        "runs": {
            "unit": scale.name,
            "digits": 1,
            "day": [_number(p.run.local_date) for p in history.points],
            "value": [_in(p.distance_m, scale) for p in history.points],
            "ceiling": [_in(p.ceiling_m, scale) for p in history.points],
            "id": [p.run.id for p in history.points],
        },
        "speaking": [p.run.id for p in history.points if p.alert_id is not None],
        "weeks": {"day": [_number(w.week.monday) for w in history.weeks], **speaking},
        "pains": {
            "day": [_number(p.day) for p in history.pains],
            "side": [p.side for p in history.pains],
            "worst": [p.worst for p in history.pains],
        },
        "alerts": [
            [_number(a.day), a.mark.id, a.mark.severity, _written("rule_name", a.mark.rule)] for a in history.alerts
        ],
    }


def _number(day: date) -> int:
    return (day - _EPOCH).days


def _in(metres: float | None, scale: Scale) -> float | None:
    return None if metres is None else round(metres / scale.metres, 2)


@bp.get("/calendar")
def calendar() -> str:
    today = _today()
    first = _asked_month(request.args.get("month", ""), today)
    month = services().load_pages.month(profile(), first)
    return render_template(
        "calendar.html",
        month=month,
        before=_month_later(first, -1) if first.year > FIRST_YEAR else None,
        after=_month_later(first, 1) if first <= today else None,
        hilly_m=HILLY_M,
        title=format_skeleton("yMMMM", first, locale=language()),
        weekdays=[
            (format_skeleton("EEEE", day.day, locale=language()), format_skeleton("EEE", day.day, locale=language()))
            for day in month.weeks[0]
        ],
        mark={severity: Markup(mark_svg(severity)) for severity in (1, 2, 3, 4)},  # noqa: S704  no text in it
    )


def _asked_month(text: str, today: date) -> date:
    if not text:
        return today.replace(day=1)
    named = re.fullmatch(r"(\d{4})-(\d{2})", text)
    try:
        first = date(int(named.group(1)), int(named.group(2)), 1) if named else None
    except ValueError:
        first = None
    if first is None or not date(FIRST_YEAR, 1, 1) <= first <= _month_later(today.replace(day=1), 1):
        abort(404)
    return first
