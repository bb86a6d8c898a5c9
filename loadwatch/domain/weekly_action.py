"""What a week amounts to, and the one thing to do in the next: two staircases, the first step that holds decides."""

from dataclasses import dataclass
from typing import Final, Literal

from loadwatch.domain.alerts import MAIL_FROM_SEVERITY, Alert
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.findings import ACT
from loadwatch.domain.no_runs import Missing, NoRuns, why_no_runs
from loadwatch.domain.pain_week import PainWeek
from loadwatch.domain.report import STILL_OPEN, OpenProblem, WeeklyReport, load_advice
from loadwatch.domain.symptom_rules import site_of
from loadwatch.domain.text import Text, capital, distance_text, say, say_n, sentences
from loadwatch.domain.wording import site_text

CLOSE: Final = 0.10
"""A week within this share of the usual is called close to it. [unitless] Chooses a word, sets off nothing."""

Level = Literal["quiet", "caution", "act", "red", "learning", "incomplete", "empty"]
"""As the levels of `report.Today`."""

Reason = Literal["red_flag", "problem", "rehab", "no_data", "load", "learning", "build", "incomplete", "as_planned"]
"""What the action stands on, the weightiest first."""


_TRENDS: Final = frozenset({"S-LEVEL", "S-ASYM"})
"""Rules that say no more than that it hurts: how that moved over the week says more."""


@dataclass(frozen=True, slots=True)
class WeekVerdict:
    """The week in one sentence."""

    words: str
    level: Level


@dataclass(frozen=True, slots=True)
class WeekAction:
    """
    The one thing to do.

    Attributes
    ----------
    alert_id, problem_id : int or None
        What it stands on, if it is one of these.
    missing : Missing or None
        What helps where no run arrives.
    """

    reason: Reason
    words: str
    alert_id: int | None = None
    problem_id: int | None = None
    missing: Missing | None = None


def week_verdict(report: WeeklyReport) -> WeekVerdict:
    """What was: a red flag goes before what hurts, what hurts before what was run, that before what is missing."""
    speaks = _of_symptoms(report)
    if speaks is not None:
        own = next((p for p in report.problems if p.id == speaks.problem_id), None)
        words = _still_open(own, report) if own and speaks.rule in _TRENDS else say("{fact}.", fact=speaks.title)
        return WeekVerdict(words, _weight(speaks))
    worst = report.problems[0] if report.problems else None
    if worst is not None and worst.level in STILL_OPEN:
        return WeekVerdict(_still_open(worst, report), "act" if worst.level >= ACT else "caution")
    if not report.runs:
        return _empty(report)
    fact = say("You ran {fact}.", fact=week_fact(report))
    urgent = next((a for a in report.standing if a.severity >= MAIL_FROM_SEVERITY), None)
    if urgent is not None:
        return WeekVerdict(say("{fact}.", fact=urgent.title), "caution")
    if report.is_first:
        return WeekVerdict(say("Your first week here: {fact}.", fact=week_fact(report)), "learning")
    if report.ceiling.basis == "learning":
        return WeekVerdict(fact, "learning")
    if report.ceiling.basis == "after_break":
        return WeekVerdict(fact, "caution")
    if _is_noted(report):
        return WeekVerdict(say("{fact}.", fact=report.standing[0].title), "quiet")
    if report.gap is not None:
        return WeekVerdict(fact, "incomplete")
    return WeekVerdict(fact, "quiet")


def week_fact(report: WeeklyReport) -> Text:
    """The distance of a week held against the usual: "42.3 km in 4 runs, close to your usual 40.1 km"."""
    n = len(report.runs)
    ran = say_n("{far} in {n} run", "{far} in {n} runs", n, far=distance_text(report.distance_m))
    if report.usual_m is None:
        return ran
    usual, change = distance_text(report.usual_m), report.change
    if change is None:
        weeks = len(report.previous)
        return say_n("{ran}, after {n} week without a run", "{ran}, after {n} weeks without a run", weeks, ran=ran)
    change = round(change, 3)
    if abs(change) <= CLOSE:
        return say("{ran}, close to your usual {usual}", ran=ran, usual=usual)
    if change > 0:
        return say("{ran}, more than your usual {usual}", ran=ran, usual=usual)
    return say("{ran}, less than your usual {usual}", ran=ran, usual=usual)


def _of_symptoms(report: WeeklyReport) -> Alert | None:
    """The alert that goes before all loads, if one stands."""
    told = (a for a in report.standing if a.severity >= MAIL_FROM_SEVERITY)
    return next((a for a in told if a.is_red or not a.is_of_run or a.rule == "P-PUSH"), None)


def _weight(alert: Alert) -> Level:
    if alert.is_red:
        return "red"
    return "act" if alert.severity >= ACT else "caution"


def _still_open(worst: OpenProblem, report: WeeklyReport) -> Text:
    place = capital(site_text(site_of(worst.problem)))
    told = next((p for p in report.pain if p.id == worst.id), None)
    return _OPEN[_moved(told, report.week)](place)


def _moved(told: PainWeek | None, week: IsoWeek) -> str:
    if told is None or told.problem.reports[0].local_date > week.sunday:
        return "open"
    return (told.trend or "open") if told.n_told else "untold"


_OPEN: Final = {
    "open": lambda place: say("{place} is still open.", place=place),
    "untold": lambda place: say("{place} is still open, with no word of it this week.", place=place),
    "worse": lambda place: say("{place} is still open, and got worse this week.", place=place),
    "rising": lambda place: say("{place} is still open, and the mornings got worse.", place=place),
    "same": lambda place: say("{place} is still open, about as it was.", place=place),
    "better": lambda place: say("{place} is still open, and got better this week.", place=place),
}


def _empty(report: WeeklyReport) -> WeekVerdict:
    if report.first_day is None:
        return WeekVerdict(say("No runs here yet."), "empty")
    week = report.week.week
    if not report.usual_m:
        return WeekVerdict(say("No runs arrived in week {week}.", week=week), "empty")
    usual = distance_text(report.usual_m)
    return WeekVerdict(
        say("No runs arrived in week {week}, your usual is {usual}.", week=week, usual=usual),
        "empty" if report.gap is None else "incomplete",
    )


def weekly_action(report: WeeklyReport) -> WeekAction:
    """
    What to do in the week to come.

    A red flag, then what hurts and asks to act, then the next step of a programme, then what else hurts; then a jump
    in load, in the words of the first page; then whatever keeps runs from arriving, as nothing can be said without
    them, not even that a break is one; then a break and the smaller loads; then a build of two weeks; else the plan.
    """
    speaks = _of_symptoms(report)
    if speaks is not None and speaks.severity >= ACT:
        return WeekAction("red_flag" if speaks.is_red else "problem", speaks.action, alert_id=speaks.id)
    worst = report.problems[0] if report.problems else None
    if worst is not None and worst.level >= ACT:
        return _of_problem(worst)
    held = next((r for r in report.rehab if r.held_back), None)
    if held is not None:
        return WeekAction("problem", held.held_back, problem_id=held.problem_id)
    due = next((r for r in report.rehab if r.asked), None)
    if due is not None:
        return WeekAction("rehab", _exercises(due.stage, due.asked, due.running), problem_id=due.problem_id)
    if speaks is not None:
        return WeekAction("problem", speaks.action, alert_id=speaks.id)
    if worst is not None and worst.level in STILL_OPEN:
        return _of_problem(worst)
    jumped = any(a.severity >= MAIL_FROM_SEVERITY for a in report.standing)
    return (None if jumped else _of_data(report)) or _of_loads(report)


def _of_problem(worst: OpenProblem) -> WeekAction:
    words, _ = STILL_OPEN[worst.level]
    return WeekAction("problem", words(capital(site_text(site_of(worst.problem)))), problem_id=worst.id)


def _exercises(stage: str, asked: int, running: str) -> Text:
    do = say_n(
        "Do the exercises of your stage, “{stage}”, on {n} day.",
        "Do the exercises of your stage, “{stage}”, on {n} days.",
        asked,
        stage=stage,
    )
    return sentences(do, say("Running: {running}", running=running) if running else "")


def _of_data(report: WeeklyReport) -> WeekAction | None:
    cut_off = report.gap.cut_off if report.gap is not None else None
    known = NoRuns("strava", cut_off) if cut_off is not None else report.no_runs
    if known is None or (known.source == "strava" and cut_off is None):
        return None
    missing = why_no_runs(known)
    return WeekAction("no_data", missing.words, missing=missing)


def _of_loads(report: WeeklyReport) -> WeekAction:
    if report.first_day is None:
        return WeekAction("learning", say("Run as you are used to: the first run that arrives is shown at once."))
    build = next((a for a in report.standing if a.rule == "R-M3"), None)
    words, level = load_advice(report.standing, report.ceiling)
    if level == "learning":
        return WeekAction(
            "learning",
            say(
                "Run as you are used to: what is usual for you is still being learnt, and until then no load is"
                " judged."
            ),
        )
    if level == "quiet" and build is not None:
        return WeekAction("build", build.action, alert_id=build.id)
    if level == "quiet" and report.gap is not None and not _is_noted(report):
        return WeekAction("incomplete", _as_far_as_known(report))
    return WeekAction("as_planned" if level == "quiet" else "load", words)


def _is_noted(report: WeeklyReport) -> bool:
    """Whether a load stands out, be it a little."""
    return bool(report.standing) and report.standing[0].load_level > 0


_NOT_ALL_HERE: Final = say("Nothing unusual in what is here, but not all of it has arrived yet.")


def _as_far_as_known(report: WeeklyReport) -> Text:
    if report.ceiling.distance_m is None:
        return _NOT_ALL_HERE
    far = distance_text(report.ceiling.distance_m)
    return sentences(_NOT_ALL_HERE, say("Until it has, run no further than {far}.", far=far))
