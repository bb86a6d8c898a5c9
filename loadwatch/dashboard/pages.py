"""What the runner reads: today, alerts, runs, weeks."""

import secrets
from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from loadwatch.adapters.charts import distance_chart_svg
from loadwatch.dashboard.current import athlete_id, back, own_path, profile, services
from loadwatch.dashboard.formatting import moment_text, zone
from loadwatch.dashboard.speech import _, reader, said
from loadwatch.domain.alerts import OPEN_STATES
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.findings import ACT
from loadwatch.domain.no_runs import Remedy, why_no_runs
from loadwatch.domain.pain_week import pain_week_text
from loadwatch.domain.rehab_week import RehabWeek, rehab_week_text
from loadwatch.domain.report import Today, WeeklyReport
from loadwatch.domain.sources import UNREVIEWED
from loadwatch.domain.symptoms import REGIONS, SIDES
from loadwatch.domain.weekly_action import week_verdict, weekly_action
from loadwatch.domain.wording import HURTS_FIRST
from loadwatch.emails.loads import change_text, load_rows
from loadwatch.services.alerts import NotForRedFlags
from loadwatch.services.check_in import Superseded
from loadwatch.services.health_ports import Draft, InvalidCheckIn
from loadwatch.services.notices import notices
from loadwatch.services.sync import READS_ACTIVITIES
from loadwatch.services.sync_ports import Awaited

bp = Blueprint("pages", __name__)

NEW_SHOWN: Final = 3
"""So many new alerts stand on Today unfolded, and whatever asks to act. Design choice."""


@bp.get("/")
def today() -> str:
    found = services().views.today_page(profile())
    page = found.today
    g.pulse = found.facts.pulse
    new = [a for a in page.alerts if a.state == "firing"]  # the most severe first
    n_shown = max(NEW_SHOWN, sum(a.severity >= ACT for a in new))
    return render_template(
        "today.html",
        page=page,
        problems=services().check_ins.open_problems(found.facts),
        loads=load_rows(page.week.loads, profile().units),
        ceilings={"mileage": page.ceiling, "hills": found.ceilings.hills, "fast": found.ceilings.fast},
        hurts_first=HURTS_FIRST,
        load_of=found.loads,
        wide=_chart(page, 760, 240, "wide"),
        narrow=_chart(page, 370, 230, "narrow"),
        strava=_strava_hint(found.facts.awaited),
        notices=notices(profile(), found.facts.untold),
        shown_new=new[:n_shown],
        folded_new=new[n_shown:],
        open_read=[a for a in page.alerts if a.state != "firing"],
        alert_of={p.run.id: p.alert_id for p in page.chart if p.alert_id is not None},
        key=secrets.token_urlsafe(16),
    )


def _chart(page: Today, width: int, height: int, chart_id: str) -> Markup:
    svg = distance_chart_svg(
        page.chart,
        speech=reader(),
        width=width,
        height=height,
        link_prefix=url_for("pages.runs") + "/",
        until=services().clock().astimezone(zone(profile().timezone)).date(),
        chart_id=chart_id,
    )
    return Markup(svg)  # noqa: S704  all text in it is escaped where it is drawn


def _strava_hint(awaited: Awaited) -> str | None:
    """What stands in the way of new runs: nothing, no connection, a broken one, or a missing permission."""
    if awaited.link is None:
        return "none" if services().settings.strava_configured else "not configured"
    if awaited.link != "connected":
        return "broken"
    return "no activities" if READS_ACTIVITIES not in awaited.scopes else None


@bp.post("/feel")
def feel() -> Response:
    """A check-in of three taps: what was told is stored and screened at once, the full one may follow."""
    side, __, region = request.form.get("spot", "").partition(":")
    pain = request.form.get("pain", "")
    told: dict[str, Any] = {"side": side, "regions": region, "pain_today": pain} if region else {"pain_today": pain}
    draft = Draft(
        side=next((s for s in SIDES if s == side), None),
        regions=frozenset(r for r in REGIONS if r == region),
        pain_today=int(pain) if pain.isdecimal() and len(pain) < 3 else None,
        client_key=request.form.get("key") or None,
        source="page",
    )
    check_ins = services().check_ins
    try:
        if draft.pain_today is None:
            raise InvalidCheckIn("pain_today", "how much does it hurt?")
        try:
            result = check_ins.record(athlete_id(), draft)
        except Superseded:  # somebody went back and tapped something else
            result = check_ins.record(athlete_id(), replace(draft, client_key=None))
    except InvalidCheckIn:
        flash(_("That was not all of it: please tell where it hurts, and how much."), "error")
        return redirect(url_for("health.check_in", **told))
    if not result.report.hurts and not result.red_flags:
        flash(_("Noted: nothing hurts. A problem that is open stays so until you say on its page that it is gone."))
        return redirect(url_for("pages.today"))
    if not result.red_flags and not result.follow_ups:
        flash(_("Noted, and stored. Tell more here, and loadwatch can say what it resembles; or leave it at that."))
        return redirect(url_for("health.check_in", **told))
    if not result.red_flags:
        more = Markup('<a href="{}">{}</a>').format(url_for("health.check_in", **told), _("Tell more"))
        flash(Markup("{} {}").format(_("Noted, and stored. The questions below come first."), more))
    return redirect(url_for("health.result", check_in_id=result.report.id))


@bp.get("/alerts")
def alerts() -> str:
    found = services().views.alerts(athlete_id(), days=366)
    return render_template(
        "alerts.html",
        open=[a for a in found if a.state in OPEN_STATES],
        past=[a for a in found if a.state not in OPEN_STATES],
        muted=services().alerts.to_restore(athlete_id()),
    )


@bp.get("/alerts/<int:alert_id>")
def alert(alert_id: int) -> str:
    return render_template("alert.html", page=services().views.alert(athlete_id(), alert_id))


@bp.post("/alerts/<int:alert_id>/acknowledge")
def acknowledge(alert_id: int) -> Response:
    services().alerts.acknowledge(athlete_id(), alert_id)
    return _dealt_with(alert_id, _("Read. It counts on until its time is over."))


@bp.post("/alerts/<int:alert_id>/snooze")
def snooze(alert_id: int) -> Response:
    alerts = services().alerts
    try:
        if request.form.get("planned"):
            alerts.planned(athlete_id(), alert_id)
            return _dealt_with(alert_id, _("Noted: this run was planned."))
        until = moment_text(alerts.snooze(athlete_id(), alert_id), profile().timezone)
        return _dealt_with(alert_id, _("No more of this kind until %(when)s, unless it gets worse.", when=until))
    except NotForRedFlags as error:
        return _dealt_with(alert_id, str(said(error.words)), "error")


@bp.post("/alerts/<int:alert_id>/feedback")
def feedback(alert_id: int) -> Response:
    services().alerts.feedback(athlete_id(), alert_id, useful=request.form.get("useful") == "yes")
    return _dealt_with(alert_id, _("Thank you, that is noted."))


def _dealt_with(alert_id: int, said: str, category: str = "message") -> Response:
    """The alert's card as it is now, for htmx; else back to the page that it stood on."""
    if request.headers.get("HX-Request"):
        alert = services().views.alert(athlete_id(), alert_id).alert
        place = own_path(request.form.get("next")) or url_for("pages.alerts")
        return make_response(render_template("_alert.html", alert=alert, said=said, next=place))
    flash(said, category)
    return back(url_for("pages.alert", alert_id=alert_id))


@bp.post("/muted")
def restore() -> Response:
    key = request.form.get("key", "")
    services().alerts.restore(athlete_id(), key[:60], restore=request.form.get("restore") == "yes")
    return redirect(url_for("pages.alerts"))


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
    report, load_of = services().views.week_and_loads(profile(), wanted)
    return render_template(
        "week.html",
        report=report,
        verdict=week_verdict(report),
        action=weekly_action(report) if report.is_latest else None,
        missing=why_no_runs(report.no_runs) if report.no_runs else None,
        remedies={where: url_for(page) for where, page in _REMEDIES.items()},
        changes=[change_text(change) for change in report.changes],
        pain=[(told, pain_week_text(told), _rehab_of(report, told.id)) for told in report.pain],
        loads=load_rows(report.loads, profile().units, symptoms_decide=report.symptoms_decide),
        hurts_first=HURTS_FIRST,
        unreviewed=UNREVIEWED,
        load_of=load_of,
        before=before,
        after=after if wanted < current else None,
        is_current=wanted == current,
        highest=max([d for _, d in report.previous] + [report.distance_m, 1.0]),
    )


_REMEDIES: Final[dict[Remedy, str]] = {
    "settings": "settings.settings",
    "welcome": "onboarding.welcome",
    "upload": "uploads.uploads",
    "runs": "pages.runs",
    "sync": "settings.sync",
}


def _rehab_of(report: WeeklyReport, problem_id: int) -> list[tuple[RehabWeek, str]]:
    return [(r, rehab_week_text(r)) for r in report.rehab if r.problem_id == problem_id and r.stage]


@bp.get("/about")
def about() -> str:
    return render_template("about.html")
