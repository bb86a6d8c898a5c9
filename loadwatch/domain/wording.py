"""What a finding says to the runner: plain words, the numbers with their units, nothing that sounds certain."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from loadwatch.domain.ceilings import Ceiling, LoadCeiling
from loadwatch.domain.findings import LOAD_FAMILIES, Finding
from loadwatch.domain.thresholds import (
    BREAK,
    FAST_ABSENCE,
    HAMSTRING_WATCH,
    HILL_HARDLY_USED_M,
    HILL_SORE_M,
    HILL_WINDOW,
)

Units = Literal["metric", "imperial"]

_METRES_PER_MILE = 1609.344
_METRES_PER_FOOT = 0.3048
_MANY = 20
"""A ratio that says no more than that there was next to nothing before. [unitless]"""


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


def height_text(height_m: float, units: Units = "metric") -> str:
    """Ascent, descent and what is made of them, as people write it: "1 250 m", "4 101 ft"."""
    if units == "imperial":
        return f"{_grouped(height_m / _METRES_PER_FOOT)} ft"
    return f"{_grouped(height_m)} m"


def fast_text(distance_m: float, units: Units = "metric") -> str:
    """A distance run fast, to the ten metres that GPS can tell: "3 200 m", "2.0 mi"."""
    return distance_text(distance_m, units) if units == "imperial" else f"{_grouped(round(distance_m, -1))} m"


def _grouped(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")


def duration_text(seconds: float) -> str:
    """A length of time as people write it: "1 h 52 min", "48 min"."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def days_text(days: float) -> str:
    """Whole days in words: "1 day", "33 days"."""
    whole = int(days)
    return "1 day" if whole == 1 else f"{whole} days"


QUANTITIES: Final = {
    "run_distance": "Distance of this run",
    "session_distance": "Distance of this session",
    "session_spike": "Against the longest before it",
    "days_without_run": "Days without a run before it",
    "eccentric_load": "Downhill load of this run",
    "session_eccentric_load": "Downhill load of this session",
    "descent": "Descent of this run",
    "session_descent": "Descent of this session",
    "hill_spike": "Downhill, against the most before it",
    "ascent": "Ascent of this run",
    "session_ascent": "Ascent of this session",
    "ascent_spike": "Ascent, against the most before it",
    "fast_7d": "Fast running of 7 days",
    "fast_z7": "Spreads above your usual week",
    "fast_distance": "Fast running of this run",
    "session_fast_distance": "Fast running of this session",
    "fast_spike": "Fast running, against the most before it",
    "sprint_distance": "Sprinting of this run",
    "session_sprint_distance": "Sprinting of this session",
    "week_distance": "Distance of 7 days",
    "week_before": "Distance of the 7 days before",
    "hill_height": "Climb or downhill load of this run",
    "pain": "Worst pain you reported",
    "symptom_level": "Symptom level (0 none to 4)",
    "load_level": "Load level (0 none to 3)",
    "days_since_check_in": "Time since your last check-in",
    "days_open": "Time it was open",
}
"""What a reason's quantity is called."""

_HEIGHTS: Final = frozenset({"eccentric_load", "descent", "ascent", "hill_height"})
_FAST: Final = frozenset({"fast_7d", "fast_distance", "sprint_distance"})


def quantity_text(quantity: str, value: float, unit: str, units: Units = "metric") -> str:
    """
    A reason's value, baseline or threshold with its unit as suits the quantity: "700 m" down, "12.0 km" far.

    Parameters
    ----------
    quantity, unit : str
        Of the `Reason`; an unknown unit is shown as it is.
    """
    name = quantity.removeprefix("session_")
    if unit == "m":
        if name in _HEIGHTS:
            return height_text(value, units)
        return fast_text(value, units) if name in _FAST else distance_text(value, units)
    if unit == "d":
        return days_text(value)
    if unit.startswith("of "):
        return f"{value:g} {unit}"
    if unit == "ratio":
        return f"{value:.2f} times"
    return f"{value:.1f}" if unit == "sd" else f"{value:g} {unit}".strip()


def alert_text(finding: Finding, units: Units = "metric") -> AlertText:
    """
    The words of an alert.

    Raises
    ------
    KeyError
        If there are no words for the rule.
    """
    text = _TEXTS[finding.rule](finding, units)
    if finding.family in LOAD_FAMILIES and finding.symptom_level:
        return replace(text, action=f"{_HURTING[finding.severity]} {text.action}")
    return text


_HURTING: Final = {
    0: "You reported symptoms: leave out what brings them on.",
    1: "You reported symptoms: leave out what brings them on.",
    2: "You reported symptoms before this run: rest a day, and check in before the next run.",
    3: "You reported symptoms before this run: run no more until they have settled, and check in tomorrow.",
}


def _texts() -> "dict[str, Callable[[Finding, Units], AlertText]]":
    return {
        "R-RED": _red_text,
        "C-HS": _pattern_text,
        "C-PHT": _pattern_text,
        "C-Q": _quad_text,
        "C-IT": _pattern_text,
        "C-N": _pattern_text,
        "C-BSI": _pattern_text,
        "S-LEVEL": _level_text,
        "S-ASYM": _asymmetry_text,
        "S-TREND": _trend_text,
        "S-STUCK": _stuck_text,
        "P-PUSH": _pushing_text,
        "R-OK": _gone_text,
        "R-M3": _build_text,
        "R-M1": _spike_text,
        "R-RTN": _return_text,
        "R-H1": _descent_text,
        "R-H2": _ascent_text,
        "R-T1": _fast_week_text,
        "R-T2": _fast_session_text,
        "R-T3": _reintroduction_text,
    }


def _what(finding: Finding) -> str:
    if finding.reasons[0].quantity.startswith("session_"):
        return "session"
    return "race" if finding.run is not None and finding.run.is_race else "run"


def _spike_text(finding: Finding, units: Units) -> AlertText:
    distance = finding.reasons[0]
    ratio = finding.reasons[1].value
    longest = distance.baseline or 0.0
    what = _what(finding)
    more = f"{(ratio - 1) * 100:.0f} % longer than" if ratio < 2 else f"{ratio:.1f} times as long as"
    low = _short_history(finding)
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


def _short_history(finding: Finding) -> str:
    return " Your history here is still short, so the comparison is rough." * (finding.confidence == "low")


def _times(ratio: float) -> str:
    """ "67 % more than", "2.1 times as much as"."""
    if ratio >= _MANY:
        return "many times as much as"
    return f"{(ratio - 1) * 100:.0f} % more than" if ratio < 2 else f"{ratio:.1f} times as much as"


_DARK_URINE = " Dark urine or badly swollen thighs are an emergency, also on both sides: get medical help at once."


def _descent_text(finding: Finding, units: Units) -> AlertText:
    load = finding.reasons[0]
    largest = load.baseline or 0.0
    days = HILL_WINDOW.days
    plain = load.quantity.endswith("descent")
    name = "Descent" if plain else "Downhill load"
    before = (
        f"your most in {days} days was {height_text(largest, units)}" if largest else f"your first in {days} days"
    )
    meaning = "" if plain else " Downhill load is metres of steeper descent, a fast metre counting for more."
    if load.value >= HILL_SORE_M and largest < HILL_HARDLY_USED_M:
        sore = "Expect 2 to 3 days of sore quads"
    else:
        sore = "The quads may be sore for 1 to 3 days"
    if len(finding.reasons) > 1:
        fact = f"This {_what(finding)} had {_times(finding.reasons[1].value)} any of the {days} days before it."
    else:
        fact = f"In the {days} days before this {_what(finding)} there was none."
    return AlertText(
        title=f"{name} {height_text(load.value, units)}: {before}",
        message=(
            f"{fact}{meaning} Running downhill brakes with the front of the thighs, and what they are not used to"
            f" makes them sore. {sore}, on both sides alike, most on the second day.{_short_history(finding)}"
        ),
        action=(
            "Run easy and flat until they settle. Pain on one side only, or at one spot, is something else: a reason"
            f" to stop earlier.{_DARK_URINE * (finding.load_level > 1)}"
        ),
    )


def _ascent_text(finding: Finding, units: Units) -> AlertText:
    ascent, ratio = finding.reasons[0], finding.reasons[1].value
    days = HILL_WINDOW.days
    largest = height_text(ascent.baseline or 0.0, units)
    return AlertText(
        title=f"Ascent {height_text(ascent.value, units)}: your most in {days} days was {largest}",
        message=(
            f"This {_what(finding)} climbed {_times(ratio)} any of the {days} days before it. No study ties climbing"
            " to injuries of the thigh; it is told so that you know where a heavy calf or hamstring may come"
            f" from.{_short_history(finding)}"
        ),
        action="Make the next run a flatter one.",
    )


_SPACE_SPEED_DAYS = "Leave at least 72 hours before the next speed day and run easy until then."
_OTHER_SPORTS = (
    " In team sports, hamstring injuries were more frequent after more fast running than a player was used to; for"
    " runners nobody has measured it. GPS underestimates sprints, so it may have been more."
)


def _fast_week_text(finding: Finding, units: Units) -> AlertText:
    week = finding.reasons[0]
    norm = week.baseline or 0.0
    usual = fast_text(norm, units)
    return AlertText(
        title=f"{fast_text(week.value, units)} of fast running in 7 days: your usual week has {usual}",
        message=(
            f"The 7 days up to this {_what(finding)} had {_times(week.value / norm)} your mean week."
            f"{_OTHER_SPORTS}{_short_history(finding)}"
        ),
        action=_SPACE_SPEED_DAYS,
    )


def _fast_session_text(finding: Finding, units: Units) -> AlertText:
    fast, spike = finding.reasons[0], finding.reasons[1]
    largest = fast_text(fast.baseline or 0.0, units)
    return AlertText(
        title=f"{fast_text(fast.value, units)} of fast running: your most in {spike.window} was {largest}",
        message=(
            f"This {_what(finding)} had {_times(spike.value)} any of the {spike.window} before it."
            f"{_OTHER_SPORTS}{_short_history(finding)}"
        ),
        action=_SPACE_SPEED_DAYS,
    )


def _reintroduction_text(finding: Finding, units: Units) -> AlertText:
    fast = finding.reasons[0]
    weeks = FAST_ABSENCE.days // 7
    what = "sprinting" if fast.quantity.endswith("sprint_distance") else "fast running"
    return AlertText(
        title=f"{fast_text(fast.value, units)} of {what}: your first fast running in {weeks} weeks",
        message=(
            f"In the {weeks} weeks before this {_what(finding)} there was next to no fast running, and the hamstrings"
            f" lose the habit of it.{_OTHER_SPORTS}"
        ),
        action=(
            "Next time half of this, after a long warm-up, and not before 72 hours have passed; run easy until then."
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


def _build_text(finding: Finding, units: Units) -> AlertText:
    week = finding.reasons[0]
    before = distance_text(week.baseline or 0.0, units)
    return AlertText(
        title=f"{distance_text(week.value, units)} in 7 days: {before} in the 7 days before",
        message=(
            "Two weeks in a row brought at least 30 % more than the week before. Studies of runners disagree on"
            " whether that matters, so this is told once, in the weekly mail."
        ),
        action="Let the next week be no longer than this one.",
    )


SEEK_HELP: Final = (
    "See a doctor or physiotherapist soon if you limp, if you heard a pop, if a bruise or a gap shows, or if it hurts"
    " at night or at rest. New numbness or weakness, trouble with the bladder, dark urine or a badly swollen leg are"
    " emergencies."
)
"""When to seek help; part of the words of every rule on symptoms."""

_PLACES: Final = {
    "posterior": "back of the thigh",
    "anterior": "front of the thigh",
    "lateral": "outer thigh or knee",
    "medial": "inner thigh",
    "deep": "deep in the thigh",
    "back": "low back or buttock",
    "unnamed": "thigh",
}


def site_text(site: str) -> str:
    """A finding's site in words: "left back of the thigh"."""
    side, _, areas = site.rpartition(" ")
    places = " and ".join(_PLACES.get(area, area) for area in areas.split("+"))
    return f"{side} {places}" if side in ("left", "right") else f"{places}{', both sides' * (side == 'both')}"


def sentence_start(text: str) -> str:
    """The text with a capital in front."""
    return text[:1].upper() + text[1:]


def _told(*sentences: str) -> str:
    """Sentences as parts of one; each begins small, as none begins with a name."""
    return "; ".join(f"{sentence[:1].lower()}{sentence[1:].rstrip('.')}" for sentence in sentences)


def _red_text(finding: Finding, _: Units) -> AlertText:
    assert finding.flag is not None  # R-RED is about one
    flag = finding.flag.flag
    beside = f" What adds to it: {_told(*finding.flag.stronger)}." if finding.flag.stronger else ""
    return AlertText(
        title=f"Stop running and get this looked at: {flag.name[:1].lower()}{flag.name[1:]}",
        message=(
            f"You reported: {_told(*finding.flag.because)}.{beside} {flag.suspects}"
            " Only somebody who sees you can tell."
        ),
        action=" ".join((flag.action, f"Where: {flag.where}", *flag.avoid)),
    )


@dataclass(frozen=True, slots=True)
class _Pattern:
    resembles: str
    why: str
    action: str


_PATTERNS: Final = {
    "C-HS": _Pattern(
        "what a strained hamstring feels like",
        "It is the back of the thigh, and there was fast running in the 7 days before. In team sports hamstring"
        " injuries were more frequent after more fast running than usual.",
        "No fast running and no stretching into pain for now; walk, and run easily only if nothing is felt. Did you"
        " hear a pop, is there a bruise or a gap, can you not walk normally? Then see a doctor today or tomorrow.",
    ),
    "C-PHT": _Pattern(
        "what an irritated tendon at the sit bone feels like",
        "It is the sit bone, sitting brings it on, and it came gradually.",
        "Leave out sprints, hills and long sitting on hard seats; do not stretch it. Quiet holding exercises without"
        " more than mild pain are the usual beginning.",
    ),
    "C-IT": _Pattern(
        "what irritation at the outer knee feels like in runners",
        "It is the outer knee, and it begins at about the same distance each time.",
        "Stop each run before the distance at which it begins, and leave out downhill until that is quiet.",
    ),
    "C-N": _Pattern(
        "what an irritated nerve feels like",
        "Burning, tingling or numbness points to a nerve more than to a muscle; where along it cannot be told from"
        " here.",
        "Do not stretch, massage or roll the area. Find the position in which it eases, move within that, and stop a"
        " run in which it spreads. If it spreads below the knee, or a leg gets weaker, see a doctor the same day.",
    ),
    "C-BSI": _Pattern(
        "what a bone under stress can feel like",
        "It may well be muscle. But this place, with pain on impact or at rest, must not be run through: a stress"
        " fracture is easily missed, and waiting makes it worse.",
        "Stop running and hopping, and do no hop tests. Have it assessed within three days, the same day if walking"
        " hurts. No exercises until then.",
    ),
}


def _pattern_text(finding: Finding, units: Units) -> AlertText:
    pattern = _PATTERNS[finding.rule]
    return AlertText(
        title=f"{sentence_start(site_text(finding.site))}: it resembles {pattern.resembles}",
        message=f"{pattern.why}{_load_behind(finding, units)} It is a resemblance, no more.",
        action=f"{pattern.action} {SEEK_HELP}",
    )


def _load_behind(finding: Finding, units: Units) -> str:
    """The load that adds to symptoms, with its number."""
    load = finding.reasons[-1]
    if not finding.load_level or load.unit != "m":
        return ""
    name = QUANTITIES.get(load.quantity, load.quantity)
    return f" {name} lately: {quantity_text(load.quantity, load.value, load.unit, units)}, more than you are used to."


_SORE: Final = (
    "Both sides alike, a day or more after a run you were not used to: that is how sore muscles feel. They are worst"
    " on the second day and gone within a week."
)


def _soreness_action(finding: Finding) -> str:
    question = " Is your urine dark, or is a thigh badly swollen? Then get medical help at once." * bool(finding.ask)
    return f"Easy and flat, or a day off. Check in again in 72 hours.{question} {SEEK_HELP}"


def _quad_text(finding: Finding, units: Units) -> AlertText:
    where = sentence_start(site_text(finding.site))
    if finding.is_soreness:
        return AlertText(
            f"{where}: it resembles soreness after downhill or a long run", _SORE, _soreness_action(finding)
        )
    return AlertText(
        title=f"{where}: it resembles a strained quad, after downhill or a long run",
        message=(
            f"Soreness after downhill is on both sides alike; this is not.{_load_behind(finding, units)}"
            " It is a resemblance, no more."
        ),
        action=(
            "No downhill, no fast running and no stretching into pain until it has settled. Does it hurt at every"
            " footfall, in the groin, or at night? Then stop running and have it assessed within three days."
            f" {SEEK_HELP}"
        ),
    )


_LEVELS: Final = {
    1: ("mild so far", "Run as it allows, and check in tomorrow morning."),
    2: (
        "a reason for care",
        "Make the next run short, easy and flat, or leave it out, and check in tomorrow morning.",
    ),
    3: ("a reason to act", "Do not run until walking and stairs are free of it, and check in each day."),
}


def _level_text(finding: Finding, units: Units) -> AlertText:
    where = sentence_start(site_text(finding.site))
    if finding.is_soreness:
        return AlertText(f"{where}: it resembles sore muscles", _SORE, _soreness_action(finding))
    what, action = _LEVELS[finding.severity]
    return AlertText(
        title=f"{where}: {what}",
        message=(
            "What you feel decides, what you ran only adds to it."
            f"{_load_behind(finding, units) or ' No jump in load is behind it as far as is known.'}"
        ),
        action=f"{action} {SEEK_HELP}",
    )


def _asymmetry_text(finding: Finding, _: Units) -> AlertText:
    return AlertText(
        title=f"{sentence_start(site_text(finding.site))}: one side, and again",
        message=(
            "You reported the same place on one side at least twice within 7 days. Ordinary soreness is mostly on"
            " both sides and goes."
        ),
        action=f"Leave out what brings it on, and run short and easy only if it stays quiet. {SEEK_HELP}",
    )


def _trend_text(finding: Finding, _: Units) -> AlertText:
    return AlertText(
        title=f"{sentence_start(site_text(finding.site))}: it is getting worse",
        message="Your pain, or that of the mornings, has risen by 2 points or more within 7 days.",
        action=f"Take one step back: no hills, nothing fast, and shorter, until mornings are as before. {SEEK_HELP}",
    )


def _stuck_text(finding: Finding, _: Units) -> AlertText:
    assert finding.flag is not None  # S-STUCK is about one
    flag = finding.flag.flag
    return AlertText(
        title=f"{sentence_start(site_text(finding.site))}: it does not settle",
        message=f"You reported: {_told(*finding.flag.because)}. {flag.suspects}",
        action=" ".join((flag.action, f"Where: {flag.where}", *flag.avoid, SEEK_HELP)),
    )


def _pushing_text(finding: Finding, units: Units) -> AlertText:
    first = finding.reasons[0]
    amount = quantity_text(first.quantity, first.value, first.unit, units)
    how = {"fast_distance": f"{amount} fast", "hill_height": f"a hilly run, {amount}"}.get(first.quantity, amount)
    return AlertText(
        title=f"You ran {how} with an open report: {site_text(finding.site)}",
        message=(
            "Your last check-in asked for care, and it is not closed. Another injury of the same kind is most"
            " frequent soon after the first."
        ),
        action=(
            "Leave out the next run, and check in today and tomorrow morning. If it is gone, say so in a check-in."
            f" {SEEK_HELP}"
        ),
    )


def _gone_text(finding: Finding, _: Units) -> AlertText:
    watch = f" It stays on watch for {HAMSTRING_WATCH.days // 7} weeks: a thigh can hurt again in the first months."
    return AlertText(
        title=f"{sentence_start(site_text(finding.site))}: gone, well done",
        message=f"You closed it after {days_text(finding.reasons[0].value)}.{watch * bool(finding.coverage)}",
        action="Take up your plan again step by step: length before hills, hills before speed.",
    )


_TEXTS: Final = _texts()


HURTS_FIRST: Final = "What hurts decides: while it is open, no distance is named here."
"""In place of a ceiling."""


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


def load_ceiling_text(ceiling: LoadCeiling, units: Units = "metric") -> str:
    """The ceiling of downhill load, or of fast running, in a sentence."""
    hills = ceiling.kind == "hills"
    name = "Downhill load" if hills else "Fast running"
    if ceiling.value_m is None:
        need = []
        if ceiling.days_missing:
            need.append(f"{ceiling.days_missing} more day" + "s" * (ceiling.days_missing > 1) + " of history")
        if ceiling.runs_missing:
            tell = "with good altitude" if hills else "with a known speed"
            need.append(f"{ceiling.runs_missing} more run" + "s" * (ceiling.runs_missing > 1) + f" {tell}")
        return f"{name}: not known yet what is usual for you, {' and '.join(need) or 'a first run'} to go."
    amount = height_text if hills else fast_text
    if ceiling.basis == "after_jump" and not ceiling.value_m:
        return f"{name}: none until the {'quads have settled' if hills else 'three days after the jump are over'}."
    below = amount(ceiling.value_m, units)
    if ceiling.basis == "after_jump":
        return f"{name}: below {below}, your most before the jump of the last days."
    most = amount(ceiling.largest_m or 0.0, units)
    return f"{name}: below {below}; the most of your last weeks was {most}."
