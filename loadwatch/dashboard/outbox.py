"""Mails and pushes: what was laid out for the runner, what became of each, and how it reads."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from loadwatch.dashboard.current import athlete_id, back, services
from loadwatch.dashboard.settings import MAIL_POLICY
from loadwatch.dashboard.speech import _, said
from loadwatch.services.errors import LoadwatchError, NotYours

bp = Blueprint("outbox", __name__)


@bp.get("/outbox")
def outbox() -> str:
    return render_template(
        "outbox.html",
        rows=services().outbox.rows(athlete_id()),
        notices=services().notices.of(athlete_id()),
    )


@bp.get("/outbox/<int:outbox_id>")
def look(outbox_id: int) -> str:
    """A mail as it would be written now."""
    try:
        found = services().outbox.of_row(athlete_id(), outbox_id)
    except NotYours:
        raise
    except LoadwatchError as error:
        return render_template("outbox_mail.html", look=None, why=said(error.words))
    return render_template("outbox_mail.html", look=found, why="")


@bp.get("/outbox/<int:outbox_id>/html")
def look_html(outbox_id: int) -> Response:
    try:
        found = services().outbox.of_row(athlete_id(), outbox_id)
    except NotYours:
        raise
    except LoadwatchError:
        abort(404)
    response = make_response(found.content.page)
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@bp.post("/outbox/<int:outbox_id>/again")
def again(outbox_id: int) -> Response:
    """Send what failed or is uncertain once more."""
    services().notify.again(athlete_id(), outbox_id)
    flash(_("It is sent once more within a minute."))
    return redirect(url_for("outbox.outbox"))


@bp.post("/outbox/address-works")
def address_works() -> Response:
    """The address that was refused is to be tried again."""
    services().notify.mail_works_again(athlete_id())
    flash(_("Mails go to your address again. If it is refused once more, you see it here."))
    return back(url_for("outbox.outbox"))
