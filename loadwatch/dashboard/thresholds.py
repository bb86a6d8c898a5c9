"""Every number that sets something off: some can be moved within limits, the others are shown with their source."""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from loadwatch.dashboard.current import athlete_id, profile, services
from loadwatch.dashboard.speech import Lazy, _, lazy
from loadwatch.domain import thresholds as t
from loadwatch.domain.adjusted import ADJUSTABLE, STANDARD
from loadwatch.domain.findings import EVIDENCE
from loadwatch.services.thresholds import InvalidThreshold

bp = Blueprint("thresholds", __name__)

LABELS: Final = {
    "spike_small": lazy("Speaks when longer by more than"),
    "hill_small": lazy("Speaks when more by more than"),
    "hill_small_jump_m": lazy("and by at least"),
    "ascent_small": lazy("Speaks when more by more than"),
    "fast_small": lazy("Speaks when more by more than"),
    "fast_small_jump_m": lazy("and by at least"),
    "fast_week_small_z": lazy("Speaks above the mean of your weeks by more than"),
    "fast_week_small_jump_m": lazy("and by at least"),
}

MEANS: Final = {
    "R-M1": lazy(
        "The one threshold that was measured on runners: above 10 % overuse injuries were more frequent. Lower gives"
        " a note earlier, with less behind it; higher leaves out runs of which the study speaks."
    ),
    "R-H1": lazy(
        "Lower announces sore quads earlier, also after hills that you are nearly used to; higher only after clear"
        " jumps. The first real descent after six weeks without always speaks."
    ),
    "R-H2": lazy("A note only, never a mail. Lower speaks more often of climbing, on which there is no study."),
    "R-T2": lazy(
        "Lower speaks after a slightly faster session, higher only after a clear jump. GPS tells fast metres roughly:"
        " a low threshold speaks of its errors too."
    ),
    "R-T1": lazy(
        "A spread is how much your weeks usually differ. Lower speaks of a week a little above your own, higher only"
        " of an unusual one."
    ),
}
"""What moving a rule's thresholds means."""

ORDER: Final = ("R-M1", "R-H1", "R-H2", "R-T1", "R-T2")


@dataclass(frozen=True, slots=True)
class Choice:
    """A threshold that can be moved: what may be chosen, in its own unit."""

    name: str
    label: Lazy
    own: float
    standard: float
    options: tuple[float, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """
    A number that nobody can move.

    Attributes
    ----------
    value : float
        [m; d; %; 1] by `unit`: "m", "fast", "height", "days", "percent", "times", "".
    """

    label: Lazy
    value: float
    unit: str
    rule: str


def _percent_more(ratio: float) -> float:
    return round(100 * (ratio - 1))


FIXED: Final[tuple[tuple[Lazy, tuple[Fixed, ...]], ...]] = (
    (
        lazy("Distance"),
        (
            Fixed(
                lazy("A moderate jump: longer than the longest of 30 days by more than"),
                _percent_more(t.SPIKE_MODERATE),
                "percent",
                "R-M1",
            ),
            Fixed(lazy("A large jump: longer by more than"), _percent_more(t.SPIKE_LARGE), "percent", "R-M1"),
            Fixed(lazy("No run speaks that is shorter than"), t.SPIKE_MIN_DISTANCE_M, "distance", "R-M1"),
            Fixed(lazy("or longer than before by less than"), t.SPIKE_MIN_JUMP_M, "distance", "R-M1"),
            Fixed(lazy("For a new runner: no run shorter than"), t.NOVICE_MIN_DISTANCE_M, "distance", "R-M1"),
            Fixed(lazy("or longer than before by less than"), t.NOVICE_MIN_JUMP_M, "distance", "R-M1"),
            Fixed(lazy("A break: days without a run"), t.BREAK.days, "days", "R-RTN"),
            Fixed(
                lazy("First run after it: moderate above so much of the longest before"),
                100 * t.BREAK_SHARE,
                "percent",
                "R-RTN",
            ),
            Fixed(lazy("A long break: days without a run"), t.LONG_BREAK.days, "days", "R-RTN"),
            Fixed(lazy("First run after it: moderate above"), t.LONG_BREAK_DISTANCE_M, "distance", "R-RTN"),
            Fixed(
                lazy("Two weeks in a row, each above the one before by at least"),
                100 * t.BUILD_WEEK,
                "percent",
                "R-M3",
            ),
        ),
    ),
    (
        lazy("Hills"),
        (
            Fixed(
                lazy("A moderate jump: more downhill than the most of 42 days by more than"),
                _percent_more(t.HILL_LARGE),
                "percent",
                "R-H1",
            ),
            Fixed(lazy("and at least so much more"), t.HILL_LARGE_JUMP_M, "height", "R-H1"),
            Fixed(
                lazy("First descent for somebody with next to none in 42 days, from"),
                t.HILL_FIRST_EXPOSURE_M,
                "height",
                "R-H1",
            ),
            Fixed(
                lazy("Sore quads are likely for somebody with little in 42 days, from"),
                t.HILL_SORE_M,
                "height",
                "R-H1",
            ),
            Fixed(lazy("Climbing: no jump below so much more"), t.ASCENT_SMALL_JUMP_M, "height", "R-H2"),
        ),
    ),
    (
        lazy("Fast running"),
        (
            Fixed(
                lazy("A moderate jump in a session: more than the most of 30 days by more than"),
                _percent_more(t.FAST_LARGE),
                "percent",
                "R-T2",
            ),
            Fixed(lazy("and at least so much more"), t.FAST_LARGE_JUMP_M, "fast", "R-T2"),
            Fixed(
                lazy("A moderate jump in 7 days: spreads above the mean of your weeks, more than"),
                t.FAST_WEEK_LARGE_Z,
                "number",
                "R-T1",
            ),
            Fixed(lazy("and at least so much more"), t.FAST_WEEK_LARGE_JUMP_M, "fast", "R-T1"),
            Fixed(lazy("After 42 days without: fast running from"), t.REINTRODUCTION_M, "fast", "R-T3"),
            Fixed(lazy("or sprinting from"), t.REINTRODUCTION_SPRINT_M, "fast", "R-T3"),
        ),
    ),
    (
        lazy("What you feel"),
        (
            Fixed(lazy("Pain counts as mild up to (of 10)"), t.NRS_MILD, "number", "S-LEVEL"),
            Fixed(lazy("as moderate up to (of 10), above it as severe"), t.NRS_MODERATE, "number", "S-LEVEL"),
            Fixed(lazy("It gets worse: points more than a week ago"), t.NRS_CHANGE, "number", "S-TREND"),
            Fixed(
                lazy("Run through: fast running while the back of the thigh hurts, from"),
                t.FAST_RUN_M,
                "fast",
                "P-PUSH",
            ),
            Fixed(lazy("Run through: downhill or climbing while a thigh hurts, from"), t.HILLY_M, "height", "P-PUSH"),
        ),
    ),
)
"""What is shown and cannot be moved, by what it speaks of."""


@bp.route("/settings/thresholds", methods=["GET", "POST"])
def thresholds() -> str | Response | tuple[str, int]:
    wrong = ""
    if request.method == "POST":
        try:
            services().thresholds.change(athlete_id(), _chosen())
        except InvalidThreshold as refused:
            wrong = refused.name
        else:
            flash(_("Saved. Runs from now on are judged by it; what was said before stays as it is."))
            return redirect(url_for("thresholds.thresholds"))
    own = profile().thresholds.now
    page = render_template(
        "thresholds.html",
        rules=[(rule, [c for c in _choices() if ADJUSTABLE[c.name].rule == rule]) for rule in ORDER],
        means=MEANS,
        evidence=EVIDENCE,
        changed=own.changed,
        fixed=FIXED,
        wrong=wrong,
    )
    return (page, 400) if wrong else page


@bp.post("/settings/thresholds/reset")
def reset() -> Response:
    services().thresholds.reset(athlete_id())
    flash(_("The standard thresholds hold again, for runs from now on."))
    return redirect(url_for("thresholds.thresholds"))


def session_threshold() -> str:
    """From how much longer than the longest run the reader's ceiling stands, like "10 %"."""
    return _("%(n)s %%", n=round(100 * (profile().thresholds.now.spike_small - 1)))


def _chosen() -> dict[str, float]:
    """What was chosen and is not the standard."""
    chosen = {}
    for name in ADJUSTABLE:
        try:
            value = float(request.form.get(name, ""))
        except ValueError as error:
            raise InvalidThreshold(name) from error
        if value != getattr(STANDARD, name):
            chosen[name] = value
    return chosen


def _choices() -> list[Choice]:
    own = profile().thresholds.now
    choices = []
    for name, limits in ADJUSTABLE.items():
        n_steps = round((limits.highest - limits.lowest) / limits.step)
        options = {round(limits.lowest + n * limits.step, 4) for n in range(n_steps + 1)}
        mine, standard = getattr(own, name), getattr(STANDARD, name)
        choices.append(
            Choice(name, LABELS[name], mine, standard, tuple(sorted({*options, mine, standard})), limits.unit)
        )
    return choices
