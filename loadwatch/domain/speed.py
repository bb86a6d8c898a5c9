"""Speed from samples: what was really run, how fast, and how often."""

import numpy as np

from loadwatch.domain.activity import Streams
from loadwatch.domain.thresholds import IMPLAUSIBLE_SHARE, IMPLAUSIBLE_SPEED_M_S


def implausible_share(streams: Streams) -> float | None:
    """
    Share of steps between samples in which nobody could have run so far.

    Returns
    -------
    float or None
        0 to 1 [unitless]; None without a distance channel or with fewer than two samples.
    """
    if streams.distance_m is None or len(streams) < 2:
        return None
    dt = np.diff(streams.time_s)
    ds = np.diff(streams.distance_m)
    counts = (dt > 0) & ~np.isnan(ds)
    if not counts.any():
        return None
    return float(np.mean(ds[counts] / dt[counts] > IMPLAUSIBLE_SPEED_M_S))


def distance_is_trusted(streams: Streams | None) -> bool:
    """Whether the recorded distance may be judged; without samples there is nothing to hold against it."""
    share = implausible_share(streams) if streams is not None else None
    return share is None or share <= IMPLAUSIBLE_SHARE
