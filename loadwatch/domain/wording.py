"""What a finding says to the runner: plain words, the numbers with their units, nothing that sounds certain."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from loadwatch.domain.ceilings import Ceiling, LoadCeiling
from loadwatch.domain.findings import LOAD_FAMILIES, Finding
from loadwatch.domain.text import (
    Text,
    Units,
    capital,
    days_text,
    distance_text,
    duration_text,
    fast_text,
    height_text,
    joined,
    listed,
    number_text,
    percent_text,
    say,
    say_n,
    sentences,
)
from loadwatch.domain.thresholds import (
    BREAK,
    BREAK_BASELINE,
    BUILD_WEEK,
    FAST_ABSENCE,
    HAMSTRING_WATCH,
    HILL_HARDLY_USED_M,
    HILL_SORE_M,
    HILL_WINDOW,
    SPIKE_SMALL,
    SPIKE_WINDOW,
)

__all__ = [
    "HURTS_FIRST",
    "QUANTITIES",
    "SEEK_HELP",
    "AlertText",
    "Units",
    "alert_text",
    "ceiling_text",
    "days_text",
    "distance_text",
    "duration_text",
    "fast_text",
    "height_text",
    "load_ceiling_text",
    "quantity_text",
    "site_text",
    "worse_text",
]

_MANY = 20
"""A ratio that says no more than that there was next to nothing before. [unitless]"""


@dataclass(frozen=True, slots=True)
class AlertText:
    """The fact in a line; why it is told; what to do now."""

    title: Text
    message: Text
    action: Text


QUANTITIES: Final = {
    "run_distance": say("Distance of this run"),
    "session_distance": say("Distance of this session"),
    "session_spike": say("Against the longest before it"),
    "days_without_run": say("Days without a run before it"),
    "eccentric_load": say("Downhill load of this run"),
    "session_eccentric_load": say("Downhill load of this session"),
    "descent": say("Descent of this run"),
    "session_descent": say("Descent of this session"),
    "hill_spike": say("Downhill, against the most before it"),
    "ascent": say("Ascent of this run"),
    "session_ascent": say("Ascent of this session"),
    "ascent_spike": say("Ascent, against the most before it"),
    "fast_7d": say("Fast running of 7 days"),
    "fast_z7": say("Spreads above your usual week"),
    "fast_distance": say("Fast running of this run"),
    "session_fast_distance": say("Fast running of this session"),
    "fast_spike": say("Fast running, against the most before it"),
    "sprint_distance": say("Sprinting of this run"),
    "session_sprint_distance": say("Sprinting of this session"),
    "week_distance": say("Distance of 7 days"),
    "week_before": say("Distance of the 7 days before"),
    "hill_height": say("Climb or downhill load of this run"),
    "pain": say("Worst pain you reported"),
    "symptom_level": say("Symptom level (0 none to 4)"),
    "load_level": say("Load level (0 none to 3)"),
    "days_since_check_in": say("Time since your last check-in"),
    "days_open": say("Time it was open"),
}
"""What a reason's quantity is called."""

_HEIGHTS: Final = frozenset({"eccentric_load", "descent", "ascent", "hill_height"})
_FAST: Final = frozenset({"fast_7d", "fast_distance", "sprint_distance"})


def quantity_text(quantity: str, value: float, unit: str, units: Units = "metric") -> Text:
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
    if unit == "ratio":
        return say("{ratio} times", ratio=number_text(value, 2))
    if unit == "sd":
        return number_text(value, 1)
    shown = number_text(value, 0 if value.is_integer() else 1)
    if unit.startswith("of "):
        return say("{value} of {most}", value=shown, most=unit.removeprefix("of "))
    return joined(" ", (shown, unit))


def alert_text(finding: Finding, units: Units = "metric") -> AlertText:
    """
    The words of an alert.

    Raises
    ------
    KeyError
        If there are no words for the rule.
    """
    text = _TEXTS[finding.rule](finding)
    action = text.action
    if finding.family in LOAD_FAMILIES and finding.symptom_level:
        action = sentences(_HURTING[finding.severity], action)
    return AlertText(text.title.in_units(units), text.message.in_units(units), action.in_units(units))


_LEAVE_OUT: Final = say("You reported symptoms: leave out what brings them on.")
_HURTING: Final = {
    0: _LEAVE_OUT,
    1: _LEAVE_OUT,
    2: say("You reported symptoms before this run: rest a day, and check in before the next run."),
    3: say("You reported symptoms before this run: run no more until they have settled, and check in tomorrow."),
}


def _texts() -> "dict[str, Callable[[Finding], AlertText]]":
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


@dataclass(frozen=True, slots=True)
class _Words:
    """What a finding speaks of, as it stands in sentences."""

    this: Text
    before_this: Text
    up_to_this: Text
    a_first: Text
    after_a: Text


_RUN: Final = _Words(
    this=say("This run"),
    before_this=say("before this run"),
    up_to_this=say("up to this run"),
    a_first=say("This is a long first run"),
    after_a=say("after a run"),
)
_SESSION: Final = _Words(
    this=say("This session"),
    before_this=say("before this session"),
    up_to_this=say("up to this session"),
    a_first=say("This is a long first session"),
    after_a=say("after a session"),
)
_RACE: Final = _Words(
    this=say("This race"),
    before_this=say("before this race"),
    up_to_this=say("up to this race"),
    a_first=say("This is a long first race"),
    after_a=_RUN.after_a,
)


def _words(finding: Finding) -> _Words:
    if finding.reasons[0].quantity.startswith("session_"):
        return _SESSION
    return _RACE if finding.run is not None and finding.run.is_race else _RUN


def _spike_text(finding: Finding) -> AlertText:
    distance = finding.reasons[0]
    ratio = finding.reasons[1].value
    longest = distance_text(distance.baseline or 0.0)
    words, days = _words(finding), SPIKE_WINDOW.days
    if ratio < 2:
        fact = say(
            "{this_run} was {percent} longer than anything in the {days} days before it.",
            this_run=words.this,
            percent=percent_text(ratio - 1),
            days=days,
        )
    else:
        fact = say(
            "{this_run} was {times} times as long as anything in the {days} days before it.",
            this_run=words.this,
            times=number_text(ratio, 1),
            days=days,
        )
    return AlertText(
        title=say(
            "{far}: your longest in {days} days was {longest}",
            far=distance_text(distance.value),
            days=days,
            longest=longest,
        ),
        message=sentences(
            fact,
            say(
                "Among {n} runners, overuse injuries were more frequent {after_a_run} more than {percent} longer than"
                " the longest of the last {days} days.",
                n=_FRANDSEN_RUNNERS,
                after_a_run=words.after_a,
                percent=percent_text(SPIKE_SMALL - 1),
                days=days,
            ),
            _short_history(finding),
            say("Most such runs are followed by no injury."),
        ),
        action=sentences(
            say("Keep the next runs within the distance that was usual for you before."),
            say(
                "A thigh that hurts on one side only, or again at the same spot, is a reason to stop earlier.",
            ),
        ),
    )


_FRANDSEN_RUNNERS: Final = 5205
"""Adult runners of the study behind R-M1, doi:10.1136/bjsports-2024-109380."""

_SHORT_HISTORY: Final = say("Your history here is still short, so the comparison is rough.")


def _short_history(finding: Finding) -> str:
    return _SHORT_HISTORY if finding.confidence == "low" else ""


_DARK_URINE: Final = say(
    "Dark urine or badly swollen thighs are an emergency, also on both sides: get medical help at once."
)


def _had(words: _Words, ratio: float, days: int) -> Text:
    """How much more of something there was than before: "This run had 67 % more than any of …"."""
    if ratio >= _MANY:
        return say(
            "{this_run} had many times as much as any of the {days} days before it.", this_run=words.this, days=days
        )
    if ratio < 2:
        return say(
            "{this_run} had {percent} more than any of the {days} days before it.",
            this_run=words.this,
            percent=percent_text(ratio - 1),
            days=days,
        )
    return say(
        "{this_run} had {times} times as much as any of the {days} days before it.",
        this_run=words.this,
        times=number_text(ratio, 1),
        days=days,
    )


def _descent_text(finding: Finding) -> AlertText:
    load = finding.reasons[0]
    largest = load.baseline or 0.0
    days, amount, most = HILL_WINDOW.days, height_text(load.value), height_text(largest)
    plain = load.quantity.endswith("descent")
    if plain and largest:
        title = say("Descent {amount}: your most in {days} days was {most}", amount=amount, days=days, most=most)
    elif plain:
        title = say("Descent {amount}: your first in {days} days", amount=amount, days=days)
    elif largest:
        title = say(
            "Downhill load {amount}: your most in {days} days was {most}", amount=amount, days=days, most=most
        )
    else:
        title = say("Downhill load {amount}: your first in {days} days", amount=amount, days=days)
    if load.value >= HILL_SORE_M and largest < HILL_HARDLY_USED_M:
        sore = say("Expect 2 to 3 days of sore quads, on both sides alike, most on the second day.")
    else:
        sore = say("The quads may be sore for 1 to 3 days, on both sides alike, most on the second day.")
    words = _words(finding)
    if len(finding.reasons) > 1:
        fact = _had(words, finding.reasons[1].value, days)
    else:
        fact = say(
            "In the {days} days {before_this_run} there was none.", days=days, before_this_run=words.before_this
        )
    meaning = say("Downhill load is metres of steeper descent, a fast metre counting for more.")
    return AlertText(
        title=title,
        message=sentences(
            fact,
            "" if plain else meaning,
            say(
                "Running downhill brakes with the front of the thighs, and what they are not used to makes them"
                " sore.",
            ),
            sore,
            _short_history(finding),
        ),
        action=sentences(
            say("Run easy and flat until they settle."),
            say("Pain on one side only, or at one spot, is something else: a reason to stop earlier."),
            _DARK_URINE if finding.load_level > 1 else "",
        ),
    )


def _ascent_text(finding: Finding) -> AlertText:
    ascent, ratio = finding.reasons[0], finding.reasons[1].value
    days, this_run = HILL_WINDOW.days, _words(finding).this
    if ratio >= _MANY:
        fact = say(
            "{this_run} climbed many times as much as any of the {days} days before it.", this_run=this_run, days=days
        )
    elif ratio < 2:
        fact = say(
            "{this_run} climbed {percent} more than any of the {days} days before it.",
            this_run=this_run,
            percent=percent_text(ratio - 1),
            days=days,
        )
    else:
        fact = say(
            "{this_run} climbed {times} times as much as any of the {days} days before it.",
            this_run=this_run,
            times=number_text(ratio, 1),
            days=days,
        )
    return AlertText(
        title=say(
            "Ascent {amount}: your most in {days} days was {most}",
            amount=height_text(ascent.value),
            days=days,
            most=height_text(ascent.baseline or 0.0),
        ),
        message=sentences(
            fact,
            say(
                "No study ties climbing to injuries of the thigh; it is told so that you know where a heavy calf or"
                " hamstring may come from."
            ),
            _short_history(finding),
        ),
        action=say("Make the next run a flatter one."),
    )


_SPACE_SPEED_DAYS: Final = say("Leave at least 72 hours before the next speed day and run easy until then.")
_OTHER_SPORTS: Final = say(
    "In team sports, hamstring injuries were more frequent after more fast running than a player was used to; for"
    " runners nobody has measured it. GPS underestimates sprints, so it may have been more."
)


def _fast_week_text(finding: Finding) -> AlertText:
    week = finding.reasons[0]
    norm = week.baseline or 0.0
    ratio, upto = week.value / norm, _words(finding).up_to_this
    if ratio >= _MANY:
        fact = say("The 7 days {up_to_this_run} had many times as much as your mean week.", up_to_this_run=upto)
    elif ratio < 2:
        fact = say(
            "The 7 days {up_to_this_run} had {percent} more than your mean week.",
            up_to_this_run=upto,
            percent=percent_text(ratio - 1),
        )
    else:
        fact = say(
            "The 7 days {up_to_this_run} had {times} times as much as your mean week.",
            up_to_this_run=upto,
            times=number_text(ratio, 1),
        )
    return AlertText(
        title=say(
            "{amount} of fast running in 7 days: your usual week has {usual}",
            amount=fast_text(week.value),
            usual=fast_text(norm),
        ),
        message=sentences(fact, _OTHER_SPORTS, _short_history(finding)),
        action=_SPACE_SPEED_DAYS,
    )


def _fast_session_text(finding: Finding) -> AlertText:
    fast, spike = finding.reasons[0], finding.reasons[1]
    days = _window_days(spike.window)
    return AlertText(
        title=say(
            "{amount} of fast running: your most in {days} days was {most}",
            amount=fast_text(fast.value),
            days=days,
            most=fast_text(fast.baseline or 0.0),
        ),
        message=sentences(_had(_words(finding), spike.value, days), _OTHER_SPORTS, _short_history(finding)),
        action=_SPACE_SPEED_DAYS,
    )


def _window_days(window: str) -> int:
    """The days of a window that is told as "30 days"."""
    return int(window.split()[0])


def _reintroduction_text(finding: Finding) -> AlertText:
    fast = finding.reasons[0]
    weeks, amount = FAST_ABSENCE.days // 7, fast_text(fast.value)
    if fast.quantity.endswith("sprint_distance"):
        title = say("{amount} of sprinting: your first fast running in {weeks} weeks", amount=amount, weeks=weeks)
    else:
        title = say("{amount} of fast running: your first fast running in {weeks} weeks", amount=amount, weeks=weeks)
    return AlertText(
        title=title,
        message=sentences(
            say(
                "In the {weeks} weeks {before_this_run} there was next to no fast running, and the hamstrings lose"
                " the habit of it.",
                weeks=weeks,
                before_this_run=_words(finding).before_this,
            ),
            _OTHER_SPORTS,
        ),
        action=say(
            "Next time half of this, after a long warm-up, and not before 72 hours have passed; run easy until then."
        ),
    )


def _return_text(finding: Finding) -> AlertText:
    distance = finding.reasons[0]
    days = days_text(next(r.value for r in finding.reasons if r.quantity == "days_without_run"))
    off = say("You had not run for {days}.", days=days)
    before = say(
        "Before the break your longest run in {days} days was {longest}.",
        days=BREAK_BASELINE.days,
        longest=distance_text(distance.baseline or 0.0),
    )
    if finding.load_level >= 2:
        message = sentences(
            off,
            before,
            say(
                "{this_is_a_long_first_run}: tissue loses its habit of load faster than the lungs do.",
                this_is_a_long_first_run=_words(finding).a_first,
            ),
        )
        action = say("Start lower: for two weeks, short and easy runs with a day between them, then lengthen them.")
    else:
        message = sentences(off, before, say("You started within half of that: good."))
        action = say("Go on with short, easy, flat runs and a rest day between them, lengthened step by step.")
    return AlertText(
        say("Back after {days}: {far}", days=days, far=distance_text(distance.value)),
        message,
        action,
    )


def _build_text(finding: Finding) -> AlertText:
    week = finding.reasons[0]
    return AlertText(
        title=say(
            "{far} in 7 days: {before} in the 7 days before",
            far=distance_text(week.value),
            before=distance_text(week.baseline or 0.0),
        ),
        message=say(
            "Two weeks in a row brought at least {percent} more than the week before. Studies of runners disagree on"
            " whether that matters, so this is told once, in the weekly mail.",
            percent=percent_text(BUILD_WEEK),
        ),
        action=say("Let the next week be no longer than this one."),
    )


SEEK_HELP: Final = say(
    "See a doctor or physiotherapist soon if you limp, if you heard a pop, if a bruise or a gap shows, or if it hurts"
    " at night or at rest. New numbness or weakness, trouble with the bladder, dark urine or a badly swollen leg are"
    " emergencies."
)
"""When to seek help; part of the words of every rule on symptoms."""

_PLACES: Final = {
    "posterior": say("back of the thigh"),
    "anterior": say("front of the thigh"),
    "lateral": say("outer thigh or knee"),
    "medial": say("inner thigh"),
    "deep": say("deep in the thigh"),
    "back": say("low back or buttock"),
    "unnamed": say("thigh"),
}


def site_text(site: str) -> Text:
    """A finding's site in words: "left back of the thigh"."""
    side, _, areas = site.rpartition(" ")
    places = listed(_PLACES.get(area, area) for area in areas.split("+"))
    if side == "left":
        return say("left {place}", place=places)
    if side == "right":
        return say("right {place}", place=places)
    return say("{place}, both sides", place=places) if side == "both" else places


def _where(finding: Finding) -> Text:
    return capital(site_text(finding.site))


def _red_text(finding: Finding) -> AlertText:
    assert finding.flag is not None  # R-RED is about one
    flag = finding.flag.flag
    beside = sentences(*finding.flag.stronger)
    return AlertText(
        title=say("Stop running and get this looked at: {flag}", flag=flag.name),
        message=sentences(
            say("You reported: {facts}", facts=sentences(*finding.flag.because)),
            say("What adds to it: {facts}", facts=beside) if beside else "",
            flag.suspects,
            say("Only somebody who sees you can tell."),
        ),
        action=sentences(flag.action, say("Where: {place}", place=flag.where), *flag.avoid),
    )


@dataclass(frozen=True, slots=True)
class _Pattern:
    title: Callable[[Text], Text]
    why: Text
    action: Text


_PATTERNS: Final = {
    "C-HS": _Pattern(
        lambda where: say("{where}: it resembles a strained hamstring", where=where),
        say(
            "It is the back of the thigh, and there was fast running in the 7 days before. In team sports hamstring"
            " injuries were more frequent after more fast running than usual."
        ),
        say(
            "No fast running and no stretching into pain for now; walk, and run easily only if nothing is felt. Did"
            " you hear a pop, is there a bruise or a gap, can you not walk normally? Then see a doctor today or"
            " tomorrow."
        ),
    ),
    "C-PHT": _Pattern(
        lambda where: say("{where}: it resembles an irritated sit-bone tendon", where=where),
        say("It is the sit bone, sitting brings it on, and it came gradually."),
        say(
            "Leave out sprints, hills and long sitting on hard seats; do not stretch it. Quiet holding exercises"
            " without more than mild pain are the usual beginning."
        ),
    ),
    "C-IT": _Pattern(
        lambda where: say("{where}: it resembles irritation at the outer knee", where=where),
        say("It is the outer knee, and it begins at about the same distance each time."),
        say("Stop each run before the distance at which it begins, and leave out downhill until that is quiet."),
    ),
    "C-N": _Pattern(
        lambda where: say("{where}: it resembles an irritated nerve", where=where),
        say(
            "Burning, tingling or numbness points to a nerve more than to a muscle; where along it cannot be told"
            " from here."
        ),
        say(
            "Do not stretch, massage or roll the area. Find the position in which it eases, move within that, and"
            " stop a run in which it spreads. If it spreads below the knee, or a leg gets weaker, see a doctor the"
            " same day."
        ),
    ),
    "C-BSI": _Pattern(
        lambda where: say("{where}: it resembles a bone under stress", where=where),
        say(
            "It may well be muscle. But this place, with pain on impact or at rest, must not be run through: a stress"
            " fracture is easily missed, and waiting makes it worse."
        ),
        say(
            "Stop running and hopping, and do no hop tests. Have it assessed within three days, the same day if"
            " walking hurts. No exercises until then."
        ),
    ),
}

_RESEMBLANCE: Final = say("It is a resemblance, no more.")


def _pattern_text(finding: Finding) -> AlertText:
    pattern = _PATTERNS[finding.rule]
    return AlertText(
        title=pattern.title(_where(finding)),
        message=sentences(pattern.why, _load_behind(finding), _RESEMBLANCE),
        action=sentences(pattern.action, SEEK_HELP),
    )


def _load_behind(finding: Finding) -> str:
    """The load that adds to symptoms, with its number."""
    load = finding.reasons[-1]
    if not finding.load_level or load.unit != "m":
        return ""
    return say(
        "{quantity} lately: {amount}, more than you are used to.",
        quantity=QUANTITIES.get(load.quantity, load.quantity),
        amount=quantity_text(load.quantity, load.value, load.unit),
    )


_SORE: Final = say(
    "Both sides alike, a day or more after a run you were not used to: that is how sore muscles feel. They are worst"
    " on the second day and gone within a week."
)
_SORE_QUESTION: Final = say("Is your urine dark, or is a thigh badly swollen? Then get medical help at once.")


def _sore_title(where: Text) -> Text:
    return say("{where}: it resembles sore muscles", where=where)


def _soreness_action(finding: Finding) -> Text:
    return sentences(
        say("Easy and flat, or a day off. Check in again in 72 hours."),
        _SORE_QUESTION if finding.ask else "",
        SEEK_HELP,
    )


def _quad_text(finding: Finding) -> AlertText:
    where = _where(finding)
    if finding.is_soreness:
        return AlertText(_sore_title(where), _SORE, _soreness_action(finding))
    return AlertText(
        title=say("{where}: it resembles a strained quad", where=where),
        message=sentences(
            say("Soreness after downhill is on both sides alike; this is not."), _load_behind(finding), _RESEMBLANCE
        ),
        action=sentences(
            say(
                "No downhill, no fast running and no stretching into pain until it has settled. Does it hurt at every"
                " footfall, in the groin, or at night? Then stop running and have it assessed within three days."
            ),
            SEEK_HELP,
        ),
    )


_LEVELS: Final[dict[int, tuple[Callable[[Text], Text], Text]]] = {
    1: (
        lambda where: say("{where}: mild so far", where=where),
        say("Run as it allows, and check in tomorrow morning."),
    ),
    2: (
        lambda where: say("{where}: a reason for care", where=where),
        say("Make the next run short, easy and flat, or leave it out, and check in tomorrow morning."),
    ),
    3: (
        lambda where: say("{where}: a reason to act", where=where),
        say("Do not run until walking and stairs are free of it, and check in each day."),
    ),
}


def _level_text(finding: Finding) -> AlertText:
    where = _where(finding)
    if finding.is_soreness:
        return AlertText(_sore_title(where), _SORE, _soreness_action(finding))
    title, action = _LEVELS[finding.severity]
    return AlertText(
        title=title(where),
        message=sentences(
            say("What you feel decides, what you ran only adds to it."),
            _load_behind(finding) or say("No jump in load is behind it as far as is known."),
        ),
        action=sentences(action, SEEK_HELP),
    )


def _asymmetry_text(finding: Finding) -> AlertText:
    return AlertText(
        title=say("{where}: one side, and again", where=_where(finding)),
        message=say(
            "You reported the same place on one side at least twice within 7 days. Ordinary soreness is mostly on"
            " both sides and goes."
        ),
        action=sentences(
            say("Leave out what brings it on, and run short and easy only if it stays quiet."), SEEK_HELP
        ),
    )


def _trend_text(finding: Finding) -> AlertText:
    return AlertText(
        title=say("{where}: it is getting worse", where=_where(finding)),
        message=say("Your pain, or that of the mornings, has risen by 2 points or more within 7 days."),
        action=sentences(
            say("Take one step back: no hills, nothing fast, and shorter, until mornings are as before."), SEEK_HELP
        ),
    )


def _stuck_text(finding: Finding) -> AlertText:
    assert finding.flag is not None  # S-STUCK is about one
    flag = finding.flag.flag
    return AlertText(
        title=say("{where}: it does not settle", where=_where(finding)),
        message=sentences(say("You reported: {facts}", facts=sentences(*finding.flag.because)), flag.suspects),
        action=sentences(flag.action, say("Where: {place}", place=flag.where), *flag.avoid, SEEK_HELP),
    )


def _pushing_text(finding: Finding) -> AlertText:
    first = finding.reasons[0]
    amount, place = quantity_text(first.quantity, first.value, first.unit), site_text(finding.site)
    if first.quantity == "fast_distance":
        title = say("You ran {amount} fast with an open report: {place}", amount=amount, place=place)
    elif first.quantity == "hill_height":
        title = say("You ran a hilly run, {amount}, with an open report: {place}", amount=amount, place=place)
    else:
        title = say("You ran {amount} with an open report: {place}", amount=amount, place=place)
    return AlertText(
        title=title,
        message=say(
            "Your last check-in asked for care, and it is not closed. Another injury of the same kind is most"
            " frequent soon after the first."
        ),
        action=sentences(
            say(
                "Leave out the next run, and check in today and tomorrow morning. If it is gone, say so in a"
                " check-in."
            ),
            SEEK_HELP,
        ),
    )


def _gone_text(finding: Finding) -> AlertText:
    watch = say(
        "It stays on watch for {weeks} weeks: a thigh can hurt again in the first months.",
        weeks=HAMSTRING_WATCH.days // 7,
    )
    return AlertText(
        title=say("{where}: gone, well done", where=_where(finding)),
        message=sentences(
            say("You closed it after {days}.", days=days_text(finding.reasons[0].value)),
            watch if finding.coverage else "",
        ),
        action=say("Take up your plan again step by step: length before hills, hills before speed."),
    )


_TEXTS: Final = _texts()


_LENGTH_FIRST: Final = say("Hills and speed before 30 minutes of easy running were quiet twice.")
_RUNNING_ON: Final = say("Running on when it turns sharp, passes 5 out of 10, or makes you limp.")
_MORE_DOWNHILL: Final = say("More downhill before the quads have settled.")
_SPEED_TOO_SOON: Final = say("Another fast day before 72 hours have passed.")

_WORSE: Final[Mapping[str, tuple[Text, ...]]] = {
    "R-M1": (say("Another run beyond what was usual for you; hills or speed on top of the length."),),
    "R-RTN": (say("Running on days in a row; hills and speed, which come last on the way back."),),
    "R-H1": (_MORE_DOWNHILL,),
    "R-T1": (_SPEED_TOO_SOON,),
    "R-T2": (_SPEED_TOO_SOON,),
    "R-T3": (say("All of it at once again, or without a long warm-up."),),
    "C-HS": (say("Fast running and stretching into pain."), _LENGTH_FIRST),
    "C-PHT": (say("Stretching it, sprinting uphill, and sitting long on a hard seat."), _LENGTH_FIRST),
    "C-Q": (say("Downhill, sprints, kicks and stretching into pain before it has settled."),),
    "C-IT": (say("Running on past the distance at which it begins; downhill, and roads that slope to a side."),),
    "C-N": (say("Stretching, massage and rolling where it burns or is numb."),),
    "C-BSI": (say("Running, hopping, and testing it by a hop."),),
    "S-LEVEL": (_RUNNING_ON, _LENGTH_FIRST),
    "S-ASYM": (_RUNNING_ON, _LENGTH_FIRST),
    "S-TREND": (_RUNNING_ON, _LENGTH_FIRST),
    "P-PUSH": (_RUNNING_ON, _LENGTH_FIRST),
}
"""
What to leave alone, by rule: EVIDENCE 7.2 for loads, 5.1 to 5.8 for what hurts. Of climbing (R-H2) and of what does
not settle (S-STUCK) nothing is known. No clinician has reviewed these words yet.
"""


def worse_text(rule: str, *, ran_on: bool) -> Text | None:
    """
    What would make it worse; None where nobody knows.

    Parameters
    ----------
    ran_on : bool
        Whether it is a load that was run on a leg that hurts.
    """
    told = _WORSE.get(rule, ())
    if ran_on:
        told += (_RUNNING_ON,)
    return sentences(*told) if told else None


HURTS_FIRST: Final = say("What hurts decides: while it is open, no distance is named here.")
"""In place of a ceiling."""


def ceiling_text(ceiling: Ceiling, units: Units = "metric") -> Text:
    """The ceiling of the next run in a sentence or two."""
    return _ceiling_text(ceiling).in_units(units)


def _ceiling_text(ceiling: Ceiling) -> Text:
    if ceiling.basis == "learning":
        n = ceiling.runs_to_learn
        runs = say_n("{n} more run", "{n} more runs", n) if n else ""
        need = _needed(ceiling.days_to_learn, runs)
        return say("Still learning what is usual for you: {need} to go.", need=need)
    assert ceiling.distance_m is not None  # every other basis has both
    assert ceiling.longest_m is not None
    far, longest = distance_text(ceiling.distance_m), distance_text(ceiling.longest_m)
    if ceiling.basis == "after_break":
        days_off = ceiling.days_since_run or 0
        if days_off < BREAK.days:
            return say(
                "Up to {far}: you are just back from a break (before it your longest in {window} days was"
                " {longest}).",
                far=far,
                window=BREAK_BASELINE.days,
                longest=longest,
            )
        return say(
            "Up to {far} after {days} without a run (before the break your longest in {window} days was {longest}).",
            far=far,
            days=days_text(days_off),
            window=BREAK_BASELINE.days,
            longest=longest,
        )
    if ceiling.basis == "after_jump":
        return say("Up to {far}: your longest before the jump of the last days.", far=far)
    return say(
        "Up to {far}: within {percent} of your longest run of the last {days} days, {longest}.",
        far=far,
        percent=percent_text(ceiling.ratio - 1),
        days=SPIKE_WINDOW.days,
        longest=longest,
    )


def _needed(days: int, runs: str) -> Text:
    """What is missing of a history: days, then runs."""
    history = say_n("{n} more day of history", "{n} more days of history", days) if days else ""
    return listed([need for need in (history, runs) if need] or [say("a first run")])


def load_ceiling_text(ceiling: LoadCeiling, units: Units = "metric") -> Text:
    """The ceiling of downhill load, or of fast running, in a sentence."""
    return (_hill_ceiling_text(ceiling) if ceiling.kind == "hills" else _fast_ceiling_text(ceiling)).in_units(units)


def _hill_ceiling_text(ceiling: LoadCeiling) -> Text:
    if ceiling.value_m is None:
        n = ceiling.runs_missing
        runs = say_n("{n} more run with good altitude", "{n} more runs with good altitude", n) if n else ""
        return say(
            "Downhill load: not known yet what is usual for you, {need} to go.",
            need=_needed(ceiling.days_missing, runs),
        )
    below = height_text(ceiling.value_m)
    if ceiling.basis == "after_jump":
        if not ceiling.value_m:
            return say("Downhill load: none until the quads have settled.")
        return say("Downhill load: below {limit}, your most before the jump of the last days.", limit=below)
    return say(
        "Downhill load: below {limit}; your most in one run of the last weeks was {most}.",
        limit=below,
        most=height_text(ceiling.largest_m or 0.0),
    )


def _fast_ceiling_text(ceiling: LoadCeiling) -> Text:
    if ceiling.value_m is None:
        n = ceiling.runs_missing
        runs = say_n("{n} more run with a known speed", "{n} more runs with a known speed", n) if n else ""
        return say(
            "Fast running: not known yet what is usual for you, {need} to go.",
            need=_needed(ceiling.days_missing, runs),
        )
    below = fast_text(ceiling.value_m)
    if ceiling.basis == "after_jump":
        if not ceiling.value_m:
            return say("Fast running: none until the three days after the jump are over.")
        return say("Fast running: below {limit}, your most before the jump of the last days.", limit=below)
    if ceiling.basis == "usual_week":
        return say(
            "Fast running: below {limit}; more would make it a week of more than is usual for you.", limit=below
        )
    if ceiling.basis == "return":
        return say(
            "Fast running: below {limit}, as there was next to none in the last {weeks} weeks.",
            limit=below,
            weeks=FAST_ABSENCE.days // 7,
        )
    return say(
        "Fast running: below {limit}; your most in one run of the last weeks was {most}.",
        limit=below,
        most=fast_text(ceiling.largest_m or 0.0),
    )
