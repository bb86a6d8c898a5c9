"""The web processes' apps, put together for gunicorn: `loadwatch.wsgi:web()` and `loadwatch.wsgi:hooks()`."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from loadwatch.adapters import log
from loadwatch.bootstrap import Services, make_services
from loadwatch.settings import Settings, load_settings
from webhooks.app import create_app as create_webhooks
from workers.app import broker_url, make_nudge, make_publisher

Wsgi = Callable[..., Any]


HOOK_LOCK_TIMEOUT_S = 1.2
"""A push waits no longer for another writer: Strava gives two seconds, and 503 makes it try again."""


def _services(lock_timeout_s: float = 30.0) -> Services:
    settings = load_settings()
    log.set_up(settings.log_level)
    nudge = make_nudge(make_publisher(settings), in_background=True)
    return make_services(settings, nudge, lock_timeout_s=lock_timeout_s)


def _hooks() -> Flask:
    services = _services(HOOK_LOCK_TIMEOUT_S)
    return create_webhooks(services.settings, services.inbox)


def web() -> Wsgi:
    """Dashboard, API and webhooks on one port."""
    from loadwatch import dashboard
    from loadwatch.api import create_api
    from loadwatch.dashboard.app import limit_storage
    from loadwatch.ready import readiness

    services = _services()
    settings = services.settings
    pages = dashboard.create_app(
        services,
        ready_check=lambda: readiness(services),
        config={"RATELIMIT_STORAGE_URI": limit_storage(broker_url(settings))},
    )
    parts: dict[str, Wsgi] = {"/webhooks": _hooks(), "/api/v1": create_api(services)}
    return _behind_proxies(DispatcherMiddleware(pages, parts), settings)


def _behind_proxies(app: Wsgi, settings: Settings) -> Wsgi:
    n = settings.trusted_proxies
    return ProxyFix(app, x_for=n, x_proto=n) if n else app


def hooks() -> Wsgi:
    """The webhooks alone, and /healthz: for a machine that Strava reaches and people do not."""
    healthz = Flask("healthz")
    healthz.get("/healthz")(lambda: "ok")
    return DispatcherMiddleware(healthz, {"/webhooks": _hooks()})
