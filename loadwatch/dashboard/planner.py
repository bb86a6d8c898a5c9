"""Planner: the runs of the next days, and what the rules would say of them."""

import math
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from loadwatch.dashboard.current import athlete_id, profile, services
from loadwatch.dashboard.speech import _, lazy
from loadwatch.domain.text import METRES_PER_FOOT, METRES_PER_MILE
from loadwatch.services.plan_ports import StoredPlan
from loadwatch.services.planning import MAX_PER_DAY, InvalidPlan, Plan

bp = Blueprint("planner", __name__)

UNITS_M: Final[dict[str, dict[str, tuple[str, float]]]] = {
    "metric": {"distance": ("km", 1000.0), "descent": ("m", 1.0), "fast": ("m", 1.0)},
    "imperial": {
        "distance": ("mi", METRES_PER_MILE),
        "descent": ("ft", METRES_PER_FOOT),
        "fast": ("mi", METRES_PER_MILE),
    },
}
"""In what each amount is entered, and how many metres that is."""

SAYS: Final = {
    "day": lazy("Choose one of the next 14 days."),
    "full": lazy("There are three runs on that day already. Change or delete one of them, or choose another day."),
    "distance": lazy("Write how far the run is to be as a number above 0, like 12 or 12.5."),
    "descent": lazy("Write how much goes downhill as a number like 300, or leave it out."),
    "fast": lazy("Write how much is to be fast as a number, no more than the run is long, or leave it out."),
}
"""What to do about each code of an `InvalidPlan`."""

NEW: Final = 0
"""Number of a run that is not kept yet."""


@bp.get("/planner")
def planner() -> str:
    return _page(services().planning.plan(athlete_id()))


@bp.get("/planner/preview")
def preview() -> str:
    """What a run that is being typed in would set off; nothing yet where it is not complete."""
    wanted, plan, error = None, None, None
    if request.args.get("distance", "").strip():
        try:
            wanted = _wanted(request.args, request.args.get("id", NEW, type=int))
            plan = services().planning.plan(athlete_id(), thought_of=wanted)
        except InvalidPlan as refused:
            error = SAYS[refused.code]
    item = next((i for i in plan.items if i.stored == wanted), None) if plan else None
    return render_template("_plan_preview.html", item=item, plan=plan, error=error)


@bp.post("/planner/add")
def add() -> str | Response | tuple[str, int]:
    return _changed(lambda: services().planning.add(athlete_id(), _wanted(request.form, NEW)), _("Planned."))


@bp.post("/planner/<int:planned_id>/change")
def change(planned_id: int) -> str | Response | tuple[str, int]:
    return _changed(
        lambda: services().planning.change(athlete_id(), _wanted(request.form, planned_id)), _("Changed.")
    )


@bp.post("/planner/<int:planned_id>/move")
def move(planned_id: int) -> str | Response | tuple[str, int]:
    return _changed(lambda: services().planning.move(athlete_id(), planned_id, _day(request.form)), _("Moved."))


@bp.post("/planner/<int:planned_id>/delete")
def delete(planned_id: int) -> str | Response | tuple[str, int]:
    return _changed(lambda: services().planning.delete(athlete_id(), planned_id), _("Deleted."))


@bp.post("/planner/clear")
def clear() -> str | Response | tuple[str, int]:
    return _changed(lambda: services().planning.clear(athlete_id()), _("Your plan is deleted."))


def _changed(deed: Any, done: str) -> str | Response | tuple[str, int]:
    """Do it, and show the plan: a part of the page for a script, else the page anew."""
    by_script = request.headers.get("HX-Request") == "true"
    try:
        deed()
    except InvalidPlan as refused:
        plan = services().planning.plan(athlete_id())
        if by_script:
            return render_template("_plan.html", **_shown(plan), problem=SAYS[refused.code]), 422
        return _page(plan, problem=SAYS[refused.code], given=request.form), 422
    if by_script:
        return render_template("_plan.html", **_shown(services().planning.plan(athlete_id())), said=done)
    flash(done)
    return redirect(url_for("planner.planner"))


def _page(plan: Plan, **more: Any) -> str:
    return render_template("planner.html", **_shown(plan), **more)


def _shown(plan: Plan) -> dict[str, Any]:
    units = UNITS_M[profile().units]
    return {
        "plan": plan,
        "units": {name: unit for name, (unit, _metres) in units.items()},
        "amount": lambda name, metres: _written(metres, units[name][1]),
        "max_per_day": MAX_PER_DAY,
    }


def _wanted(given: Mapping[str, str], planned_id: int) -> StoredPlan:
    units = UNITS_M[profile().units]
    amounts = {}
    for name, (_unit, metres) in units.items():
        number = _number(given.get(name, ""), name)
        amounts[name] = None if number is None else number * metres
    if amounts["distance"] is None:
        raise InvalidPlan("distance")
    return StoredPlan(planned_id, _day(given), amounts["distance"], amounts["descent"], amounts["fast"])


def _day(given: Mapping[str, str]) -> date:
    try:
        return date.fromisoformat(given.get("day", ""))
    except ValueError as error:
        raise InvalidPlan("day") from error


def _number(text: str, name: str) -> float | None:
    """A number with point or comma; None for nothing."""
    text = text.strip().replace(",", ".")
    if not text:
        return None
    try:
        number = float(text)
    except ValueError as error:
        raise InvalidPlan(name) from error
    if not math.isfinite(number):
        raise InvalidPlan(name)
    return number


def _written(metres: float | None, unit_m: float) -> str:
    """As it is entered: "12.5"; nothing where it is not known."""
    return "" if metres is None else f"{metres / unit_m:.2f}".rstrip("0").rstrip(".")
