"""A problem for whoever examines it: the drawing of its page, and the same story as a page to print and as PDF."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from flask import Blueprint, Response, current_app, make_response, render_template
from markupsafe import Markup

from loadwatch.adapters.pain_chart import LoadPanel, PainChart, PainKind, PainPoint, pain_chart_svg
from loadwatch.adapters.pdf import Document, Drawing, Facts, Points, Rows, Section, Words, document_pdf
from loadwatch.dashboard.current import athlete_id, profile, services
from loadwatch.dashboard.speech import Lazy, _, language, lazy, ngettext, reader, said
from loadwatch.domain.flares import Flare, LoadSpan, Preceded, RunKind
from loadwatch.domain.ladder import LAST, LadderMove
from loadwatch.domain.loads import RunLoad, is_indoor
from loadwatch.domain.programme import RehabSession
from loadwatch.domain.symptoms import Problem, SymptomReport
from loadwatch.domain.text import METRES_PER_FOOT, METRES_PER_MILE
from loadwatch.domain.thresholds import FAST_RUN_M, FLARE_REACH_D, HILLY_M
from loadwatch.services import health_words as words
from loadwatch.services.problem_story import Asked, ProblemStory

bp = Blueprint("problem_report", __name__)

SIDES: Final[dict[str | None, Lazy]] = {
    "left": lazy("Left side"),
    "right": lazy("Right side"),
    "both": lazy("Both sides"),
    None: lazy("Side not told"),
}

MOST_NOTES: Final = 4
MOST_LETTERS: Final = 220
MOST_FLARES: Final = 4
MOST_QUESTIONS: Final = 9
MOST_MOVES: Final = 6
"""What two pages of paper have room for."""


@bp.get("/problems/<int:problem_id>/print")
def print_view(problem_id: int) -> str:
    story = told(problem_id)
    return render_template("problem_print.html", document=document(story), problem_id=story.page.id)


@bp.get("/problems/<int:problem_id>/report.pdf")
def pdf(problem_id: int) -> Response:
    story = told(problem_id)
    response = make_response(document_pdf(document(story)))
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="loadwatch-{story.until.isoformat()}.pdf"'
    return response


def told(problem_id: int) -> ProblemStory:
    """
    The story of a problem of whoever is logged in.

    Raises
    ------
    NotYours
        If it is another's.
    """
    return services().check_ins.story(profile(), problem_id, services().views.gap(athlete_id()))


@bp.app_template_filter()
def pain_drawing(chart: PainChart, width: int, chart_id: str) -> Markup:
    return Markup(pain_chart_svg(chart, width=width, chart_id=chart_id))  # noqa: S704  every word in it is escaped


# words


def _put(filter_name: str, value: Any) -> str:
    """A quantity as the templates put it out."""
    return str(current_app.jinja_env.filters[filter_name](value))


def _month(day: date) -> str:
    name = reader().month(day, year=False)
    return f"{name} {day.year}" if day.month == 1 else name


def places(problem: Problem) -> str:
    """Where it hurts, every region that was ever named."""
    named = [said(words.REGIONS[code]) for code in sorted(problem.regions)]
    return " · ".join(named) or _("No place told")


def pain_word(pain: int | None) -> str:
    return _("not told") if pain is None else _("%(n)s of 10", n=pain)


# the drawing


def pain_chart(story: ProblemStory) -> PainChart:
    """Pain over the loads of the same days, in the reader's words and units."""
    daily = story.days == 1
    imperial = profile().units == "imperial"
    spans = story.spans
    return PainChart(
        since=story.since,
        until=story.until,
        days=story.days,
        opened=story.onset,
        points=[p for report in story.told if report.local_date >= story.since for p in _points(report)],
        flares=[f.report.local_date for f in story.flares if f.report.local_date >= story.since],
        reach=FLARE_REACH_D,
        panels=[
            LoadPanel(
                title=_("Distance of each day") if daily else _("Distance of each week"),
                values=[s.distance_m if s.n_runs or s.is_complete else None for s in spans],
                at_least=[not s.is_complete for s in spans],
                unit_m=METRES_PER_MILE if imperial else 1000.0,
                say=lambda m: _put("distance", m),
            ),
            LoadPanel(
                title=_("Downhill load"),
                values=[s.hill_m if s.n_runs or s.is_complete else None for s in spans],
                at_least=[s.hill_unknown > 0 or not s.is_complete for s in spans],
                unit_m=METRES_PER_FOOT if imperial else 1.0,
                say=lambda m: _put("height", m),
            ),
            LoadPanel(
                title=_("Fast running"),
                values=[s.fast_m if s.n_runs or s.is_complete else None for s in spans],
                at_least=[s.fast_unknown > 0 or not s.is_complete for s in spans],
                unit_m=METRES_PER_MILE if imperial else 1.0,
                say=lambda m: _put("fast", m),
            ),
        ],
        title=_("Pain, and the loads of the same days"),
        summary=" ".join(pain_words(story)),
        pain_title=_("Pain, from 0 to 10"),
        flare_word=_("a flare begins"),
        kinds={"run": _("running"), "today": _("by day"), "morning": _("in the morning")},
        tick=reader().short_day,
        month=_month,
    )


def _points(report: SymptomReport) -> Iterable[PainPoint]:
    kinds: tuple[tuple[PainKind, int | None], ...] = (
        ("run", report.pain_run),
        ("today", report.pain_today),
        ("morning", report.pain_morning),
    )
    return (PainPoint(report.local_date, kind, pain) for kind, pain in kinds if pain is not None)


def pain_words(story: ProblemStory) -> list[str]:
    """What the drawing shows, and what is not known of it, in sentences."""
    first, last = (_put("full_day", story.told[i].local_date) for i in (0, -1))
    form = ngettext("%(n)s check-in, on %(first)s.", "%(n)s check-ins from %(first)s to %(last)s.", len(story.told))
    sentences = [form % {"n": len(story.told), "first": first, "last": last}]
    known = [r for r in story.told if r.worst_pain is not None]
    if known:
        worst = max(known, key=lambda r: (r.worst_pain or 0, r.at))
        sentences.append(
            _(
                "The worst pain was %(worst)s of 10 on %(day)s; the latest told is %(last)s of 10.",
                worst=worst.worst_pain,
                day=_put("full_day", worst.local_date),
                last=known[-1].worst_pain,
            )
        )
    sentences.append(
        ngettext("%(n)s flare began.", "%(n)s flares began.", len(story.flares)) % {"n": len(story.flares)}
        if story.flares
        else _("No flare began.")
    )
    if n := sum(s.hill_unknown for s in story.spans):
        sentences.append(
            ngettext("%(n)s run does not tell its downhill.", "%(n)s runs do not tell their downhill.", n) % {"n": n}
        )
    if n := sum(s.fast_unknown for s in story.spans):
        sentences.append(
            ngettext("Of %(n)s run it is not known what was fast.", "Of %(n)s runs it is not known what was fast.", n)
            % {"n": n}
        )
    if story.gap is not None:
        sentences.append(_put("gap", story.gap))
    return sentences


def preceded_words(each: Preceded) -> list[str]:
    """What is counted of one kind of runs, in sentences that claim nothing."""
    values = {
        "k": each.flares,
        "n": each.n_flares,
        "days": FLARE_REACH_D,
        "down": _put("height", HILLY_M),
        "fast": _put("fast", FAST_RUN_M),
    }
    sentences = [_came(each.kind, each.n_flares) % values]
    if each.flares_unknown:
        sentences.append(
            ngettext(
                "Of %(u)s more it is not known, as a run before it does not tell.",
                "Of %(u)s more it is not known, as runs before them do not tell.",
                each.flares_unknown,
            )
            % {"u": each.flares_unknown}
        )
    if each.runs:
        form = ngettext(
            "There was %(n)s such run: %(f)s before a flare, %(q)s followed by check-ins without a new one,"
            " %(u)s by no check-in.",
            "There were %(n)s such runs: %(f)s before a flare, %(q)s followed by check-ins without a new one,"
            " %(u)s by no check-in.",
            each.runs,
        )
        sentences.append(form % {"n": each.runs, "f": each.followed, "q": each.quiet, "u": each.untold})
    if each.runs_unknown:
        sentences.append(
            ngettext("%(u)s run does not tell.", "%(u)s runs do not tell.", each.runs_unknown)
            % {"u": each.runs_unknown}
        )
    return sentences


def _came(kind: RunKind, n_flares: int) -> str:
    match kind:
        case "any":
            return ngettext(
                "%(k)s of %(n)s flare came within %(days)s days of any run.",
                "%(k)s of %(n)s flares came within %(days)s days of any run.",
                n_flares,
            )
        case "jump":
            return ngettext(
                "%(k)s of %(n)s flare came within %(days)s days of a run that was a jump in load.",
                "%(k)s of %(n)s flares came within %(days)s days of a run that was a jump in load.",
                n_flares,
            )
        case "hills":
            return ngettext(
                "%(k)s of %(n)s flare came within %(days)s days of a run with at least %(down)s of downhill load.",
                "%(k)s of %(n)s flares came within %(days)s days of a run with at least %(down)s of downhill load.",
                n_flares,
            )
        case "fast":
            return ngettext(
                "%(k)s of %(n)s flare came within %(days)s days of a run with at least %(fast)s run fast.",
                "%(k)s of %(n)s flares came within %(days)s days of a run with at least %(fast)s run fast.",
                n_flares,
            )


# the document


def document(story: ProblemStory) -> Document:
    """The story on paper: at most two pages of it."""
    problem = story.page.problem
    side = str(SIDES[problem.laterality])
    return Document(
        title=_("A problem of the thigh: report for a professional"),
        lead=_(
            "%(name)s. %(side)s: %(places)s. Told from %(first)s to %(last)s.",
            name=profile().name,
            side=side,
            places=places(problem),
            first=_put("full_day", story.onset),
            last=_put("full_day", story.told[-1].local_date),
        ),
        notice=_(
            "Written by loadwatch from what the runner told and ran. It is no medical device and this is no medical"
            " finding: nobody has examined anything, and no illness is named."
        ),
        language=language(),
        sections=[
            _own_words(problem),
            _not_missed(story),
            Section(_("Pain over the loads of the same days"), [_drawing(story)]),
            _before(story),
            _onset(story),
            _done(story),
            _resembles(story),
        ],
    )


def _own_words(problem: Problem) -> Section:
    reports = problem.reports
    onset = next((r.onset for r in reports if r.onset), None)
    brings = _named(words.AGGRAVATORS, {code for r in reports for code in r.aggravators})
    feels = _named(words.QUALITIES, {code for r in reports for code in r.qualities})
    signs = _named(words.SIGNS, {code for r in reports for code in r.signs})
    notes = [r for r in reports if r.note]
    kept = notes if len(notes) <= MOST_NOTES else [notes[0], *notes[1 - MOST_NOTES :]]
    blocks: list[Any] = [
        Facts(
            [
                (_("How it began"), said(words.ONSETS[onset]) if onset else _("not told")),
                (_("What brings it on"), brings or _("not told")),
                (_("What it feels like"), feels or _("not told")),
                (_("Signs that were ticked"), signs or _("none of those that were offered")),
            ]
        )
    ]
    if kept:
        blocks.append(
            Points([f"{reader().short_day(r.local_date)}: {_shortened(r.note)}" for r in kept]),
        )
    if left := len(notes) - len(kept):
        more = ngettext("%(n)s more note is in loadwatch.", "%(n)s more notes are in loadwatch.", left)
        blocks.append(Words(more % {"n": left}, quiet=True))
    return Section(_("In the runner’s own words"), blocks)


def _named(known: Mapping[str, str], codes: Collection[str]) -> str:
    return "; ".join(said(known[code]) for code in known if code in codes)


def _shortened(note: str) -> str:
    line = " ".join(note.split())
    return line if len(line) <= MOST_LETTERS else line[: MOST_LETTERS - 1].rstrip() + "…"


def _not_missed(story: ProblemStory) -> Section:
    page = story.page
    blocks: list[Any] = []
    for found in page.red_flags:
        urgency, because = said(words.URGENCIES[found.urgency]), " ".join(map(said, found.because))
        blocks.append(Words(f"{urgency}: {said(found.flag.name)}. {because}"))
    if not page.red_flags and page.problem.is_open:
        blocks.append(Words(_("By what was told no warning sign stands.")))
    seen = [e.local_date for e in page.events if e.what == "seen"]
    if seen:
        blocks.append(
            Words(_("Seen by a professional, as the runner noted, on %(day)s.", day=_put("full_day", seen[-1])))
        )
    asked = sorted(story.asked, key=_weight)[:MOST_QUESTIONS]
    if asked:
        blocks.append(
            Rows(
                _("Questions of the screen for warning signs, with the latest answer"),
                (_("Question"), _("Answer")),
                [(said(a.ask), _answer(a)) for a in asked],
                marked=[i for i, a in enumerate(asked) if a.answer],
                wide=True,
            )
        )
    else:
        blocks.append(Words(_("No question of the screen was asked beyond the check-in itself."), quiet=True))
    if left := len(story.asked) - len(asked):
        more = ngettext("%(n)s more question is in loadwatch.", "%(n)s more questions are in loadwatch.", left)
        blocks.append(Words(more % {"n": left}, quiet=True))
    return Section(_("Warning signs: asked and answered"), blocks)


def _weight(asked: Asked) -> int:
    """What was answered with yes first: it must not be what there is no room for."""
    return 2 if asked.answer is None else int(not asked.answer)


def _answer(asked: Asked) -> str:
    if asked.answer is None or asked.on is None:
        return _("not answered")
    answer = _("yes") if asked.answer else _("no")
    return f"{answer}, {reader().short_day(asked.on)}"


def _drawing(story: ProblemStory) -> Drawing:
    chart = pain_chart(story)
    return Drawing(chart, chart.summary)


def _before(story: ProblemStory) -> Section:
    if not story.flares:
        return Section(_("What came before each flare"), [Words(_("No flare began."))])
    shown = story.flares[-MOST_FLARES:]
    blocks: list[Any] = [
        Words(flare_meaning(), quiet=True),
        Points([f"{reader().short_day(f.report.local_date)}: {flare_words(f)}" for f in shown]),
        Points([" ".join(preceded_words(each)) for each in story.preceded]),
        Words(_("These are counts, not causes."), quiet=True),
    ]
    return Section(_("What came before each flare"), blocks)


def flare_meaning() -> str:
    return _(
        "A flare begins with pain above 2 of 10 after a check-in of at most 2, or with 2 points more than the lowest"
        " of the 7 days before."
    )


def flare_pain(flare: Flare) -> str:
    if flare.before is None:
        return _("pain %(now)s of 10", now=flare.pain)
    return _("pain %(now)s of 10, after %(before)s", now=flare.pain, before=flare.before)


def flare_words(flare: Flare) -> str:
    """A flare and the runs before it."""
    runs = "; ".join(run_words(x) for x in flare.runs)
    before = _("Runs before it: %(runs)s.", runs=runs) if runs else _("No run in the days before it is known.")
    return f"{flare_pain(flare)}. {before}"


def run_words(load: RunLoad) -> str:
    """ "Sat 21 Nov, 12.4 km, 220 m down, 800 m fast": what a run brought, as far as it is known."""
    parts = [_put("day", load.run.local_date), _put("distance", load.run.distance_m)]
    if load.hill_m:
        parts.append(_("%(metres)s down", metres=_put("height", load.hill_m)))
    if load.fast_m and load.fast_m >= FAST_RUN_M:
        parts.append(_("%(metres)s fast", metres=_put("fast", load.fast_m)))
    if load.hill_m is None and not is_indoor(load.run):
        parts.append(_("downhill not known"))
    return ", ".join(parts)


def _onset(story: ProblemStory) -> Section:
    rows = [
        (
            reader().span(s.first, s.last, year=False),
            _n_runs(s),
            span_value(s, "distance", s.distance_m, 0),
            span_value(s, "height", s.hill_m, s.hill_unknown),
            span_value(s, "fast", s.fast_m, s.fast_unknown),
        )
        for s in story.onset_weeks
    ]
    began = [i for i, s in enumerate(story.onset_weeks) if s.first <= story.onset <= s.last]
    table = Rows(
        _("The first check-in was on %(day)s. ≥: at least, as not all is known.", day=_put("full_day", story.onset)),
        (_("Week"), _("Runs"), _("Distance"), _("Downhill load"), _("Fast running")),
        rows,
        marked=began,
    )
    return Section(_("Load of the weeks around it"), [table])


def _n_runs(span: LoadSpan) -> str:
    if span.is_complete:
        return str(span.n_runs)
    return f"≥ {span.n_runs}" if span.n_runs else _("not known")


def span_value(span: LoadSpan, filter_name: str, metres: float | None, n_unknown: int) -> str:
    """A sum with what is missing of it said."""
    if metres is None or (not span.n_runs and not span.is_complete):
        return _("not known")
    value = _put(filter_name, metres)
    return f"≥ {value}" if n_unknown or not span.is_complete else value


def _done(story: ProblemStory) -> Section:
    page = story.page
    rows: list[tuple[str, str]] = []
    if page.rehab and page.rehab.progress.stage and not page.held_back:
        rows.append((_("Programme"), f"{said(page.rehab.programme.name)}: {said(page.rehab.progress.stage.name)}"))
    rows.append((_("Exercises"), _sessions_words(page.sessions)))
    if page.sessions:
        done = {exercise for session in page.sessions for exercise in session.exercises}
        known = services().check_ins.clinic.exercises.values()
        rows.append((_("Which of them"), ", ".join(said(each.name) for each in known if each.id in done)))
    since = [s for s in story.spans if s.last >= story.onset]
    n_runs, far = sum(s.n_runs for s in since), _put("distance", sum(s.distance_m for s in since))
    row = ngettext("%(n)s run, %(far)s", "%(n)s runs, %(far)s", n_runs) % {"n": n_runs, "far": far}
    rows.append((_("Runs since then") if story.days == 1 else _("Runs since that week"), row))
    way = page.ladder
    if way is None:
        rows.append((_("Way back to running"), _("The ladder of ten levels has not begun.")))
    elif way.state.is_done or way.state.step is None:
        rows.append((_("Way back to running"), _("All ten levels are done.")))
    else:
        level = _("Level %(n)s of 10: %(what)s.", n=way.state.level, what=said(way.state.step.level.text))
        rows.append((_("Way back to running"), level))
    blocks: list[Any] = [Facts(rows)]
    moves = way.state.moves[-MOST_MOVES:] if way else ()
    if moves:
        blocks.append(Points([f"{reader().short_day(m.on)}: {move_words(m)}" for m in moves]))
    return Section(_("What was done"), blocks)


def _sessions_words(sessions: Sequence[RehabSession]) -> str:
    if not sessions:
        return _("None were logged here.")
    form = ngettext(
        "%(n)s session, the last on %(day)s; the worst pain during it %(pain)s of 10.",
        "%(n)s sessions, the last on %(day)s; the worst pain during one %(pain)s of 10.",
        len(sessions),
    )
    last, worst = max(s.local_date for s in sessions), max(s.pain_during for s in sessions)
    return form % {"n": len(sessions), "day": _put("full_day", last), "pain": worst}


def move_words(move: LadderMove) -> str:
    """A step on the ladder and why."""
    why = said(move.why)
    if move.after > LAST:
        return _("All levels done: %(why)s", why=why)
    return _("Level %(before)s to %(after)s: %(why)s", before=move.before, after=move.after, why=why)


def _resembles(story: ProblemStory) -> Section:
    blocks: list[Any] = []
    for score in story.page.shown:
        rows = [(_("Resembles"), said(score.pattern.name))]
        if score.reasons_for:
            rows.append((_("Speaks for it"), "; ".join(map(said, score.reasons_for))))
        if score.reasons_against:
            rows.append((_("Speaks against it"), "; ".join(map(said, score.reasons_against))))
        blocks.append(Facts(rows))
    if not blocks:
        blocks.append(Words(_("What was told fits none of the known patterns well enough to name one.")))
    elif any(s.pattern.source.review == "unreviewed" for s in story.page.shown):
        blocks.append(Words(said(words.UNREVIEWED), quiet=True))
    blocks.append(Words(said(words.DISCLAIMER), quiet=True))
    return Section(_("What it resembles, by points for what was told"), blocks)
