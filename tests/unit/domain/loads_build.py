"""Runs with features for tests: of a runner whose fast speeds are known and plain."""

from dataclasses import replace

from loadwatch.domain.activity import Run, RunFeatures, TrackWork
from loadwatch.domain.bands import BAND_M_S, N_BANDS, SLOWEST_BAND_M_S
from tests.unit.domain.build import run

EASY_M_S = 2.85
TOP_M_S = 6.0
"""Reference speed: fast from 4.5 m/s (0.75 of it), a sprint from 5.4 m/s (0.90)."""

FAST_M_S = 4.85
SPRINT_M_S = 5.85

NO_TRACK = TrackWork(is_oval=False)


def profile(metres_at: dict[float, float]) -> tuple[float, ...]:
    """Metres in the band of each speed."""
    bands = [0.0] * N_BANDS
    for speed, metres in metres_at.items():
        bands[int((speed - SLOWEST_BAND_M_S) / BAND_M_S)] += metres
    return tuple(bands)


NOTHING = RunFeatures(
    version=1,
    distance_m=None,
    moving_s=None,
    altitude_quality="none",
    ascent_m=None,
    descent_m=None,
    eccentric_load_m=None,
    flat_equivalent_m=None,
    hill_share=None,
    hill_reps=None,
    easy_speed_m_s=None,
    best_20s_m_s=None,
    speed_profile_m=None,
    reps=(),
    track=None,
)
"""What a treadmill without a foot pod gives."""


def with_loads(
    of: Run,
    *,
    hill_m: float | None = 0.0,
    ascent_m: float | None = 0.0,
    fast_m: float = 0.0,
    sprint_m: float = 0.0,
    top_m_s: float = TOP_M_S,
    easy_m_s: float = EASY_M_S,
    track: TrackWork | None = NO_TRACK,
) -> Run:
    """A run out of doors with so many fast metres, of which some are sprinted."""
    easy_m = max((of.distance_m or 0.0) - fast_m, 0.0)
    features = replace(
        NOTHING,
        altitude_quality="gps" if hill_m is None else "baro",
        ascent_m=ascent_m,
        descent_m=hill_m,
        eccentric_load_m=hill_m,
        easy_speed_m_s=easy_m_s,
        best_20s_m_s=top_m_s,
        speed_profile_m=profile({easy_m_s: easy_m, FAST_M_S: fast_m - sprint_m, SPRINT_M_S: sprint_m}),
        track=track,
    )
    return replace(of, features=features)


def loaded(day: float, km: float = 8.0, *, run_id: int | None = None, minutes: float | None = None, **loads) -> Run:
    return with_loads(run(day, km, run_id=run_id, minutes=minutes), **loads)
