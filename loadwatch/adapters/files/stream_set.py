"""Strava's stream sets as JSON: by type, or as a list of streams."""

import json

import numpy as np

from loadwatch.adapters.files.limits import UnreadableFile
from loadwatch.adapters.files.samples import About, noted, recording
from loadwatch.adapters.strava import parse
from loadwatch.domain.activity import Recording
from loadwatch.domain.text import say


def read(data: bytes) -> tuple[Recording, ...]:
    """The one activity of a stream set; it names neither day nor sport. See `read_recordings`."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(say("is JSON that breaks off or is damaged; export it again")) from error
    channels = parse.channels(raw)
    if not channels:
        raise UnreadableFile(say("is JSON, but no stream set from Strava"))
    time = channels.pop("time_s", None)
    n = len(next(iter(channels.values()))) if time is None else len(time)
    found = recording(np.full(n, np.nan) if time is None else time, channels, About(), dated=False)
    return noted([found] if found else [], (), "is a stream set without samples in it")
