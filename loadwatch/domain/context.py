"""
Quantities that many runners know, shown beside a judgement: they set off no alert.

Each takes the distance of every local day from the first day of a history to the day in question, rest days as 0,
and is None where it is not defined: never 0, never infinite.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from loadwatch.domain.thresholds import ACUTE_DAYS, CHRONIC_ACTIVE_DAYS, CHRONIC_DAYS, CHRONIC_HISTORY_DAYS

_EQUAL = 1e-9
"""Days that vary by less than this share of the largest are equal but for rounding. [unitless]"""


@dataclass(frozen=True, slots=True)
class Context:
    """
    What the days up to one day look like by the usual ratios.

    Attributes
    ----------
    week_over_week : float or None
        0.30 is 30 % more than in the 7 days before. [unitless]
    acwr_coupled, acwr_uncoupled, acwr_ewma : float or None
        Acute over chronic load. [unitless]
    monotony : float or None
        Mean over standard deviation of 7 days. [unitless]
    strain_m : float or None
        Distance of 7 days times monotony. [m]
    """

    week_over_week: float | None
    acwr_coupled: float | None
    acwr_uncoupled: float | None
    acwr_ewma: float | None
    monotony: float | None
    strain_m: float | None


def week_over_week(daily_m: Sequence[float]) -> float | None:
    """
    How much more was run in the last 7 days than in the 7 before them.

    Parameters
    ----------
    daily_m : sequence of float, shape (n_days,)
        Distance of each day up to the one in question. [m]

    Returns
    -------
    float or None
        [unitless] None with under 14 days, or nothing run in the week before.

    Raises
    ------
    ValueError
        If a distance is negative or NaN.
    """
    _check(daily_m)
    return _week_over_week(daily_m)


def acwr_coupled(daily_m: Sequence[float]) -> float | None:
    """
    Distance of the last 7 days over the weekly mean of the last 28, those 7 included.

    The two share a quarter of their days, which alone correlates them [1]_ and keeps the ratio below 4.

    Returns
    -------
    float or None
        [unitless] None with under 21 days of history, or nothing run in the 28. With under 28 the mean is that
        of the days there are: days before a history are unknown, not days of rest.

    Raises
    ------
    ValueError
        If a distance is negative or NaN.

    References
    ----------
    .. [1] L. Lolli et al., Br. J. Sports Med. 53(15):921, 2019.
    """
    _check(daily_m)
    return _acwr_coupled(daily_m)


def acwr_uncoupled(daily_m: Sequence[float]) -> float | None:
    """
    Distance of the last 7 days over the weekly mean of the 21 before them.

    Returns
    -------
    float or None
        [unitless] None with under 21 days of history, or under 3 days of running in those 21. Of a shorter
        block the mean is that of the days there are.

    Raises
    ------
    ValueError
        If a distance is negative or NaN.

    References
    ----------
    .. [1] J. Windt and T. J. Gabbett, Br. J. Sports Med. 53(16):988, 2019.
    """
    _check(daily_m)
    return _acwr_uncoupled(daily_m)


def ewma(daily_m: Sequence[float], n_days: int) -> list[float]:
    """
    Exponentially weighted mean of each day and the days before it.

    Parameters
    ----------
    n_days : int
        Days N of which the weight of the newest is made: 2 / (N + 1).

    Returns
    -------
    list of float, shape (n_days,)
        [m] Divided by the weights so far, so that the first days are not taken for a beginning from zero.

    Raises
    ------
    ValueError
        If a distance is negative or NaN.

    References
    ----------
    .. [1] S. Williams et al., Br. J. Sports Med. 51(3):209, 2017, doi:10.1136/bjsports-2016-096589.
    """
    _check(daily_m)
    weight = 2 / (n_days + 1)
    mean, missing = 0.0, 1.0
    means = []
    for metres in daily_m:
        mean += weight * (metres - mean)
        missing *= 1 - weight
        means.append(mean / (1 - missing))
    return means


def acwr_ewma(daily_m: Sequence[float]) -> list[float | None]:
    """
    Ratio of the weighted means of 7 and of 28 days, for each day.

    Returns
    -------
    list of float or None, shape (n_days,)
        [unitless] None while nothing was run.

    Raises
    ------
    ValueError
        If a distance is negative or NaN.
    """
    acute, chronic = ewma(daily_m, ACUTE_DAYS), ewma(daily_m, CHRONIC_DAYS)
    return [a / c if c else None for a, c in zip(acute, chronic, strict=True)]


def monotony(daily_m: Sequence[float]) -> float | None:
    """
    Mean over population standard deviation of the last 7 days, rest days included.

    Returns
    -------
    float or None
        [unitless] None with under 7 days, and where all are equal or all are rest.

    Raises
    ------
    ValueError
        If a distance is negative or NaN.

    References
    ----------
    .. [1] C. Foster, Med. Sci. Sports Exerc. 30:1164-1168, 1998. 25 athletes, illness, not injury.
    """
    _check(daily_m)
    return _monotony(daily_m)


def context_by_day(daily_m: Sequence[float]) -> list[Context]:
    """
    The context of each day of a history, each from the days up to it.

    Raises
    ------
    ValueError
        If a distance is negative or NaN.
    """
    ratios = acwr_ewma(daily_m)
    contexts = []
    for n, ratio in enumerate(ratios, start=1):
        last = daily_m[max(n - CHRONIC_DAYS, 0) : n]
        even = _monotony(last)
        contexts.append(
            Context(
                week_over_week=_week_over_week(last),
                acwr_coupled=_acwr_coupled(last),
                acwr_uncoupled=_acwr_uncoupled(last),
                acwr_ewma=ratio,
                monotony=even,
                strain_m=None if even is None else even * sum(last[-ACUTE_DAYS:]),
            )
        )
    return contexts


def _check(daily_m: Sequence[float]) -> None:
    if not all(d >= 0 for d in daily_m):  # NaN fails too
        raise ValueError(f"distances must be >= 0 m: {list(daily_m)}")


def _week_over_week(daily_m: Sequence[float]) -> float | None:
    before = sum(daily_m[-2 * ACUTE_DAYS : -ACUTE_DAYS])
    if len(daily_m) < 2 * ACUTE_DAYS or not before:
        return None
    return sum(daily_m[-ACUTE_DAYS:]) / before - 1


def _acwr_coupled(daily_m: Sequence[float]) -> float | None:
    return None if len(daily_m) < CHRONIC_HISTORY_DAYS else _acute_over(daily_m[-CHRONIC_DAYS:], daily_m)


def _acwr_uncoupled(daily_m: Sequence[float]) -> float | None:
    block = daily_m[-CHRONIC_DAYS:-ACUTE_DAYS]
    if len(daily_m) < CHRONIC_HISTORY_DAYS or sum(d > 0 for d in block) < CHRONIC_ACTIVE_DAYS:
        return None
    return _acute_over(block, daily_m)


def _acute_over(chronic_m: Sequence[float], daily_m: Sequence[float]) -> float | None:
    mean = fmean(chronic_m)
    return sum(daily_m[-ACUTE_DAYS:]) / (ACUTE_DAYS * mean) if mean else None


def _monotony(daily_m: Sequence[float]) -> float | None:
    week = daily_m[-ACUTE_DAYS:]
    if len(week) < ACUTE_DAYS or max(week) - min(week) <= _EQUAL * max(week):
        return None
    return fmean(week) / pstdev(week)
