"""What the samples of one run show to its runner: parts, climbs, time on a track, the shape of the path. No numpy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Split:
    """
    A kilometre or a mile of a run, the last mostly shorter.

    Attributes
    ----------
    distance_m : float
    moving_s : float or None
        Without pauses of the watch. [s] None of a path without times.
    climb_m : float or None
        Its end above its beginning. [m] None where altitude is too rough to tell.
    """

    distance_m: float
    moving_s: float | None
    climb_m: float | None

    @property
    def pace_s(self) -> float | None:
        """Time for a metre. [s/m]"""
        return None if self.moving_s is None else self.moving_s / self.distance_m


@dataclass(frozen=True, slots=True)
class Slope:
    """
    A climb, or a descent.

    Attributes
    ----------
    from_m : float
        Where it begins, from the start of the run. [m]
    length_m : float
        Without level ground at its ends. [m]
    gain_m : float
        Positive up, negative down. [m]
    grade : float or None
        Rise over run, uphill positive. [unitless] None where nothing was run on it.
    """

    from_m: float
    length_m: float
    gain_m: float
    grade: float | None


@dataclass(frozen=True, slots=True)
class OnTrack:
    """
    A stretch on an athletics track.

    Attributes
    ----------
    start_s : float
        Since the start of the run. [s]
    laps : float
        Rounds, by the distance run there.
    lap_s : float
        Mean time of a round. [s]
    """

    start_s: float
    laps: float
    lap_s: float


@dataclass(frozen=True, slots=True)
class PathLine:
    """A part of the path between two pauses: east and north of the middle of the run. [m]"""

    points_m: tuple[tuple[float, float], ...]
    on_track: bool


@dataclass(frozen=True, slots=True)
class Inside:
    """
    What the samples of a run show.

    Attributes
    ----------
    splits : tuple of Split
    slopes : tuple of Slope
        Those of 20 m and more, in order; empty where altitude is too rough.
    on_track : tuple of OnTrack
    path : tuple of PathLine
        Empty without positions.
    """

    splits: tuple[Split, ...]
    slopes: tuple[Slope, ...]
    on_track: tuple[OnTrack, ...]
    path: tuple[PathLine, ...]
