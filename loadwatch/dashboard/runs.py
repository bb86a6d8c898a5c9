"""The runs one by one: the list, a run with what was made of it, and the recordings of it."""

import re
from collections.abc import Sequence
from typing import Any, Final, cast, get_args

from flask import abort, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from loadwatch.adapters.load_charts import path_svg
from loadwatch.dashboard import pages
from loadwatch.dashboard.current import athlete_id, profile, services
from loadwatch.dashboard.speech import _, lazy, said
from loadwatch.domain.activity import Run
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.text import METRES_PER_MILE, clock_text
from loadwatch.domain.thresholds import HILLY_M
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.load_ports import RunKind

bp = pages.bp
"""The endpoints of runs are those of the other pages that one reads."""

KINDS: Final[dict[RunKind, Any]] = {
    "all": lazy("All"),
    "race": lazy("Races"),
    "hilly": lazy("Hilly"),
    "track": lazy("On a track"),
    "alert": lazy("With an alert"),
    "other": lazy("Other sports"),
}

LONGEST_NAME: Final = 60
"""Letters of a name that are looked for."""

LAST_PAGE: Final = 10_000


@bp.app_template_filter("clock")
def _clock(seconds: float) -> str:
    return str(said(clock_text(seconds)))


@bp.get("/runs")
def runs() -> str:
    kind = request.args.get("kind", "all")
    year = request.args.get("year", "")
    page = request.args.get("page", 1, type=int)
    if kind not in get_args(RunKind) or not re.fullmatch(r"(\d{4})?", year) or not 1 <= page <= LAST_PAGE:
        abort(404)
    name = request.args.get("q", "").strip()[:LONGEST_NAME]
    asked = {"kind": kind, "year": year, "q": name}
    found = services().load_pages.runs(
        profile(), kind=cast("RunKind", kind), year=int(year) if year.strip("0") else None, name=name, page=page
    )
    asked = {key: value for key, value in asked.items() if value and value != "all"}
    return render_template(
        "runs.html",
        found=found,
        weeks=_by_week(found.runs),
        kinds=KINDS,
        kind=kind,
        year=year,
        name=name,
        page=page,
        asked=asked,
        hilly_m=HILLY_M,
    )


def _by_week(runs: Sequence[Run]) -> list[tuple[IsoWeek, list[Run]]]:
    weeks: dict[IsoWeek, list[Run]] = {}
    for run in runs:
        weeks.setdefault(IsoWeek.of(run.local_date), []).append(run)
    return list(weeks.items())


@bp.get("/runs/<int:run_id>")
def run(run_id: int) -> str:
    page = services().load_pages.run(profile(), run_id)
    return render_template(
        "run.html",
        page=page,
        detail=page.detail,
        run=page.detail.run,
        load=page.load,
        speeds=page.speeds,
        alert_of={a.rule: a for a in page.alerts if a.state != "retracted"},
        timezone=page.detail.timezone or profile().timezone,
        recordings=services().recordings.of(athlete_id(), run_id),
    )


@bp.get("/runs/<int:run_id>/inside")
def inside(run_id: int) -> str:
    """The kilometres, slopes and laps of a run and the shape of its path, as part of its page or on its own."""
    unit_m = METRES_PER_MILE if profile().units == "imperial" else 1000.0
    found, why = None, ""
    try:
        found = services().load_pages.inside(athlete_id(), run_id, unit_m)
    except NotYours:
        raise
    except LoadwatchError:
        why = _("Its file cannot be read any more. Hand it in again, and its kilometres are shown here.")
    path = ""
    if found and found.path:
        title, text = _("The shape of the path"), _("Drawn from your own file, north is up. A ring marks the start.")
        path = Markup(path_svg(found.path, title, text))  # noqa: S704  all text in it is escaped where it is drawn
    template = "_inside.html" if request.headers.get("HX-Request") else "inside.html"
    return render_template(template, run_id=run_id, found=found, why=why, path=path, unit_m=unit_m)


@bp.post("/runs/<int:run_id>/recordings")
def tell_recordings(run_id: int) -> Response:
    recordings = services().recordings
    recordings.of(athlete_id(), run_id)  # somebody else's run is not found, whatever is said of it
    match request.form.get("told"):
        case "apart":
            recordings.count_apart(athlete_id(), run_id)
            flash(_("Counted as a run of its own. You can take that back here."))
        case "once":
            recordings.count_once(athlete_id(), run_id)
            flash(_("They are one run again, counted once."))
        case "prefer":
            recordings.prefer(athlete_id(), run_id)
            flash(_("This recording is the one that counts now."))
        case _unknown:
            abort(400)
    return redirect(url_for("pages.run", run_id=run_id))
