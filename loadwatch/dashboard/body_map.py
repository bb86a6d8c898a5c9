"""The drawing of both thighs: which place lies in which view, and what the places that were tapped say."""

from typing import Final

from werkzeug.datastructures import MultiDict

from loadwatch.dashboard.speech import Lazy, lazy
from loadwatch.domain.symptoms import REGIONS, SIDES, Region, Side

VIEWS: Final[tuple[tuple[str, Lazy, tuple[Region, ...]], ...]] = (
    ("front", lazy("Front"), ("AP", "AM", "AD")),
    ("back", lazy("Back"), ("BK", "PP", "PM", "PD")),
    ("outer", lazy("Outer side"), ("LT", "LK")),
    ("inner", lazy("Inner side"), ("MT",)),
)
"""Each with its places from the hip down. What lies deep or is hard to say has no place in a drawing, but its own."""

LEGS: Final = (("left", lazy("Left")), ("right", lazy("Right")))

PLACES: Final = frozenset((leg, region) for leg, _ in LEGS for region in REGIONS)


def told(form: MultiDict[str, str]) -> tuple[Side | None, frozenset[Region]]:
    """
    Side and regions of a form: of the places tapped, else of its fields `side` and `regions`.

    The legs tell the side, the back only where no leg was tapped: pain across the low back and in one leg is of that
    leg. What is on both sides counts as unequal unless the runner says that it is the same.
    """
    marked = _tapped(form)
    if not marked:
        named = {code for text in form.getlist("regions") for code in text.split(",")}
        return next((s for s in SIDES if s == form.get("side")), None), frozenset(r for r in REGIONS if r in named)
    legs = {leg for leg, region in marked if region != "BK"} or {leg for leg, _ in marked}
    side: Side = "left" if legs == {"left"} else "right"
    if len(legs) == 2:
        side = "both_equal" if form.get("same") == "yes" else "both_unequal"
    return side, frozenset(region for _, region in marked)


def marks(form: MultiDict[str, str]) -> frozenset[tuple[str, Region]]:
    """The places to show as tapped: those that were, else the regions of the form on its side, if it has one."""
    side, regions = told(form)
    legs = {"left", "right"} if side in ("both_equal", "both_unequal") else {side}
    return _tapped(form) or frozenset((leg, region) for leg, region in PLACES if leg in legs and region in regions)


def _tapped(form: MultiDict[str, str]) -> frozenset[tuple[str, Region]]:
    tapped = form.getlist("place")
    return frozenset((leg, region) for leg, region in PLACES if f"{leg}-{region}" in tapped)
