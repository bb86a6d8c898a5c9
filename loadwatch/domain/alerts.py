"""What becomes of findings: alerts that fire, are read, snoozed, spent, corrected or taken back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from loadwatch.domain.completeness import Gap
from loadwatch.domain.findings import ACT, LOAD_FAMILIES, RED, RED_FAMILY
from loadwatch.domain.rules import Evidence, Finding, Reason
from loadwatch.domain.text import Text, Units, in_units, moment_text, say
from loadwatch.domain.thresholds import (
    ALERT_LIFE,
    COOL_DOWN,
    COOL_DOWN_ACT,
    HILL_ALERT_LIFE,
    MUTE_AFTER,
    MUTE_WINDOW,
)


class AlertState(StrEnum):
    """Where an alert stands. Prometheus' words where it has one."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    MONITORING = "monitoring"
    """The same again, no worse, of what the runner has read already."""
    SNOOZED = "snoozed"
    """The runner wants to hear no more of its kind for a while."""
    RESOLVED = "resolved"
    """The runner says that it is gone, or a later alert speaks in its place."""
    EXPIRED = "expired"
    """Spent: its time has run out."""
    RETRACTED = "retracted"
    """Taken back: what it spoke of was corrected or deleted."""


OPEN_STATES = frozenset({AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.MONITORING, AlertState.SNOOZED})
READ_STATES = frozenset({AlertState.ACKNOWLEDGED, AlertState.MONITORING})

MAIL_FROM_SEVERITY = 2
"""An alert of this severity or more leaves at once; below it waits for the weekly summary."""

Settled = Literal["later", "gone"]
"""Why an alert is resolved: a later one speaks in its place; the runner says that it is gone."""

_SETTLED_CAUSE: Final[dict[Settled, Text]] = {
    "later": say("a later alert speaks in its place"),
    "gone": say("the runner says that it is gone"),
}

Sensitivity = Literal["quiet", "balanced", "watchful"]


@dataclass(frozen=True, slots=True)
class Alert:
    """
    An alert as the runner reads it, on a page, in a mail and through the API alike.

    Attributes
    ----------
    title, message, action : str
        The fact in a line; why it is told; what to do now.
    severity : int
        1 weekly mail, 2 caution, 3 act, 4 red flag.
    run_id : int or None
        The run it speaks of; None for a check-in without one, and for a run that is gone.
    problem_id, report_id : int or None
        The check-in that opened the problem it speaks of, and the one it stands on.
    at : datetime
        Start of the run, or time of the check-in, UTC.
    created_at : datetime
        When it was first stored, UTC.
    load_level, symptom_level : int
        0 none, 1 small, 2 moderate, 3 large; 0 none to 4 red flag.
    ask_at : datetime or None
        When to ask how it feels, UTC.
    feedback : str or None
        "useful" or "not_useful", where the runner said so.
    settled : Settled or None
        Why it is resolved.
    gap : Gap or None
        What was missing when it was last judged.
    """

    id: int
    rule: str
    rule_version: str
    severity: int
    state: AlertState
    title: str
    message: str
    action: str
    reasons: tuple[Reason, ...]
    evidence: Evidence
    coverage: tuple[str, ...]
    run_id: int | None
    problem_id: int | None
    at: datetime
    created_at: datetime
    load_level: int = 1
    dedup_key: str = ""
    symptom_level: int = 0
    report_id: int | None = None
    ask_at: datetime | None = None
    feedback: str | None = None
    settled: Settled | None = None
    gap: Gap | None = None

    def in_units(self, units: Units) -> "Alert":
        """The same with its English words in these units, where it is known how they were made."""
        return replace(
            self,
            title=in_units(self.title, units),
            message=in_units(self.message, units),
            action=in_units(self.action, units),
            coverage=tuple(in_units(line, units) for line in self.coverage),
        )

    @property
    def is_of_run(self) -> bool:
        """Whether a run alone set it off, not a check-in."""
        return self.report_id is None

    @property
    def is_of_load(self) -> bool:
        """Whether a rule on loads speaks, whatever hurts beside it."""
        return self.dedup_key.partition(":")[0] in LOAD_FAMILIES

    @property
    def is_red(self) -> bool:
        return self.severity >= RED

    @property
    def life(self) -> timedelta:
        """After which time since what it speaks of it is spent; no red flag is, by itself."""
        return HILL_ALERT_LIFE if self.dedup_key.startswith("H:") else ALERT_LIFE


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """
    An alert as far as its life-cycle needs it.

    Attributes
    ----------
    id : int
    episode : str
        With the dedup key what makes an alert one: the run or the check-in it speaks of.
    at : datetime
        When that was, UTC.
    finding_digest : str
        Of the facts it was last built on: equal digests mean that there is nothing to change.
    symptom_level : int
    settled : Settled or None
        Why it is resolved.
    """

    id: int
    dedup_key: str
    episode: str
    state: AlertState
    severity: int
    at: datetime
    finding_digest: str
    symptom_level: int = 0
    settled: Settled | None = None


@dataclass(frozen=True, slots=True)
class Fire:
    """A finding without an alert yet: store one, in this state, for this cause."""

    finding: Finding
    state: AlertState
    cause: str
    settled: Settled | None = None


@dataclass(frozen=True, slots=True)
class Revise:
    """An alert whose facts changed: the numbers are replaced, the state may change with them."""

    alert: StoredAlert
    finding: Finding
    state: AlertState
    cause: str
    settled: Settled | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """An alert whose facts stand, but whose state changes."""

    alert: StoredAlert
    state: AlertState
    cause: str
    settled: Settled | None = None


@dataclass(frozen=True, slots=True)
class Retract:
    """An alert whose ground is gone."""

    alert: StoredAlert
    cause: str


Change = Fire | Revise | Move | Retract


@dataclass(frozen=True, slots=True)
class Snooze:
    """Until when a key is not to be told, UTC, and up to which severity: what is worse is told all the same."""

    until: datetime
    severity: int


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What the runner wants to hear less of. None of it touches a red flag.

    Attributes
    ----------
    snoozed : mapping of dedup key to Snooze
    planned : collection of date
        Local days whose long run or race was planned: loads alone are no news there.
    muted : collection of str
        Dedup keys that wait for the weekly mail.
    """

    snoozed: Mapping[str, Snooze] = field(default_factory=dict)
    planned: Collection[date] = ()
    muted: Collection[str] = ()
    sensitivity: Sensitivity = "balanced"


NO_WISHES: Final = Wishes()


def episode(finding: Finding) -> str:
    """The name of the run or check-in in the alert's key."""
    return finding.episode


def alert_life(finding: Finding) -> timedelta | None:
    """After which time since what it speaks of an alert is spent; None for a red flag: never by itself."""
    if finding.is_red:
        return None
    return HILL_ALERT_LIFE if finding.family == "H" else ALERT_LIFE


def reconcile(
    stored: Sequence[StoredAlert],
    findings: Sequence[tuple[Finding, str]],
    *,
    as_of: datetime,
    wishes: Wishes = NO_WISHES,
) -> list[Change]:
    """
    The transitions that bring the stored alerts in line with what the rules say now.

    Doing it twice changes nothing the second time.

    Parameters
    ----------
    stored : sequence of StoredAlert
        All alerts of the runs and check-ins that were judged, whatever their state.
    findings : sequence of (Finding, str)
        All that the rules say of those, each with its digest.
    as_of : datetime
        Now, UTC; decides only whether an alert is already spent, and whether a snooze still holds.
    """
    by_key = {(a.dedup_key, a.episode): a for a in stored}
    followed = {key for finding, _ in findings for key in finding.follows}
    changes: list[Change] = []
    for finding, digest in findings:
        alert = by_key.pop((finding.dedup_key, finding.episode), None)
        settled = _settled(finding, followed)
        if alert is None or alert.state is AlertState.RETRACTED:
            state, cause = _fresh(finding, settled, stored, as_of, wishes)
            if alert is None:
                changes.append(Fire(finding, state, cause, settled))
            else:
                changes.append(Revise(alert, finding, state, _AGAIN, settled))
        elif alert.finding_digest != digest:
            changes.append(Revise(alert, finding, *_revised(alert, finding, settled), settled))
        elif alert.settled != settled:
            if settled is not None:
                changes.append(Move(alert, AlertState.RESOLVED, _SETTLED_CAUSE[settled], settled))
            else:
                state, _ = _fresh(finding, settled, stored, as_of, wishes)
                changes.append(Move(alert, state, _PLACE_FREE, settled))
    for alert in by_key.values():
        if alert.state is not AlertState.RETRACTED:
            of_report = alert.episode.startswith("report-")
            changes.append(Retract(alert, _CHECK_IN_CHANGED if of_report else _RUN_CHANGED))
    return changes


def _settled(finding: Finding, followed: Collection[tuple[str, str]]) -> Settled | None:
    if finding.is_red:
        return None
    if finding.closed is not None:
        return "gone"
    return "later" if (finding.dedup_key, finding.episode) in followed else None


def _is_spent(finding: Finding, as_of: datetime) -> bool:
    life = alert_life(finding)
    return life is not None and as_of >= finding.at + life


def _fresh(
    finding: Finding,
    settled: Settled | None,
    stored: Iterable[StoredAlert],
    as_of: datetime,
    wishes: Wishes,
) -> tuple[AlertState, str]:
    """The state in which a finding begins, and why."""
    if settled is not None:
        return AlertState.RESOLVED, _SETTLED_CAUSE[settled]
    if _is_spent(finding, as_of):
        return AlertState.EXPIRED, say("spent before it was seen")
    if finding.is_red:
        return AlertState.FIRING, _SPOKE
    if finding.is_load_only and finding.local_date in wishes.planned:
        return AlertState.ACKNOWLEDGED, say("planned by the runner")
    snooze = wishes.snoozed.get(finding.dedup_key)
    if snooze is not None and as_of < snooze.until and finding.severity <= snooze.severity:
        return AlertState.SNOOZED, snoozed_until(snooze.until)
    if finding.family not in LOAD_FAMILIES and any(_goes_on(a, finding) for a in stored):
        return AlertState.MONITORING, say("no worse than what the runner has read")
    return AlertState.FIRING, _SPOKE


_SPOKE: Final = say("rule spoke")
_AGAIN: Final = say("what it rests on was corrected again")
_PLACE_FREE: Final = say("what had taken its place is gone")
_RUN_CHANGED: Final = say("the run was corrected or deleted: the rule no longer speaks")
_CHECK_IN_CHANGED: Final = say("the check-in was corrected or deleted: the rule no longer speaks")


def snoozed_until(until: datetime) -> Text:
    """Why an alert is snoozed."""
    return say("snoozed by the runner until {moment} UTC", moment=moment_text(until, UTC, year=True))


def _goes_on(alert: StoredAlert, finding: Finding) -> bool:
    """Whether an alert that was read says as much of the same, lately."""
    return (
        alert.state in READ_STATES
        and alert.dedup_key == finding.dedup_key
        and timedelta() <= finding.at - alert.at < cool_down(finding)
        and not is_worse(finding, alert.severity, alert.symptom_level)
    )


def _revised(alert: StoredAlert, finding: Finding, settled: Settled | None) -> tuple[AlertState, str]:
    cause = say("the facts were corrected")
    if finding.is_red:
        return AlertState.FIRING, cause  # it may be more urgent than what was read
    if settled is not None:
        return AlertState.RESOLVED, _SETTLED_CAUSE[settled] if alert.settled != settled else cause
    if alert.settled is not None:
        return AlertState.FIRING, _PLACE_FREE
    if alert.state in OPEN_STATES and is_worse(finding, alert.severity, alert.symptom_level):
        return AlertState.FIRING, cause
    return alert.state, cause


def cool_down(finding: Finding) -> timedelta:
    """How long a key is quiet after a word on it."""
    return COOL_DOWN_ACT if finding.severity >= ACT and finding.family != "P" else COOL_DOWN


def is_worse(finding: Finding, severity: int, symptom_level: int) -> bool:
    """Whether a finding is more than an earlier word: more severe, or of a higher symptom level."""
    return finding.severity > severity or finding.symptom_level > symptom_level


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the runner thinks of one alert."""

    dedup_key: str
    is_useful: bool
    at: datetime


def muted_keys(
    feedback: Iterable[Feedback], as_of: datetime, restored: Mapping[str, datetime] | None = None
) -> frozenset[str]:
    """
    Keys that wait for the weekly mail: called not useful three times in 60 days, since they were last restored.

    Parameters
    ----------
    restored : mapping of dedup key to datetime
        When the runner asked to hear of it at once again.
    """
    counts: dict[str, int] = {}
    for given in feedback:
        since = (restored or {}).get(given.dedup_key)
        recent = timedelta() <= as_of - given.at < MUTE_WINDOW and (since is None or given.at > since)
        if recent and not given.is_useful and not given.dedup_key.startswith(f"{RED_FAMILY}:"):
            counts[given.dedup_key] = counts.get(given.dedup_key, 0) + 1
    return frozenset(key for key, n in counts.items() if n >= MUTE_AFTER)
