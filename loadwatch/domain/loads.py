"""What each run brings of the other two loads, hills and fast running, and how much of it is known."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from loadwatch.domain.activity import Run, RunFeatures, counted
from loadwatch.domain.bands import five_k_thresholds, metres_above, reference_thresholds
from loadwatch.domain.thresholds import (
    FAST_OF_EASY,
    KNOWN_RUNS,
    KNOWN_SHARE,
    REFERENCE_RUNS,
    REFERENCE_WINDOW,
    SPRINT_OF_EASY,
)


def is_indoor(run: Run) -> bool:
    """Whether a run can have neither hills nor a track: on a treadmill, or without altitude and positions."""
    f = run.features
    return run.sport == "VirtualRun" or (f is not None and f.altitude_quality == "none" and f.track is None)


def downhill_load_m(run: Run) -> float | None:
    """Eccentric load, or plain descent where only that is known; None where neither is, and indoors. [m]"""
    f = run.features
    if f is None or is_indoor(run):
        return None
    return f.descent_m if f.eccentric_load_m is None else f.eccentric_load_m


def ascent_of(run: Run) -> float | None:
    """
    Ascent as the source gives it, else from the samples; None where nothing good enough is known. [m]

    Of altitude from satellites alone the samples give too much to compare: up to 150 m an hour on the flat.
    """
    f = run.features
    if is_indoor(run):
        return None
    if run.ascent_m is not None:
        return run.ascent_m
    return f.ascent_m if f is not None and f.altitude_quality in ("baro", "corrected") else None


def track_distance_m(run: Run) -> float | None:
    """Metres on an athletics track: 0 where the positions show none, None without positions. [m]"""
    track = run.features.track if run.features else None
    if track is None or is_indoor(run):
        return None
    return track.distance_m if track.is_oval else 0.0


@dataclass(frozen=True, slots=True)
class FastSpeeds:
    """From which speed on a runner's metres count as fast, and as sprinted. [m/s]"""

    fast_m_s: float
    sprint_m_s: float


def reference_features(earlier: Sequence[Run], at: datetime) -> list[RunFeatures]:
    """Features of those runs of the 180 days before `at` that tell of top speed."""
    window = between(earlier, at - REFERENCE_WINDOW, at)
    return [f for r in window if (f := r.features) is not None and f.best_20s_m_s is not None]


def fast_speeds(earlier: Sequence[Run], at: datetime, *, five_k_m_s: float | None = None) -> FastSpeeds | None:
    """
    What is fast for a runner, as of the start of a run.

    Parameters
    ----------
    earlier : sequence of Run
        Counted runs that began before `at`, in order of start.
    at : datetime
        Start of the run, UTC.
    five_k_m_s : float or None
        Mean speed of the runner's present 5 km race, where it is known. [m/s] It takes precedence.

    Returns
    -------
    FastSpeeds or None
        Otherwise from the reference speed, the second highest best 20 s of 180 days, and from the median of
        the easy speeds. None with fewer than 8 runs to tell.
    """
    if five_k_m_s is not None:
        return FastSpeeds(*five_k_thresholds(five_k_m_s))
    features = reference_features(earlier, at)
    best = sorted(f.best_20s_m_s for f in features if f.best_20s_m_s is not None)
    return _speeds_of(best, [f.easy_speed_m_s for f in features if f.easy_speed_m_s is not None])


def _speeds_of(best: Sequence[float], easy: Sequence[float]) -> FastSpeeds | None:
    """By the best and the easy speeds of the window, the best in ascending order. [m/s]"""
    if len(best) < REFERENCE_RUNS:
        return None
    fast, sprint = reference_thresholds(best[-2])
    usual = median(easy) if easy else 0.0
    return FastSpeeds(max(fast, FAST_OF_EASY * usual), max(sprint, fast, SPRINT_OF_EASY * usual))


class _Reference:
    """`fast_speeds` for one run after the other: of each only what enters and leaves the window is looked at."""

    def __init__(self, known: Sequence[Run], five_k_m_s: float | None) -> None:
        self._runs = [(r.start, r.features) for r in known if r.features and r.features.best_20s_m_s is not None]
        self._five_k = FastSpeeds(*five_k_thresholds(five_k_m_s)) if five_k_m_s is not None else None
        self._first = self._end = 0
        self._best: list[float] = []
        self._easy: list[float] = []

    def speeds(self, at: datetime) -> FastSpeeds | None:
        """As of `at`, which must not go back."""
        if self._five_k is not None:
            return self._five_k
        while self._end < len(self._runs) and self._runs[self._end][0] < at:
            self._move(self._runs[self._end][1], insort)
            self._end += 1
        while self._first < self._end and self._runs[self._first][0] < at - REFERENCE_WINDOW:
            self._move(self._runs[self._first][1], _remove)
            self._first += 1
        return _speeds_of(self._best, self._easy)

    def _move(self, features: RunFeatures, how: Callable[[list[float], float], None]) -> None:
        assert features.best_20s_m_s is not None  # the others are left out
        how(self._best, features.best_20s_m_s)
        if features.easy_speed_m_s is not None:
            how(self._easy, features.easy_speed_m_s)


def _remove(values: list[float], value: float) -> None:
    del values[bisect_left(values, value)]


def metres_from(run: Run, speed_m_s: float) -> float | None:
    """Metres of a run at this speed or faster; None where its speed is not known. [m]"""
    f = run.features
    return None if f is None or f.speed_profile_m is None else metres_above(f.speed_profile_m, speed_m_s)


@dataclass(frozen=True, slots=True)
class RunLoad:
    """
    A run's share of each load.

    Attributes
    ----------
    hill_m : float or None
        Downhill load: eccentric load, or descent where only that is known. [m]
    ascent_m : float or None
    fast_m, sprint_m : float or None
        Metres at what was fast, and a sprint, for the runner when the run began. [m] None where the run's
        speed is not known, or not yet what is fast for the runner. From 1 Hz GPS a lower bound.
    track_m : float or None
        Metres on an athletics track. [m]
    """

    run: Run
    hill_m: float | None
    ascent_m: float | None
    fast_m: float | None
    sprint_m: float | None
    track_m: float | None


def run_loads(runs: Sequence[Run], *, since: datetime, five_k_m_s: float | None = None) -> list[RunLoad]:
    """
    The loads of each counted run from `since` on, in order of start, each as of its own start.

    Parameters
    ----------
    runs : sequence of Run
        Activities in any order, back to `loads_reach(since)`: what is fast is learnt from them.
    """
    known = counted(runs)
    first = bisect_left(known, since, key=_start)
    loads = []
    reference = _Reference(known, five_k_m_s)
    for i in range(first, len(known)):
        run = known[i]
        speeds = reference.speeds(run.start) if run.features else None
        loads.append(
            RunLoad(
                run=run,
                hill_m=downhill_load_m(run),
                ascent_m=ascent_of(run),
                fast_m=metres_from(run, speeds.fast_m_s) if speeds else None,
                sprint_m=metres_from(run, speeds.sprint_m_s) if speeds else None,
                track_m=track_distance_m(run),
            )
        )
    return loads


def loads_reach(since: datetime) -> datetime:
    """From when on `run_loads` wants activities, UTC."""
    return since - REFERENCE_WINDOW


def fast_by_day(loads: Iterable[RunLoad]) -> dict[date, tuple[float, float] | None]:
    """
    Fast and sprinted metres of each local day with a run. [m; m]

    None where a run of the day is not known; a run indoors without a speed is left out, not unknown.
    """
    by_day: dict[date, tuple[float, float] | None] = {}
    for load in loads:
        day = load.run.local_date
        so_far = by_day.setdefault(day, (0.0, 0.0))
        if load.fast_m is None or load.sprint_m is None:
            if not is_indoor(load.run):
                by_day[day] = None
        elif so_far is not None:
            by_day[day] = (so_far[0] + load.fast_m, so_far[1] + load.sprint_m)
    return by_day


@dataclass(frozen=True, slots=True)
class Known:
    """
    What is known of the runs that a run is compared with.

    Attributes
    ----------
    values : tuple of float
        Of those that are known. [m]
    n_runs : int
        Runs, or sessions, that there were.
    """

    values: tuple[float, ...]
    n_runs: int

    @property
    def largest(self) -> float:
        return max(self.values, default=0.0)

    @property
    def is_enough(self) -> bool:
        return len(self.values) >= KNOWN_RUNS and mostly_known(len(self.values), self.n_runs)

    @property
    def missing(self) -> int:
        """How many more runs that are known it takes until they are enough."""
        more = 0
        while not Known((0.0,) * (len(self.values) + more), self.n_runs + more).is_enough:
            more += 1
        return more


def mostly_known(n_known: int, n_runs: int) -> bool:
    """Whether the known runs stand for all of them; no runs at all are known to be none."""
    return n_known >= KNOWN_SHARE * n_runs


Load = Callable[[Run], float | None]
"""What a run brings of one load. [m] None where that is not known, or indoors, where there is none to know."""


def can_tell(run: Run, load: Load) -> bool:
    """Whether a run has a share of a load, known or not: a treadmill has only what it told."""
    return load(run) is not None or not is_indoor(run)


def session_total(session: Iterable[Run], load: Load) -> float | None:
    """Sum over the files of a session; None if one of them is unknown, or none has a share. [m]"""
    values = [load(r) for r in session if can_tell(r, load)]
    return sum(v for v in values if v is not None) if values and None not in values else None


def known_sessions(sessions: Iterable[Sequence[Run]], load: Load) -> Known:
    """What is known of sessions."""
    totals = [session_total(s, load) for s in sessions if any(can_tell(r, load) for r in s)]
    return Known(tuple(t for t in totals if t is not None), len(totals))


def known_runs(runs: Iterable[Run], load: Load) -> Known:
    """The same of single runs."""
    values = []
    n_unknown = 0
    for run in runs:
        value = load(run)
        if value is not None:
            values.append(value)
        elif not is_indoor(run):
            n_unknown += 1
    return Known(tuple(values), len(values) + n_unknown)


def metres_at(speed_m_s: float) -> Load:
    """The load of running at a speed or faster."""
    found: dict[int, float | None] = {}  # asked for again and again, by each rule and window

    def load(run: Run) -> float | None:
        if run.id not in found:
            found[run.id] = metres_from(run, speed_m_s)
        return found[run.id]

    return load


def between(runs: Sequence[Run], since: datetime, until: datetime) -> Sequence[Run]:
    """Those that began from `since` on and before `until`; `runs` are in order of start."""
    return runs[bisect_left(runs, since, key=_start) : bisect_left(runs, until, key=_start)]


def _start(run: Run) -> datetime:
    return run.start
