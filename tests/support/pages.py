"""Every page there is, and how an athlete comes to it: what speed, pictures, languages and axe are checked on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from loadwatch.bootstrap import Services

HISTORY_DAYS = 3660


@dataclass(frozen=True)
class Page:
    """
    A page.

    Attributes
    ----------
    name : str
        As pictures and tables call it.
    endpoint : str
        Flask's name of its route.
    path : str
        With the names of `known` in braces.
    is_open : bool
        Whether it is there for those who are not logged in, and only for them.
    """

    name: str
    endpoint: str
    path: str
    is_open: bool = False


PAGES = (
    Page("login", "auth.login", "/login", is_open=True),
    Page("signup", "auth.signup", "/signup", is_open=True),
    Page("today", "pages.today", "/"),
    Page("about", "pages.about", "/about"),
    Page("about-you", "health.about_you", "/about-you"),
    Page("alerts", "pages.alerts", "/alerts"),
    Page("alert", "pages.alert", "/alerts/{alert}"),
    Page("reply-fine", "replies.ask", "/r/{reply_fine}"),
    Page("reply-form", "replies.ask", "/r/{reply_form}"),
    Page("reply-pain", "replies.ask", "/r/{reply_pain}"),
    Page("reply-planned", "replies.ask", "/r/{reply_planned}"),
    Page("reply-stop", "replies.ask", "/r/{reply_stop}"),
    Page("check-in", "health.check_in", "/check-in"),
    Page("check-in-result", "health.result", "/check-ins/{check_in}"),
    Page("red-flag", "health.result", "/check-ins/{red_flag}"),
    Page("load", "load.load", "/load"),
    Page("load-of-all", "load.load", "/load?period=all"),
    Page("calendar", "load.calendar", "/calendar"),
    Page("problems", "health.problems", "/problems"),
    Page("problem", "health.problem", "/problems/{problem}"),
    Page("problem-gone", "health.problem", "/problems/{problem_gone}"),
    Page("problem-print", "problem_report.print_view", "/problems/{problem}/print"),
    Page("circuit", "health.circuit", "/problems/{problem}/circuit"),
    Page("questionnaire", "health.questionnaire", "/weeks/{week}/questionnaire"),
    Page("runs", "pages.runs", "/runs"),
    Page("run", "pages.run", "/runs/{run}"),
    Page("run-of-a-file", "pages.run", "/runs/{file_run}"),
    Page("inside-a-run", "pages.inside", "/runs/{file_run}/inside"),
    Page("week", "pages.week", "/weeks/{week}"),
    Page("week-before", "pages.week", "/weeks/{week_before}"),
    Page("planner", "planner.planner", "/planner"),
    Page("looking-back", "backtest.backtest", "/backtest"),
    Page("shoes", "shoes.shoes", "/shoes"),
    Page("upload", "uploads.uploads", "/upload"),
    Page("archive", "uploads.archive", "/upload/archives/{archive}"),
    Page("sync", "settings.sync", "/sync"),
    Page("mailbox", "settings.mailbox", "/mailbox"),
    Page("mail", "settings.mail", "/mailbox/{mail}"),
    Page("outbox", "outbox.outbox", "/outbox"),
    Page("outbox-mail", "outbox.look", "/outbox/{outbox}"),
    Page("data", "data.data", "/data"),
    Page("delete-account", "data.delete", "/data/delete"),
    Page("welcome", "onboarding.welcome", "/welcome"),
    Page("access", "settings.access", "/settings/access"),
    Page("settings", "settings.settings", "/settings"),
    Page("channels", "channels.channels", "/settings/channels"),
    Page("thresholds", "thresholds.thresholds", "/settings/thresholds"),
    Page("admin", "admin.admin", "/admin"),
    Page("disconnect", "settings.disconnect", "/settings/strava/disconnect"),
)

EXCUSED = {
    "static": "files, not a page",
    "healthz": "for machines",
    "readyz": "for machines",
    "load.data": "numbers for the charts of a page",
    "connect.start": "leads to Strava",
    "connect.callback": "comes from Strava",
    "pages.this_week": "leads to a week",
    "problem_report.pdf": "a file, not a page",
    "planner.preview": "part of the planner",
    "settings.mail_html": "inside the page of a mail",
    "outbox.look_html": "inside the page of a mail",
    "live.news": "a piece of an open page",
    "data.export": "an archive to be stored",
    "data.reading": "a part of a page, asked for again",
    "onboarding.progress": "a part of a page, asked for again",
}
"""Routes that answer to GET and are no page of ours, with the reason."""


def known(services: Services, athlete_id: int) -> dict[str, str]:
    """What the paths of pages are filled in with; only what there is for this athlete."""
    views, check_ins = services.views, services.check_ins
    runs = views.runs(athlete_id, days=HISTORY_DAYS)
    alerts = views.alerts(athlete_id, days=HISTORY_DAYS)
    problems = check_ins.problems(athlete_id)
    results = check_ins.results(athlete_id)
    day = services.clock().date()
    week = day.isocalendar()
    before = day.fromordinal(day.toordinal() - 7).isocalendar()
    found: dict[str, object | None] = {
        "alert": next((a.id for a in alerts), None),
        "archive": next((a.id for a in services.archives.archives(athlete_id)), None),
        "check_in": next((r.report.id for r in results if not r.red_flags), None),
        "file_run": next((d.run.id for d in runs if d.source == "file"), None),
        "outbox": next((row.item.id for row in services.outbox.rows(athlete_id)), None),
        "mail": next((m.name for m in services.mailbox.list(athlete_id)), None),
        "problem": next((p.id for p in problems if p.problem.is_open), None),
        "problem_gone": next((p.id for p in problems if not p.problem.is_open), None),
        "red_flag": next((r.report.id for r in results if r.red_flags), None),
        "run": next((d.run.id for d in runs), None),
        "week": f"{week.year}-W{week.week:02}",
        "week_before": f"{before.year}-W{before.week:02}",
    }
    if views.connection(athlete_id) is None:
        found["week_before"] = None
    found |= _replies(services, athlete_id, found["alert"], found["problem"])
    return {name: str(value) for name, value in found.items() if value is not None}


def _replies(
    services: Services, athlete_id: int, alert_id: object | None, problem_id: object | None
) -> dict[str, object | None]:
    """Links as mails have them."""

    def token(purpose: str, about: object | None, answer: str = "") -> str | None:
        until = services.clock() + timedelta(days=7)
        return about and services.reply_links.token(athlete_id, purpose, str(about), until, answer)

    return {
        "reply_fine": token("felt", alert_id, "fine"),
        "reply_form": token("ask", services.clock().date(), "pain"),
        "reply_pain": token("pain", problem_id and f"{problem_id}.2026-W47", "3"),
        "reply_planned": token("planned", alert_id),
        "reply_stop": token("stop", "weekly"),
    }


def paths(services: Services, email: str) -> Iterator[tuple[Page, str]]:
    """The pages that this athlete has, with their paths, those for nobody in particular left out."""
    athlete_id = services.accounts.athlete_by_email(email)
    assert athlete_id is not None, email
    ids = known(services, athlete_id)
    is_connected = services.views.connection(athlete_id) is not None
    for page in PAGES:
        needs = set(re.findall(r"{(\w+)}", page.path))
        if page.is_open or needs - set(ids) or (page.name == "disconnect" and not is_connected):
            continue
        if page.name == "admin" and not services.accounts.is_operator(athlete_id):
            continue
        yield page, page.path.format(**ids)
