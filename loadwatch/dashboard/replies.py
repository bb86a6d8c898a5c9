"""
Pages behind the links of mails: answered without a log-in, by whoever has the link.

What shows a page changes nothing, as scanners of mails open every link; what is sent with a button does. The link
itself says who answers: no cookie is asked for or set, and nothing of the runner is shown but what the link is about.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask import Blueprint, Flask, g, make_response, render_template, request, url_for
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from loadwatch.dashboard import speech
from loadwatch.dashboard.current import services
from loadwatch.dashboard.formatting import zone
from loadwatch.dashboard.health import answers_of_form, draft_of_form, form_parts, result_parts
from loadwatch.dashboard.speech import Lazy, _, lazy, said
from loadwatch.domain.text import day_text, moment_text
from loadwatch.domain.thresholds import MUTE_AFTER, MUTE_WINDOW
from loadwatch.services.health_ports import InvalidCheckIn
from loadwatch.services.health_words import place_text
from loadwatch.services.replies import Answered, Asked, on_of, switches_of

bp = Blueprint("replies", __name__, url_prefix="/r")

LOOKS: Final = "120/minute;600/hour"
PRESSES: Final = "30/minute;200/hour"
"""
For one runner, and with made-up links from one address. Design choice: a scanner opens all links of a mail at once,
and must not keep its reader from answering.
"""

STOPPED: Final[Mapping[str, tuple[Lazy, Lazy, Lazy]]] = {
    "alerts": (
        lazy("No more mails about single runs?"),
        lazy("Alert mails are switched off"),
        lazy("Alert mails are switched on"),
    ),
    "weekly": (
        lazy("No more weekly summaries?"),
        lazy("The weekly summary is switched off"),
        lazy("The weekly summary is switched on"),
    ),
    "asks": (
        lazy("No more mails that ask how you feel?"),
        lazy("Mails that ask how you feel are switched off"),
        lazy("Mails that ask how you feel are switched on"),
    ),
    "all": (lazy("No more mails?"), lazy("Your mails are switched off"), lazy("Your mails are switched on again")),
}
"""The question, and what is said when it is done and when it is undone."""

UNKNOWN_LINK: Final = (
    lazy("This link does not work"),
    lazy("It may have been cut off on its way, or what it was for is no longer here."),
)
EXPIRED: Final = (
    lazy("This link has expired"),
    lazy("A link in a mail works for a while only. Nothing was noted."),
)
GONE: Final = {
    "pain": (
        lazy("This problem is closed"),
        lazy(
            "You said that it is gone, so nothing was noted. If it hurts again, log in and check in: that opens it"
            " anew."
        ),
    ),
}
GONE_ALERT: Final = (
    lazy("This alert is no longer here"),
    lazy("The run it spoke of was deleted or corrected. There is nothing to answer."),
)


@dataclass(frozen=True)
class Card:
    """
    A question that one button answers.

    Attributes
    ----------
    about : str
        What it is about: a day, a place. May be empty.
    does : str
        What the button says: what will be recorded.
    notes : tuple of str
        What follows from it, and what does not.
    other, other_url : str
        Another answer, and where to give it; empty where there is none.
    chosen : int or None
        Of a question of pain its number. [0-10]
    """

    title: str
    about: str
    does: str
    notes: tuple[str, ...] = ()
    other: str = ""
    other_url: str = ""
    chosen: int | None = None


def register(app: Flask, limiter: Limiter, csrf: CSRFProtect) -> None:
    """Add the pages; a form of theirs needs no safety mark, as no cookie says who sends it."""
    csrf.exempt(bp)
    app.register_blueprint(bp)
    presses = dict.fromkeys(("replies.answer", "replies.follow_up", "replies.more"), PRESSES)
    for endpoint, limit in {"replies.ask": LOOKS, **presses}.items():
        view: Any = limiter.shared_limit(limit, scope=limit, key_func=_whose)(app.view_functions[endpoint])
        app.view_functions[endpoint] = view


def _whose() -> str:
    reply = services().reply_links.read((request.view_args or {}).get("token", ""))
    return f"reply of {reply.athlete_id}" if reply else get_remote_address()


@bp.after_request
def _private(response: Response) -> Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("/<token>")
def ask(token: str) -> Response:
    asked = services().replies.asked(token)
    if asked is None or asked.state != "open":
        return _refused(asked)
    _speak_as(asked)
    reply = asked.reply
    if reply.purpose == "stop" and not on_of(asked):
        return _stopped(asked, switches_of(asked))
    if asked.wants_form:
        return _form(asked, _known(asked))
    return _page("reply.html", card=_card(asked), action=url_for(".answer", token=token), scale=_scale(asked))


@bp.post("/<token>")
def answer(token: str) -> Response:
    asked = services().replies.asked(token)
    if asked is not None and asked.reply.purpose == "stop":
        return _stop(asked)
    try:
        done = services().replies.answer(token, draft_of_form() if asked and asked.wants_form else None)
    except InvalidCheckIn as error:
        assert asked is not None  # a form was sent
        _speak_as(asked)
        return _form(asked, request.form, error)
    return _done(done)


@bp.post("/<token>/more")
def more(token: str) -> Response:
    """The whole form, after an answer that says that it hurts a lot."""
    try:
        done = services().replies.more(token, draft_of_form())
    except InvalidCheckIn as error:
        asked = services().replies.asked(token)
        assert asked is not None
        _speak_as(asked)
        return _form(asked, request.form, error)
    return _done(done)


@bp.post("/<token>/answers")
def follow_up(token: str) -> Response:
    return _done(services().replies.follow_up(token, answers_of_form()))


def _done(done: Answered | None) -> Response:
    if done is None or done.asked.state != "answered":
        return _refused(done.asked if done else None)
    _speak_as(done.asked)
    if done.result is None or _says_no_more(done):
        return _page("reply_done.html", title=_title_of(done), lines=_noted(done.asked), note=None, again=None)
    return _page(
        "reply_result.html",
        done=done,
        title=_title_of(done),
        lines=_noted(done.asked),
        answers_to=url_for(".follow_up", token=_token(done.asked)),
        **(result_parts(done.result) | (_more_parts(done) if done.wants_more else {})),
    )


def _says_no_more(done: Answered) -> bool:
    """Whether a check-in leaves nothing to be said but that it is noted."""
    result = done.result
    return result is not None and not (result.report.hurts or result.red_flags or result.follow_ups)


def _title_of(done: Answered) -> str:
    return _("Noted") if done.is_new else _("Already answered")


def _more_parts(done: Answered) -> dict[str, object]:
    """The whole form, filled in with what the answer has said."""
    assert done.result is not None
    report = done.result.report
    given = MultiDict({"side": report.side or "", "regions": ",".join(sorted(report.regions))})
    given["pain_today"] = "" if report.pain_today is None else str(report.pain_today)
    return form_parts(given) | {"action": url_for(".more", token=_token(done.asked)), "is_reply": True}


def _known(asked: Asked) -> MultiDict[str, str]:
    """What the form is filled in with: what the link says, and of a problem the place; never a side."""
    if asked.problem is None:
        return MultiDict()
    return MultiDict({"pain_today": asked.reply.answer, "regions": ",".join(sorted(asked.problem.latest.regions))})


def _form(asked: Asked, given: MultiDict[str, str], error: InvalidCheckIn | None = None) -> Response:
    is_more = asked.state == "answered"
    to = url_for(".more" if is_more else ".answer", token=_token(asked))
    parts = form_parts(given, error) | {"action": to, "is_reply": True, "is_more": is_more}
    return _page("reply_form.html", 400 if error else 200, about=_about(asked), **parts)


def _refused(asked: Asked | None) -> Response:
    """The page for a link that takes no answer, or that has one."""
    if asked is None:
        speech.settle()
        return _note(UNKNOWN_LINK, 404)
    _speak_as(asked)
    match asked.state:
        case "expired":
            return _note(EXPIRED, 410)
        case "gone":
            return _note(GONE.get(asked.reply.purpose, GONE_ALERT), 410)
        case _:
            says_more = asked.done and asked.done.report_id and asked.done.answer != "fine"
            again = url_for(".answer", token=_token(asked)) if says_more else None
            note = _("Nothing was changed. To tell more, log in and check in.")
            return _page("reply_done.html", title=_("Already answered"), lines=_noted(asked), note=note, again=again)


def _note(words: tuple[Lazy, Lazy], code: int) -> Response:
    return _page("reply_note.html", code, title=words[0], text=words[1])


def _page(template: str, code: int = 200, /, **shown: Any) -> Response:
    return make_response(render_template(template, **shown), code)


def _speak_as(asked: Asked) -> None:
    """From here on the request is in the language, the units and the time zone of whom the link was made for."""
    g.profile = asked.profile
    g.language, g.units = asked.profile.language, asked.profile.units


def _token(asked: Asked, answer: str | None = None) -> str:
    """The last part of the address of this link, or of another answer to the same question."""
    reply = asked.reply
    links = services().reply_links
    return links.token(reply.athlete_id, reply.purpose, reply.about, reply.until, answer or reply.answer)


# words


def _card(asked: Asked) -> Card:
    reply, about = asked.reply, _about(asked)
    match reply.purpose:
        case "felt" | "ask":
            return Card(
                _("How do your thighs feel?"),
                about,
                _("Record: nothing hurts"),
                (
                    _(
                        "Noted as your check-in of today, %(day)s. A problem that is open stays open.",
                        day=day_text(_today()),
                    ),
                ),
                _("Something hurts"),
                url_for(".ask", token=_token(asked, "pain")),
            )
        case "pain":
            return Card(
                _("Pain today: %(n)s of 10", n=reply.answer),
                about,
                _("Record: %(n)s of 10", n=reply.answer),
                (_("The problem stays open until you say on its page that it is gone: log in for that."),)
                if reply.answer == "0"
                else (),
                chosen=int(reply.answer),
            )
        case "planned":
            return Card(
                _("Was it planned?"),
                about,
                _("Record: it was planned"),
                (_("Then its load is no news, and counts on. What hurts is told all the same."),),
            )
        case "not_useful":
            return Card(
                _("Was this alert of no use?"),
                about,
                _("Record: not useful"),
                (
                    _(
                        "After %(n)s such answers in %(days)s days, alerts of this kind wait for the weekly summary."
                        " Red flags never wait.",
                        n=MUTE_AFTER,
                        days=MUTE_WINDOW.days,
                    ),
                ),
            )
        case "read":
            return Card(
                _("Have you read this alert?"),
                about,
                _("Record: I have read it"),
                (_("Then it is not sent again. What it says still holds: please do it."),),
            )
        case _:
            return Card(
                str(STOPPED[reply.about][0]),
                "",
                _("Switch off"),
                (_("Red flags still reach you: signs that must not wait are always mailed."),),
            )


def _about(asked: Asked) -> str:
    """What a question is about: never more than its kind and its day, or the place that the answer names."""
    if asked.problem is not None:
        return str(said(place_text(asked.problem)))
    if asked.day is None:
        return ""
    if asked.reply.purpose == "ask":
        return _("Asked on %(day)s", day=day_text(asked.day))
    return _("Alert of %(day)s", day=day_text(asked.day))


def _noted(asked: Asked) -> tuple[str, ...]:
    """What was answered, and when."""
    assert asked.done is not None
    at = moment_text(asked.done.at, zone(asked.profile.timezone), year=True)
    return (_said_in(asked), _("Noted on %(moment)s.", moment=at))


def _said_in(asked: Asked) -> str:
    assert asked.done is not None
    match asked.reply.purpose:
        case "planned":
            return _("It was planned.")
        case "not_useful":
            return _("The alert was not useful.")
        case "read":
            return _("You have read the alert. It is not sent again, and what it says still holds.")
        case "pain":
            return _("Pain %(n)s of 10.", n=asked.done.answer)
        case _ if asked.done.answer == "fine":
            return _("Nothing hurts.")
        case _ if asked.pain is not None:
            return _("Pain %(n)s of 10.", n=asked.pain)
        case _:
            return _("Something hurts.")


def _scale(asked: Asked) -> list[tuple[int, str]]:
    """The numbers with their links, for whoever tapped the wrong one."""
    if asked.reply.purpose != "pain":
        return []
    return [(n, url_for(".ask", token=_token(asked, str(n)))) for n in range(11)]


def _today() -> date:
    return services().clock().astimezone(zone(g.profile.timezone)).date()


# mails


def _stop(asked: Asked) -> Response:
    if asked.state != "open":
        return _refused(asked)
    _speak_as(asked)
    if "again" in request.form:
        services().replies.start(asked, request.form.getlist("again"))
        return _page("reply_stopped.html", title=STOPPED[asked.reply.about][2], stopped=(), action="")
    # Also what a mail program sends by itself, RFC 8058: the answer must not lead anywhere else.
    return _stopped(asked, services().replies.stop(asked) or switches_of(asked))


def _stopped(asked: Asked, stopped: Collection[str]) -> Response:
    """
    Parameters
    ----------
    stopped : collection of str
        What can be switched on again.
    """
    title, again = STOPPED[asked.reply.about][1], url_for(".answer", token=_token(asked))
    return _page("reply_stopped.html", title=title, stopped=stopped, action=again)
