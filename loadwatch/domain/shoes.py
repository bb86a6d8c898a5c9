"""Shoes as context: how far each has run and when it was changed. No study gives a limit, so none is drawn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from loadwatch.domain.activity import Run, counted
from loadwatch.domain.text import Text, Units, day_text, days_text, distance_text, say, say_n

IT_BAND: Final = "ITBS"
"""Id of the pattern that shoes are shown beside."""

NO_THRESHOLD: Final = say(
    "No study that we know of says after which distance or age a shoe matters: these are facts beside the pattern,"
    " not a warning."
)

RECENT: Final = timedelta(days=30)
"""Shoes worn within this time before a complaint are shown beside it. What is shown, not what is judged."""


@dataclass(frozen=True, slots=True)
class Shoe:
    """
    A pair, as the runner or the source keeps it.

    Attributes
    ----------
    told_m : float or None
        Distance as somebody told it; runs after `told_on` are added. [m] None: only what is in the runs.
    told_on : date or None
        Local day up to which `told_m` counts.
    source : str
        "strava", which says of each run what was worn, or "hand".
    worn_from : date or None
        Local day from which runs of which no source names a pair are of this one, until the next such day.
        None where a source names its runs.
    """

    id: str
    name: str
    told_m: float | None = None
    told_on: date | None = None
    source: Literal["strava", "hand"] = "strava"
    worn_from: date | None = None


@dataclass(frozen=True, slots=True)
class ShoeFacts:
    """
    What the runs say of one pair up to a day.

    Attributes
    ----------
    distance_m : float
        [m] A lower bound where `is_lower_bound`: nobody told what it had run before the first run known here.
    first_used, last_used : date
        Of the runs known here.
    age_days : int
        Since the first of them. [d]
    """

    shoe: Shoe
    distance_m: float
    is_lower_bound: bool
    n_runs: int
    first_used: date
    last_used: date
    age_days: int


@dataclass(frozen=True, slots=True)
class ShoeContext:
    """
    What to show beside a pattern.

    Attributes
    ----------
    worn : tuple of ShoeFacts
        Pairs worn in the 30 days before the complaint, the most recently begun first.
    changed_on : date or None
        First run in the pair begun last, where another had been worn before it; None without a change in those
        30 days.
    n_unknown : int
        Runs of those days whose shoe is not known.
    """

    worn: tuple[ShoeFacts, ...]
    changed_on: date | None
    n_unknown: int


def worn_by_run(runs: Iterable[Run], named: Mapping[int, str], shoes: Iterable[Shoe]) -> dict[int, str]:
    """
    Id of the pair by id of the run: as a source names it, else the one worn by then, as entered by hand.

    Parameters
    ----------
    named : mapping of int to str
        Id of the shoe by id of the run, where a source told it.
    """
    by_hand = sorted((shoe.worn_from, shoe.id) for shoe in shoes if shoe.worn_from is not None)
    worn = dict(named)
    for run in runs:
        begun = [shoe_id for since, shoe_id in by_hand if since <= run.local_date]
        if begun:
            worn.setdefault(run.id, begun[-1])
    return worn


def shoe_facts(
    runs: Iterable[Run], worn: Mapping[int, str], shoes: Iterable[Shoe], as_of: date
) -> tuple[ShoeFacts, ...]:
    """
    Distance and age of each pair that has been worn up to a day, in order of first use.

    Parameters
    ----------
    runs : iterable of Run
        In any order; runs that do not count for mileage do not count here.
    worn : mapping of int to str
        Id of the shoe by id of the run; runs that are not in it are of an unknown pair.
    """
    by_shoe: dict[str, list[Run]] = {}
    for run in counted(runs):
        if run.local_date <= as_of and run.id in worn:
            by_shoe.setdefault(worn[run.id], []).append(run)
    known = {shoe.id: shoe for shoe in shoes}
    facts = [_facts(known[i], of_shoe, as_of) for i, of_shoe in by_shoe.items() if i in known]
    return tuple(sorted(facts, key=lambda f: (f.first_used, f.shoe.id)))


def _facts(shoe: Shoe, runs: list[Run], as_of: date) -> ShoeFacts:
    first, last = min(r.local_date for r in runs), max(r.local_date for r in runs)
    is_told = shoe.told_m is not None and shoe.told_on is not None and shoe.told_on <= as_of
    later = [r for r in runs if not is_told or (shoe.told_on is not None and r.local_date > shoe.told_on)]
    told_m = shoe.told_m if is_told and shoe.told_m is not None else 0.0
    return ShoeFacts(
        shoe=shoe,
        distance_m=told_m + sum(r.distance_m or 0.0 for r in later),
        is_lower_bound=not is_told,
        n_runs=len(runs),
        first_used=first,
        last_used=last,
        age_days=(as_of - first).days,
    )


def shoe_context(
    runs: Iterable[Run], worn: Mapping[int, str], shoes: Iterable[Shoe], complaint_on: date
) -> ShoeContext:
    """
    The shoes of the 30 days up to a complaint, as they were then: shown beside the IT band pattern, never an alert.

    Parameters
    ----------
    complaint_on : date
        Local day on which it was first reported.
    """
    known = counted(runs)
    since = complaint_on - RECENT
    facts = shoe_facts(known, worn, shoes, complaint_on)
    recent = [f for f in facts if f.last_used >= since]
    newest = facts[-1] if facts else None
    changed = newest.first_used if newest and len(facts) > 1 and newest.first_used >= since else None
    unknown = [r for r in known if since <= r.local_date <= complaint_on and r.id not in worn]
    return ShoeContext(tuple(reversed(recent)), changed, len(unknown))


def shoe_words(context: ShoeContext, complaint_on: date, units: Units = "metric") -> tuple[Text, ...]:
    """The facts in words, the change first; empty where no shoe is known."""
    words = []
    if context.changed_on is not None:
        days = (complaint_on - context.changed_on).days
        shoe = context.worn[0].shoe.name
        words.append(say("{shoe}: first run here {days} before", shoe=shoe, days=days_text(days)))
    for facts in context.worn:
        shoe, far, first = (
            facts.shoe.name,
            distance_text(facts.distance_m, units),
            day_text(facts.first_used, year=True),
        )
        if facts.is_lower_bound:
            words.append(say("{shoe}: at least {far}, first run here on {day}", shoe=shoe, far=far, day=first))
        else:
            words.append(say("{shoe}: {far}, first run here on {day}", shoe=shoe, far=far, day=first))
    if words and context.n_unknown:
        words.append(say_n("{n} run in unknown shoes", "{n} runs in unknown shoes", context.n_unknown))
    return tuple([*words, NO_THRESHOLD] if words else [])
