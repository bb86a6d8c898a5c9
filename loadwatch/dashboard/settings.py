"""What the runner sets and checks: profile, Strava, where the data stands, the mails."""

from typing import cast

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from loadwatch.dashboard.current import LoginUser, athlete_id, profile, services
from loadwatch.dashboard.forms import ProfileForm, timezones
from loadwatch.dashboard.speech import said
from loadwatch.domain.alerts import Sensitivity
from loadwatch.domain.wording import Units
from loadwatch.services.accounts import ASKED_SCOPES, SCOPE_MEANING, five_k_text, missing_scopes, read_five_k
from loadwatch.services.errors import LoadwatchError
from loadwatch.services.inbox import QUARANTINE_PER_DAY
from loadwatch.services.sync import complete_until

bp = Blueprint("settings", __name__)

MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'self'; sandbox"
)
"""A mail is shown like one from a stranger: no scripts, nothing loaded, no way out of its frame."""


@bp.get("/sync")
def sync() -> str:
    views = services().views
    state, connection = views.sync(athlete_id()), views.connection(athlete_id())
    return render_template(
        "sync.html",
        sync=state,
        complete_until=complete_until(state, connection, services().clock()),
        strava_configured=services().settings.strava_configured,
        budget=services().limiter.state() if services().settings.strava_configured else None,
        mails=views.mails(athlete_id()),
        by_list=services().rights.found_by_list(athlete_id()),
        receipts=services().rights.receipts(athlete_id()),
        retention_days=services().settings.strava_retention_days,
        connection=connection,
        gap=views.gap(athlete_id()),
        history=services().sync.progress(athlete_id()),
        subscription=services().subscription.last_check() if _is_operator() else None,
        quarantine=services().inbox.quarantine() if _is_operator() else None,
        quarantine_per_day=QUARANTINE_PER_DAY,
    )


def _is_operator() -> bool:
    return cast("LoginUser", current_user).is_operator


@bp.post("/sync/ask-strava")
def ask_strava() -> Response:
    """Whether Strava lets the application in again, asked now by its operator."""
    if not _is_operator() or not services().settings.strava_configured:
        abort(404)
    try:
        services().subscription.ask_now()
    except LoadwatchError as error:
        flash(f"Not yet: {error}.", "error")
    else:
        flash("Strava lets this server in again. What waited is fetched within a minute.")
    return redirect(url_for("settings.sync"))


@bp.post("/sync/<int:source_id>/retry")
def retry(source_id: int) -> Response:
    services().sync.retry(athlete_id(), source_id)
    flash(f"Strava activity {source_id} is tried again within {services().settings.sweep_s} seconds.")
    return redirect(url_for("settings.sync"))


@bp.route("/settings", methods=["GET", "POST"])
def settings() -> str | Response | tuple[str, int]:
    mine = profile()
    form = ProfileForm(obj=mine, five_k=five_k_text(mine.five_k_s))
    if mine.timezone not in timezones():
        form.timezone.choices = [*timezones(), mine.timezone]
    if form.validate_on_submit():
        try:
            services().accounts.update_profile(
                athlete_id(),
                name=form.name.data,
                email=form.email.data or None,
                timezone=form.timezone.data,
                language=form.language.data,
                units=cast("Units", form.units.data),
                novice=bool(form.novice.data),
                five_k_s=read_five_k(form.five_k.data or ""),
                alert_mails=bool(form.alert_mails.data),
                weekly_mail=bool(form.weekly_mail.data),
                sensitivity=cast("Sensitivity", form.sensitivity.data),
                quiet_from=form.quiet_from.data,
                quiet_to=form.quiet_to.data,
            )
        except LoadwatchError as error:
            flash(said(error.words), "error")
        else:
            flash("Your settings are saved.")
            return redirect(url_for("settings.settings"))
    connection = services().views.connection(athlete_id())
    page = render_template(
        "settings.html",
        form=form,
        connection=connection,
        missing=dict(missing_scopes(connection.scopes)) if connection else {},
        asked=[(scope, SCOPE_MEANING[scope]) for scope in ASKED_SCOPES],
        strava=services().settings.strava_configured,
        receipts=services().rights.receipts(athlete_id()),
        retention_days=services().settings.strava_retention_days,
    )
    return (page, 400) if form.is_submitted() else page


@bp.route("/settings/strava/disconnect", methods=["GET", "POST"])
def disconnect() -> str | Response:
    """The question first, then the deed: all that came from Strava."""
    if request.method == "POST":
        if services().rights.leave(athlete_id()) is None:
            flash("Strava is not connected, so there was nothing to delete.")
        else:
            flash("Strava is disconnected, and what had come from there is deleted. The receipt is below.")
        return redirect(url_for("settings.settings") + "#strava")
    if services().views.connection(athlete_id()) is None:
        abort(404)
    return render_template("disconnect.html", has_password=cast("LoginUser", current_user).has_password)


@bp.get("/mailbox")
def mailbox() -> str:
    return render_template("mailbox.html", mails=services().mailbox.list(athlete_id()))


@bp.get("/mailbox/<name>")
def mail(name: str) -> str:
    found = services().mailbox.get(athlete_id(), name)
    if found is None:
        abort(404)
    return render_template("mail.html", mail=found)


@bp.get("/mailbox/<name>/html")
def mail_html(name: str) -> Response:
    found = services().mailbox.get(athlete_id(), name)
    if found is None:
        abort(404)
    response = make_response(found.html)
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
