"""Lays out what a runner is told, on each way that takes it: nothing else puts anything into the outbox."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.alerts import MAIL_FROM_SEVERITY, Alert, AlertState, muted_keys
from loadwatch.domain.findings import RED
from loadwatch.domain.report import check_in_due
from loadwatch.domain.telling import QuietHours, ask_telling, asks_at, weekly_telling
from loadwatch.domain.thresholds import MUTE_WINDOW, OLD_RUN
from loadwatch.domain.weekly_clock import due, newest_due
from loadwatch.services.ports import AthleteProfile, Tx
from loadwatch.services.telling_ports import MAIL, Channel
from loadwatch.services.timing_ports import WeeklyRow

BUDGET_REACH = timedelta(days=30) + OLD_RUN
"""How long ago may be what an alert spoke of that still counts against the budget."""

_ASKED_AFTER: Final = frozenset({AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.MONITORING})
"""Alerts after which it is asked how it feels: of a snoozed kind the runner wants to hear less."""


def quiet_hours(profile: AthleteProfile) -> QuietHours:
    """The runner's own."""
    return QuietHours(profile.timezone, profile.quiet_from, profile.quiet_to)


def tell(
    tx: Tx,
    profile: AthleteProfile,
    kind: str,
    subject: str,
    severity: int,
    now: datetime,
    *,
    not_before: datetime | None = None,
    only: Collection[str] | None = None,
) -> bool:
    """
    Lay something out on every way that takes it; whether there is one on which it has not left before.

    Parameters
    ----------
    kind, subject : str
        What it is, and of what: see `Tx.add_outbox`.
    severity : int
        Of the alert; 0 where there is none.
    only : collection of str or None
        Ways to choose from: who was not told of an alert need not hear that it is withdrawn.
    """
    ways = [way for way in ways_to(profile, tx.channels(profile.id), kind, severity) if only is None or way in only]
    laid_out = [tx.add_outbox(profile.id, kind, subject, now, not_before, way) for way in ways]
    return any(outbox_id is not None for outbox_id in laid_out)


def ways_to(profile: AthleteProfile, channels: Sequence[Channel], kind: str, severity: int) -> list[str]:
    """The ways that take something of a kind, by their names in the outbox; a red flag takes all that work."""
    others = (c.outbox_name for c in channels if c.disabled_at is None and _takes(c, kind, severity))
    return [*([MAIL] if takes_mail(profile, kind, severity) else []), *others]


def takes_mail(profile: AthleteProfile, kind: str, severity: int) -> bool:
    """A red flag is tried though the address was refused; receipts, and what takes a mail back, are always wanted."""
    if not profile.email:
        return False
    wanted = {"alert": profile.alert_mails, "weekly": profile.weekly_mail, "ask": profile.ask_mails}.get(kind, True)
    return severity >= RED or (wanted and profile.mail_refused_at is None)


def _takes(channel: Channel, kind: str, severity: int) -> bool:
    match kind:
        case "weekly":
            return channel.takes_weekly
        case "ask":
            return channel.takes_asks
        case "alert" | "again":
            # Who wants to hear of small jumps at once hears of them wherever cautions go.
            return max(severity, MAIL_FROM_SEVERITY) >= channel.least_severity
        case _:
            return kind == "retraction"


def lay_out_weekly(tx: Tx, profiles: Sequence[AthleteProfile], now: datetime) -> None:
    """Lay out the summary of each athlete whose hour has come, if they want it, and note when the next is due."""
    channels = tx.weekly_channels([p.id for p in profiles])
    rows, plans = [], []
    for profile in profiles:
        clock = (profile.timezone, profile.weekly_day, profile.weekly_hour)
        week = newest_due(now, *clock)
        plans.append((profile.id, week.shifted(1), due(week.shifted(1), *clock)))
        leaves = weekly_telling(due(week, *clock), as_of=now, quiet=quiet_hours(profile)).at
        assert leaves is not None
        by_mail = [MAIL] if takes_mail(profile, "weekly", 0) else []
        rows += [WeeklyRow(profile.id, week, way, leaves) for way in (*by_mail, *channels.get(profile.id, ()))]
    tx.lay_out_weekly(rows, now)
    tx.plan_weekly(plans)


def muted(tx: Tx, athlete_id: int, now: datetime) -> frozenset[str]:
    """The kinds of alerts that a runner has called not useful too often to hear of them at once."""
    restored = {w.dedup_key: w.restored_at for w in tx.alert_wishes(athlete_id) if w.restored_at is not None}
    return muted_keys(tx.feedback(athlete_id, now - MUTE_WINDOW), now, restored)


def is_to_be_asked(tx: Tx, profile: AthleteProfile, alert: Alert, now: datetime) -> bool:
    """Whether it is still to be known how it feels after an alert: it stands, and no check-in has told it since."""
    reports = tx.symptom_reports(profile.id, alert.at)
    return check_in_due([alert], reports, as_of=now, timezone=ZoneInfo(profile.timezone)) is not None


def ask(tx: Tx, athlete_id: int, alert_id: int, now: datetime) -> bool:
    """
    Ask how it feels after an alert, if that is still to be known; whether the question was laid out.

    Not where a check-in is there by now, the alert was taken back, its kind is muted or its day is over.
    """
    tx.plan_ask(alert_id, None)
    profile, alert = tx.athlete(athlete_id), tx.alert(athlete_id, alert_id)
    if profile is None or alert is None or alert.ask_at is None or alert.state not in _ASKED_AFTER:
        return False
    if alert.dedup_key in muted(tx, athlete_id, now):
        return False
    quiet, zone = quiet_hours(profile), ZoneInfo(profile.timezone)
    at, today = asks_at(alert.ask_at, quiet), now.astimezone(zone).date()
    if at > now:  # the runner has moved, or sleeps longer
        tx.plan_ask(alert_id, at)
        return False
    if today != at.astimezone(zone).date() or not is_to_be_asked(tx, profile, alert, now):
        return False
    since = now - BUDGET_REACH
    told, asked = tx.mailed(athlete_id, since), tx.asked(athlete_id, since)
    telling = ask_telling(alert.at, told, asked, as_of=now, quiet=quiet)
    return telling.leaves and tell(tx, profile, "ask", f"{today}.{alert_id}", 0, now)
