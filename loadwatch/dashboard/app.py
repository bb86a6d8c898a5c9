"""The dashboard's application: log-in by default, strict headers, errors in plain words."""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask import Flask, current_app, flash, jsonify, make_response, redirect, request, session, url_for
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from loadwatch.bootstrap import Services
from loadwatch.dashboard import (
    admin,
    auth,
    backtest,
    channels,
    connect,
    data,
    formatting,
    health,
    live,
    load,
    navigation,
    onboarding,
    outbox,
    planner,
    problem_report,
    replies,
    runs,
    settings,
    shoes,
    speech,
    thresholds,
    uploads,
)
from loadwatch.dashboard.current import LoginUser, own_path
from loadwatch.dashboard.speech import Lazy, _, lazy
from loadwatch.services.errors import NotYours
from loadwatch.settings import derived_secret

log = logging.getLogger(__name__)

ReadyCheck = Callable[[], dict[str, str]]

OPEN_ENDPOINTS = frozenset(
    {"auth.login", "auth.signup", "static", "healthz", "readyz", "connect.start", "connect.callback"}
    | {"onboarding.make_sample", "replies.ask", "replies.answer", "replies.follow_up", "replies.more"}
)
"""What answers without a log-in; everything else asks for one."""

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

LOGIN_LIMIT = "10/minute;50/hour"
LIMITED_ENDPOINTS = (
    *("auth.login", "auth.signup", "settings.password", "data.delete", "onboarding.make_sample"),
    *("channels.add", "channels.test"),
)
"""What asks for a password, costs much, or calls a server that somebody names, is not tried for ever."""

MESSAGES = {
    400: (
        lazy("That did not work"),
        lazy("The request could not be read. Go back, reload the page and try once more."),
    ),
    403: (lazy("Not allowed"), lazy("This is not open to you.")),
    404: (lazy("Not found"), lazy("There is nothing here, or it belongs to somebody else.")),
    405: (lazy("That did not work"), lazy("This address does not take that kind of request.")),
    413: (lazy("Too much"), lazy("That was more than this page takes.")),
    429: (lazy("Too many attempts"), lazy("Please wait a few minutes, then try again.")),
    500: (
        lazy("Something broke"),
        lazy("The fault is ours and has been noted. Nothing of yours was lost; try again in a moment."),
    ),
    503: (
        lazy("Back in a moment"),
        lazy("The database does not answer just now. Nothing of yours is lost; try again shortly."),
    ),
}


def create_app(
    services: Services, *, ready_check: ReadyCheck | None = None, config: Mapping[str, Any] | None = None
) -> Flask:
    """
    The pages as a WSGI application.

    Parameters
    ----------
    ready_check : callable, optional
        Each part of the program with "ok" or what is wrong with it; by default the database alone.
    config : mapping, optional
        Flask's own settings, on top of these; `RATELIMIT_STORAGE_URI` says where log-in attempts are counted.
    """
    app = Flask(__name__)
    https = services.settings.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=derived_secret(services.settings, "session"),
        SESSION_COOKIE_NAME="loadwatch",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        # Only an answer that changes the session sends it. Otherwise a slow answer to a request from before, an
        # icon's, brings the old one back: the log-in is lost, or the state of a connection being made.
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=256 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a page left open overnight still works
        RATELIMIT_STORAGE_URI=limit_storage(services.settings.redis_url),
    )
    app.config.update(config or {})
    app.extensions["loadwatch"] = services
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    speech.register(app)
    navigation.register(app)
    formatting.register(app)

    _require_login(app)
    uploads.register(app)
    csrf = CSRFProtect(app)
    limiter = app.extensions["loadwatch.limiter"] = _limiter(app)  # the routes hold it only weakly
    blueprints = (
        auth.bp,
        runs.bp,  # that of the pages, with those of runs
        load.bp,
        health.bp,
        problem_report.bp,
        shoes.bp,
        uploads.bp,
        settings.bp,
        channels.bp,
        connect.bp,
        planner.bp,
        backtest.bp,
        thresholds.bp,
        data.bp,
        onboarding.bp,
        outbox.bp,
        live.bp,
        admin.bp,
    )
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    connect.register(app)
    onboarding.register(app)
    replies.register(app, limiter, csrf)
    for endpoint in LIMITED_ENDPOINTS:
        view: Any = limiter.limit(LOGIN_LIMIT, methods=["POST"])(app.view_functions[endpoint])
        app.view_functions[endpoint] = view
    _health(app, ready_check or (lambda: _database_ready(services)))
    _errors(app)

    @app.after_request
    def _headers(response: Response) -> Response:
        return _secured(response, https=https)

    @app.context_processor
    def _about() -> dict[str, object]:
        return {
            "smtp": bool(services.settings.smtp_url.get_secret_value()),
            "session_threshold": thresholds.session_threshold,
        }

    return app


def limit_storage(redis_url: str) -> str:
    """A broker's address as the `limits` library takes it; this process's memory where there is none."""
    if not redis_url:
        return "memory://"
    return "redis+" + redis_url if redis_url.startswith("unix://") else redis_url


def _limiter(app: Flask) -> Limiter:
    """Counts log-in attempts; where the counter cannot be reached it counts in memory, and the page works on."""
    uri = str(app.config["RATELIMIT_STORAGE_URI"])
    options: dict[str, Any] = (
        {} if uri.startswith("memory") else {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
    )
    return Limiter(
        get_remote_address,
        app=app,
        storage_uri=uri,
        storage_options=options,
        key_prefix="loadwatch",
        in_memory_fallback_enabled=True,
        swallow_errors=True,
    )


def _require_login(app: Flask) -> None:
    """Every endpoint asks for a log-in unless it is named above."""
    manager = LoginManager(app)

    def _load(user_id: str) -> LoginUser | None:
        services: Services = app.extensions["loadwatch"]
        account = services.accounts.by_session(user_id)
        return LoginUser(account) if account else None

    manager.user_loader(_load)

    @app.before_request
    def _ask() -> Response | None:
        if request.endpoint is None or request.endpoint in OPEN_ENDPOINTS or current_user.is_authenticated:
            return None
        if request.method == "GET" and own_path(request.full_path):
            session["next"] = request.full_path.rstrip("?")
            if request.path != "/":
                flash(_("Please log in first."))
        return redirect(url_for("auth.login"))


def _health(app: Flask, ready_check: ReadyCheck) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return make_response("ok", {"Content-Type": "text/plain; charset=utf-8"})

    @app.get("/readyz")
    def readyz() -> Response:
        parts = ready_check()
        response = jsonify(parts)
        response.status_code = 200 if all(state == "ok" for state in parts.values()) else 503
        return response


def _database_ready(services: Services) -> dict[str, str]:
    try:
        with services.store.read() as tx:
            tx.count_accounts()
    except Exception as error:  # whatever is wrong with it, it is not ready
        log.warning("the database is not ready: %s", type(error).__name__)
        return {"database": type(error).__name__}
    return {"database": "ok"}


def _errors(app: Flask) -> None:
    @app.errorhandler(NotYours)
    def _not_yours(_error: NotYours) -> Response:
        return error_page(404)

    @app.errorhandler(CSRFError)
    def _csrf(_error: CSRFError) -> Response:
        text = lazy(
            "The form came without its safety mark, because the page was open for very long or cookies are"
            " switched off. Go back, reload the page and try once more."
        )
        return error_page(400, lazy("Please try once more"), text)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        return error_page(error.code or 500)  # a fault of ours comes here too, logged by then

    def _away(error: Exception) -> Response:
        log.error("the database does not answer: %s", type(error).__name__)
        response = error_page(503)
        response.headers["Retry-After"] = "30"
        return response

    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, _away)


def error_page(code: int, title: Lazy | None = None, text: Lazy | None = None) -> Response:
    """A page that stands on nothing but itself: `render_template` would ask the database who is logged in."""
    speech.settle()
    known = MESSAGES.get(code, MESSAGES[400] if code < 500 else MESSAGES[500])
    template = current_app.jinja_env.get_template("error.html")
    return make_response(template.render(code=code, title=title or known[0], text=text or known[1]), code)


def _secured(response: Response, *, https: bool) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Frame-Options", "DENY")
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Referrer-Policy", "same-origin")
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    return response
