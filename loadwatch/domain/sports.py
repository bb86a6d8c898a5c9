"""Sports in words."""

import re
from collections.abc import Mapping
from typing import Final

from loadwatch.domain.text import Text, say

SPORTS: Final[Mapping[str, Text]] = {
    "Run": say("Run"),
    "TrailRun": say("Trail run"),
    "VirtualRun": say("Virtual run"),
    "Walk": say("Walk"),
    "Hike": say("Hike"),
    "Ride": say("Ride"),
    "VirtualRide": say("Virtual ride"),
    "MountainBikeRide": say("Mountain bike ride"),
    "GravelRide": say("Gravel ride"),
    "Swim": say("Swim"),
    "Rowing": say("Rowing"),
    "AlpineSki": say("Alpine ski"),
    "NordicSki": say("Nordic ski"),
    "WeightTraining": say("Weight training"),
    "Workout": say("Workout"),
    "Yoga": say("Yoga"),
}
"""Strava's names of the sports that runners do beside; others are told by their English names."""


def sport_text(sport: str) -> str:
    """ "AlpineSki" as "Alpine ski"."""
    if not sport:
        return say("Activity")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", sport)
    return SPORTS.get(sport) or words[:1].upper() + words[1:].lower()
