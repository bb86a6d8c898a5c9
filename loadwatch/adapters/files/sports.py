"""The sports of FIT, GPX and TCX in Strava's words."""

import re
from typing import Final

from loadwatch.domain.activity import UNKNOWN_SPORT

_SAYS_NOTHING: Final = frozenset({"", "generic", "all", "other", "multisport", "training"})

_STRAVA: Final = {
    "run": "Run",
    "running": "Run",
    "jogging": "Run",
    "street_running": "Run",
    "road_running": "Run",
    "track_running": "Run",
    "9": "Run",  # numbers are what Strava's own GPX export writes
    "trail_run": "TrailRun",
    "trail_running": "TrailRun",
    "trailrun": "TrailRun",
    "virtual_run": "VirtualRun",
    "virtual_running": "VirtualRun",
    "virtualrun": "VirtualRun",
    "treadmill": "VirtualRun",
    "treadmill_running": "VirtualRun",
    "indoor_running": "VirtualRun",
    "ride": "Ride",
    "cycling": "Ride",
    "biking": "Ride",
    "road_biking": "Ride",
    "1": "Ride",
    "mountain_biking": "MountainBikeRide",
    "gravel_cycling": "GravelRide",
    "virtual_ride": "VirtualRide",
    "virtualride": "VirtualRide",
    "e_biking": "EBikeRide",
    "walk": "Walk",
    "walking": "Walk",
    "casual_walking": "Walk",
    "speed_walking": "Walk",
    "10": "Walk",
    "hike": "Hike",
    "hiking": "Hike",
    "mountaineering": "Hike",
    "4": "Hike",
    "swim": "Swim",
    "swimming": "Swim",
    "lap_swimming": "Swim",
    "open_water_swimming": "Swim",
    "rowing": "Rowing",
    "kayaking": "Kayaking",
    "elliptical": "Elliptical",
    "cross_country_skiing": "NordicSki",
    "alpine_skiing": "AlpineSki",
    "snowboarding": "Snowboard",
    "snowshoeing": "Snowshoe",
    "inline_skating": "InlineSkate",
    "ice_skating": "IceSkate",
    "rock_climbing": "RockClimbing",
}

_FIT_SUB_SPORTS: Final = {
    ("running", "trail"): "TrailRun",
    ("running", "treadmill"): "VirtualRun",
    ("running", "indoor_running"): "VirtualRun",
    ("running", "virtual_activity"): "VirtualRun",
    ("fitness_equipment", "treadmill"): "VirtualRun",
    ("fitness_equipment", "elliptical"): "Elliptical",
    ("cycling", "mountain"): "MountainBikeRide",
    ("cycling", "gravel_cycling"): "GravelRide",
    ("cycling", "virtual_activity"): "VirtualRide",
}


def sport_of(word: str) -> str:
    """A free word for a sport; one that we do not know is Unknown: it may be a run in another language."""
    return _STRAVA.get(re.sub(r"[^a-z0-9]+", "_", word.strip().lower()), UNKNOWN_SPORT)


def fit_sport(sport: object, sub_sport: object) -> str:
    """FIT's sport and sub sport; one that Strava has no word for is a Workout, and surely no run."""
    main, sub = str(sport or ""), str(sub_sport or "")
    if main in _SAYS_NOTHING or main.isdecimal():
        return UNKNOWN_SPORT
    return _FIT_SUB_SPORTS.get((main, sub)) or _STRAVA.get(main, "Workout")
