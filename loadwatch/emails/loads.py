"""The three loads of a week in words: the same in a mail and on a page."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from loadwatch.domain.report import LoadChange, LoadLine
from loadwatch.domain.text import (
    Text,
    Units,
    distance_text,
    fast_text,
    height_text,
    joined,
    number_text,
    say,
    say_n,
)

UNKNOWN: Final = say("unknown")
NOT_YET: Final = say("not known yet")

_NAMES: Final = {"mileage": say("Mileage"), "hills": say("Hills"), "fast": say("Fast running")}
_MEANINGS: Final = {
    "mileage": say("distance run"),
    "hills": say("downhill load: steeper descent, more of it the faster"),
    "fast": say("metres at a speed that is fast for you"),
}
_AMOUNTS: Final = {"mileage": distance_text, "hills": height_text, "fast": fast_text}


@dataclass(frozen=True, slots=True)
class LoadRow:
    """
    One of the three loads in words, each number with its unit.

    Attributes
    ----------
    line : LoadLine
        What the words were made of.
    value : str
        Of the week; "at least …" where some of its runs do not tell, "unknown" where too few do to say anything.
    usual, ceiling : str
        Of a usual week, and of the next run; "not known yet" where there is none.
    told : str
        How many runs the value rests on; empty where it is all of them.
    beside : tuple of str
        What else is known of it: the ascent, what was sprinted, what was run on a track.
    """

    line: LoadLine
    name: str
    meaning: str
    value: str
    usual: str
    ceiling: str
    told: str
    beside: tuple[str, ...]

    @property
    def notes(self) -> str:
        """All beside the numbers in a line, may be empty."""
        return joined("; ", (self.told, *self.beside))


def load_rows(lines: Iterable[LoadLine], units: Units, *, symptoms_decide: bool = False) -> list[LoadRow]:
    """The loads of a week in words; where something hurts without a number for the next run."""
    return [_row(line, units, symptoms_decide) for line in lines]


def _row(line: LoadLine, units: Units, symptoms_decide: bool) -> LoadRow:
    amount = _AMOUNTS[line.kind]
    if line.value is None:
        value = UNKNOWN
    elif line.known_runs < line.n_runs:
        value = say("at least {amount}", amount=amount(line.value, units))
    else:
        value = amount(line.value, units)
    return LoadRow(
        line=line,
        name=_NAMES[line.kind],
        meaning=_MEANINGS[line.kind],
        value=value,
        usual=NOT_YET if line.usual is None else amount(line.usual, units),
        ceiling=SYMPTOMS_DECIDE if symptoms_decide else _ceiling(line, units),
        told=_told(line),
        beside=tuple(_beside(line, units)),
    )


SYMPTOMS_DECIDE: Final = say("what hurts decides")
"""In place of what the next run may bring."""


def _ceiling(line: LoadLine, units: Units) -> str:
    if line.ceiling is None:
        return NOT_YET
    if line.kind == "mileage":
        return say("up to {amount}", amount=distance_text(line.ceiling, units))
    if not line.ceiling:
        return say("none for now")
    return say("below {amount}", amount=_AMOUNTS[line.kind](line.ceiling, units))


def _told(line: LoadLine) -> str:
    if line.known_runs == line.n_runs:
        return ""
    said = say_n("{known} of {n} run told", "{known} of {n} runs told", line.n_runs, known=line.known_runs)
    if line.value is not None:
        return said
    if line.kind == "fast" and not line.known_runs:
        return say("{told}: no samples, or what is fast for you is still being learnt", told=said)
    return say("{told}, too few to add up", told=said)


def _beside(line: LoadLine, units: Units) -> Iterable[str]:
    if line.ascent_m is not None and line.n_runs:
        yield say("ascent {amount}", amount=height_text(line.ascent_m, units))
    if line.sprint_m:
        yield say("of it sprinted at least {amount}", amount=fast_text(line.sprint_m, units))
    if line.kind == "fast" and line.n_runs:
        if line.track_m is None:
            yield say("on a track: unknown")
        elif line.track_m and line.track_laps is None:
            yield say("on a track, jogging included, {amount}", amount=fast_text(line.track_m, units))
        elif line.track_m and line.track_laps is not None:
            yield say(
                "on a track, jogging included, {amount}, {laps} laps",
                amount=fast_text(line.track_m, units),
                laps=number_text(line.track_laps, 1),
            )


def change_text(change: LoadChange, units: Units = "metric") -> Text:
    """A load that moved, in a sentence."""
    amount = _AMOUNTS[change.kind]
    value, before = amount(change.value, units), amount(change.before, units)
    return _CHANGED[change.kind, change.is_more](value, before)


_CHANGED: Final[dict[tuple[str, bool], Callable[[Text, Text], Text]]] = {
    ("mileage", True): lambda value, before: say(
        "Further than in any of the weeks before: {value}, at most {before} then.", value=value, before=before
    ),
    ("mileage", False): lambda value, before: say(
        "Less far than in any of the weeks before: {value}, at least {before} then.", value=value, before=before
    ),
    ("hills", True): lambda value, before: say(
        "More downhill than in any of the weeks before: {value}, at most {before} then.", value=value, before=before
    ),
    ("hills", False): lambda value, before: say(
        "Less downhill than in any of the weeks before: {value}, at least {before} then.", value=value, before=before
    ),
    ("fast", True): lambda value, before: say(
        "More fast running than in any of the weeks before: {value}, at most {before} then.",
        value=value,
        before=before,
    ),
    ("fast", False): lambda value, before: say(
        "Less fast running than in any of the weeks before: {value}, at least {before} then.",
        value=value,
        before=before,
    ),
}
