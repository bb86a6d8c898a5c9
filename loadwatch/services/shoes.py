"""A runner's shoes: named by Strava or entered by hand, and told beside the IT band pattern."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.patterns import PatternScore
from loadwatch.domain.shoes import IT_BAND, Shoe, ShoeFacts, shoe_context, shoe_facts, shoe_words, worn_by_run
from loadwatch.domain.text import say
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.ports import AthleteProfile, Clock, Database, Tx

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
MAX_NAME: Final = 100
MAX_BEFORE_M: Final = 20_000_000.0
"""Design choice: more than this is a slip of the keys. [m]"""


class InvalidShoe(LoadwatchError):
    """Something of a pair cannot be so; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Pair:
    """
    A pair and what the runs say of it.

    Attributes
    ----------
    facts : ShoeFacts or None
        None where no run in it is known.
    """

    shoe: Shoe
    facts: ShoeFacts | None


class ShoeService:
    """Keeps the pairs that a runner enters and says how far each has run. Nothing here is ever judged."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def pairs(self, athlete_id: int) -> list[Pair]:
        """Those worn last first, those without a known run at the end."""
        with self._database.read() as tx:
            today = self._today(_profile(tx, athlete_id))
            shoes = tx.shoes(athlete_id)
            runs, named = tx.runs_worn(athlete_id) if shoes else ([], {})
        worn = worn_by_run(runs, named, shoes)
        facts = {f.shoe.id: f for f in shoe_facts(runs, worn, shoes, today)}
        pairs = [Pair(shoe, facts.get(shoe.id)) for shoe in shoes]
        return sorted(pairs, key=lambda p: p.facts.last_used if p.facts else date.min, reverse=True)

    def add(self, athlete_id: int, name: str, worn_from: date, before_m: float | None) -> Pair:
        """
        Keep a pair: runs from a day on of which Strava names no shoes are of it, until the next such pair.

        Parameters
        ----------
        before_m : float or None
            What it had run before that day. [m] None: not known.

        Raises
        ------
        InvalidShoe
            If something cannot be so, or another pair begins on that day.
        """
        name = name.strip()
        if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
            raise InvalidShoe(say("Give the pair a name of at most {n} characters.", n=MAX_NAME))
        if before_m is not None and not (math.isfinite(before_m) and 0 <= before_m <= MAX_BEFORE_M):
            raise InvalidShoe(say("The distance before that day is 0 or more; leave it out if you do not know it."))
        with self._database.write() as tx:
            if not EARLIEST.date() <= worn_from <= self._today(_profile(tx, athlete_id)):
                raise InvalidShoe(say("The first day lies between 1990 and today."))
            told_on = worn_from - timedelta(days=1) if before_m is not None else None
            shoe_id = tx.add_shoe(athlete_id, name, worn_from, before_m, told_on)
        if shoe_id is None:
            raise InvalidShoe(say("Another pair begins on that day: choose another day, or delete that pair first."))
        return next(p for p in self.pairs(athlete_id) if p.shoe.id == str(shoe_id))

    def delete(self, athlete_id: int, shoe_id: int) -> None:
        """
        Forget a pair entered by hand; its runs fall to the pair before it.

        Raises
        ------
        InvalidShoe
            If it is Strava's: the next run in it would bring it back.
        """
        with self._database.write() as tx:
            shoe = next((s for s in tx.shoes(athlete_id) if s.id == str(shoe_id)), None)
            if shoe is None:
                raise NotYours(f"shoes {shoe_id}")
            if shoe.source != "hand":
                raise InvalidShoe(say("Strava keeps this pair: change the shoes of your runs there."))
            tx.delete_shoe(athlete_id, shoe_id)

    def beside(self, athlete_id: int, shown: Iterable[PatternScore], complaint_on: date) -> tuple[str, ...]:
        """
        What the shoes of the days before a complaint were, in words.

        Parameters
        ----------
        shown : iterable of PatternScore
            The patterns that the runner is told.
        complaint_on : date
            Local day on which it was first reported.

        Returns
        -------
        tuple of str
            Empty without the IT band pattern, or where no shoe is known.
        """
        if all(score.pattern.id != IT_BAND for score in shown):
            return ()
        with self._database.read() as tx:
            shoes = tx.shoes(athlete_id)
            runs, named = tx.runs_worn(athlete_id) if shoes else ([], {})
        worn = worn_by_run(runs, named, shoes)
        return shoe_words(shoe_context(runs, worn, shoes, complaint_on), complaint_on)

    def _today(self, profile: AthleteProfile) -> date:
        return self._clock().astimezone(ZoneInfo(profile.timezone)).date()


def _profile(tx: Tx, athlete_id: int) -> AthleteProfile:
    profile = tx.athlete(athlete_id)
    if profile is None:
        raise NotYours(f"athlete {athlete_id}")
    return profile
