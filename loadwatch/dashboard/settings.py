"""What the runner sets and checks: profile, Strava, where the data stands, the mails."""

from typing import cast

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from loadwatch.dashboard.current import LoginUser, athlete_id, log_in, profile, services
from loadwatch.dashboard.forms import MailsForm, PasswordForm, PersonForm, PlaceForm, RunningForm, timezones
from loadwatch.dashboard.speech import _, lazy, said
from loadwatch.domain.thresholds import BUDGET_MONTH, BUDGET_WEEK
from loadwatch.services.accounts import ASKED_SCOPES, SCOPE_MEANING, five_k_text, missing_scopes, read_five_k
from loadwatch.services.errors import LoadwatchError
from loadwatch.services.inbox import QUARANTINE_PER_DAY
from loadwatch.services.sync import complete_until

bp = Blueprint("settings", __name__)

SHOWN_MAILS = 100

MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'self'; sandbox"
)
"""A mail is shown like one from a stranger: no scripts, nothing loaded, no way out of its frame."""


@bp.get("/sync")
def sync() -> str:
    views = services().views
    page = views.sync(athlete_id())
    return render_template(
        "sync.html",
        sync=page.state,
        complete_until=complete_until(page.state, page.connection, services().clock()),
        strava_configured=services().settings.strava_configured,
        budget=services().limiter.state() if services().settings.strava_configured else None,
        mail_down=page.mail_down,
        by_list=services().rights.found_by_list(athlete_id()),
        receipts=services().rights.receipts(athlete_id()),
        retention_days=services().settings.strava_retention_days,
        connection=page.connection,
        gap=page.gap,
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
        flash(_("Not yet: %(why)s.", why=said(error.words)), "error")
    else:
        flash(_("Strava lets this server in again. What waited is fetched within a minute."))
    return redirect(url_for("settings.sync"))


@bp.post("/sync/<int:source_id>/retry")
def retry(source_id: int) -> Response:
    services().sync.retry(athlete_id(), source_id)
    within_s = services().settings.sweep_s
    flash(_("Strava activity %(id)s is tried again within %(n)s seconds.", id=source_id, n=within_s))
    return redirect(url_for("settings.sync"))


FORMS: dict[str, type[FlaskForm]] = {
    "you": PersonForm,
    "place": PlaceForm,
    "running": RunningForm,
    "mails": MailsForm,
}
"""The parts of the settings: each is saved by itself."""


@bp.get("/settings")
def settings() -> str:
    return _settings_page()


@bp.post("/settings/<part>")
def save(part: str) -> Response | tuple[str, int]:
    """Save one part; the others stay as they are."""
    if part not in FORMS:
        abort(404)
    form = _form(part)
    if form.validate_on_submit():
        given = dict(form.data)
        given.pop("csrf_token", None)
        try:
            if part == "running":
                given["five_k_s"] = read_five_k(given.pop("five_k") or "")
            if part == "you":
                given["email"] = given["email"] or None
            services().accounts.update_profile(athlete_id(), **given)
        except LoadwatchError as error:
            flash(said(error.words), "error")
        else:
            _forget_profile()
            flash(str(SAVED[part]))
            return redirect(url_for("settings.settings") + f"#{part}")
    return _settings_page(form), 400


SAVED = {
    "you": lazy("Saved: name and address."),
    "place": lazy("Saved: language, units and time zone."),
    "running": lazy("Saved: your running."),
    "mails": lazy("Saved: mails and quiet hours."),
}


def _form(part: str) -> FlaskForm:
    mine = profile()
    form = FORMS[part](obj=mine, **({"five_k": five_k_text(mine.five_k_s)} if part == "running" else {}))
    if part == "place" and mine.timezone not in timezones():
        form.timezone.choices = [*timezones(), mine.timezone]
    return form


def _forget_profile() -> None:
    """What is said from now on is said in the new language."""
    g.pop("profile", None)
    g.pop("language", None)


def _settings_page(refused: FlaskForm | None = None) -> str:
    connection = services().views.connection(athlete_id())
    forms = {part: refused if isinstance(refused, kind) else _form(part) for part, kind in FORMS.items()}
    return render_template(
        "settings.html",
        forms=forms,
        connection=connection,
        missing=dict(missing_scopes(connection.scopes)) if connection else {},
        asked=[(scope, SCOPE_MEANING[scope]) for scope in ASKED_SCOPES],
        strava=services().settings.strava_configured,
        budget=(BUDGET_WEEK, BUDGET_MONTH),
        receipts=services().rights.receipts(athlete_id()),
        retention_days=services().settings.strava_retention_days,
    )


@bp.get("/settings/access")
def access() -> str:
    return _access_page()


@bp.post("/settings/password")
def password() -> Response | tuple[str, int]:
    """Another password; this log-in goes on, those elsewhere end."""
    form = PasswordForm()
    if form.validate_on_submit():
        given = (form.old.data or "", form.new.data or "", form.email.data or None)
        try:
            account = services().accounts.change_password(athlete_id(), *given)
        except LoadwatchError as error:
            flash(said(error.words), "error")
        else:
            flash(_("Saved: your new password. Log-ins on other devices have ended."))
            return log_in(account, url_for("settings.access"))
    return _access_page(form), 400


@bp.post("/settings/keys")
def make_key() -> str | tuple[str, int]:
    """A key to the API, shown on this page and never again."""
    try:
        key = services().accounts.create_token(athlete_id(), request.form.get("name", ""))
    except LoadwatchError as error:
        flash(said(error.words), "error")
        return _access_page(), 400
    return _access_page(new_key=key)


@bp.post("/settings/keys/<int:key_id>/revoke")
def revoke_key(key_id: int) -> Response:
    services().accounts.revoke_api_key(athlete_id(), key_id)
    flash(_("The key is taken back: it opens nothing any more."))
    return redirect(url_for("settings.access") + "#keys")


def _access_page(form: PasswordForm | None = None, new_key: str = "") -> str:
    return render_template(
        "access.html",
        form=form or PasswordForm(),
        keys=services().accounts.api_keys(athlete_id()),
        new_key=new_key,
        address=services().settings.base_url + "/api/v1",
    )


@bp.route("/settings/strava/disconnect", methods=["GET", "POST"])
def disconnect() -> str | Response:
    """The question first, then the deed: all that came from Strava."""
    if request.method == "POST":
        if services().rights.leave(athlete_id()) is None:
            flash(_("Strava is not connected, so there was nothing to delete."))
        else:
            flash(_("Strava is disconnected, and what had come from there is deleted. The receipt is below."))
        return redirect(url_for("settings.settings") + "#strava")
    if services().views.connection(athlete_id()) is None:
        abort(404)
    return render_template("disconnect.html", has_password=cast("LoginUser", current_user).has_password)


@bp.get("/mailbox")
def mailbox() -> str:
    return render_template("mailbox.html", mails=services().mailbox.list(athlete_id(), SHOWN_MAILS))


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
