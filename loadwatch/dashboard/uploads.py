"""Handing in files of runs, and what became of them."""

from http import HTTPStatus

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from loadwatch.adapters.incoming import OneAtATime, TooLarge, hand_in_archive, is_archive, receive_form
from loadwatch.dashboard.current import athlete_id, back, services
from loadwatch.dashboard.speech import _, ngettext, said
from loadwatch.services.errors import StorageFull
from loadwatch.services.ports import Told
from loadwatch.services.uploads import MAX_FILES, MAX_REQUEST_BYTES, SPORTS, shown_name

bp = Blueprint("uploads", __name__)

NAMED = 5
"""So many files are named in a message, the others counted."""


def register(app: Flask) -> None:
    """Give the form its room; to be called after the log-in is asked for and before the form's safety mark is."""

    @app.before_request
    def _room() -> tuple[str, int] | None:
        if request.endpoint != "uploads.uploads" or request.method != "POST":
            return None
        try:
            receive_form(
                request,
                services().upload_files.incoming,
                max_bytes=_max_bytes(),
                large_bytes=MAX_REQUEST_BYTES,
                max_parts=MAX_FILES + 10,
            )
        except TooLarge as error:
            return _page(said(error.words), HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except OneAtATime as error:
            return _page(said(error.words), HTTPStatus.SERVICE_UNAVAILABLE)
        except StorageFull as error:
            later = _("Try again later.")
            return _page(f"{said(error.words)} {later}", HTTPStatus.INSUFFICIENT_STORAGE)
        return None


def _max_bytes() -> int:
    return services().settings.archive_max_mb * 2**20


@bp.route("/upload", methods=["GET", "POST"])
def uploads() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _page()[0]
    files = [f for f in request.files.getlist("files") if f.filename]
    if not files:
        return _page(_("Choose at least one file."), HTTPStatus.BAD_REQUEST)
    sport = request.form.get("sport", "Run")
    told = Told(sport_if_silent=sport if sport in SPORTS else None)
    known: list[str] = []
    n_taken = 0
    try:
        for file in files:
            name = file.filename or ""
            if is_archive(file.stream):
                hand_in_archive(services().archives, athlete_id(), name, file.stream, told.sport_if_silent)
            elif (data := file.read(MAX_REQUEST_BYTES + 1)) and len(data) > MAX_REQUEST_BYTES:
                flash(
                    _("%(name)s is larger than any file of a run and was not taken in.", name=shown_name(name)),
                    "error",
                )
                continue
            elif services().uploads.put(athlete_id(), name, data, told).known:
                known.append(shown_name(name))
            n_taken += 1
    except StorageFull as error:
        safe = _("%(n)s of %(all)s files are safe; hand in the others again later.", n=n_taken, all=len(files))
        return _page(f"{said(error.words)} {safe}", HTTPStatus.INSUFFICIENT_STORAGE)
    finally:
        services().uploads.wake()
    new = n_taken - len(known)
    taken = ngettext("%(n)s file taken in. It is read now.", "%(n)s files taken in. Each is read in turn.", new)
    flash(taken % {"n": new})
    if known:
        flash(_("Known already, and not taken twice: %(names)s", names=_named(known)))
    return back(url_for("uploads.uploads"))


def _named(names: list[str]) -> str:
    said = ", ".join(names[:NAMED])
    return said if len(names) <= NAMED else _("%(names)s and %(n)s more", names=said, n=len(names) - NAMED)


@bp.get("/upload/archives/<int:archive_id>")
def archive(archive_id: int) -> str:
    found, files = services().archives.archive(athlete_id(), archive_id)
    return render_template("archive.html", archive=found, files=files)


@bp.post("/upload/<int:upload_id>/retry")
def retry(upload_id: int) -> Response:
    services().uploads.retry(athlete_id(), upload_id)
    flash(_("It is read once more."))
    return redirect(url_for("uploads.uploads"))


@bp.post("/upload/<int:upload_id>/delete")
def delete(upload_id: int) -> Response:
    services().uploads.delete(athlete_id(), upload_id)
    flash(_("The file and its runs are deleted."))
    return redirect(url_for("uploads.uploads"))


def _page(error: str = "", status: int = 200) -> tuple[str, int]:
    found = services().uploads.uploads(athlete_id(), alone=True)
    page = render_template(
        "upload.html",
        uploads=found,
        archives=services().archives.archives(athlete_id()),
        page=services().overview.reading(athlete_id()),
        error=error,
        sports=SPORTS,
        max_files=MAX_FILES,
        max_bytes=_max_bytes(),
    )
    return page, status
