"""From empty to the first verdict, and a made-up runner to look around with."""

from typing import cast

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response

from loadwatch.dashboard.current import LoginUser, athlete_id, back, log_in, profile, services
from loadwatch.dashboard.speech import _, of_browser, said
from loadwatch.services.errors import LoadwatchError
from loadwatch.services.uploads import MAX_FILES, SPORTS

bp = Blueprint("onboarding", __name__)

NOT_FOR_SAMPLES = frozenset({"settings", "uploads", "data", "connect"})
"""Blueprints in which a sample changes nothing: it has no mails, keys, files or connections."""

OWN = "own"
"""Where the session keeps the log-in of somebody who looks at a sample."""


def register(app: Flask) -> None:
    """Keep samples out of what is a real runner's; to be called when the log-in is asked for already."""

    @app.before_request
    def _only_look() -> Response | None:
        is_change = request.method == "POST" or request.endpoint in ("connect.start", "data.delete")
        if not is_change or request.blueprint not in NOT_FOR_SAMPLES or not current_user.is_authenticated:
            return None
        if not profile().is_sample:
            return None
        flash(_("That is not possible with a sample runner: it is only there to look around."), "error")
        return redirect(url_for("pages.today"))

    @app.context_processor
    def _sample() -> dict[str, object]:
        return {"is_sample": lambda: current_user.is_authenticated and profile().is_sample}


@bp.get("/welcome")
def welcome() -> str:
    return render_template("welcome.html", **_beginning(), sports=SPORTS, max_files=MAX_FILES)


@bp.get("/welcome/progress")
def progress() -> str:
    """How far the first runs are read: a part of the page, asked for again while they come in."""
    return render_template("_welcome_progress.html", **_beginning())


def _beginning() -> dict[str, object]:
    settings = services().settings
    return {
        "page": services().overview.beginning(athlete_id()),
        "strava": settings.strava_configured,
        "max_bytes": settings.archive_max_mb * 2**20,
        "retention_days": settings.strava_retention_days,
        "timezone": profile().timezone,
        "has_address": profile().email is not None or profile().is_sample,
    }


@bp.post("/welcome/timezone")
def set_timezone() -> Response:
    """Take over the time zone that the browser tells, or another one."""
    try:
        services().accounts.update_profile(athlete_id(), timezone=request.form.get("timezone", ""))
    except LoadwatchError as error:
        flash(said(error.words), "error")
    else:
        flash(_("Saved: your days and weeks begin by the clock of %(zone)s.", zone=request.form["timezone"]))
    return back(url_for("onboarding.welcome"))


@bp.post("/sample")
def make_sample() -> Response:
    """A runner with a season of runs, for somebody with an account or where one can be made."""
    accounts = services().accounts
    is_known = current_user.is_authenticated
    if not is_known and not accounts.signup_open():
        abort(404)
    if is_known and profile().is_sample:
        return redirect(url_for("pages.today"))
    own = cast("LoginUser", current_user).get_id() if is_known else None
    timezone = profile().timezone if is_known else "UTC"
    try:
        account = services().samples.make(_("Sample runner"), timezone)
        accounts.update_profile(account.athlete_id, language=profile().language if is_known else of_browser())
    except LoadwatchError as error:
        flash(said(error.words), "error")
        return back(url_for("auth.login"))
    answer = log_in(account)
    session[OWN] = own
    return answer


@bp.post("/sample/leave")
def leave_sample() -> Response:
    """Delete the sample and go back to where one came from."""
    services().samples.leave(athlete_id())
    own = services().accounts.by_session(session.get(OWN) or "")
    logout_user()
    session.clear()
    if own is not None:
        return log_in(own, url_for("onboarding.welcome"))
    flash(_("The sample runner is gone. Yours begins here."))
    return redirect(url_for("auth.signup"))
