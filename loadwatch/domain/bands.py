"""Bands of speed: how a run's metres are kept, and what counts as fast for somebody. No samples, no numpy."""

from collections.abc import Sequence
from typing import Final

from loadwatch.domain.thresholds import FAST_OF_5K, FAST_SHARE, SPRINT_OF_5K, SPRINT_SHARE

BAND_M_S: Final = 0.1
"""Width of a band. [m/s]"""

SLOWEST_BAND_M_S: Final = 2.0
"""Where the first band begins; what was slower is in it too. [m/s]"""

N_BANDS: Final = 101
"""Band k is from 2.0 + 0.1 k m/s up to the next; the last is open: 12 m/s and faster."""


def metres_above(profile_m: Sequence[float], speed_m_s: float) -> float:
    """
    Metres run at a speed or faster.

    Of the band in which the speed lies its proportional part counts. The first band never does, as all that
    was slower is in it too: for a speed below 2.1 m/s the answer is a lower bound. Nor does a part of the last.

    Parameters
    ----------
    profile_m : sequence of float, shape (N_BANDS,)
        Metres run in each band of speed. [m]
    speed_m_s : float
        [m/s]

    Raises
    ------
    ValueError
        If the speed is NaN or the profile has another number of bands.
    """
    if len(profile_m) != N_BANDS or speed_m_s != speed_m_s:
        raise ValueError(f"{len(profile_m)} bands, {speed_m_s} m/s")
    place = (speed_m_s - SLOWEST_BAND_M_S) / BAND_M_S
    if place <= 1.0:
        return float(sum(profile_m[1:]))
    if place > N_BANDS - 1:
        return 0.0
    band = int(place)
    part = 1.0 - (place - band) if band < N_BANDS - 1 else 1.0
    return float(part * profile_m[band] + sum(profile_m[band + 1 :]))


def reference_thresholds(reference_m_s: float) -> tuple[float, float]:
    """
    Speeds from which running is fast, and a sprint, by the runner's reference speed (their best 20 s).

    Returns
    -------
    (float, float)
        [m/s] 75 % and 90 % of the reference.
    """
    return FAST_SHARE * reference_m_s, SPRINT_SHARE * reference_m_s


def five_k_thresholds(five_k_m_s: float) -> tuple[float, float]:
    """
    The same by the runner's mean speed over 5 km.

    Returns
    -------
    (float, float)
        [m/s] 1.03 and 1.20 times the speed over 5 km.
    """
    return FAST_OF_5K * five_k_m_s, SPRINT_OF_5K * five_k_m_s
