"""What the samples of seeded runs would have shown, put straight into a store."""

from collections.abc import Callable
from datetime import UTC, datetime

from loadwatch.bootstrap import Services
from loadwatch.domain.activity import HillReps, Repetition, Run, RunFeatures, TrackWork
from loadwatch.domain.bands import BAND_M_S, N_BANDS, SLOWEST_BAND_M_S
from loadwatch.domain.daily import day_totals
from loadwatch.domain.features import FEATURES_VERSION

EASY_M_S, FAST_M_S, SPRINT_M_S, TOP_M_S = 2.85, 4.85, 5.85, 6.0
"""A reference speed of 6 m/s: fast from 4.5 m/s (0.75 of it), a sprint from 5.4 m/s (0.90)."""


def features(
    run: Run,
    *,
    hill_m: float | None = 0.0,
    fast_m: float = 0.0,
    sprint_m: float = 0.0,
    hill_reps: HillReps | None = None,
    reps: tuple[Repetition, ...] = (),
    track: TrackWork | None = None,
    warnings: tuple[str, ...] = (),
) -> RunFeatures:
    """Of a run out of doors, whose descent and downhill load are the same; without a hill: satellites alone."""
    bands = [0.0] * N_BANDS
    distance_m = run.distance_m or 0.0
    for speed, metres in (
        (EASY_M_S, distance_m - fast_m),
        (FAST_M_S, fast_m - sprint_m),
        (SPRINT_M_S, sprint_m),
    ):
        bands[int((speed - SLOWEST_BAND_M_S) / BAND_M_S)] += metres
    return RunFeatures(
        version=FEATURES_VERSION,
        distance_m=distance_m,
        moving_s=run.moving_s,
        altitude_quality="gps" if hill_m is None else "baro",
        ascent_m=run.ascent_m,
        descent_m=hill_m,
        eccentric_load_m=hill_m,
        flat_equivalent_m=distance_m,
        hill_share=0.1,
        hill_reps=hill_reps,
        easy_speed_m_s=EASY_M_S,
        best_20s_m_s=TOP_M_S,
        speed_profile_m=tuple(bands),
        reps=reps,
        track=track or TrackWork(is_oval=False),
        warnings=warnings,
    )


def track_session(run: Run) -> RunFeatures:
    """Six times 400 m in 1:24 with 1:30 of rest, in lane 1; of 2400 m fast 120 m are sprinted."""
    reps = tuple(Repetition(900.0 + 174 * n, 984.0 + 174 * n, 400.0, 90.0 if n < 5 else None) for n in range(6))
    track = TrackWork(True, 3_600.0, 9.0, 400.0, 1, True, ((900.0, 1950.0),))
    return features(run, fast_m=2_400.0, sprint_m=120.0, reps=reps, track=track)


def give_features(services: Services, athlete_id: int, of: Callable[[Run], RunFeatures | None]) -> None:
    """Store what `of` says of each run, and assess all anew."""
    now = services.clock()
    with services.store.write() as tx:
        for run in tx.runs_between(athlete_id, datetime(2000, 1, 1, tzinfo=UTC)):
            if (found := of(run)) is not None:
                tx.put_features(run.id, found, now)
        runs = tx.runs_between(athlete_id, datetime(2000, 1, 1, tzinfo=UTC))
        totals = day_totals(runs)
        tx.put_day_totals(athlete_id, totals, totals.values())
        tx.want_assessment(athlete_id, runs[0].start, now)
    services.assess.assess(athlete_id)


def season_of_loads(run: Run) -> RunFeatures | None:
    """
    Of `seeding.busy_season`: a track session in each "Tempo", 120 m down in each long run, and at the end a
    trail that goes down 640 m and is fast; of "Recovery" there are no samples.
    """
    match run.name:
        case "Recovery" | "Hike":
            return None
        case "Tempo":
            return track_session(run)
        case "Autumn trail":
            return features(
                run,
                hill_m=640.0,
                fast_m=5_200.0,
                sprint_m=300.0,
                hill_reps=HillReps(6, 80.0, 79.0),
                warnings=("Altitude jumped twice; the jumps were left out.",),
            )
        case "Long run":
            return features(run, hill_m=120.0)
    return features(run)
