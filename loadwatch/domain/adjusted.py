"""Thresholds that a runner may move, within limits, for alerts on load while nothing hurts."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final, Literal

from loadwatch.domain.text import Text, fast_text, height_text, number_text, percent_text, say
from loadwatch.domain.thresholds import (
    ASCENT_SMALL,
    FAST_SMALL,
    FAST_SMALL_JUMP_M,
    FAST_WEEK_SMALL_JUMP_M,
    FAST_WEEK_SMALL_Z,
    HILL_SMALL,
    HILL_SMALL_JUMP_M,
    SPIKE_SMALL,
)


@dataclass(frozen=True, slots=True)
class Adjusted:
    """
    The numbers above which a load is a small one, as one runner has them; by default the standard.

    What makes a load moderate or large, when a history is too short, everything about breaks, symptoms, red flags
    and the ladder cannot be moved.

    Attributes
    ----------
    spike_small, hill_small, ascent_small, fast_small : float
        As in `thresholds`. [unitless]
    fast_week_small_z : float
        [unitless]
    hill_small_jump_m, fast_small_jump_m, fast_week_small_jump_m : float
        [m]
    """

    spike_small: float = SPIKE_SMALL
    hill_small: float = HILL_SMALL
    hill_small_jump_m: float = HILL_SMALL_JUMP_M
    ascent_small: float = ASCENT_SMALL
    fast_small: float = FAST_SMALL
    fast_small_jump_m: float = FAST_SMALL_JUMP_M
    fast_week_small_z: float = FAST_WEEK_SMALL_Z
    fast_week_small_jump_m: float = FAST_WEEK_SMALL_JUMP_M

    @property
    def while_hurting(self) -> "Adjusted":
        """What counts beside symptoms: where a runner has loosened a threshold, the standard one."""
        return Adjusted(*(min(getattr(self, f.name), getattr(STANDARD, f.name)) for f in fields(self)))

    @property
    def changed(self) -> dict[str, float]:
        """What differs from the standard, by name."""
        return {f.name: own for f in fields(self) if (own := getattr(self, f.name)) != getattr(STANDARD, f.name)}

    def of_rule(self, rule: str) -> dict[str, float]:
        """What of a rule differs from the standard, by name."""
        return {name: own for name, own in self.changed.items() if ADJUSTABLE[name].rule == rule}


STANDARD: Final = Adjusted()


@dataclass(frozen=True, slots=True)
class Adjustable:
    """
    How far a threshold may be moved. Lower speaks earlier.

    Attributes
    ----------
    name : Text
        What it is called in a sentence.
    rule : str
        Whose it is.
    unit : {"ratio", "m", "m fast", "sd"}
        A ratio of 1.10 is 10 % more; metres of height; metres run fast; spreads above the mean week.
    lowest, highest, step : float
        In the unit of the threshold.
    """

    name: Text
    rule: str
    unit: Literal["ratio", "m", "m fast", "sd"]
    lowest: float
    highest: float
    step: float


ADJUSTABLE: Final = {
    "spike_small": Adjustable(say("longer than the longest run of 30 days, by"), "R-M1", "ratio", 1.05, 1.20, 0.01),
    "hill_small": Adjustable(say("more downhill than the most of 42 days, by"), "R-H1", "ratio", 1.15, 1.60, 0.05),
    "hill_small_jump_m": Adjustable(
        say("more downhill than the most of 42 days, at least"), "R-H1", "m", 100.0, 250.0, 10.0
    ),
    "ascent_small": Adjustable(say("more climbing than the most of 42 days, by"), "R-H2", "ratio", 1.25, 2.00, 0.05),
    "fast_small": Adjustable(
        say("more fast running than the most of 30 days, by"), "R-T2", "ratio", 1.15, 1.60, 0.05
    ),
    "fast_small_jump_m": Adjustable(
        say("more fast running than the most of 30 days, at least"), "R-T2", "m fast", 200.0, 600.0, 50.0
    ),
    "fast_week_small_z": Adjustable(say("more fast running than the usual week, by"), "R-T1", "sd", 0.5, 1.5, 0.1),
    "fast_week_small_jump_m": Adjustable(
        say("more fast running than the usual week, at least"), "R-T1", "m fast", 200.0, 600.0, 50.0
    ),
}
"""
By name of the field. Design choice: no limit lets a small load begin above a moderate one, and the session rule stays
between half and twice the 10 % from which the study counts.
"""


def amount_text(name: str, value: float) -> Text:
    """A threshold as it is written: "10 %", "150 m", "1.0 spreads"."""
    match ADJUSTABLE[name].unit:
        case "ratio":
            return percent_text(value - 1)
        case "m":
            return height_text(value)
        case "m fast":
            return fast_text(value)
        case "sd":
            return say("{number} spreads", number=number_text(value, 1))


def own_text(name: str, value: float) -> Text:
    """That a judgement rests on a threshold which the runner has moved."""
    return say(
        "your own threshold: {name} {own} instead of {standard}",
        name=ADJUSTABLE[name].name,
        own=amount_text(name, value),
        standard=amount_text(name, getattr(STANDARD, name)),
    )


def adjust(values: Mapping[str, float]) -> Adjusted:
    """
    The standard with some thresholds moved.

    Raises
    ------
    ValueError
        If one cannot be moved, or not so far; the text begins with its name.
    """
    for name, value in values.items():
        limits = ADJUSTABLE.get(name)
        if limits is None or not isfinite(value) or not limits.lowest <= value <= limits.highest:
            raise ValueError(f"{name}: {value}")
    return replace(STANDARD, **values)


@dataclass(frozen=True, slots=True)
class OwnThresholds:
    """
    A runner's thresholds over time: a run is judged by those that held when it began.

    So an alert stays what it was when somebody moves a threshold later, and can be derived again.

    Attributes
    ----------
    changes : tuple of (datetime, Adjusted)
        From when on which held, in order of time; before the first the standard.
    """

    changes: tuple[tuple[datetime, Adjusted], ...] = ()

    @classmethod
    def always(cls, thresholds: Adjusted) -> "OwnThresholds":
        """The same at any time."""
        return cls(((datetime.min.replace(tzinfo=UTC), thresholds),))

    def at(self, moment: datetime) -> Adjusted:
        return next((own for since, own in reversed(self.changes) if since <= moment), STANDARD)

    @property
    def now(self) -> Adjusted:
        """The last that was set."""
        return self.changes[-1][1] if self.changes else STANDARD

    @property
    def always_now(self) -> "OwnThresholds":
        """The last that was set, as if it had held at any time."""
        return OwnThresholds.always(self.now)

    @property
    def while_hurting(self) -> "OwnThresholds":
        return OwnThresholds(tuple((since, own.while_hurting) for since, own in self.changes))

    def then(self, thresholds: Adjusted, since: datetime) -> "OwnThresholds":
        """With another set from a moment on."""
        earlier = tuple(change for change in self.changes if change[0] < since)
        return OwnThresholds((*earlier, (since, thresholds)))

    def as_json(self) -> list[dict[str, Any]]:
        return [{"since": since.isoformat(), "values": own.changed} for since, own in self.changes]

    @classmethod
    def from_json(cls, stored: Sequence[Mapping[str, Any]] | None) -> "OwnThresholds":
        """What was stored; a threshold that this version would not let anybody set counts as the standard."""
        return cls(tuple((datetime.fromisoformat(c["since"]), _still_allowed(c["values"])) for c in stored or ()))


def _still_allowed(values: Mapping[str, float]) -> Adjusted:
    allowed = {}
    for name, value in values.items():
        with suppress(ValueError):
            adjust({name: value})
            allowed[name] = value
    return adjust(allowed)


STANDARD_ALWAYS: Final = OwnThresholds()
