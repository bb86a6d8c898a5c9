"""Runs of which somebody tells only totals: a row of a history, a run that is planned."""

from loadwatch.domain.activity import RunFeatures
from loadwatch.domain.bands import BAND_M_S, N_BANDS, SLOWEST_BAND_M_S
from loadwatch.domain.loads import FastSpeeds

NOT_MEASURED = 0
"""In place of the version of the functions that measure."""


def told_features(
    distance_m: float, *, descent_m: float | None, fast_m: float | None, speeds: FastSpeeds | None
) -> RunFeatures | None:
    """
    Features that give the rules exactly what was told, and nothing that was not.

    Fast metres lie in one band of speed, the first whole one above what is fast for the runner: the rules see
    that they were fast and, as nothing is told of it, no sprint. Descent stands without an eccentric load, which
    needs the grade.

    Parameters
    ----------
    distance_m : float
        Of the run. [m]
    descent_m, fast_m : float or None
        [m] None where it is not told.
    speeds : FastSpeeds or None
        What is fast for the runner; without it fast metres stay unknown.

    Returns
    -------
    RunFeatures or None
        None if nothing is told.

    Raises
    ------
    ValueError
        If a quantity is negative or NaN, or more was fast than was run.
    """
    known = [m for m in (distance_m, descent_m, fast_m) if m is not None]
    if not all(m >= 0 for m in known):  # NaN fails too
        raise ValueError(f"metres must be >= 0: {known}")
    if fast_m is not None and fast_m > distance_m:
        raise ValueError(f"{fast_m} m were fast of {distance_m} m")
    profile = None if fast_m is None or speeds is None else _profile(distance_m, fast_m, speeds)
    if descent_m is None and profile is None:
        return None
    return RunFeatures(
        version=NOT_MEASURED,
        distance_m=distance_m,
        moving_s=None,
        # Whoever tells a descent vouches for it. "none" would say that the run was indoors.
        altitude_quality="gps" if descent_m is None else "corrected",
        ascent_m=None,
        descent_m=descent_m,
        eccentric_load_m=None,
        flat_equivalent_m=None,
        hill_share=None,
        hill_reps=None,
        easy_speed_m_s=None,
        best_20s_m_s=None,
        speed_profile_m=profile,
        reps=(),
        track=None,
    )


def _profile(distance_m: float, fast_m: float, speeds: FastSpeeds) -> tuple[float, ...]:
    bands = [0.0] * N_BANDS
    bands[0] = distance_m - fast_m
    first_whole = int((speeds.fast_m_s - SLOWEST_BAND_M_S) / BAND_M_S) + 1
    bands[min(max(first_whole, 1), N_BANDS - 1)] += fast_m
    return tuple(bands)
