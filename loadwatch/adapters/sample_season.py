"""The made-up season that somebody without runs can look around in; `loadwatch.demo.sample` writes it."""

import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import HillReps, Repetition, RunFeatures, TrackWork
from loadwatch.services.ports import ActivityRecord

FILE: Final = Path(__file__).with_name("sample_season.jsonl")

NOON: Final = 12
"""Hour at which the season ends, UTC. [h]"""


def sample_season(now: datetime, timezone: str) -> list[tuple[ActivityRecord, RunFeatures | None]]:
    """The season as it would be known on a day: its last run lies within 44 hours before `now`."""
    end = now.replace(hour=NOON, minute=0, second=0, microsecond=0)
    if end > now:
        end -= timedelta(days=1)
    return [_activity(n, line, end, timezone) for n, line in enumerate(_lines(), 1)]


@cache
def _lines() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines())


def _activity(
    number: int, line: dict[str, Any], end: datetime, timezone: str
) -> tuple[ActivityRecord, RunFeatures | None]:
    start = end - timedelta(seconds=line["before_s"])
    facts = {name: value for name, value in line.items() if name not in ("before_s", "features")}
    record = ActivityRecord(
        source_id=number,
        start=start,
        local_date=start.astimezone(ZoneInfo(timezone)).date(),
        timezone=timezone,
        **facts,
    )
    return record, _features(line["features"])


def _features(found: dict[str, Any] | None) -> RunFeatures | None:
    if found is None:
        return None
    track, hill_reps, profile_m = found["track"], found["hill_reps"], found["speed_profile_m"]
    if track is not None:
        track = TrackWork(**track | {"stretches_s": tuple((a, b) for a, b in track["stretches_s"])})
    return RunFeatures(
        **found
        | {
            "hill_reps": HillReps(**hill_reps) if hill_reps is not None else None,
            "speed_profile_m": tuple(profile_m) if profile_m is not None else None,
            "reps": tuple(Repetition(**rep) for rep in found["reps"]),
            "track": track,
            "warnings": tuple(found["warnings"]),
        }
    )
