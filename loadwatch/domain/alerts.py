"""What becomes of findings: alerts that fire, are acknowledged, spent, corrected or taken back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from loadwatch.domain.rules import Evidence, Finding, Reason
from loadwatch.domain.thresholds import ALERT_LIFE, COOL_DOWN, HILL_ALERT_LIFE, OLD_RUN


class AlertState(StrEnum):
    """Where an alert stands. Prometheus' words where it has one."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    """Spent: its time has run out."""
    RETRACTED = "retracted"
    """Taken back: the run it spoke of was corrected or deleted."""


OPEN_STATES = frozenset({AlertState.FIRING, AlertState.ACKNOWLEDGED})

MAIL_FROM_SEVERITY = 2
"""An alert of this severity or more leaves by mail at once; below it waits for the weekly mail."""


@dataclass(frozen=True, slots=True)
class Alert:
    """
    An alert as the runner reads it, on a page, in a mail and through the API alike.

    Attributes
    ----------
    title, message, action : str
        The fact in a line; why it is told; what to do now.
    severity : int
        1 weekly mail, 2 caution.
    run_id, problem_id : int or None
        What it speaks of; None for a run that is gone.
    run_start : datetime
        Start of the run, UTC.
    created_at : datetime
        When it was first stored, UTC.
    load_level : int
        1 small, 2 moderate, 3 large.
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
    run_start: datetime
    created_at: datetime
    load_level: int = 1


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """
    An alert as far as its life-cycle needs it.

    Attributes
    ----------
    id : int
    episode : str
        With the dedup key what makes an alert one: the run it speaks of.
    finding_digest : str
        Of the facts it was last built on: equal digests mean that there is nothing to change.
    """

    id: int
    dedup_key: str
    episode: str
    state: AlertState
    severity: int
    run_start: datetime
    finding_digest: str


@dataclass(frozen=True, slots=True)
class Fire:
    """A finding without an alert yet: store one, in this state, for this cause."""

    finding: Finding
    state: AlertState
    cause: str


@dataclass(frozen=True, slots=True)
class Revise:
    """An alert whose facts changed: the numbers are replaced, the state may change with them."""

    alert: StoredAlert
    finding: Finding
    state: AlertState
    cause: str


@dataclass(frozen=True, slots=True)
class Retract:
    """An alert whose ground is gone."""

    alert: StoredAlert
    cause: str


Change = Fire | Revise | Retract


def episode(finding: Finding) -> str:
    """The name of the run in the alert's key."""
    return f"run-{finding.run.id}"


def alert_life(finding: Finding) -> timedelta:
    """After which time since its run an alert is spent."""
    return HILL_ALERT_LIFE if finding.family == "H" else ALERT_LIFE


def reconcile(
    stored: Sequence[StoredAlert], findings: Sequence[tuple[Finding, str]], *, as_of: datetime
) -> list[Change]:
    """
    The transitions that bring the stored alerts in line with what the rules say now.

    Doing it twice changes nothing the second time.

    Parameters
    ----------
    stored : sequence of StoredAlert
        All alerts of the runs that were judged, whatever their state.
    findings : sequence of (Finding, str)
        All that the rules say of those runs, each with its digest.
    as_of : datetime
        Now, UTC; decides only whether an alert is already spent.
    """
    by_key = {(a.dedup_key, a.episode): a for a in stored}
    changes: list[Change] = []
    for finding, digest in findings:
        alert = by_key.pop((finding.dedup_key, episode(finding)), None)
        spent = as_of >= finding.run.start + alert_life(finding)
        fresh = AlertState.RESOLVED if spent else AlertState.FIRING
        if alert is None:
            changes.append(Fire(finding, fresh, "spent before it was seen" if spent else "rule spoke"))
        elif alert.state is AlertState.RETRACTED:
            changes.append(Revise(alert, finding, fresh, "the run was corrected again"))
        elif alert.finding_digest != digest:
            worse = finding.severity > alert.severity and alert.state in OPEN_STATES
            state = AlertState.FIRING if worse else alert.state
            changes.append(Revise(alert, finding, state, "the facts were corrected"))
    for alert in by_key.values():
        if alert.state is not AlertState.RETRACTED:
            changes.append(Retract(alert, "the run was corrected or deleted: the rule no longer speaks"))
    return changes


@dataclass(frozen=True, slots=True)
class Mailed:
    """A mail that already left for some alert: of which key, on a run of which time, how severe."""

    dedup_key: str
    run_start: datetime
    severity: int


def mail_at_once(finding: Finding, mailed: Iterable[Mailed], *, as_of: datetime, old_runs_too: bool = False) -> bool:
    """
    Whether this finding leaves by mail now.

    Not below severity 2, not for a run that began more than 72 hours ago, not within 7 days of a mail of the
    same family, and not after a mail about the same run, unless this is more severe. Of several findings on
    one run the most severe must be asked about first.
    """
    if finding.severity < MAIL_FROM_SEVERITY:
        return False
    if as_of - finding.run.start > OLD_RUN and not old_runs_too:
        return False
    return not any(m.severity >= finding.severity and _speaks_for(m, finding) for m in mailed)


def _speaks_for(mail: Mailed, finding: Finding) -> bool:
    """Whether a mail was about the same run, or lately about the same family."""
    apart = abs(finding.run.start - mail.run_start)
    return not apart or (mail.dedup_key == finding.dedup_key and apart < COOL_DOWN)
