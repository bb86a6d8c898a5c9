"""What the places that were tapped say."""

import pytest
from werkzeug.datastructures import MultiDict

from loadwatch.dashboard.body_map import VIEWS, marks, told
from loadwatch.domain.symptoms import REGIONS


def tapped(*places: str, **fields: str) -> MultiDict[str, str]:
    return MultiDict([*(("place", place) for place in places), *fields.items()])


@pytest.mark.parametrize(
    ("form", "side", "regions"),
    [
        pytest.param(tapped("left-PM"), "left", {"PM"}, id="left"),
        pytest.param(tapped("right-LK", "right-LT"), "right", {"LT", "LK"}, id="right"),
        pytest.param(tapped("left-AM", "right-AM", same="yes"), "both_equal", {"AM"}, id="the same"),
        pytest.param(tapped("left-AM", "right-AM", same="no"), "both_unequal", {"AM"}, id="not the same"),
        pytest.param(tapped("left-AM", "right-AM"), "both_unequal", {"AM"}, id="not said to be the same"),
        pytest.param(tapped("left-AM", same="yes"), "left", {"AM"}, id="the same as nothing"),
        pytest.param(tapped("left-BK", "right-BK"), "both_unequal", {"BK"}, id="across the back"),
        pytest.param(tapped(), None, set(), id="nothing"),
        pytest.param(tapped("middle-XX", "left-XX"), None, set(), id="what does not exist"),
    ],
)
def test_side_and_regions_follow_from_what_is_tapped(form, side, regions):
    assert told(form) == (side, regions)


def test_pain_across_the_back_and_in_one_leg_is_of_that_leg():
    """Else it would say what it says of symptoms in both legs: an emergency."""
    assert told(tapped("left-BK", "right-BK", "left-PM")) == ("left", {"BK", "PM"})
    assert told(tapped("left-BK", "right-PM")) == ("right", {"BK", "PM"})


def test_a_link_brings_side_and_regions_along_as_fields():
    assert told(tapped(side="left", regions="PM,LK")) == ("left", {"PM", "LK"})
    assert marks(tapped(side="left", regions="PM")) == {("left", "PM")}
    assert marks(tapped(side="both_equal", regions="PM")) == {("left", "PM"), ("right", "PM")}


def test_a_region_without_a_side_is_marked_on_none():
    assert told(tapped(regions="PM")) == (None, {"PM"})
    assert marks(tapped(regions="PM")) == set()


def test_each_region_has_its_place_once_and_only_what_is_deep_lies_outside_of_the_drawing():
    drawn = [region for _, _, regions in VIEWS for region in regions]

    assert sorted([*drawn, "DV"]) == sorted(REGIONS)
