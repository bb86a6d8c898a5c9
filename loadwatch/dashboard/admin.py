"""For the operator: whether the server works. It shows nobody's health, and to others it is not there."""

from collections import Counter
from typing import Any, cast, get_args

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.engine import make_url
from werkzeug.wrappers import Response

from loadwatch.adapters import broker, versions
from loadwatch.dashboard.current import LoginUser, services
from loadwatch.dashboard.speech import _, lazy, ngettext
from loadwatch.services.operating_ports import JobKind

bp = Blueprint("admin", __name__)

QUEUES = {
    "inbox": lazy("Messages from Strava"),
    "fetch": lazy("Runs to fetch"),
    "judgement": lazy("Athletes to judge"),
    "file": lazy("Files to read"),
    "archive": lazy("Archives to take apart"),
    "mail": lazy("Mails to send"),
}
REPLAYED = frozenset({"fetch", "judgement", "file", "mail"})
"""What can be tried again from here. The bytes of an archive that failed are gone: its owner hands it in again."""


@bp.before_request
def _operator_alone() -> None:
    if not cast("LoginUser", current_user).is_operator:
        abort(404)


@bp.get("/admin")
def admin() -> str:
    operations = services().operating.look()
    kinds: Counter[str] = Counter(job.kind for job in operations.failed)
    return render_template(
        "admin.html",
        athletes=operations.athletes,
        queues=operations.queues,
        failed=operations.failed,
        failed_kinds=[kind for kind in QUEUES if kind in REPLAYED and kinds[kind] > 1],
        mails=operations.mails,
        uncertain=operations.uncertain,
        subscription=services().subscription.last_check(),
        quarantine=services().inbox.quarantine(),
        strava=services().settings.strava_configured,
        names=QUEUES,
        replayed=REPLAYED,
        **_surroundings(),
    )


def _surroundings() -> dict[str, Any]:
    settings = services().settings
    url = make_url(settings.database_url)
    database = settings.data_dir / url.database if url.get_backend_name() == "sqlite" and url.database else None
    name, revision = services().operating.database_versions()
    return {
        "disk": versions.disk(settings.data_dir, database),
        "versions": [
            ("loadwatch", versions.package_version("loadwatch")),
            ("Python", versions.python_version()),
            (_("Database"), name),
            (_("Revision of the tables"), revision),
            (_("Broker"), versions.broker_version(settings.redis_url or broker.redis_url(settings.data_dir))),
            *((library, versions.package_version(library)) for library in versions.LIBRARIES),
        ],
    }


@bp.post("/admin/replay")
def replay() -> Response:
    """One failed job, or with no number all of its kind."""
    kind, number = request.form.get("kind", ""), request.form.get("job", "")
    if kind not in get_args(JobKind) or kind not in REPLAYED or (number and not number.isdecimal()):
        abort(400)
    known = cast("JobKind", kind)
    if number:
        done = services().operating.replay(known, int(number))
        flash(
            _("It is tried again within a minute.")
            if done
            else _("What this mail was about is over: it is not sent late.")
        )
    else:
        n = services().operating.replay_all(known)
        flash(
            ngettext("%(n)s is tried again within a minute.", "%(n)s are tried again within a minute.", n) % {"n": n}
        )
    return redirect(url_for("admin.admin") + "#failed")
