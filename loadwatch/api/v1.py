"""
Version 1 of the API: reading, and the few changes that need no page.

A bearer token names the athlete, and nobody else's things are found with it. Errors are problem+json (RFC 9457).
"""

import logging
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.models.server import Server
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, Unauthorized, UnprocessableEntity

from loadwatch.api import export, health, planning, shoes, uploads
from loadwatch.api.models import (
    AlertList,
    AlertOut,
    AlertPath,
    CeilingsNow,
    FeedbackAsked,
    Load,
    LoadDay,
    Me,
    MeChange,
    MutedList,
    MutedOut,
    OperatorOut,
    PlannedDay,
    Problem,
    Range,
    RecordingsOut,
    RecordingsTold,
    RestoreAsked,
    RunFull,
    RunList,
    RunPath,
    SnoozeAsked,
    Sync,
    SyncPath,
    Week,
    WeekPath,
)
from loadwatch.bootstrap import Services
from loadwatch.domain.daily import IsoWeek
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.views import DayLoad

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
DEFAULT_DAYS = 180
MAX_DAYS = 3660

PROBLEMS: Final[dict[str | int | HTTPStatus, Any]] = dict.fromkeys((401, 404, 422, 503), Problem)

_EARLIEST = date(1990, 1, 1)

_NOTHING: Final = (0.0,) * 8
"""All that a day without a run adds up to."""


def create_api(services: Services) -> Flask:
    """The API as a WSGI application, to be mounted at `/api/v1`."""
    app = OpenAPI(
        __name__,
        info=Info(title="loadwatch", version="1", description="Your runs, your alerts, and why they spoke."),
        servers=[Server(url=services.settings.base_url + PREFIX)],
        security_schemes={"bearer": {"type": "http", "scheme": "bearer"}},
        validation_error_status=422,
        validation_error_model=Problem,
        validation_error_callback=_invalid,
        doc_ui=False,
        static_folder=None,
    )
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.register_api(_routes(services))
    app.add_url_rule("/openapi.json", "openapi", lambda: jsonify(app.api_doc))
    _errors(app)

    @app.before_request
    def _who() -> None:
        if request.endpoint in ("openapi", None):
            return  # what there is to know is no secret; what does not exist is not found
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        athlete_id = services.accounts.athlete_by_token(token.strip()) if scheme.lower() == "bearer" else None
        if athlete_id is None:
            raise Unauthorized("Send a valid token: Authorization: Bearer lw_…")
        g.athlete_id = athlete_id

    @app.after_request
    def _headers(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response

    return app


def _routes(services: Services) -> APIBlueprint:
    bp = APIBlueprint("v1", __name__, abp_security=[{"bearer": []}], abp_responses=PROBLEMS)
    views, accounts = services.views, services.accounts

    def today() -> date:
        return services.clock().astimezone(ZoneInfo(views.profile(g.athlete_id).timezone)).date()

    @bp.before_request
    def own_things() -> None:
        """Somebody else's alert or run is not found, whatever is said of it."""
        ids = request.view_args or {}
        if (alert_id := ids.get("alert_id")) is not None:
            views.alert(g.athlete_id, alert_id)
        if (run_id := ids.get("run_id")) is not None and request.method != "GET":
            services.recordings.of(g.athlete_id, run_id)

    @bp.get("/me", summary="The athlete and their settings", responses={200: Me})
    def me() -> Response:
        return _json(Me.of(views.profile(g.athlete_id)))

    @bp.patch("/me", summary="Change settings", responses={200: Me})
    def change_me(body: MeChange) -> Response:
        changes = body.model_dump(exclude_none=True, exclude={"quiet_hours"})
        if body.quiet_hours is not None:
            changes |= {"quiet_from": body.quiet_hours.begin, "quiet_to": body.quiet_hours.end}
        accounts.update_profile(g.athlete_id, **changes)
        return _json(Me.of(views.profile(g.athlete_id)))

    @bp.get("/runs", summary="Activities of some local days, the newest first", responses={200: RunList})
    def runs(query: Range) -> Response:
        since, until = _range(query, today())
        found = views.runs(g.athlete_id, days=_days_back(since, services.clock()))
        asked = [d for d in found if since <= d.run.local_date <= until]
        load_of = views.run_loads(g.athlete_id, [d.run for d in asked])
        return _json(RunList([RunFull.of_detail(d, load_of.get(d.run.id)) for d in asked]))

    @bp.get("/runs/<int:run_id>", summary="One activity", responses={200: RunFull})
    def run(path: RunPath) -> Response:
        page = views.run(g.athlete_id, path.run_id)
        return _json(RunFull.of_detail(page.detail, page.load, [a.id for a in page.alerts]))

    @bp.get(
        "/runs/<int:run_id>/recordings", summary="What else recorded the same run", responses={200: RecordingsOut}
    )
    def recordings(path: RunPath) -> Response:
        return _json(RecordingsOut.of(path.run_id, services.recordings.of(g.athlete_id, path.run_id)))

    @bp.post("/runs/<int:run_id>/recordings", summary="Say which recordings count", responses={200: RecordingsOut})
    def tell_recordings(path: RunPath, body: RecordingsTold) -> Response:
        tell = services.recordings
        {"apart": tell.count_apart, "once": tell.count_once, "prefer": tell.prefer}[body.told](
            g.athlete_id, path.run_id
        )
        return _json(RecordingsOut.of(path.run_id, tell.of(g.athlete_id, path.run_id)))

    @bp.get("/load", summary="A row for each local day", responses={200: Load})
    def load(query: Range) -> Response:
        since, until = _range(query, today())
        totals = {t.local_date: t for t in views.load(g.athlete_id, since, until)}
        with services.store.read() as tx:
            first = tx.first_local_date(g.athlete_id)
        if first is None:
            return _json(Load([]))
        day, last = max(since, first), min(until, max([today(), *totals]))
        rows = []
        while day <= last:
            rows.append(LoadDay.of(totals.get(day) or DayLoad(day, 0, *_NOTHING)))
            day += timedelta(days=1)
        return _json(Load(rows))

    @bp.get("/ceilings", summary="What the next run may bring of each load", responses={200: CeilingsNow})
    def ceilings() -> Response:
        return _json(CeilingsNow.of_all(views.ceilings(g.athlete_id)))

    @bp.get("/alerts", summary="Alerts on the runs of some days, the newest first", responses={200: AlertList})
    def alerts(query: Range) -> Response:
        since, until = _range(query, today())
        place = ZoneInfo(views.profile(g.athlete_id).timezone)
        found = views.alerts(g.athlete_id, days=_days_back(since, services.clock()))
        return _json(AlertList.of([a for a in found if since <= a.at.astimezone(place).date() <= until]))

    @bp.get("/alerts/<int:alert_id>", summary="One alert with its reasons", responses={200: AlertOut})
    def alert(path: AlertPath) -> Response:
        return _json(AlertOut.of(views.alert(g.athlete_id, path.alert_id).alert))

    @bp.post("/alerts/<int:alert_id>/acknowledge", summary="Note that it was read", responses={200: AlertOut})
    def acknowledge(path: AlertPath) -> Response:
        services.alerts.acknowledge(g.athlete_id, path.alert_id)
        return _json(AlertOut.of(views.alert(g.athlete_id, path.alert_id).alert))

    @bp.post("/alerts/<int:alert_id>/snooze", summary="No more of this kind for 14 days", responses={200: AlertOut})
    def snooze(path: AlertPath, body: SnoozeAsked) -> Response:
        if body.planned:
            services.alerts.planned(g.athlete_id, path.alert_id)
        else:
            services.alerts.snooze(g.athlete_id, path.alert_id)
        return _json(AlertOut.of(views.alert(g.athlete_id, path.alert_id).alert))

    @bp.post("/alerts/<int:alert_id>/feedback", summary="Whether it was of use", responses={200: AlertOut})
    def feedback(path: AlertPath, body: FeedbackAsked) -> Response:
        services.alerts.feedback(g.athlete_id, path.alert_id, useful=body.useful)
        return _json(AlertOut.of(views.alert(g.athlete_id, path.alert_id).alert))

    @bp.get("/muted", summary="Kinds of alert that were called not useful", responses={200: MutedList})
    def muted() -> Response:
        return muted_now()

    def muted_now() -> Response:
        found = services.alerts.to_restore(g.athlete_id)
        return _json(MutedList([MutedOut(key=m.dedup_key, alert=AlertOut.of(m.alert)) for m in found]))

    @bp.post("/muted", summary="Whether to hear of a muted kind at once again", responses={200: MutedList})
    def restore(body: RestoreAsked) -> Response:
        services.alerts.restore(g.athlete_id, body.key, restore=body.restore)
        return muted_now()

    @bp.post("/planned-days", summary="A long run or race is planned", responses={200: PlannedDay})
    def plan_day(body: PlannedDay) -> Response:
        services.alerts.plan_day(g.athlete_id, body.day)
        return _json(body)

    @bp.get("/weeks/<iso_week>", summary="One ISO week", responses={200: Week})
    def week(path: WeekPath) -> Response:
        try:
            wanted = IsoWeek.parse(path.iso_week)
        except ValueError as error:
            raise UnprocessableEntity(f"{path.iso_week} is no ISO week, like 2026-W47.") from error
        if not _EARLIEST <= wanted.monday <= today() + timedelta(days=7):
            raise NotYours(f"week {wanted}")
        return _json(Week.of(views.week(g.athlete_id, wanted)))

    @bp.get("/sync", summary="Where runs and mails stand", responses={200: Sync})
    def sync() -> Response:
        return sync_now()

    def sync_now() -> Response:
        budget = services.limiter.state() if services.settings.strava_configured else None
        page = views.sync(g.athlete_id)
        operator = None
        if accounts.is_operator(g.athlete_id):
            operator = OperatorOut.of(services.subscription.last_check(), services.inbox.quarantine())
        return _json(
            Sync.of(
                page.state,
                page.connection,
                budget,
                services.clock(),
                history=services.sync.progress(g.athlete_id),
                by_list=services.rights.found_by_list(g.athlete_id),
                gap=page.gap,
                operator=operator,
            )
        )

    @bp.post("/sync/<int:source_id>/retry", summary="Fetch an activity that is stuck now", responses={200: Sync})
    def retry_fetch(path: SyncPath) -> Response:
        services.sync.retry(g.athlete_id, path.source_id)
        return sync_now()

    export.register(bp, services)
    health.register(bp, services)
    planning.register(bp, services)
    shoes.register(bp, services)
    uploads.register(bp, services)
    return bp


def _range(query: Range, today: date) -> tuple[date, date]:
    """The days asked for; without a word on it the last 180."""
    until = query.until or max(today, query.since or today)
    since = query.since or until - timedelta(days=DEFAULT_DAYS)
    if until < since:
        raise UnprocessableEntity("`to` lies before `from`.")
    if (until - since).days > MAX_DAYS or not _EARLIEST <= since <= until <= today + timedelta(days=MAX_DAYS):
        raise UnprocessableEntity(f"At most {MAX_DAYS} days, from {_EARLIEST} on.")
    return since, until


def _days_back(since: date, now: datetime) -> int:
    """Days from now back to the beginning of a local day, wherever on earth that was."""
    return max((now - datetime(since.year, since.month, since.day, tzinfo=UTC)).days, 0) + 3


def _json(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), mimetype="application/json")


def _problem(status: int, detail: str) -> Response:
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return Response(problem.model_dump_json(), status, mimetype="application/problem+json")


def _invalid(error: ValidationError) -> Response:
    faults = (f"{'.'.join(str(p) for p in e['loc']) or 'body'}: {e['msg']}" for e in error.errors())
    return _problem(422, "; ".join(faults))


def _errors(app: Flask) -> None:
    @app.errorhandler(NotYours)
    def _not_yours(_: NotYours) -> Response:
        return _problem(404, "There is no such thing, or it belongs to somebody else.")

    @app.errorhandler(LoadwatchError)
    def _refused(error: LoadwatchError) -> Response:
        return _problem(422, str(error))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        code = error.code or 500
        response = _problem(
            code, (error.description or "") if code < 500 else "The fault is ours and has been noted."
        )
        for name, value in error.get_headers():
            if name not in ("Content-Type", "Content-Length"):
                response.headers[name] = value
        if error.code == 401:
            response.headers["WWW-Authenticate"] = 'Bearer realm="loadwatch"'
        return response

    def _away(error: Exception) -> Response:
        log.error("the database does not answer: %s", type(error).__name__)
        response = _problem(503, "The database does not answer just now; try again shortly.")
        response.headers["Retry-After"] = "30"
        return response

    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, _away)
