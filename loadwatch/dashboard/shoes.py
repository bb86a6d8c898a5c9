"""Shoes: how far each pair has run, and pairs entered by hand."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from loadwatch.dashboard.current import athlete_id, profile, services
from loadwatch.dashboard.speech import _, said
from loadwatch.domain.shoes import NO_THRESHOLD
from loadwatch.domain.wording import Units
from loadwatch.services.shoes import MAX_NAME, InvalidShoe

bp = Blueprint("shoes", __name__)

_UNIT_M: dict[Units, float] = {"metric": 1000.0, "imperial": 1609.344}


@bp.route("/shoes", methods=["GET", "POST"])
def shoes() -> str | Response | tuple[str, int]:
    error = ""
    if request.method == "POST":
        form = request.form
        try:
            before_m = _distance_m(form.get("before", ""))
            services().shoes.add(athlete_id(), form.get("name", ""), _day(form.get("worn_from", "")), before_m)
        except InvalidShoe as refused:
            error = said(refused.words)
        else:
            flash(_("Saved: the pair counts from its first day on."))
            return redirect(url_for("shoes.shoes"))
    page = render_template(
        "shoes.html",
        pairs=services().shoes.pairs(athlete_id()),
        given=request.form,
        error=error,
        unit="mi" if profile().units == "imperial" else "km",
        max_name=MAX_NAME,
        note=NO_THRESHOLD,
    )
    return (page, 400) if error else page


@bp.post("/shoes/<int:shoe_id>/delete")
def delete(shoe_id: int) -> Response:
    try:
        services().shoes.delete(athlete_id(), shoe_id)
    except InvalidShoe as refused:
        flash(said(refused.words), "error")
    else:
        flash(_("Deleted. Its runs count for the pair entered before it, if there is one."))
    return redirect(url_for("shoes.shoes"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidShoe("Write the first day like 2026-03-31.") from error


def _distance_m(text: str) -> float | None:
    """A distance in the runner's unit, with point or comma; None for an empty one. [m]"""
    text = text.strip().replace(",", ".")
    if not text:
        return None
    if not text.isascii() or not text.replace(".", "", 1).isdecimal():
        raise InvalidShoe("Write the distance as a number, like 412 or 412.5; leave it out if you do not know it.")
    return float(text) * _UNIT_M[profile().units]
