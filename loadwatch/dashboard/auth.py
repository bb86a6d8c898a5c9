"""Log-in, sign-up, log-out."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response

from loadwatch.dashboard.current import log_in, own_path, services
from loadwatch.dashboard.forms import LoginForm, SignupForm
from loadwatch.dashboard.speech import _, lazy, of_browser, said
from loadwatch.services.errors import LoadwatchError

bp = Blueprint("auth", __name__)

WRONG = lazy("The e-mail address or the password is not right.")


@bp.route("/login", methods=["GET", "POST"])
def login() -> str | Response | tuple[str, int]:
    if current_user.is_authenticated:
        return redirect(url_for("pages.today"))
    wanted = own_path(request.args.get("next"))
    if wanted:
        session["next"] = wanted
    form = LoginForm()
    if form.validate_on_submit():
        account = services().accounts.log_in(form.email.data or "", form.password.data or "")
        if account is not None:
            return log_in(account)
        flash(str(WRONG), "error")
    page = render_template(
        "login.html",
        form=form,
        signup_open=services().accounts.signup_open(),
        signup=services().settings.signup,
        strava=services().settings.strava_configured,
    )
    return (page, 400) if request.method == "POST" else page


@bp.route("/signup", methods=["GET", "POST"])
def signup() -> str | Response | tuple[str, int]:
    if current_user.is_authenticated:
        return redirect(url_for("pages.today"))
    accounts = services().accounts
    form = SignupForm()
    is_open = accounts.signup_open()
    if is_open and form.validate_on_submit():
        try:
            account = accounts.sign_up(
                form.name.data or "",
                form.email.data or "",
                form.password.data or "",
                form.timezone.data or "UTC",
                language=of_browser(),
            )
        except LoadwatchError as error:
            flash(said(error.words), "error")
        else:
            return log_in(account, url_for("onboarding.welcome"))
    page = render_template(
        "signup.html",
        form=form,
        signup_open=is_open,
        first=services().settings.signup == "first",
        strava=services().settings.strava_configured,
    )
    return (page, 400 if is_open else 403) if request.method == "POST" else page


@bp.post("/logout")
def logout() -> Response:
    logout_user()
    session.clear()
    flash(_("You are logged out."))
    return redirect(url_for("auth.login"))
