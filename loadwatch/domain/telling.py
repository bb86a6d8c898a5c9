"""
Whether a word reaches the runner, and when: the one place of cool-downs, budgets and quiet hours, for all ways.

A word is an alert, the question how it feels, or the summary of a week. It counts once, however many ways it goes.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from loadwatch.domain.alerts import MAIL_FROM_SEVERITY, NO_WISHES, Sensitivity, Wishes, cool_down, is_worse
from loadwatch.domain.findings import ACT, RED
from loadwatch.domain.rules import Finding
from loadwatch.domain.text import Text, say
from loadwatch.domain.thresholds import (
    BUDGET_ACT_DAY,
    BUDGET_MONTH,
    BUDGET_WEEK,
    MORNING_HOUR,
    OLD_RUN,
    QUIET_FROM,
    QUIET_TO,
    RED_AGAIN,
)
from loadwatch.domain.weekly_clock import ON_TIME

DIGEST_ONLY: Final = frozenset({"R-M3"})
"""Rules that with loads alone wait for the weekly summary, however much the runner wants to hear."""

_BUDGETS: Final = ((7, BUDGET_WEEK), (30, BUDGET_MONTH))
"""Days, and how many words in them."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """
    Hours of the night in which nothing leaves but a red flag.

    Attributes
    ----------
    begin, end : int
        Local hours, 0 to 23; equal ones mean that there are none.
    """

    timezone: str
    begin: int = QUIET_FROM
    end: int = QUIET_TO


@dataclass(frozen=True, slots=True)
class Mailed:
    """
    An alert of which the runner was told, by mail or any other way.

    Attributes
    ----------
    at : datetime
        When what it speaks of was: start of the run, or time of the check-in, UTC.
    left_at : datetime or None
        When it left, or is to leave, UTC; None: at that time.
    is_withdrawn : bool
        It was taken back since: it stands for nothing any more, but the runner had to read it.
    """

    dedup_key: str
    at: datetime
    severity: int
    symptom_level: int = 0
    left_at: datetime | None = None
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A question how it feels that left, or is to leave: about the run of which time, when, on which local day."""

    about: datetime
    left_at: datetime
    day: date


@dataclass(frozen=True, slots=True)
class Telling:
    """
    What becomes of a word.

    Attributes
    ----------
    when : {"now", "later", "weekly", "never"}
        It leaves now; at the end of the quiet hours; it stands in the summary of the week; it does not leave.
    at : datetime or None
        When it leaves by itself, UTC.
    why : Text
        For the runner: a sentence.
    """

    when: Literal["now", "later", "weekly", "never"]
    at: datetime | None
    why: Text

    @property
    def leaves(self) -> bool:
        """Whether it leaves by itself, now or later."""
        return self.at is not None


def alert_telling(
    finding: Finding,
    mailed: Iterable[Mailed],
    *,
    as_of: datetime,
    quiet: QuietHours | None = None,
    wishes: Wishes = NO_WISHES,
    old_runs_too: bool = False,
) -> Telling:
    """
    Whether a finding that fires leaves, and when.

    A red flag always does, at once. Else not below severity 2 (for loads alone `Wishes.sensitivity` moves that), not
    for what is more than 72 hours old, not of a muted key; not within the cool-down after a word on the same thing
    (7 days, of severity 3 72 hours) unless this is worse; not after a word about the same run or check-in unless this
    is more severe; and no more than 2 in 7 and 4 in 30 days, of severity 3 one a day. Of several findings on one
    thing the most severe must be asked about first.

    Days are counted between what the words speak of, and between the moments at which they leave: neither runs that
    arrive late nor a night's wait bring more than the budget.

    Design choice: questions how it feels do not count here, so that no alert is displaced by one.

    Parameters
    ----------
    quiet : QuietHours or None
        None: there are none.
    old_runs_too : bool
        The operator wants to be told of old runs as if they had just been run; they count by the runs' days alone.
    """
    if finding.is_red:
        return Telling("now", as_of, _AT_ONCE)
    if not _is_loud(finding, wishes.sensitivity):
        return Telling("weekly", None, say("Too small a jump to be told at once."))
    if finding.dedup_key in wishes.muted:
        return Telling("weekly", None, say("You called its kind not useful three times."))
    if as_of - finding.at > OLD_RUN and not old_runs_too:
        return Telling("never", None, say("What it speaks of was more than three days ago when it became known."))
    known = list(mailed)
    spoken = next((m for m in known if not m.is_withdrawn and _speaks_for(m, finding)), None)
    if spoken is not None and spoken.at == finding.at:
        return Telling("weekly", None, say("You were told something else about this run or check-in already."))
    if spoken is not None:
        return Telling("weekly", None, say("You were told the same lately, and this is no worse."))
    leaves = as_of if quiet is None else leaves_at(finding.severity, as_of, quiet)
    full = _full_budget(finding, known, None if old_runs_too else leaves)
    if full is not None:
        return Telling("weekly", None, full)
    return Telling("now", leaves, _AT_ONCE) if leaves == as_of else Telling("later", leaves, _AFTER_QUIET_HOURS)


_AT_ONCE: Final = say("Told at once.")
_AFTER_QUIET_HOURS: Final = say("Told when your quiet hours end.")


def ask_telling(
    about: datetime, mailed: Iterable[Mailed], asked: Collection[Asked], *, as_of: datetime, quiet: QuietHours
) -> Telling:
    """
    Whether the question how it feels leaves now, on the morning that was chosen for it.

    Design choices: one question about a run, and one a day; none on a day on which an alert about that run leaves,
    which asks the same; none within quiet hours; and none unless alerts and questions of the last 7 and 30 days
    together leave room for one more in the budget of alerts. An alert is never displaced by a question.

    Parameters
    ----------
    about : datetime
        Start of the run, or time of the check-in, UTC.
    """
    zone, known = ZoneInfo(quiet.timezone), list(mailed)
    today = as_of.astimezone(zone).date()
    if leaves_at(0, as_of, quiet) > as_of:
        return Telling("never", None, say("It was to be asked in your quiet hours."))
    if any(a.about == about for a in asked):
        return Telling("never", None, say("You were asked about this run already."))
    if any(a.day == today for a in asked):
        return Telling("never", None, say("You were asked today already."))
    if any(m.at == about and (m.left_at or m.at).astimezone(zone).date() == today for m in known):
        return Telling("never", None, say("The alert of today asks the same."))
    left = [*(m.left_at or m.at for m in known), *(a.left_at for a in asked)]
    for days, most in _BUDGETS:
        if sum(as_of - at < timedelta(days=days) for at in left) >= most:
            return Telling("never", None, _told_enough(most, days))
    return Telling("now", as_of, _AT_ONCE)


def weekly_telling(due: datetime, *, as_of: datetime, quiet: QuietHours) -> Telling:
    """When the summary of a week leaves: at its hour whatever hour that is; if that has gone by, not at night."""
    leaves = as_of if as_of - due < ON_TIME else leaves_at(0, as_of, quiet)
    return Telling("now", leaves, _AT_ONCE) if leaves == as_of else Telling("later", leaves, _AFTER_QUIET_HOURS)


def asks_at(ask_at: datetime, quiet: QuietHours) -> datetime:
    """
    When to send the question that a rule wants asked from `ask_at` on: UTC.

    On the morning of that day, not before `ask_at`, nor within quiet hours.
    """
    local = ask_at.astimezone(ZoneInfo(quiet.timezone))
    morning = datetime.combine(local.date(), time(MORNING_HOUR), local.tzinfo).astimezone(UTC)
    return leaves_at(0, max(morning, ask_at), quiet)


def ask_due(finding: Finding, *, as_of: datetime, quiet: QuietHours) -> datetime | None:
    """When to see whether the question after a finding leaves, UTC; None: its rule asks none, or its day is over."""
    if finding.ask_at is None:
        return None
    at, zone = asks_at(finding.ask_at, quiet), ZoneInfo(quiet.timezone)
    return at if as_of.astimezone(zone).date() <= at.astimezone(zone).date() else None


def leaves_at(severity: int, now: datetime, quiet: QuietHours) -> datetime:
    """When a word that is ready now may leave, UTC: now, or at the end of the quiet hours."""
    local = now.astimezone(ZoneInfo(quiet.timezone))
    into_night = (local.hour - quiet.begin) % 24
    night = (quiet.end - quiet.begin) % 24
    if severity >= RED or into_night >= night:
        return now
    day = local.date() + timedelta(days=int(local.hour >= quiet.begin > quiet.end))
    end = datetime(day.year, day.month, day.day, quiet.end, tzinfo=local.tzinfo)
    return max(end.astimezone(now.tzinfo), now)


def _is_loud(finding: Finding, sensitivity: Sensitivity) -> bool:
    if not finding.is_load_only or sensitivity == "balanced":
        return finding.severity >= MAIL_FROM_SEVERITY
    if finding.confidence == "low" or finding.rule in DIGEST_ONLY:
        return False
    return finding.load_level >= (3 if sensitivity == "quiet" else 1)


def _speaks_for(mail: Mailed, finding: Finding) -> bool:
    """Whether a word was about the same run or check-in, or lately about the same thing, and no less severe."""
    apart = abs(finding.at - mail.at)
    if not apart:
        return mail.severity >= finding.severity
    same = _subject(mail.dedup_key) == _subject(finding.dedup_key)
    return same and apart < cool_down(finding) and not is_worse(finding, mail.severity, mail.symptom_level)


def _subject(dedup_key: str) -> str:
    """What a key is about: patterns and symptoms of one site are about the same."""
    family, _, what = dedup_key.partition(":")
    return f"CS:{what}" if family in ("C", "S") else dedup_key


def _full_budget(finding: Finding, mailed: Iterable[Mailed], leaves: datetime | None) -> Text | None:
    """Why one more is too many, None where there is room."""
    if finding.severity >= ACT:
        severe = [_apart(m, finding, leaves) for m in mailed if m.severity == ACT]
        if sum(a < timedelta(days=1) for a in severe) >= BUDGET_ACT_DAY:
            return say("You were told something as severe within a day.")
        return None
    apart = [_apart(m, finding, leaves) for m in mailed if m.severity < ACT]
    for days, most in _BUDGETS:
        if sum(a < timedelta(days=days) for a in apart) >= most:
            return _told_enough(most, days)
    return None


def _apart(mail: Mailed, finding: Finding, leaves: datetime | None) -> timedelta:
    apart = abs(finding.at - mail.at)
    return apart if leaves is None or mail.left_at is None else min(apart, abs(leaves - mail.left_at))


def _told_enough(most: int, days: int) -> Text:
    return say("You were told {n} times in {days} days, which is the most.", n=most, days=days)


@dataclass(frozen=True, slots=True)
class RedAlert:
    """A red flag that fires, with the number of mails that left for it and when the last did, UTC."""

    alert_id: int
    dedup_key: str
    at: datetime
    n_mails: int
    last_mail_at: datetime | None


def told_again(red: Iterable[RedAlert], as_of: datetime) -> list[RedAlert]:
    """Of the red flags that nobody has acknowledged those to be told again: of each kind the newest, each 24 h."""
    newest: dict[str, RedAlert] = {}
    for alert in sorted(red, key=lambda a: (a.at, a.alert_id)):
        newest[alert.dedup_key] = alert
    return [a for a in newest.values() if a.last_mail_at is None or as_of - a.last_mail_at >= RED_AGAIN]
