"""Thresholds that a runner moves, within limits."""

from collections.abc import Mapping

from loadwatch.domain.adjusted import STANDARD, Adjusted, adjust
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.ports import Clock, Database


class InvalidThreshold(LoadwatchError):
    """
    A threshold cannot be moved so far.

    Attributes
    ----------
    name : str
        Which, as in `domain.adjusted.ADJUSTABLE`.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} cannot be moved so far")
        self.name = name


class ThresholdService:
    """Keeps by which thresholds a runner's loads are judged, and since when."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def change(self, athlete_id: int, values: Mapping[str, float]) -> Adjusted:
        """
        From now on these, and the standard for all that is not named. What was judged before stays as it is.

        Raises
        ------
        InvalidThreshold
            If one lies outside its limits, or cannot be moved at all.
        """
        for name, value in values.items():
            try:
                adjust({name: value})
            except ValueError as error:
                raise InvalidThreshold(name) from error
        return self._keep(athlete_id, adjust(values))

    def reset(self, athlete_id: int) -> None:
        """The standard from now on."""
        self._keep(athlete_id, STANDARD)

    def _keep(self, athlete_id: int, wanted: Adjusted) -> Adjusted:
        now = self._clock()
        with self._database.write() as tx:
            profile = tx.athlete(athlete_id)
            if profile is None:
                raise NotYours(f"athlete {athlete_id}")
            if profile.thresholds.now != wanted:
                tx.update_athlete(athlete_id, thresholds=profile.thresholds.then(wanted, now).as_json())
        return wanted
