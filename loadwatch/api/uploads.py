"""Files of runs: handed in, and what became of them."""

from datetime import datetime
from http import HTTPStatus
from typing import Literal, Self

from flask import Response, g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, Field, RootModel

from loadwatch.api.models import Problem
from loadwatch.bootstrap import Services
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


def _full(detail: str) -> Response:
    status = HTTPStatus.INSUFFICIENT_STORAGE
    problem = Problem(title=status.phrase, status=status, detail=detail)
    return Response(problem.model_dump_json(), status, mimetype="application/problem+json")


def _json(model: BaseModel, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(model.model_dump_json(), status, mimetype="application/json")
