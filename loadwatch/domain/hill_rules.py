"""R-H1 and R-H2: more descent, or more ascent, than in any run of the six weeks before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from loadwatch.domain.activity import Run
from loadwatch.domain.adjusted import STANDARD, Adjusted
from loadwatch.domain.findings import HILL_SEVERITY_WITHOUT_SYMPTOMS, Finding, Reason
from loadwatch.domain.loads import (
    Known,
    Load,
    ascent_of,
    between,
    downhill_load_m,
    known_runs,
    known_sessions,
    session_total,
)
from loadwatch.domain.spikes import sessions
from loadwatch.domain.text import Text, days_text, say
from loadwatch.domain.thresholds import (
    ASCENT_SMALL_JUMP_M,
    HILL_FIRST_EXPOSURE_M,
    HILL_HARDLY_USED_M,
    HILL_LARGE,
    HILL_LARGE_JUMP_M,
    HILL_SORE_M,
    HILL_UNUSED_M,
    HILL_WINDOW,
)

_ROUNDING = 9
"""Digits kept of a ratio before it meets a threshold: 390 m over 300 m is 1.3, not a hair more."""


def descent_level(load_m: float, largest_m: float, thresholds: Adjusted = STANDARD) -> int:
    """
    Load level of a run's downhill load: 0 none, 1 small, 2 moderate.

    Parameters
    ----------
    load_m : float
        Eccentric load of the run in question, or its descent. [m]
    largest_m : float
        The largest of the 42 days before it. [m] With 0 there is no ratio, and only the first exposure counts.
    """
    if load_m >= HILL_FIRST_EXPOSURE_M and largest_m < HILL_UNUSED_M:
        return 2
    if load_m >= HILL_SORE_M and largest_m < HILL_HARDLY_USED_M:
        return 2
    ratio, jump = _ratio(load_m, largest_m), load_m - largest_m
    if ratio > HILL_LARGE and jump >= HILL_LARGE_JUMP_M:
        return 2
    return int(ratio > thresholds.hill_small and jump >= thresholds.hill_small_jump_m)


def quiet_descent_m(largest_m: float, thresholds: Adjusted = STANDARD) -> float:
    """The downhill load below which `descent_level` is 0. [m]"""
    if not largest_m:
        return HILL_FIRST_EXPOSURE_M
    return max(thresholds.hill_small * largest_m, largest_m + thresholds.hill_small_jump_m)


def ascent_level(ascent_m: float, largest_m: float, thresholds: Adjusted = STANDARD) -> int:
    """Load level of a run's ascent against the largest of the 42 days before it: 0 none, 1 small."""
    return int(_ratio(ascent_m, largest_m) > thresholds.ascent_small and ascent_m - largest_m >= ASCENT_SMALL_JUMP_M)


def _ratio(value: float, largest: float) -> float:
    """0 where there is none."""
    return round(value / largest, _ROUNDING) if largest else 0.0


@dataclass(frozen=True, slots=True)
class Jump:
    """
    A run, or the session it belongs to, that is more than those before it.

    Attributes
    ----------
    value : float
        Of the run or the session. [m]
    previous : Known
        What it was held against.
    n_files : int
        Recordings taken together.
    """

    level: int
    value: float
    previous: Known
    n_files: int

    def quantity(self, name: str) -> str:
        return name if self.n_files == 1 else f"session_{name}"

    def coverage(self, days: int) -> tuple[Text, ...]:
        of = known_of(self.previous, days)
        return (of,) if self.n_files == 1 else (of, taken_together(self.n_files))


def known_of(previous: Known, days: int) -> Text:
    """Of how many runs before it is known how much there was."""
    return say(
        "known of {known} of {all} runs of the {days} days before",
        known=len(previous.values),
        all=previous.n_runs,
        days=days,
    )


def taken_together(n_files: int) -> Text:
    """That several recordings count as one session."""
    return say("{n} recordings less than 2 hours apart, taken together", n=n_files)


def largest_of(days: int) -> Text:
    """The window of a reason that is held against the most before it."""
    return say("largest of {days} days before", days=days)


def find_jump(
    run: Run,
    session: Sequence[Run],
    load: Load,
    window: Callable[[datetime], Sequence[Run]],
    level: Callable[[float, float], int],
    least_m: float,
) -> Jump | None:
    """
    Whether a run alone, or with the session's other files, is a jump: the higher level of the two.

    A session is measured against sessions, and speaks on the file that makes it a jump, not on later ones.

    Parameters
    ----------
    session : sequence of Run
        Files of the session up to this run, which is the last.
    window : callable of datetime
        The runs that a run with such a start is measured against, in order of start.
    level : callable of (value, largest before)
        Load level, 0 for none.
    least_m : float
        Below this the level is 0 whatever was before. [m]
    """
    value = load(run)
    if value is None:
        return None
    jump = None
    if value >= least_m:
        previous = known_runs(window(run.start), load)
        if previous.is_enough:
            jump = Jump(level(value, previous.largest), value, previous, 1)
    total = session_total(session, load) if len(session) > 1 else None
    if total is not None and total >= least_m:
        previous = known_sessions(sessions(window(session[0].start)), load)
        together = level(total, previous.largest) if previous.is_enough else 0
        without = level(total - value, previous.largest)
        if together > max(jump.level if jump else 0, without):
            jump = Jump(together, total, previous, len(session))
    return jump if jump and jump.level else None


def hill_finding(
    run: Run, session: Sequence[Run], before: Sequence[Run], thresholds: Adjusted = STANDARD
) -> Finding | None:
    """
    What the rules on hills say of a run: R-H1 on descent, or else R-H2 on ascent.

    Parameters
    ----------
    session : sequence of Run
        Files of the session up to this run.
    before : sequence of Run
        Counted runs before it, in order of start.
    """

    def window(start: datetime) -> Sequence[Run]:
        return between(before, start - HILL_WINDOW, start)

    def level_of_descent(load_m: float, largest_m: float) -> int:
        return descent_level(load_m, largest_m, thresholds)

    def level_of_ascent(ascent_m: float, largest_m: float) -> int:
        return ascent_level(ascent_m, largest_m, thresholds)

    least_m = thresholds.hill_small_jump_m
    descent = find_jump(run, session, downhill_load_m, window, level_of_descent, least_m)
    if descent:
        plain = run.features is None or run.features.eccentric_load_m is None
        name = descent.quantity("descent" if plain else "eccentric_load")
        return _finding("R-H1", run, descent, name, "hill_spike", *_descent_bounds(descent, thresholds))
    ascent = find_jump(run, session, ascent_of, window, level_of_ascent, ASCENT_SMALL_JUMP_M)
    if ascent:
        largest = ascent.previous.largest
        small = thresholds.ascent_small
        bound_m = max(small * largest, largest + ASCENT_SMALL_JUMP_M)
        return _finding("R-H2", run, ascent, ascent.quantity("ascent"), "ascent_spike", small, bound_m)
    return None


def _descent_bounds(jump: Jump, thresholds: Adjusted) -> tuple[float, float]:
    """The ratio and the metres that the jump's level begins at."""
    largest = jump.previous.largest
    if jump.level == 1:
        return thresholds.hill_small, max(thresholds.hill_small * largest, largest + thresholds.hill_small_jump_m)
    # With any descent before, the ratio decides before the bounds of a first exposure do.
    bound_m = max(HILL_LARGE * largest, largest + HILL_LARGE_JUMP_M) if largest else HILL_FIRST_EXPOSURE_M
    return HILL_LARGE, bound_m


def _finding(rule: str, run: Run, jump: Jump, name: str, spike: str, bound: float, bound_m: float) -> Finding:
    days = HILL_WINDOW.days
    largest = jump.previous.largest
    ratio = (Reason(spike, round(jump.value / largest, 3), "ratio", 1.0, bound, days_text(days)),) if largest else ()
    return Finding(
        rule=rule,
        family="H",
        load_type="hills",
        run=run,
        load_level=jump.level,
        severity=HILL_SEVERITY_WITHOUT_SYMPTOMS[jump.level],
        confidence="normal",
        reasons=(Reason(name, jump.value, "m", largest, round(bound_m, 1), largest_of(days)), *ratio),
        coverage=jump.coverage(days),
    )
