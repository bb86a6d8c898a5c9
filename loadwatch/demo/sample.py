"""
The season of the sample runner, written down: `python -m loadwatch.demo.sample` makes the file anew.

Whoever looks around should not wait until samples are made and read, and the pages load no numpy. So the figures of
each run lie beside the code that shows them, as the program's own functions found them; a test holds both together.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from loadwatch.adapters.sample_season import FILE
from loadwatch.adapters.strava import parse
from loadwatch.demo.season import DemoActivity, season
from loadwatch.domain.activity import RUN_FAMILY, Recording
from loadwatch.domain.features import features_of

UNTIL: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""When the season ends, a Sunday; it is moved to the day on which somebody looks."""


def lines() -> Iterator[str]:
    """The file, a line for each activity in order of time."""
    story = season(UNTIL)
    for made in sorted((*story.history, *story.live), key=lambda each: each.start):
        yield json.dumps(_line(made), ensure_ascii=False, separators=(",", ":"))


def _line(made: DemoActivity) -> dict[str, Any]:
    record = parse.activity(made.activity)
    features = None
    by_type = {name: {"data": samples} for name, samples in (made.streams or {}).items()}
    if record.sport in RUN_FAMILY and (streams := parse.streams(by_type)) is not None:
        recording = Recording(
            sport=record.sport,
            start=record.start,
            streams=streams,
            reported_distance_m=record.distance_m,
            reported_ascent_m=record.ascent_m,
        )
        features = asdict(features_of(recording))
        if features["speed_profile_m"] is not None:
            features["speed_profile_m"] = [round(metres, 1) for metres in features["speed_profile_m"]]
    return {
        "before_s": round((UNTIL - record.start).total_seconds()),
        "name": record.name,
        "sport": record.sport,
        "distance_m": record.distance_m,
        "moving_s": record.moving_s,
        "elapsed_s": record.elapsed_s,
        "ascent_m": record.ascent_m,
        "average_heartrate_bpm": record.average_heartrate_bpm,
        "is_race": record.is_race,
        "is_manual": record.is_manual,
        "features": features,
    }


if __name__ == "__main__":
    FILE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
