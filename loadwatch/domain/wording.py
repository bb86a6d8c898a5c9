"""What a finding says to the runner: plain words, the numbers with their units, nothing that sounds certain."""

from dataclasses import dataclass
from typing import Literal

from loadwatch.domain.ceilings import Ceiling
from loadwatch.domain.rules import Finding
from loadwatch.domain.thresholds import BREAK

Units = Literal["metric", "imperial"]

_METRES_PER_MILE = 1609.344


@dataclass(frozen=True, slots=True)
class AlertText:
    """The fact in a line; why it is told; what to do now."""

    title: str
    message: str
    action: str


def distance_text(distance_m: float, units: Units = "metric") -> str:
    """A distance as people write it: "18.4 km", "11.4 mi"."""
    if units == "imperial":
        return f"{distance_m / _METRES_PER_MILE:.1f} mi"
    return f"{distance_m / 1000:.1f} km"


def duration_text(seconds: float) -> str:
    """A length of time as people write it: "1 h 52 min", "48 min"."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def days_text(days: float) -> str:
    """Whole days in words: "1 day", "33 days"."""
    whole = int(days)
    return "1 day" if whole == 1 else f"{whole} days"


def alert_text(finding: Finding, units: Units = "metric") -> AlertText:
    """
    The words of an alert.

    Raises
    ------
    KeyError
        If there are no words for the rule.
    """
    return {"R-M1": _spike_text, "R-RTN": _return_text}[finding.rule](finding, units)


def _what(finding: Finding) -> str:
    if finding.reasons[0].quantity == "session_distance":
        return "session"
    return "race" if finding.run.is_race else "run"


def _spike_text(finding: Finding, units: Units) -> AlertText:
    distance = finding.reasons[0]
    ratio = finding.reasons[1].value
    longest = distance.baseline or 0.0
    what = _what(finding)
    more = f"{(ratio - 1) * 100:.0f} % longer than" if ratio < 2 else f"{ratio:.1f} times as long as"
    low = " Your history here is still short, so the comparison is rough." * (finding.confidence == "low")
    return AlertText(
        title=f"{distance_text(distance.value, units)}: your longest in 30 days was {distance_text(longest, units)}",
        message=(
            f"This {what} was {more} anything in the 30 days before it. Among 5 205 runners, overuse injuries"
            f" were more frequent after a {what if what != 'race' else 'run'} more than 10 % longer than the longest"
            f" of the last 30 days.{low} Most such runs are followed by no injury."
        ),
        action=(
            "Keep the next runs within the distance that was usual for you before."
            " A thigh that hurts on one side only, or again at the same spot, is a reason to stop earlier."
        ),
    )


def _return_text(finding: Finding, units: Units) -> AlertText:
    distance = finding.reasons[0]
    days = next(r.value for r in finding.reasons if r.quantity == "days_without_run")
    longest = distance.baseline or 0.0
    title = f"Back after {days_text(days)}: {distance_text(distance.value, units)}"
    before = f"Before the break your longest run in 90 days was {distance_text(longest, units)}."
    if finding.load_level >= 2:
        message = (
            f"You had not run for {days_text(days)}. {before} This is a long first {_what(finding)}: tissue loses"
            " its habit of load faster than the lungs do."
        )
        action = "Start lower: for two weeks, short and easy runs with a day between them, then lengthen them."
    else:
        message = f"You had not run for {days_text(days)}. {before} You started within half of that: good."
        action = "Go on with short, easy, flat runs and a rest day between them, lengthened step by step."
    return AlertText(title, message, action)


def ceiling_text(ceiling: Ceiling, units: Units = "metric") -> str:
    """The ceiling of the next run in a sentence or two."""
    if ceiling.basis == "learning":
        need = []
        if ceiling.days_to_learn:
            need.append(f"{ceiling.days_to_learn} more day" + "s" * (ceiling.days_to_learn > 1) + " of history")
        if ceiling.runs_to_learn:
            need.append(f"{ceiling.runs_to_learn} more run" + "s" * (ceiling.runs_to_learn > 1))
        return f"Still learning what is usual for you: {' and '.join(need) or 'a first run'} to go."
    assert ceiling.distance_m is not None  # every other basis has both
    assert ceiling.longest_m is not None
    upto = distance_text(ceiling.distance_m, units)
    longest = distance_text(ceiling.longest_m, units)
    if ceiling.basis == "after_break":
        days_off = ceiling.days_since_run or 0
        if days_off < BREAK.days:
            return f"Up to {upto}: you are just back from a break (before it your longest in 90 days was {longest})."
        days = days_text(days_off)
        return f"Up to {upto} after {days} without a run (before the break your longest in 90 days was {longest})."
    if ceiling.basis == "after_jump":
        return f"Up to {upto}: your longest before the jump of the last days."
    return f"Up to {upto}: within 10 % of your longest run of the last 30 days, {longest}."
