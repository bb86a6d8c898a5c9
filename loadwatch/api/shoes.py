"""Shoes: how far each pair has run, as context and without a limit."""

from datetime import date
from http import HTTPStatus
from typing import Literal, Self

from flask import Response, g
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field, RootModel
from werkzeug.exceptions import UnprocessableEntity

from loadwatch.bootstrap import Services
from loadwatch.services.shoes import MAX_BEFORE_M, MAX_NAME, InvalidShoe, Pair


class ShoePath(BaseModel):
    shoe_id: int


class ShoeBody(BaseModel):
    """A pair; runs of which Strava names no shoes are of it from a day on, until the next one entered begins."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME)
    worn_from: date
    before_m: float | None = Field(
        None, ge=0, le=MAX_BEFORE_M, description="What it had run before that day; unknown, if left out. [m]"
    )


class ShoeOut(BaseModel):
    """A pair and what the runs known here say of it."""

    id: int
    source: Literal["strava", "hand"]
    name: str
    worn_from: date | None
    distance_m: float | None = Field(description="None where nothing is known. [m]")
    is_lower_bound: bool = Field(description="Nobody told what it had run before the first run known here.")
    n_runs: int
    first_run_on: date | None
    last_run_on: date | None

    @classmethod
    def of(cls, pair: Pair) -> Self:
        shoe, facts = pair.shoe, pair.facts
        return cls(
            id=int(shoe.id),
            source=shoe.source,
            name=shoe.name,
            worn_from=shoe.worn_from,
            distance_m=facts.distance_m if facts else shoe.told_m,
            is_lower_bound=facts.is_lower_bound if facts else False,
            n_runs=facts.n_runs if facts else 0,
            first_run_on=facts.first_used if facts else None,
            last_run_on=facts.last_used if facts else None,
        )


class ShoeList(RootModel[list[ShoeOut]]):
    """Those worn last first."""


def register(bp: APIBlueprint, services: Services) -> None:
    """Add the routes."""

    def now() -> Response:
        return _json(ShoeList([ShoeOut.of(pair) for pair in services.shoes.pairs(g.athlete_id)]))

    @bp.get("/shoes", summary="Shoes, those worn last first", responses={HTTPStatus.OK: ShoeList})
    def shoes() -> Response:
        return now()

    @bp.post("/shoes", summary="Enter a pair", responses={HTTPStatus.OK: ShoeOut})
    def add(body: ShoeBody) -> Response:
        try:
            pair = services.shoes.add(g.athlete_id, body.name, body.worn_from, body.before_m)
        except InvalidShoe as error:
            raise UnprocessableEntity(str(error)) from error
        return _json(ShoeOut.of(pair))

    @bp.delete(
        "/shoes/<int:shoe_id>",
        summary="Forget a pair entered by hand; those that are left",
        responses={HTTPStatus.OK: ShoeList},
    )
    def delete(path: ShoePath) -> Response:
        try:
            services.shoes.delete(g.athlete_id, path.shoe_id)
        except InvalidShoe as error:
            raise UnprocessableEntity(str(error)) from error
        return now()


def _json(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), mimetype="application/json")
