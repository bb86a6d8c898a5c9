"""All data of an athlete in one place: where it comes from, a copy of it, and its end."""

from typing import cast

from flask import Blueprint, flash, render_template, request, session
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response

from loadwatch.adapters.outgoing import send_zip
from loadwatch.dashboard.current import LoginUser, athlete_id, services
from loadwatch.dashboard.speech import _, said
from loadwatch.services.account_deletion import Farewell
from loadwatch.services.errors import WrongPassword

bp = Blueprint("data", __name__)


@bp.get("/data")
def data() -> str:
    return render_template("data.html", page=services().overview.overview(athlete_id()))


@bp.get("/data/reading")
def reading() -> str:
    """How far files are read: a part of the page, asked for again while there are some."""
    return render_template("_reading.html", page=services().overview.reading(athlete_id()))


@bp.get("/data/export")
def export() -> Response:
    day = services().clock().date()
    return send_zip(services().export.stream(athlete_id()), f"loadwatch-{day}.zip")


@bp.route("/data/delete", methods=["GET", "POST"])
def delete() -> str | tuple[str, int]:
    """The question first, with the password and a word; then the deed, and its receipt."""
    farewell = services().account_deletion.farewell(athlete_id())
    if request.method == "GET":
        return _delete_page(farewell)
    word = request.form.get("word", "").strip().casefold()
    if word != _("delete").casefold():
        flash(_("Type the word as it is shown. Nothing was deleted."), "error")
        return _delete_page(farewell), 400
    try:
        services().account_deletion.check_password(athlete_id(), request.form.get("password", ""))
    except WrongPassword as error:
        flash(said(error.words), "error")
        return _delete_page(farewell), 400
    receipt = services().account_deletion.delete(athlete_id())
    logout_user()
    session.clear()
    return render_template("deleted.html", receipt=receipt, n_rows=sum(receipt.counts.values()))


def _delete_page(farewell: Farewell) -> str:
    user = cast("LoginUser", current_user)
    return render_template("delete_account.html", farewell=farewell, user=user)
