"""What was recorded: a run, and the streams of its sensors. What a sensor did not give is None."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from loadwatch.domain.thresholds import (
    DUPLICATE_OVERLAP,
    IMPLAUSIBLE_SPEED_M_S,
    LONGEST_RUN_M,
    SAME_DISTANCE,
    SAME_TIME,
    SAME_TIME_S,
)

if TYPE_CHECKING:  # the webhook's process knows runs, and loads no numpy for it
    from loadwatch.domain.arrays import FloatArray

RUN_FAMILY: Final = frozenset({"Run", "TrailRun", "VirtualRun"})
"""Sports whose distance counts. Strava's words, kept as they come; other sports are stored, not counted."""


UNKNOWN_SPORT: Final = "Unknown"
"""Of a recording that does not say."""


@dataclass(frozen=True, slots=True)
class Run:
    """
    One recorded activity, as the rules see it.

    Attributes
    ----------
    id : int
        Ours, not the source's.
    start : datetime
        Beginning, UTC.
    local_date : date
        Calendar day at the place of the run: the day it counts for.
    sport : str
        The source's word, for example "TrailRun".
    distance_m : float or None
        [m] None where nothing measured it.
    moving_s, elapsed_s : float or None
        Time in motion; time from start to end, pauses included. [s]
    ascent_m : float or None
        Metres climbed, as the source gives them. [m]
    name : str
        The runner's own title.
    is_race : bool
        Marked as a race: judged alike, worded differently.
    start_hidden : bool
        The source tells only the day: the start is a second past midnight. Nothing follows from the hour.
    distance_trusted : bool
        False where too many samples were GPS jumps: kept and shown, but neither counted nor judged.
    told_apart : int or None
        Which run it recorded, as the runner told: recordings with different numbers are different runs, whatever
        they look like. None: nothing was told.
    preferred : bool
        Of the recordings of its run the runner wants this one to count.
    features : RunFeatures or None
        What its samples showed; None where there were none (yet).
    """

    id: int
    start: datetime
    local_date: date
    sport: str
    distance_m: float | None
    moving_s: float | None = None
    elapsed_s: float | None = None
    ascent_m: float | None = None
    name: str = ""
    is_race: bool = False
    start_hidden: bool = False
    distance_trusted: bool = True
    told_apart: int | None = None
    preferred: bool = False
    features: "RunFeatures | None" = None

    @property
    def end(self) -> datetime:
        """Start plus elapsed time (or moving time, or nothing, where that is all there is), UTC."""
        return self.start + timedelta(seconds=self.elapsed_s or self.moving_s or 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """
    A run's samples: channels of one length, in order of time, not necessarily a second apart.

    Each channel has shape (n_samples,), float64; None where the sensor was absent, NaN where one sample is
    missing. Time has no gaps of this kind: a sample without a time is none.

    Attributes
    ----------
    time_s : array
        Seconds since the start. Where the watch was stopped the step is longer.
    distance_m : array or None
        Metres since the start as the source counts them.
    latitude_deg, longitude_deg : array or None
        WGS 84.
    altitude_m : array or None
    speed_m_s : array or None
        As the source gives it, mostly smoothed; many sources give none.
    heartrate_bpm, cadence_rpm : array or None
    """

    time_s: "FloatArray"
    distance_m: "FloatArray | None" = None
    latitude_deg: "FloatArray | None" = None
    longitude_deg: "FloatArray | None" = None
    altitude_m: "FloatArray | None" = None
    speed_m_s: "FloatArray | None" = None
    heartrate_bpm: "FloatArray | None" = None
    cadence_rpm: "FloatArray | None" = None

    def __len__(self) -> int:
        return len(self.time_s)


@dataclass(frozen=True, slots=True)
class Recording:
    """
    What a file or a stream set says of one activity, before anybody judged it.

    Attributes
    ----------
    sport : str
        In Strava's words ("Run", "TrailRun", "VirtualRun", "Ride", "Walk"…); "Unknown" where nothing says.
    start : datetime or None
        UTC; None where no sample has a time of day.
    reported_distance_m, reported_ascent_m, reported_descent_m : float or None
        The device's own totals. [m]
    elapsed_s : float or None
        From the first to the last sample; None without time stamps. [s]
    has_barometer : bool or None
        Whether the altitude comes from a barometer, where the source says; mostly None: it does not.
    timed : bool
        False where the file holds a path without times: speed and everything made of it is unknown.
    notes : tuple of str
        What was odd about the source, in words for the runner.
    """

    sport: str
    start: datetime | None
    streams: Streams
    reported_distance_m: float | None = None
    reported_ascent_m: float | None = None
    reported_descent_m: float | None = None
    elapsed_s: float | None = None
    has_barometer: bool | None = None
    timed: bool = True
    name: str = ""
    device: str = ""
    notes: tuple[str, ...] = ()


AltitudeQuality = Literal["baro", "corrected", "gps", "none"]
"""
Where altitude comes from: a barometer; a map, looked up from the position; satellites alone, too noisy for
descent; or nowhere.
"""


@dataclass(frozen=True, slots=True)
class HillReps:
    """
    Climbs of about equal size, run again and again.

    Attributes
    ----------
    count : int
    ascent_each_m, descent_each_m : float
        Median over the repetitions. [m]
    """

    count: int
    ascent_each_m: float
    descent_each_m: float


@dataclass(frozen=True, slots=True)
class Repetition:
    """
    One fast stretch between slower ones.

    Attributes
    ----------
    start_s, end_s : float
        Since the start of the run. [s]
    distance_m : float
    rest_s : float or None
        From its end to the next one's start; None for the last. [s]
    """

    start_s: float
    end_s: float
    distance_m: float
    rest_s: float | None

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def speed_m_s(self) -> float:
        return self.distance_m / self.duration_s


@dataclass(frozen=True, slots=True)
class TrackWork:
    """
    What of a run lay on an athletics track.

    Attributes
    ----------
    is_oval : bool
        At least 800 m of it did.
    distance_m : float
        Run on the oval: laps times its length, not the noisy path. [m]
    laps : float
        Rounds of the oval, parts included. [unitless]
    lap_m : float or None
        Length of the round as it was run, from the fitted shape. [m]
    lane : int or None
        1 to 8 on a standard 400 m track, judged by the fitted radius; None on another oval.
    is_standard : bool or None
        Whether the shape is that of a 400 m track of one of the usual builds; None without an oval.
    stretches_s : tuple of (float, float)
        From when to when, since the start of the run. [s]
    """

    is_oval: bool
    distance_m: float = 0.0
    laps: float = 0.0
    lap_m: float | None = None
    lane: int | None = None
    is_standard: bool | None = None
    stretches_s: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class RunFeatures:
    """
    What a run contained beyond its distance; see NOMENCLATURE.md for each quantity.

    Nothing here is a position or a sample: of runs from the API only this is kept. What could not be known
    is None.

    Attributes
    ----------
    version : int
        Of the functions that made it.
    distance_m, moving_s : float or None
        From the samples, GPS jumps and pauses left out. [m; s]
    altitude_quality : {"baro", "corrected", "gps", "none"}
    ascent_m, descent_m, eccentric_load_m : float or None
        [m] Descent and what is made of it are None where altitude is not good enough to tell.
    flat_equivalent_m : float or None
        Distance on the level that would have cost as much energy. For trends, not for rules. [m]
    hill_share : float or None
        Share of the distance with a grade of 4 % and more, up or down. [unitless]
    hill_reps : HillReps or None
        None where the run was no hill session (or nothing is known).
    easy_speed_m_s : float or None
        The run's own median speed on the level. [m/s]
    best_20s_m_s : float or None
        Fastest mean over 20 s. [m/s]
    speed_profile_m : tuple of float, or None
        Metres run in each band of speed; see `bands.BAND_M_S`. Fast metres come from it once the runner's
        reference speed is known.
    reps : tuple of Repetition
    track : TrackWork or None
        None without positions.
    warnings : tuple of str
        What limits the numbers, in words for the runner.
    """

    version: int
    distance_m: float | None
    moving_s: float | None
    altitude_quality: AltitudeQuality
    ascent_m: float | None
    descent_m: float | None
    eccentric_load_m: float | None
    flat_equivalent_m: float | None
    hill_share: float | None
    hill_reps: HillReps | None
    easy_speed_m_s: float | None
    best_20s_m_s: float | None
    speed_profile_m: tuple[float, ...] | None
    reps: tuple[Repetition, ...]
    track: TrackWork | None
    warnings: tuple[str, ...] = ()


def is_possible_distance(distance_m: float | None, elapsed_s: float | None) -> bool:
    """Whether somebody can have run so far in that time; what is not known speaks against nothing. [m, s]"""
    if distance_m is None:
        return True
    return distance_m <= LONGEST_RUN_M and (elapsed_s is None or distance_m <= IMPLAUSIBLE_SPEED_M_S * elapsed_s)


class Counted(list[Run]):
    """What `counted` gave, so that it need not go through it again."""


def counted(runs: Iterable[Run]) -> Counted:
    """
    The runs whose distance counts, in order of start: of the run family, measured, trusted, and each once.

    Of the recordings of one run the first of `recordings` stays.
    """
    if isinstance(runs, Counted):
        return runs
    return Counted(each[0] for each in recordings(runs))


def recordings(runs: Iterable[Run]) -> list[tuple[Run, ...]]:
    """
    The runs that count with all their recordings, in order of start.

    Two that share most of the shorter one's time (a watch and a phone, a file and its copy on Strava) are one run,
    unless the runner told them apart. One that tells only its day is that run of the day with its distance and
    time, if there is such a one; two of these are never one.

    Returns
    -------
    list of tuple of Run
        The one that counts first: what the runner prefers, else what tells its start, else the longest.
    """
    eligible = [r for r in runs if r.sport in RUN_FAMILY and r.distance_m and r.distance_trusted]
    found: dict[int, _Recorded] = {}
    under_way: list[_Recorded] = []
    hidden: list[Run] = []
    for run in sorted(eligible, key=lambda r: (r.start, r.id)):
        if run.start_hidden:
            hidden.append(run)
            continue
        under_way = [each for each in under_way if each.counts.end > run.start]
        same = [each for each in under_way if each.may_hold(run) and _is_duplicate(run, each.counts)]
        if not same:
            found[run.id] = each = _Recorded(run)
            under_way.append(each)
            continue
        longer = [each for each in same if _rank(each.counts) >= _rank(run)]
        one = max(longer or same, key=lambda each: _shared_s(run, each.counts))
        if not longer:  # then it is also what the others recorded a part of
            for other in same:
                if other is not one and one.may_hold(other.counts):
                    one.join(other)
                    del found[other.first_id]
                    under_way.remove(other)
        one.add(run)
    if hidden:
        _place(hidden, found)
    return sorted((each.all() for each in found.values()), key=lambda r: (r[0].start, r[0].id))


class _Recorded:
    """One run while its recordings are found: the one that counts so far, and the others."""

    __slots__ = ("counts", "first_id", "others", "told_apart")

    def __init__(self, run: Run) -> None:
        self.first_id = run.id
        self.counts = run
        self.others: list[Run] = []
        self.told_apart = run.told_apart

    def may_hold(self, run: Run) -> bool:
        """Whether the runner has not told it apart from what this one recorded."""
        return None in (run.told_apart, self.told_apart) or run.told_apart == self.told_apart

    def add(self, run: Run) -> None:
        if self.told_apart is None:
            self.told_apart = run.told_apart
        if _rank(run) > _rank(self.counts):
            run, self.counts = self.counts, run
        self.others.append(run)

    def join(self, other: "_Recorded") -> None:
        for run in other.all():
            self.add(run)

    def all(self) -> tuple[Run, ...]:
        return (self.counts, *self.others)


def _rank(run: Run) -> tuple[bool, bool, float]:
    return run.preferred, not run.start_hidden, run.distance_m or 0.0


def _shared_s(a: Run, b: Run) -> float:
    return (min(a.end, b.end) - max(a.start, b.start)).total_seconds()


def _is_duplicate(a: Run, b: Run) -> bool:
    shorter = min((a.end - a.start).total_seconds(), (b.end - b.start).total_seconds())
    return shorter > 0 and _shared_s(a, b) / shorter > DUPLICATE_OVERLAP


def _place(hidden: Sequence[Run], found: dict[int, _Recorded]) -> None:
    """Give each recording that tells only its day to a run of that day, the closest pairs first, none to two."""
    by_day: dict[date, list[_Recorded]] = {}
    for each in found.values():
        by_day.setdefault(each.counts.local_date, []).append(each)
    pairs = [
        (unlike, run, each)
        for run in hidden
        for each in by_day.get(run.local_date, ())
        if each.may_hold(run) and (unlike := min(_unlike(run, other) for other in each.all())) <= 1
    ]
    placed: set[int] = set()
    taken: set[int] = set()
    for _, run, each in sorted(pairs, key=lambda pair: (pair[0], pair[1].id, pair[2].first_id)):
        if run.id not in placed and each.first_id not in taken:
            each.add(run)
            placed.add(run.id)
            taken.add(each.first_id)
    found.update({run.id: _Recorded(run) for run in hidden if run.id not in placed})


def _unlike(a: Run, b: Run) -> float:
    """How far apart two recordings are in distance and time; up to 1 they may be of one run. [unitless]"""
    a_m, b_m = a.distance_m or 0.0, b.distance_m or 0.0
    both_elapsed = a.elapsed_s and b.elapsed_s
    a_s, b_s = (a.elapsed_s, b.elapsed_s) if both_elapsed else (a.moving_s, b.moving_s)
    if not a_s or not b_s:
        return float("inf")
    return max(
        abs(a_m - b_m) / (SAME_DISTANCE * max(a_m, b_m)),
        abs(a_s - b_s) / max(SAME_TIME * max(a_s, b_s), SAME_TIME_S),
    )


def longest_m(runs: Sequence[Run]) -> float:
    """Distance of the longest run, 0 if there is none. [m]"""
    return max((r.distance_m or 0.0 for r in runs), default=0.0)
