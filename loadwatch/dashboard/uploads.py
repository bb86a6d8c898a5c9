"""Handing in files of runs, and what became of them."""

from http import HTTPStatus

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from loadwatch.dashboard.current import athlete_id, services
from loadwatch.services.errors import StorageFull
from loadwatch.services.ports import Told
from loadwatch.services.uploads import MAX_FILES, MAX_REQUEST_BYTES, SPORTS, shown_name

bp = Blueprint("uploads", __name__)


def register(app: Flask) -> None:
    """Give the form its room; to be called after the log-in is asked for and before the form's safety mark is."""

    @app.before_request
    def _room() -> tuple[str, int] | None:
        if request.endpoint != "uploads.uploads" or request.method != "POST":
            return None
        request.max_content_length = MAX_REQUEST_BYTES
        request.max_form_parts = MAX_FILES + 10
        try:
            request.files  # noqa: B018  read here, where a disk that is full can be told
        except OSError:
            return _page("The disk of this server is full: nothing was taken in. Try again later.", 507)
        return None


@bp.route("/upload", methods=["GET", "POST"])
def uploads() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _page()[0]
    files = [f for f in request.files.getlist("files") if f.filename]
    if not files:
        return _page("Choose at least one file.", HTTPStatus.BAD_REQUEST)
    sport = request.form.get("sport", "Run")
    told = Told(sport_if_silent=sport if sport in SPORTS else None)
    known: list[str] = []
    n_taken = 0
    try:
        for file in files:
            receipt = services().uploads.put(athlete_id(), file.filename or "", file.read(), told)
            n_taken += 1
            if receipt.known:
                known.append(shown_name(file.filename or ""))
    except StorageFull as error:
        return _page(f"{error} {n_taken} of {len(files)} files are safe; hand in the others again later.", 507)
    finally:
        services().uploads.wake()
    new = n_taken - len(known)
    flash(f"{new} {'file' if new == 1 else 'files'} taken in. Each is read in turn: its state stands below.")
    if known:
        more = f" and {len(known) - 5} more" if len(known) > 5 else ""
        flash(f"Known already: {', '.join(known[:5])}{more}.")
    return redirect(url_for("uploads.uploads"))


@bp.post("/upload/<int:upload_id>/retry")
def retry(upload_id: int) -> Response:
    services().uploads.retry(athlete_id(), upload_id)
    flash("It is read once more.")
    return redirect(url_for("uploads.uploads"))


def _page(error: str = "", status: int = 200) -> tuple[str, int]:
    found = services().uploads.uploads(athlete_id())
    page = render_template(
        "upload.html",
        uploads=found,
        n_waiting=sum(u.state == "waiting" for u in found),
        error=error,
        sports=SPORTS,
        max_files=MAX_FILES,
        max_mb=MAX_REQUEST_BYTES // 2**20,
    )
    return page, status
