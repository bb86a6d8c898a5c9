"""What arrives while a page is open: asked for every few seconds, answered only when there is something to tell."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_login import current_user
from itsdangerous import BadData, URLSafeSerializer

from loadwatch.dashboard.current import athlete_id, own_path, profile, services
from loadwatch.domain.activity import Run
from loadwatch.domain.report import LoadLine
from loadwatch.services.news import Seen
from loadwatch.services.sync_ports import Pulse
from loadwatch.settings import derived_secret

bp = Blueprint("live", __name__)

ASK_EVERY_S = 15
ASK_BUSY_EVERY_S = 4
"""How often a page that is looked at asks; and while files are being read. [s] Design choice."""

LIVE_PAGES = frozenset({"pages.runs", "data.data", "uploads.uploads", "settings.sync"})
"""Pages that ask, beside Today, which reads the pulse with all else. It is taken before they are made, so that what
comes in between is told."""

COUNT_FILES = frozenset({"data.data", "uploads.uploads"})
"""Those of them that show by themselves how far files are read."""


@bp.before_app_request
def _take_pulse() -> None:
    if request.endpoint in LIVE_PAGES and request.method == "GET" and current_user.is_authenticated:
        g.pulse = services().views.pulse(athlete_id())


@dataclass(frozen=True, slots=True)
class Asking:
    """What a page needs in order to ask: where it is, what it showed, how often; whether it counts files itself."""

    here: str
    marker: str
    every_s: int
    counts_files: bool


@bp.app_template_global()
def live(lines: Sequence[LoadLine] | None = None) -> Asking | None:
    """For `_live.html`, with the week's loads where the page shows them; None on a page that does not ask."""
    known: Pulse | None = g.get("pulse")
    if known is None:
        return None
    every_s = ASK_BUSY_EVERY_S if known.n_files_left else ASK_EVERY_S
    here = request.full_path.rstrip("?")
    return Asking(here, _sealed(Seen.of(known, lines)), every_s, request.endpoint in COUNT_FILES)


@bp.get("/live")
def news() -> Response:
    """
    What is new since the page with the marker `since` was made; 204 if nothing is.

    `told` is the marker of what was told of it last: nothing is told twice.
    """
    seen, told = _opened(request.args.get("since", "")), _opened(request.args.get("told", ""))
    pulse = services().views.pulse(athlete_id())
    if seen is None or pulse in (seen.pulse, told.pulse if told else None):
        return make_response("", 204)
    found = services().views.news(profile(), seen, pulse)
    if not found.is_any or (found.n_left and "counted" in request.args):
        return make_response("", 204)
    page = render_template(
        "_news.html",
        news=found,
        here=own_path(request.args.get("here")) or url_for("pages.today"),
        told=_sealed(Seen(pulse)),
        ago=since_run(found.run, services().clock()) if found.run else None,
    )
    return make_response(page)


def since_run(run: Run, now: datetime) -> tuple[str, int] | None:
    """How long ago a run ended, as (minutes or hours, how many); None where that was days ago, or is not known."""
    lasted_s = run.elapsed_s or run.moving_s
    if lasted_s is None:
        return None
    ago = now - run.start - timedelta(seconds=lasted_s)
    if ago < timedelta() or ago >= timedelta(hours=24):
        return None
    minutes = int(ago / timedelta(minutes=1))
    return ("minutes", minutes) if minutes < 90 else ("hours", round(minutes / 60))


def _sealed(seen: Seen) -> str:
    return _seal().dumps([astuple(seen.pulse), seen.loads])


def _opened(marker: str) -> Seen | None:
    """None for what this server did not make for this athlete, or an older version of it made."""
    try:
        numbers, loads = _seal().loads(marker)
        return Seen(Pulse(*numbers), None if loads is None else tuple(loads))
    except (BadData, TypeError, ValueError):
        return None


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(derived_secret(services().settings, "live"), salt=str(athlete_id()))
