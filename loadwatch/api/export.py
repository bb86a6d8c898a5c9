"""`GET /export`: everything of the athlete."""

from http import HTTPStatus
from typing import Any, Final

from flask import Response, g
from flask_openapi3.blueprint import APIBlueprint

from loadwatch.adapters.outgoing import send_zip
from loadwatch.bootstrap import Services

_ZIP: Final[dict[str, Any]] = {
    "description": "A zip archive with a README.txt",
    "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
}


def register(bp: APIBlueprint, services: Services) -> None:
    @bp.get("/export", summary="All that is kept of the athlete, as a zip archive", responses={HTTPStatus.OK: _ZIP})
    def export() -> Response:
        return send_zip(services.export.stream(g.athlete_id), "loadwatch-export.zip")
