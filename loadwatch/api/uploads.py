"""Files of runs: handed in, and what became of them."""

from datetime import datetime
from http import HTTPStatus
from typing import Literal, Self

from flask import Response, g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, Field, RootModel

from loadwatch.adapters.incoming import OneAtATime, TooLarge, hand_in_archive, is_archive, receive_form
from loadwatch.api.models import Problem
from loadwatch.bootstrap import Services
from loadwatch.services.archive_ports import Archive, ArchiveFilesState
from loadwatch.services.errors import StorageFull
from loadwatch.services.ports import Told, Upload
from loadwatch.services.uploads import MAX_FILES, MAX_REQUEST_BYTES


class UploadPath(BaseModel):
    upload_id: int


class UploadForm(BaseModel):
    """FIT, GPX or TCX, each also packed with gzip."""

    files: list[FileStorage] = Field(min_length=1, max_length=MAX_FILES)
    sport: Literal["Run", "TrailRun", "VirtualRun", "other"] = Field(
        "Run", description="What it was, where a file does not say; `other` is kept and not counted."
    )


class UploadOut(BaseModel):
    """A file and what became of it."""

    id: int
    name: str
    size: int = Field(description="[bytes]")
    state: Literal["waiting", "stored", "failed"]
    reason: str | None = Field(description="Why it failed or still waits, or what of it was left out.")
    run_id: int | None = Field(description="The first of its runs.")
    n_runs: int
    created_at: datetime
    settled_at: datetime | None
    known: bool | None = Field(None, description="In the answer to a POST: whether these bytes were here before.")

    @classmethod
    def of(cls, upload: Upload, known: bool | None = None) -> Self:
        return cls(
            id=upload.id,
            name=upload.name,
            size=upload.size,
            state=upload.state,  # type: ignore[arg-type]  # one of the three by the table
            reason=upload.reason,
            run_id=upload.run_id,
            n_runs=upload.n_runs,
            created_at=upload.created_at,
            settled_at=upload.settled_at,
            known=known,
        )


class UploadList(RootModel[list[UploadOut]]):
    """The newest first; after a POST in the order of its files."""


class ArchivePath(BaseModel):
    archive_id: int


class ArchiveForm(BaseModel):
    """A zip archive of FIT, GPX and TCX files; a Strava export as it is."""

    file: FileStorage
    sport: Literal["Run", "TrailRun", "VirtualRun", "other"] = Field(
        "Run", description="What it was, where neither list nor file says; `other` is kept and not counted."
    )


class Stayed(BaseModel):
    """One of an archive's entries, and why it is not among the runs."""

    name: str
    reason: str


class ArchiveOut(BaseModel):
    """An archive, and how far it has been gone through."""

    id: int
    name: str
    size: int = Field(description="[bytes]")
    state: Literal["waiting", "stored", "failed"] = Field(
        description="stored: gone through to its end; what became of its files `files` counts."
    )
    reason: str | None = Field(description="Why it failed or still waits.")
    n_entries: int | None = Field(description="Files and activities entered by hand; null before the first look.")
    n_taken: int = Field(description="How many of them have been gone through.")
    n_left_out: int
    left_out: list[Stayed] = Field(description="The first 500 of these.")
    created_at: datetime
    settled_at: datetime | None
    files: dict[Literal["waiting", "stored", "failed"], int] | None = Field(
        None, description="Its files by state; only where one archive is asked for."
    )
    failed: list[Stayed] | None = Field(None, description="The first 500 of those that could not be read.")

    @classmethod
    def of(cls, archive: Archive, files: ArchiveFilesState | None = None) -> Self:
        names = ("id", "name", "size", "state", "reason", "n_entries", "n_taken", "n_left_out", "created_at")
        return cls(
            **{name: getattr(archive, name) for name in (*names, "settled_at")},
            left_out=[Stayed(name=each.name, reason=each.reason) for each in archive.left_out],
            files=files.by_state if files else None,  # type: ignore[arg-type]  # three states by the table
            failed=[Stayed(name=each.name, reason=each.reason) for each in files.failed] if files else None,
        )


class ArchiveList(RootModel[list[ArchiveOut]]):
    """The newest first."""


def register(bp: APIBlueprint, services: Services) -> None:
    """Add the routes."""

    @bp.before_request
    def room() -> Response | None:
        if request.method != "POST" or request.endpoint != "v1.hand_in":
            return None
        request.max_content_length = MAX_REQUEST_BYTES
        request.max_form_parts = MAX_FILES + 10
        try:
            request.files  # noqa: B018  read here, where a disk that is full can be told
        except OSError:
            return _full("The disk of this server is full: nothing was taken in.")
        return None

    @bp.post(
        "/uploads",
        summary="Hand in files of runs; a worker reads them",
        responses={HTTPStatus.ACCEPTED: UploadList, HTTPStatus.INSUFFICIENT_STORAGE: Problem},
    )
    def hand_in(form: UploadForm) -> Response:
        told = Told(sport_if_silent=None if form.sport == "other" else form.sport)
        taken = []
        try:
            for file in form.files:
                receipt = services.uploads.put(g.athlete_id, file.filename or "", file.read(), told)
                taken.append(UploadOut.of(receipt.upload, receipt.known))
        except StorageFull as error:
            return _full(f"{error} {len(taken)} of {len(form.files)} files are safe; send the others again later.")
        finally:
            services.uploads.wake()
        return _json(UploadList(taken), HTTPStatus.ACCEPTED)

    @bp.get("/uploads", summary="Files handed in, the newest first", responses={HTTPStatus.OK: UploadList})
    def uploads() -> Response:
        return _json(UploadList([UploadOut.of(each) for each in services.uploads.uploads(g.athlete_id)]))

    @bp.get("/uploads/<int:upload_id>", summary="One of them", responses={HTTPStatus.OK: UploadOut})
    def upload(path: UploadPath) -> Response:
        return _json(UploadOut.of(services.uploads.upload(g.athlete_id, path.upload_id)))

    @bp.post(
        "/uploads/<int:upload_id>/retry", summary="Read a failed one again", responses={HTTPStatus.OK: UploadOut}
    )
    def retry(path: UploadPath) -> Response:
        services.uploads.retry(g.athlete_id, path.upload_id)
        return _json(UploadOut.of(services.uploads.upload(g.athlete_id, path.upload_id)))

    @bp.delete(
        "/uploads/<int:upload_id>", summary="Delete a file and its runs", responses={HTTPStatus.NO_CONTENT: None}
    )
    def delete_upload(path: UploadPath) -> Response:
        services.uploads.delete(g.athlete_id, path.upload_id)
        return Response(status=HTTPStatus.NO_CONTENT)

    _register_archives(bp, services)


def _register_archives(bp: APIBlueprint, services: Services) -> None:
    @bp.before_request
    def archive_room() -> Response | None:
        if request.method != "POST" or request.endpoint != "v1.hand_in_zip":
            return None
        try:
            receive_form(
                request,
                services.upload_files.incoming,
                max_bytes=services.settings.archive_max_mb * 2**20,
                large_bytes=MAX_REQUEST_BYTES,
                max_parts=10,
            )
        except TooLarge as error:
            return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error))
        except OneAtATime as error:
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except StorageFull as error:
            return _full(str(error))
        return None

    @bp.post(
        "/archives",
        summary="Hand in a zip archive, such as a Strava export; a worker takes it apart",
        responses={
            HTTPStatus.ACCEPTED: ArchiveOut,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Problem,
            HTTPStatus.INSUFFICIENT_STORAGE: Problem,
        },
    )
    def hand_in_zip(form: ArchiveForm) -> Response:
        file = form.file
        if not is_archive(file.stream):
            return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, "That is no zip archive; single files go to /uploads.")
        sport = None if form.sport == "other" else form.sport
        try:
            archive = hand_in_archive(services.archives, g.athlete_id, file.filename or "", file.stream, sport)
        except StorageFull as error:
            return _full(str(error))
        return _json(ArchiveOut.of(archive), HTTPStatus.ACCEPTED)

    @bp.get("/archives", summary="Archives handed in, the newest first", responses={HTTPStatus.OK: ArchiveList})
    def archives() -> Response:
        return _json(ArchiveList([ArchiveOut.of(each) for each in services.archives.archives(g.athlete_id)]))

    @bp.get("/archives/<int:archive_id>", summary="One of them, and its files", responses={HTTPStatus.OK: ArchiveOut})
    def archive(path: ArchivePath) -> Response:
        return _json(ArchiveOut.of(*services.archives.archive(g.athlete_id, path.archive_id)))


def _full(detail: str) -> Response:
    return _refused(HTTPStatus.INSUFFICIENT_STORAGE, detail)


def _refused(status: HTTPStatus, detail: str) -> Response:
    problem = Problem(title=status.phrase, status=status, detail=detail)
    return Response(problem.model_dump_json(), status, mimetype="application/problem+json")


def _json(model: BaseModel, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(model.model_dump_json(), status, mimetype="application/json")
