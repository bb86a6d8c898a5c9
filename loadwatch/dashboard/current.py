"""Who is asking, and with what: the request's services, athlete and profile."""

from typing import Any, cast
from urllib.parse import urlsplit

from flask import current_app, g, redirect, request, session, url_for
from flask_login import UserMixin, current_user, login_user
from werkzeug.wrappers import Response

from loadwatch.bootstrap import Services
from loadwatch.services.ports import AccountRecord, AthleteProfile


class LoginUser(UserMixin):  # type: ignore[misc, unused-ignore]  # flask-login has no types
    """An account, as flask-login wants it."""

    def __init__(self, account: AccountRecord) -> None:
        self.id = account.session_id
        self.athlete_id = account.athlete_id
        self.is_operator = account.is_operator
        self.email = account.email
        self.has_password = account.password_hash is not None


def services() -> Services:
    return cast("Services", current_app.extensions["loadwatch"])


def athlete_id() -> int:
    """The athlete who is logged in."""
    return cast("int", current_user.athlete_id)


def profile() -> AthleteProfile:
    """Their profile, read once in a request."""
    if "profile" not in g:
        g.profile = services().views.profile(athlete_id())
    return cast("AthleteProfile", g.profile)


def log_in(account: AccountRecord, home: str | None = None) -> Response:
    """Begin a fresh session for an account and go where it wanted to go, else to `home` or to today."""
    wanted, messages = session.get("next"), session.get("_flashes")
    session.clear()  # nothing else that was put there before the log-in stays
    if messages:
        session["_flashes"] = messages
    session.permanent = True
    login_user(LoginUser(account))
    return redirect(own_path(wanted) or home or url_for("pages.today"))


def own_path(wanted: Any) -> str | None:
    """A path of this site, or None if somebody wants to send us elsewhere."""
    if not isinstance(wanted, str) or not wanted.startswith("/") or len(wanted) > 500:
        return None
    if wanted.startswith("//") or "\\" in wanted or any(ord(c) < 33 for c in wanted):
        return None
    parts = urlsplit(wanted)
    return None if parts.scheme or parts.netloc else wanted


def back(default: str) -> Response:
    """To the page that a form names in its field `next`, if it is one of ours."""
    return redirect(own_path(request.form.get("next")) or default)
