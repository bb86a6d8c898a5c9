"""The way to Strava's consent page and back."""

import logging
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.base_client import MismatchingStateError, OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, flash, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from loadwatch.dashboard.current import log_in, own_path, services
from loadwatch.dashboard.speech import _, of_browser, said
from loadwatch.services.accounts import ASKED_SCOPES, StravaLogin
from loadwatch.services.errors import LoadwatchError
from loadwatch.settings import Settings

log = logging.getLogger(__name__)

bp = Blueprint("connect", __name__)

TIMEOUT_S = 10

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def register(app: Flask) -> None:
    """Tell authlib about Strava."""
    settings: Settings = app.extensions["loadwatch"].settings
    oauth = OAuth(app)
    oauth.register(
        "strava",
        client_id=settings.strava_client_id,
        client_secret=settings.strava_client_secret.get_secret_value(),
        authorize_url=f"{settings.strava_oauth_url}/authorize",
        authorize_params={"approval_prompt": "auto"},
        access_token_url=f"{settings.strava_oauth_url}/token",
        client_kwargs={
            "scope": ",".join(ASKED_SCOPES),
            "token_endpoint_auth_method": "client_secret_post",
            "default_timeout": TIMEOUT_S,
            "trust_env": False,  # a proxy of the environment is not asked to carry tokens
        },
    )
    app.extensions["loadwatch.strava"] = oauth.strava


@bp.get("/connect/strava")
def start() -> Response:
    settings = services().settings
    if not settings.strava_configured:
        flash(_("Strava is not set up on this server: its operator can set a client id and secret."), "error")
        return _home()
    elsewhere = _other_loopback(settings.base_url)
    if elsewhere:
        flash(
            _(
                "To connect Strava, open loadwatch at %(address)s: that is the address Strava sends you back to.",
                address=elsewhere,
            ),
            "error",
        )
        return _home()
    session["connected_from"] = own_path(request.args.get("next"))
    session["connecting"] = current_user.athlete_id if current_user.is_authenticated else 0
    redirect_uri = settings.base_url + url_for("connect.callback")
    response: Response = current_app.extensions["loadwatch.strava"].authorize_redirect(redirect_uri)
    return response


def _other_loopback(base_url: str) -> str | None:
    """This server's own address if the browser uses another name of this machine: its cookie would be missing."""
    ours, theirs = urlsplit(base_url).hostname, urlsplit(request.host_url).hostname
    return base_url if ours != theirs and {ours, theirs} <= _LOOPBACK else None


@bp.get("/connect/strava/callback")
def callback() -> Response:
    begun_by = session.pop("connecting", None)
    asking = current_user.athlete_id if current_user.is_authenticated else 0
    try:
        token = current_app.extensions["loadwatch.strava"].authorize_access_token()
    except MismatchingStateError:
        return _failed(
            _("This answer from Strava does not belong to a connection begun here. Please connect once more.")
        )
    except OAuthError as error:
        if error.error == "access_denied":
            return _failed(
                _("You did not allow the connection, so nothing was changed. You can connect at any time.")
            )
        log.warning("Strava refused to connect an athlete: %s", error.error)
        return _failed(_("Strava refused the connection. Please try once more."))
    except (requests.RequestException, ValueError) as error:
        log.warning("Strava could not be reached to connect an athlete: %s", type(error).__name__)
        return _failed(_("Strava does not answer just now. Nothing was changed; please try again in a few minutes."))
    if begun_by is not None and begun_by != asking:
        return _failed(_("You logged in or out while connecting. Please connect once more."))
    login = _login_of(token, request.args.get("scope"))
    if login is None:
        return _failed(_refusal(token))
    try:
        account = services().accounts.connect_strava(asking or None, login)
    except LoadwatchError as error:
        return _failed(said(error.words))
    if any(s.startswith("activity:read") for s in login.scopes):
        flash(_("Strava is connected. Your last months are being fetched; new runs arrive by themselves."))
    else:
        flash(
            _(
                "Strava is connected, but without the permission to see activities, so no run will arrive."
                " See below what is missing."
            ),
            "error",
        )
    if asking:
        back_to = session.pop("connected_from", None)
        return redirect(own_path(back_to) or url_for("settings.settings") + "#strava")
    is_new = _is_new(account.athlete_id)
    if is_new:
        services().accounts.update_profile(account.athlete_id, language=of_browser())
    home = log_in(account, url_for("onboarding.welcome") if is_new else None)
    return home if "activity:read" in login.scopes else redirect(url_for("settings.settings") + "#strava")


def _is_new(athlete: int) -> bool:
    """Whether an account was made through Strava and has no address for mails yet."""
    return services().views.profile(athlete).email is None


def _login_of(token: dict[str, Any], granted: str | None) -> StravaLogin | None:
    """What Strava answered, checked; None if it is no token."""
    athlete = token.get("athlete")
    try:
        if not isinstance(athlete, dict):
            return None
        scopes = granted if granted is not None else str(token.get("scope") or "")
        name = f"{athlete.get('firstname') or ''} {athlete.get('lastname') or ''}".strip()
        return StravaLogin(
            strava_athlete_id=int(athlete["id"]),
            name=name or "Runner",
            access_token=_text(token["access_token"]),
            refresh_token=_text(token["refresh_token"]),
            expires_at=datetime.fromtimestamp(int(token["expires_at"]), UTC),
            scopes=frozenset(s for s in scopes.replace(",", " ").split() if s),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("not a token")
    return value


def _refusal(token: dict[str, Any]) -> str:
    errors = token.get("errors")
    faults = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    log.warning("Strava gave no token: %s", [(e.get("resource"), e.get("field"), e.get("code")) for e in faults])
    if any(e.get("code") == "Inactive" for e in faults):
        return _("Strava has switched off this server's access: its operator must look at the app on strava.com.")
    return _("Strava did not accept the connection. Please try once more.")


def _failed(message: str) -> Response:
    flash(message, "error")
    return _home()


def _home() -> Response:
    if current_user.is_authenticated:
        return redirect(url_for("settings.settings") + "#strava")
    return redirect(url_for("auth.login"))
