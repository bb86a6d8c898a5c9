"""Answers with one tap: what a link of a mail asks, and what pressing its button does. Looking changes nothing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from loadwatch.domain.mornings import reasons_to_stop
from loadwatch.domain.symptoms import Problem, SymptomReport, earlier_of_problem
from loadwatch.domain.thresholds import NRS_CHANGE, NRS_MODERATE
from loadwatch.services.accounts import AccountService
from loadwatch.services.alerts import AlertService
from loadwatch.services.check_in import CheckInResult, CheckInService
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.health_ports import Draft
from loadwatch.services.ports import AthleteProfile, Clock, Database, Tx
from loadwatch.services.reply_ports import StoredReply
from loadwatch.services.telling_ports import Reply, ReplyLinks

GRACE: Final = timedelta(hours=1)
"""So long after its end a link that was opened before is still taken. Design choice: time to fill in the form."""

CHECK_INS: Final = frozenset({"felt", "ask"})
"""Purposes that ask how the thighs feel."""

OF_ALERTS: Final = frozenset({"planned", "not_useful", "read"})
"""Purposes that tell what the runner does with an alert."""

SWITCHES: Final[Mapping[str, str]] = {"alerts": "alert_mails", "weekly": "weekly_mail", "asks": "ask_mails"}
"""What can be stopped, and the setting that says so. No setting stops red flags."""

MORE: Final = "more"
"""The purpose under which the questions after an answer are kept; their about names the answer's own purpose too."""

State = Literal["open", "expired", "answered", "gone"]


class AlreadyAnswered(LoadwatchError):
    """The question has its answer; a second one changes nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What a link asks, of whom, and whether it can still be answered.

    Attributes
    ----------
    state : {"open", "expired", "answered", "gone"}
        gone: the alert it is about is no more, or the problem is closed.
    day : date or None
        The local day that it is about; None where it is about none.
    problem : Problem or None
        Of a question how much a problem hurts.
    done : StoredReply or None
        The answer, where there is one.
    pain : int or None
        Worst pain of the check-in that the answer became. [0-10]
    """

    reply: Reply
    profile: AthleteProfile
    state: State
    day: date | None = None
    problem: Problem | None = None
    done: StoredReply | None = None
    pain: int | None = None

    @property
    def wants_form(self) -> bool:
        """Whether the answer needs the whole form: something hurts, or of a problem nobody told the side."""
        if self.reply.purpose in CHECK_INS:
            return self.reply.answer != "fine"
        return self.problem is not None and bool(self.problem.latest.regions) and self.problem.latest.side is None


@dataclass(frozen=True, slots=True)
class Answered:
    """
    What became of an answer.

    Attributes
    ----------
    asked : Asked
        As it stands after the answer.
    is_new : bool
        False where the question had its answer before: then this one was not taken.
    result : CheckInResult or None
        What the check-in says; None where the answer is no check-in.
    stop_reasons : tuple of str
        Why there is no running and no exercise today.
    wants_more : bool
        Whether it hurts so much, or so much more, that the whole form is asked.
    """

    asked: Asked
    is_new: bool
    result: CheckInResult | None = None
    stop_reasons: tuple[str, ...] = ()
    wants_more: bool = False


class ReplyService:
    """
    Does what links say for whom they were made: whoever has one may do that and nothing else.

    Parameters
    ----------
    links : ReplyLinks
        Reads what they say.
    """

    def __init__(
        self,
        database: Database,
        links: ReplyLinks,
        check_ins: CheckInService,
        alerts: AlertService,
        accounts: AccountService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._links = links
        self._check_ins = check_ins
        self._alerts = alerts
        self._accounts = accounts
        self._clock = clock

    def asked(self, token: str, *, grace: timedelta = timedelta()) -> Asked | None:
        """
        What a link asks; nothing is changed.

        Parameters
        ----------
        grace : timedelta
            For so long after its end it counts as open.

        Returns
        -------
        Asked or None
            None if the link was not made here, or its runner is no more.
        """
        reply = self._links.read(token)
        if reply is None:
            return None
        with self._database.read() as tx:
            profile = tx.athlete(reply.athlete_id)
            return self._asked(tx, profile, reply, grace) if profile else None

    def _asked(self, tx: Tx, profile: AthleteProfile, reply: Reply, grace: timedelta) -> Asked:
        if self._clock() >= reply.until + grace:
            return Asked(reply, profile, "expired")
        done = tx.reply(profile.id, reply.purpose, reply.about)
        report = tx.symptom_report(profile.id, done.report_id) if done and done.report_id else None
        day, problem, is_gone = self._about(tx, profile, reply)
        state: State = "answered" if done else "gone" if is_gone else "open"
        return Asked(reply, profile, state, day, problem, done, report.worst_pain if report else None)

    def _about(self, tx: Tx, profile: AthleteProfile, reply: Reply) -> tuple[date | None, Problem | None, bool]:
        """The day and the problem that it is about, and whether what it is about is gone."""
        match reply.purpose:
            case "ask":
                return date.fromisoformat(reply.about.partition(".")[0]), None, False
            case "felt" | "planned" | "not_useful" | "read":
                alert = tx.alert(profile.id, int(reply.about))
                day = alert.at.astimezone(ZoneInfo(profile.timezone)).date() if alert else None
                # How it feels can be told whatever became of the alert.
                return day, None, alert is None and reply.purpose in OF_ALERTS
            case "pain":
                problem = self._problem(tx, reply)
                return None, problem, problem is None or not problem.is_open
            case _:
                return None, None, False

    def _problem(self, tx: Tx, reply: Reply) -> Problem | None:
        try:
            return self._check_ins.find(tx, reply.athlete_id, int(reply.about.partition(".")[0]))
        except NotYours:
            return None

    # answers

    def answer(self, token: str, draft: Draft | None = None) -> Answered | None:
        """
        Take the answer of a link, once.

        Parameters
        ----------
        draft : Draft, optional
            What the form says, where the link leads to one.

        Returns
        -------
        Answered or None
            None if the link was not made here, or its runner is no more.

        Raises
        ------
        InvalidCheckIn
            If the form cannot be so; the question stays open.
        """
        asked = self.asked(token, grace=GRACE)
        if asked is None or asked.state in ("expired", "gone"):
            return Answered(asked, is_new=False) if asked else None
        if asked.state == "answered":
            return self._again(asked)
        reply, purpose = asked.reply, asked.reply.purpose
        if purpose in OF_ALERTS:
            return self._of_alert(asked)
        if not asked.wants_form:
            draft = (
                _on_problem(asked.problem, int(reply.answer)) if asked.problem else Draft(pain_today=0, source="page")
            )
        assert draft is not None, f"{purpose} needs a form"
        # The form may be answered with "nothing hurts" after all.
        said = "fine" if purpose in CHECK_INS and _says_nothing_hurts(draft) else reply.answer
        return self._record(asked, draft, said)

    def more(self, token: str, draft: Draft) -> Answered | None:
        """
        Take the whole form after the answer to a question of pain, once: a check-in beside the first.

        Raises
        ------
        InvalidCheckIn
        """
        asked = self.asked(token, grace=GRACE)
        if asked is None or asked.state != "answered" or asked.reply.purpose != "pain":
            return Answered(asked, is_new=False) if asked else None
        return self._record(asked, draft, "")

    def _record(self, asked: Asked, draft: Draft, said: str) -> Answered:
        """The check-in and that the question is answered, both or neither."""
        reply, is_more = asked.reply, asked.state == "answered"
        purpose, about = _more(reply) if is_more else (reply.purpose, reply.about)

        def once(tx: Tx, report: SymptomReport) -> None:
            done = StoredReply(said, report.id, self._clock())
            if not tx.add_reply(reply.athlete_id, purpose, about, done):
                raise AlreadyAnswered

        try:
            result = self._check_ins.record(reply.athlete_id, replace(draft, client_key=None), once)
        except AlreadyAnswered:
            return self._again(asked)
        return self._result(asked, result, is_new=True)

    def _of_alert(self, asked: Asked) -> Answered:
        reply, alert_id = asked.reply, int(asked.reply.about)
        does: dict[str, Callable[[], None]] = {
            "planned": lambda: self._alerts.planned(reply.athlete_id, alert_id),
            "not_useful": lambda: self._alerts.feedback(reply.athlete_id, alert_id, useful=False),
            "read": lambda: self._alerts.acknowledge(reply.athlete_id, alert_id),
        }
        # First: each may run twice, while an answer that is noted and not done would be lost.
        does[reply.purpose]()
        done = StoredReply(reply.answer, None, self._clock())
        with self._database.write() as tx:
            is_new = tx.add_reply(reply.athlete_id, reply.purpose, reply.about, done)
        return Answered(replace(asked, state="answered", done=done), is_new)

    def _again(self, asked: Asked) -> Answered:
        """What the first answer said, once more: whoever taps twice sees the second page alone."""
        reply = asked.reply
        with self._database.read() as tx:
            asked = self._asked(tx, asked.profile, reply, GRACE)
            more = tx.reply(reply.athlete_id, *_more(reply))
        report_id = (more or asked.done or StoredReply("", None, reply.until)).report_id
        if report_id is None:
            return Answered(asked, is_new=False)
        return self._result(asked, self._check_ins.result(reply.athlete_id, report_id), is_new=False)

    def _result(self, asked: Asked, result: CheckInResult, *, is_new: bool) -> Answered:
        reply, report = asked.reply, result.report
        with self._database.read() as tx:
            asked = self._asked(tx, asked.profile, reply, GRACE)
            has_more = tx.reply(reply.athlete_id, *_more(reply)) is not None
            before = earlier_of_problem(report, tx.symptom_reports(reply.athlete_id))
        return Answered(
            asked,
            is_new,
            result,
            reasons_to_stop(report, before) if report.hurts else (),
            wants_more=reply.purpose == "pain" and not has_more and _is_much(report, before),
        )

    def follow_up(self, token: str, answers: Mapping[str, bool]) -> Answered | None:
        """Take answers to the questions that the check-in of this link left open; what was answered before stays."""
        asked = self.asked(token, grace=GRACE)
        if asked is None or asked.state != "answered":
            return Answered(asked, is_new=False) if asked else None
        before = self._again(asked)
        if before.result is None:
            return before
        still_open = {question.code for question in before.result.follow_ups}
        given = {code: yes for code, yes in answers.items() if code in still_open}
        if not given:
            return before
        result = self._check_ins.answer(asked.profile.id, before.result.report.id, given)
        return self._result(asked, result, is_new=True)

    # mails

    def stop(self, asked: Asked) -> tuple[str, ...]:
        """Switch off the mails that a link names; which of them were on. Safe to repeat."""
        was_on = on_of(asked)
        self._switch(asked, was_on, on=False)
        return was_on

    def start(self, asked: Asked, names: Collection[str]) -> tuple[str, ...]:
        """Switch mails on again, as far as the link is about them; which."""
        wanted = tuple(name for name in switches_of(asked) if name in names)
        self._switch(asked, wanted, on=True)
        return wanted

    def _switch(self, asked: Asked, names: Collection[str], *, on: bool) -> None:
        if names:
            changes: dict[str, bool] = {SWITCHES[name]: on for name in names}
            self._accounts.update_profile(asked.profile.id, **changes)  # type: ignore[arg-type]  # names of switches


def switches_of(asked: Asked) -> tuple[str, ...]:
    """Names of the mails that a link is about."""
    return tuple(SWITCHES) if asked.reply.about == "all" else (asked.reply.about,)


def on_of(asked: Asked) -> tuple[str, ...]:
    """Those of them that are switched on."""
    return tuple(name for name in switches_of(asked) if getattr(asked.profile, SWITCHES[name]))


def _more(reply: Reply) -> tuple[str, str]:
    """Purpose and about of what is asked after an answer."""
    return MORE, f"{reply.purpose}.{reply.about}"


def _on_problem(problem: Problem, pain: int) -> Draft:
    """A check-in that says how much a problem hurts today, at the place where it was told last, and nothing else."""
    last = problem.latest
    return Draft(side=last.side, regions=last.regions, pain_today=pain, source="page")


def _says_nothing_hurts(draft: Draft) -> bool:
    return draft == Draft(pain_today=0, client_key=draft.client_key, source=draft.source)


def _is_much(report: SymptomReport, before: Sequence[SymptomReport]) -> bool:
    """Whether the pain is severe, or clearly more than when it was told last."""
    now = report.worst_pain or 0
    told = [r.worst_pain for r in before if r.worst_pain is not None]
    return now > NRS_MODERATE or bool(told and now - told[-1] >= NRS_CHANGE)
