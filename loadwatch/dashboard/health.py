"""How the runner feels: check-in and what it says, problems, the one-time form, the weekly questions."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final, get_args

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from loadwatch.dashboard import body_map, problem_report
from loadwatch.dashboard.current import athlete_id, back, profile, services
from loadwatch.dashboard.formatting import zone
from loadwatch.dashboard.speech import Lazy, _, lazy, said
from loadwatch.domain.daily import IsoWeek
from loadwatch.domain.ladder import LADDER_SOURCE
from loadwatch.domain.programme import STOP_SIGNS
from loadwatch.domain.redflags import Urgency
from loadwatch.domain.session_plan import Circuit, TodaysSession
from loadwatch.domain.symptom_rules import problem_id_of
from loadwatch.domain.symptoms import ONSETS, REGIONS, WEEKLY_ITEMS, EarlierInjury, InjuryKind, SymptomReport
from loadwatch.domain.text import say
from loadwatch.services import health_words as words
from loadwatch.services.check_in import CheckInResult, Superseded
from loadwatch.services.health_ports import RISK_QUESTIONS, Draft, InvalidCheckIn, RiskProfile

bp = Blueprint("health", __name__)

PAINS: Final = (
    ("pain_run", lazy("Worst pain during your last run")),
    ("pain_today", lazy("Worst pain today")),
    ("pain_morning", lazy("Pain this morning")),
)
CHOICES: Final = (
    ("qualities", lazy("What does it feel like?"), words.QUALITIES),
    ("aggravators", lazy("What brings it on?"), words.AGGRAVATORS),
)
SIGNS: Final = (
    (lazy("Before it began"), ("pop", "blow", "after_hard_session")),
    (lazy("Walking and standing"), ("limp", "cannot_walk", "buckling", "foot_drop", "spreading_weakness")),
    (
        lazy("To see or to touch"),
        (
            "bruise",
            "large_bruise",
            "gap",
            "swelling",
            "tense",
            "calf_swelling",
            "warm",
            "redness",
            "veins",
            "lump_growing",
            "cold_foot",
        ),
    ),
    (
        lazy("Elsewhere in the body"),
        ("both_legs", "numb_saddle", "bladder", "dark_urine", "fever", "chest_pain", "breathless"),
    ),
)
"""All of `words.SIGNS`, by what one looks at. None of them depends on the place: a red flag may need any."""

MISTAKES: Final = {
    "side": lazy("On which side does it hurt? Tap the place in the drawing."),
    "pain_today": lazy("Tap a place or say how much it hurts; 0 if nothing does."),
    "note": lazy("A note is plain text of at most 2000 characters."),
    "birth_year": lazy("A year of birth has four digits, like 1980; or leave it empty."),
    "injuries": lazy("An earlier injury ended on a day that has passed; leave the day empty if you do not know."),
    "answers": lazy("Answer each of the four questions, please."),
}
"""What to do about a field that cannot be so."""

HEADLINES: Final[dict[Urgency, Lazy]] = {
    "emergency_now": lazy("Get medical help now"),
    "same_day": lazy("Have this looked at today"),
    "within_72h": lazy("Have this looked at within one to three days"),
    "this_week": lazy("Have this looked at this week"),
    "see_professional": lazy("Have this looked at soon"),
}
N_INJURIES: Final = 4
METRES_PER_MILE: Final = 1609.344


@bp.record_once
def _words(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["words"] = words  # macros see globals alone


# check-in


@bp.route("/check-in", methods=["GET", "POST"])
def check_in() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _check_in_form()
    check_ins = services().check_ins
    try:
        draft = draft_of_form()
        try:
            result = check_ins.record(athlete_id(), draft)
        except Superseded:  # somebody went back, changed the form and sent it again
            result = check_ins.record(athlete_id(), replace(draft, client_key=None))
    except InvalidCheckIn as error:
        return _check_in_form(error), 400
    return redirect(url_for("health.result", check_in_id=result.report.id))


def _check_in_form(error: InvalidCheckIn | None = None) -> str:
    # What was sent, or what a link brings along.
    return render_template("check_in.html", **form_parts(request.values, error), action=url_for("health.check_in"))


def form_parts(given: MultiDict[str, str], error: InvalidCheckIn | None = None) -> dict[str, object]:
    """What the form of a check-in is made of, filled in with what is given."""
    side, regions = body_map.told(given)
    return {
        "views": body_map.VIEWS,
        "legs": body_map.LEGS,
        "marked": body_map.marks(given),
        "unplaced": [r for r in REGIONS if r in regions and side is None],
        "pains": PAINS,
        "choices": CHOICES,
        "signs": SIGNS,
        "at": _places_where_it_matters,
        "given": given,
        "key": request.form.get("key") or secrets.token_urlsafe(16),
        "error": error and MISTAKES.get(error.field, error.words),
        "wrong": error.field if error else "",
    }


def _places_where_it_matters(code: str) -> str:
    """The regions for which a code is asked, as classes: "at-PM at-PD", "at-none" where no place was told."""
    matters = services().check_ins.matters
    return " ".join(f"at-{region or 'none'}" for region, facts in matters.items() if code in facts)


def draft_of_form() -> Draft:
    """
    The check-in that the form says.

    Raises
    ------
    InvalidCheckIn
        If a number is none.
    """
    form = request.form
    side, regions = body_map.told(form)
    onset = form.get("onset")
    return Draft(
        side=side,
        regions=regions,
        pain_run=_number("pain_run"),
        pain_today=_number("pain_today"),
        pain_morning=_number("pain_morning"),
        qualities=frozenset(form.getlist("qualities")),
        onset=next((o for o in ONSETS if o == onset), None),
        aggravators=frozenset(form.getlist("aggravators")),
        signs=frozenset(form.getlist("signs")),
        note=form.get("note", "").strip(),
        client_key=form.get("key") or None,
        source="page",
    )


def _number(name: str) -> int | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 4:
        raise InvalidCheckIn(name, "a whole number")
    return int(text)


@bp.get("/check-ins/<int:check_in_id>")
def result(check_in_id: int) -> str:
    return _result_page(services().check_ins.result(athlete_id(), check_in_id))


def _result_page(result: CheckInResult) -> str:
    return render_template(
        "red_flag.html" if result.red_flags else "check_in_result.html", **result_parts(result), today=_today()
    )


def result_parts(result: CheckInResult) -> dict[str, object]:
    """What the page of a check-in's result is made of."""
    flags = result.red_flags
    return {
        "result": result,
        "flags": flags,
        "headline": HEADLINES[flags[0].urgency] if flags else "",
        "pains": PAINS,
        "told": _told(result.report),
    }


_SIDES: Final = {**words.SIDES, "both_unequal": say("both sides")}
"""Of two sides the drawing need not have asked which one is worse."""


def _told(report: SymptomReport) -> list[tuple[Lazy, list[str]]]:
    """What a check-in says, line by line: a heading, and what stands under it. What was not told is left out."""
    clinic = services().check_ins.clinic
    asked = {code.id: code.ask for code in clinic.codes.values() if code.ask} | dict(clinic.questions)
    answers = {
        yes: [asked[code] for code, so in report.answers.items() if so is yes and code in asked]
        for yes in (True, False)
    }
    lines: list[tuple[Lazy, list[str]]] = [
        (lazy("Side"), [_SIDES[report.side]] if report.side else []),
        (lazy("Place"), [words.REGIONS[r] for r in REGIONS if r in report.regions]),
        (lazy("How it began"), [words.ONSETS[report.onset]] if report.onset else []),
        (lazy("What it feels like"), _said(words.QUALITIES, report.qualities, asked)),
        (lazy("What brings it on"), _said(words.AGGRAVATORS, report.aggravators, asked)),
        (lazy("What was noticed"), _said(words.SIGNS, report.signs, asked)),
        (lazy("Asked, and answered with yes"), answers[True]),
        (lazy("Asked, and answered with no"), answers[False]),
    ]
    return [(heading, told) for heading, told in lines if told]


def _said(options: Mapping[str, str], codes: frozenset[str], asked: Mapping[str, str]) -> list[str]:
    """In order of the form, then as questions those that it does not offer."""
    offered = [words for code, words in options.items() if code in codes]
    return offered + [asked[code] for code in sorted(codes - options.keys()) if code in asked]


@bp.post("/check-ins/<int:check_in_id>/answers")
def answer(check_in_id: int) -> Response:
    try:
        services().check_ins.answer(athlete_id(), check_in_id, answers_of_form())
    except InvalidCheckIn:
        abort(400)
    return back(url_for("health.result", check_in_id=check_in_id))


def answers_of_form() -> dict[str, bool]:
    """The questions that were answered with yes or no."""
    return {name: value == "yes" for name, value in request.form.items() if value in ("yes", "no")}


# problems


@bp.get("/problems")
def problems() -> str:
    still_open, gone = services().check_ins.overview(profile())
    return render_template(
        "problems.html",
        pages=still_open,
        gone=[(problem_id_of(p), p) for p in gone],
        report=problem_report,
        this_week=IsoWeek.of(_today()),
    )


@bp.get("/problems/<int:problem_id>")
def problem(problem_id: int) -> str:
    return _problem_page(problem_id)


def _problem_page(problem_id: int, error: str = "") -> str:
    story = problem_report.told(problem_id)
    page = story.page
    today = page.rehab.today if page.rehab else None
    return render_template(
        "problem.html",
        story=story,
        page=page,
        report=problem_report,
        session=today if isinstance(today, TodaysSession) else None,
        done_today=[s for s in page.sessions if s.local_date == page.today],
        held_back=page.withheld,
        ladder_source=LADDER_SOURCE,
        now=services().clock(),
        units=profile().units,
        stop_signs=STOP_SIGNS,
        stop_rules=services().check_ins.clinic.stop_rules,
        shoes=services().shoes.beside(athlete_id(), page.shown, page.problem.reports[0].local_date),
        given=request.form,
        error=error,
    )


@bp.post("/problems/<int:problem_id>/gone")
def gone(problem_id: int) -> Response:
    try:
        page = services().check_ins.close_problem(athlete_id(), problem_id)
    except InvalidCheckIn as error:
        flash(said(error.words), "error")
        return redirect(url_for("health.problem", problem_id=problem_id))
    flash(_("Noted: it is gone. Should it come back, a check-in opens it anew."))
    return redirect(url_for("health.problem", problem_id=page.id))


@bp.post("/problems/<int:problem_id>/agree")
def agree(problem_id: int) -> Response:
    services().check_ins.note_step(athlete_id(), problem_id, "agreed")
    return redirect(url_for("health.problem", problem_id=problem_id))


@bp.post("/problems/<int:problem_id>/seen")
def seen(problem_id: int) -> Response:
    services().check_ins.note_step(athlete_id(), problem_id, "seen")
    flash(_("Noted: a professional has seen it. What they told you goes before anything here."))
    return redirect(url_for("health.problem", problem_id=problem_id))


@bp.post("/problems/<int:problem_id>/sessions")
def log_session(problem_id: int) -> str | Response | tuple[str, int]:
    exercises = request.form.getlist("exercises")
    try:
        pain = _number("pain_during")
        if pain is None:
            return _problem_page(problem_id, _("Tell the worst pain during it: 0 if there was none.")), 400
        services().check_ins.log_session(
            athlete_id(), problem_id, exercises=exercises, pain_during=pain, signs=request.form.getlist("signs")
        )
    except InvalidCheckIn as error:
        wrong = _("Tick what you have done: at least one exercise.") if not exercises else said(error.words)
        return _problem_page(problem_id, wrong), 400
    flash(_("Noted. Check in tomorrow and tell how the morning was."))
    return redirect(url_for("health.problem", problem_id=problem_id, _anchor="session"))


# the way back to running


@bp.post("/problems/<int:problem_id>/ladder")
def begin_ladder(problem_id: int) -> Response:
    try:
        services().check_ins.begin_ladder(athlete_id(), problem_id, _number("level"))
    except InvalidCheckIn as error:
        flash(said(error.words), "error")
    else:
        flash(_("You are on the ladder. It moves with the runs that arrive and the mornings after them."))
    return redirect(url_for("health.problem", problem_id=problem_id, _anchor="way-back"))


@bp.post("/problems/<int:problem_id>/ladder/kept")
def say_kept(problem_id: int) -> Response:
    run_id, kept = _number("run_id"), request.form.get("kept")
    if run_id is None or kept not in ("yes", "no"):
        services().check_ins.problem(athlete_id(), problem_id)  # not found, if it is another's
        abort(400)
    services().check_ins.say_kept(athlete_id(), problem_id, run_id, kept=kept == "yes")
    return redirect(url_for("health.problem", problem_id=problem_id, _anchor="way-back"))


@bp.post("/problems/<int:problem_id>/ladder/usual")
def put_usual(problem_id: int) -> Response:
    unit_m = METRES_PER_MILE if profile().units == "imperial" else 1000.0
    try:
        services().check_ins.put_usual(
            athlete_id(), problem_id, old_long_m=_metres("old_long", unit_m), old_fast_m=_metres("old_fast", 1.0)
        )
    except InvalidCheckIn as error:
        flash(said(error.words), "error")
    return redirect(url_for("health.problem", problem_id=problem_id, _anchor="way-back"))


def _metres(name: str, unit_m: float) -> float | None:
    text = request.form.get(name, "").strip().replace(",", ".")
    if not text:
        return None
    if not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text):
        raise InvalidCheckIn(name, "a distance, like 15 or 15.5")
    return float(text) * unit_m


@bp.post("/problems/<int:problem_id>/gate")
def gate(problem_id: int) -> str:
    try:
        result = services().check_ins.gate(athlete_id(), problem_id, answers_of_form())
    except InvalidCheckIn:
        abort(404)
    return render_template("gate.html", result=result, problem_id=problem_id)


@bp.get("/problems/<int:problem_id>/circuit")
def circuit(problem_id: int) -> str:
    made = services().check_ins.circuit(athlete_id(), problem_id)
    return render_template(
        "circuit.html",
        problem_id=problem_id,
        circuit=made if isinstance(made, Circuit) else None,
        held_back=None if isinstance(made, Circuit) else made,
        stop_signs=STOP_SIGNS,
    )


# forms


@bp.route("/about-you", methods=["GET", "POST"])
def about_you() -> str | Response | tuple[str, int]:
    error: Lazy | str = ""
    if request.method == "POST":
        try:
            services().check_ins.put_risk_profile(athlete_id(), _risk_profile())
        except InvalidCheckIn as refused:
            error = MISTAKES.get(refused.field, refused.words)
        else:
            flash("Saved. You can change it at any time.")
            return redirect(url_for("health.about_you"))
    mine = services().check_ins.risk_profile(athlete_id())
    given = request.form or _as_form(mine)
    named = [n for n in range(N_INJURIES) if given.get(f"kind_{n}")]
    shown = min(max(named, default=-1) + 2, N_INJURIES)  # those told, and one to fill in
    page = render_template("about_you.html", given=given, shown=shown, rows=N_INJURIES, error=error)
    return (page, 400) if error else page


def _as_form(mine: RiskProfile) -> Mapping[str, str]:
    given = {f"risk_{code}": "yes" if yes else "no" for code, yes in mine.answers.items()}
    given["birth_year"] = str(mine.birth_year or "")
    for number, injury in enumerate(mine.injuries):
        ended = injury.ended.isoformat() if injury.ended else ""
        given |= {f"kind_{number}": injury.kind, f"side_{number}": injury.side or "", f"ended_{number}": ended}
    return given


def _risk_profile() -> RiskProfile:
    form = request.form
    answers = {code: form[f"risk_{code}"] == "yes" for code in RISK_QUESTIONS if form.get(f"risk_{code}")}
    injuries = []
    for number in range(N_INJURIES):
        kind = next((k for k in get_args(InjuryKind) if k == form.get(f"kind_{number}")), None)
        if kind is None:
            continue
        side: Any = form.get(f"side_{number}")
        injuries.append(
            EarlierInjury(kind, side if side in ("left", "right", "both") else None, _ended(f"ended_{number}"))
        )
    return RiskProfile(_number("birth_year"), tuple(injuries), answers)


def _ended(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidCheckIn("injuries", "a day like 2026-03-31, or nothing") from error


@bp.route("/weeks/<iso_week>/questionnaire", methods=["GET", "POST"])
def questionnaire(iso_week: str) -> str | Response | tuple[str, int]:
    try:
        week = IsoWeek.parse(iso_week)
    except (ValueError, OverflowError):
        abort(404)
    if week > IsoWeek.of(_today()) or week.year < 1990:
        abort(404)
    error: Lazy | str = ""
    if request.method == "POST":
        try:
            steps = {item.name: _number(item.name) for item in WEEKLY_ITEMS}
            told = {name: step for name, step in steps.items() if step is not None}
            services().check_ins.put_week_answers(athlete_id(), week, told)
        except InvalidCheckIn as refused:
            error = MISTAKES.get(refused.field, refused.words)
        else:
            flash("Saved.")
            return redirect(url_for("health.questionnaire", iso_week=iso_week))
    answers = services().check_ins.week_answers(athlete_id(), week)
    names = [item.name for item in WEEKLY_ITEMS]
    given = dict(zip(names, map(str, answers.steps), strict=True)) if answers else {}
    page = render_template(
        "weekly_form.html", week=week, items=WEEKLY_ITEMS, answers=answers, given=request.form or given, error=error
    )
    return (page, 400) if error else page


def _today() -> date:
    return services().clock().astimezone(zone(profile().timezone)).date()
