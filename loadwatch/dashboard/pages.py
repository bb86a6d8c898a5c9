"""What the runner reads: today, alerts, runs, weeks."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from loadwatch.adapters.charts import distance_chart_svg
from loadwatch.dashboard.current import athlete_id, back, profile, services
from loadwatch.dashboard.formatting import moment_text, zone
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.report import Today
from loadwatch.domain.thresholds import LEARNING_HISTORY, LEARNING_RUNS
from loadwatch.domain.wording import HURTS_FIRST, load_ceiling_text
from loadwatch.emails.loads import load_rows
from loadwatch.services.accounts import missing_scopes
from loadwatch.services.alerts import NotForRedFlags

bp = Blueprint("pages", __name__)

RUN_DAYS = (30, 180, 366, 3660)


@bp.get("/")
def today() -> str:
    views = services().views
    page = views.today(athlete_id())
    units = profile().units
    ceilings = views.ceilings(athlete_id())
    next_run = {
        "mileage": page.ceiling_sentence,
        "hills": load_ceiling_text(ceilings.hills, units).partition(": ")[2],
        "fast": load_ceiling_text(ceilings.fast, units).partition(": ")[2],
    }
    if page.symptoms_decide:
        next_run = dict.fromkeys(next_run, HURTS_FIRST)
    return render_template(
        "today.html",
        page=page,
        loads=load_rows(page.week.loads, units),
        next_run=next_run,
        load_of=views.run_loads(athlete_id(), page.last_runs),
        wide=_chart(page, 760, 260, "wide"),
        narrow=_chart(page, 370, 250, "narrow"),
        strava=_strava_hint(),
        learning_days=LEARNING_HISTORY.days,
        learning_runs=LEARNING_RUNS,
        open_new=[a for a in page.alerts if a.state == "firing"],
        open_read=[a for a in page.alerts if a.state != "firing"],
        alert_of={p.run.id: p.alert_id for p in page.chart if p.alert_id is not None},
    )


def _chart(page: Today, width: int, height: int, chart_id: str) -> Markup:
    svg = distance_chart_svg(
        page.chart,
        units=profile().units,
        width=width,
        height=height,
        link_prefix=url_for("pages.runs") + "/",
        until=services().clock().astimezone(zone(profile().timezone)).date(),
        chart_id=chart_id,
    )
    return Markup(svg)  # noqa: S704  all text in it is escaped where it is drawn


def _strava_hint() -> str | None:
    """What stands in the way of new runs: nothing, no connection, a broken one, or a missing permission."""
    connection = services().views.connection(athlete_id())
    if connection is None:
        return "none" if services().settings.strava_configured else "not configured"
    if connection.state != "connected":
        return "broken"
    return "no activities" if any(s == "activity:read" for s, _ in missing_scopes(connection.scopes)) else None


@bp.get("/alerts")
def alerts() -> str:
    return render_template(
        "alerts.html",
        alerts=services().views.alerts(athlete_id(), days=366),
        muted=services().alerts.to_restore(athlete_id()),
    )


@bp.get("/alerts/<int:alert_id>")
def alert(alert_id: int) -> str:
    return render_template("alert.html", page=services().views.alert(athlete_id(), alert_id))


@bp.post("/alerts/<int:alert_id>/acknowledge")
def acknowledge(alert_id: int) -> Response:
    services().alerts.acknowledge(athlete_id(), alert_id)
    return back(url_for("pages.alert", alert_id=alert_id))


@bp.post("/alerts/<int:alert_id>/snooze")
def snooze(alert_id: int) -> Response:
    alerts = services().alerts
    try:
        if request.form.get("planned"):
            alerts.planned(athlete_id(), alert_id)
            flash("Noted: this run was planned.")
        else:
            until = alerts.snooze(athlete_id(), alert_id)
            flash(f"No more of this kind until {moment_text(until, profile().timezone)}, unless it gets worse.")
    except NotForRedFlags as error:
        flash(str(error), "error")
    return redirect(url_for("pages.alert", alert_id=alert_id))


@bp.post("/alerts/<int:alert_id>/feedback")
def feedback(alert_id: int) -> Response:
    services().alerts.feedback(athlete_id(), alert_id, useful=request.form.get("useful") == "yes")
    flash("Thank you, that is noted.")
    return redirect(url_for("pages.alert", alert_id=alert_id))


@bp.post("/muted")
def restore() -> Response:
    key = request.form.get("key", "")
    services().alerts.restore(athlete_id(), key[:60], restore=request.form.get("restore") == "yes")
    return redirect(url_for("pages.alerts"))


@bp.get("/runs")
def runs() -> str:
    days = request.args.get("days", 180, type=int)
    if days not in RUN_DAYS:
        abort(404)
    found = services().views.runs(athlete_id(), days=days)
    speaking = services().views.alerts(athlete_id(), days=days + 1)
    return render_template(
        "runs.html",
        runs=found,
        days=days,
        choices=RUN_DAYS,
        load_of=services().views.run_loads(athlete_id(), [detail.run for detail in found]),
        alert_of={a.run_id: a for a in speaking if a.state != "retracted"},
    )


@bp.get("/runs/<int:run_id>")
def run(run_id: int) -> str:
    page = services().views.run(athlete_id(), run_id)
    run = page.detail.run
    return render_template(
        "run.html",
        page=page,
        detail=page.detail,
        run=run,
        load=page.load,
        speeds=page.speeds,
        timezone=page.detail.timezone or profile().timezone,
        recordings=services().recordings.of(athlete_id(), run_id),
    )


@bp.post("/runs/<int:run_id>/recordings")
def tell_recordings(run_id: int) -> Response:
    recordings = services().recordings
    recordings.of(athlete_id(), run_id)  # somebody else's run is not found, whatever is said of it
    match request.form.get("told"):
        case "apart":
            recordings.count_apart(athlete_id(), run_id)
            flash("Counted as a run of its own. You can take that back here.")
        case "once":
            recordings.count_once(athlete_id(), run_id)
            flash("They are one run again, counted once.")
        case "prefer":
            recordings.prefer(athlete_id(), run_id)
            flash("This recording is the one that counts now.")
        case _:
            abort(400)
    return redirect(url_for("pages.run", run_id=run_id))


@bp.get("/weeks")
def this_week() -> Response:
    day = services().clock().astimezone(zone(profile().timezone)).date()
    return redirect(url_for("pages.week", iso_week=str(IsoWeek.of(day))))


@bp.get("/weeks/<iso_week>")
def week(iso_week: str) -> str:
    try:
        wanted = IsoWeek.parse(iso_week)
        before, after = wanted.shifted(-1), wanted.shifted(1)
        wanted.shifted(-10), wanted.shifted(10)  # the calendar ends somewhere
    except (ValueError, OverflowError):
        abort(404)
    now = services().clock().astimezone(zone(profile().timezone)).date()
    current = IsoWeek.of(now)
    if wanted > current.shifted(1) or wanted.year < 1990:
        abort(404)
    report = services().views.week(athlete_id(), wanted)
    return render_template(
        "week.html",
        report=report,
        loads=load_rows(report.loads, profile().units, symptoms_decide=report.symptoms_decide),
        hurts_first=HURTS_FIRST,
        load_of=services().views.run_loads(athlete_id(), report.runs),
        before=before,
        after=after if wanted < current else None,
        is_current=wanted == current,
        highest=max([d for _, d in report.previous] + [report.distance_m, 1.0]),
    )


@bp.get("/about")
def about() -> str:
    return render_template("about.html")
