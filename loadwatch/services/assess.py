"""From stored runs to alerts, and from alerts to mails that wait to be sent."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime, timedelta

from loadwatch.domain.alerts import AlertState, Fire, Mailed, Retract, Revise, mail_at_once, reconcile
from loadwatch.domain.rules import Finding, judge, look_back_from
from loadwatch.domain.wording import alert_text
from loadwatch.services.ports import AthleteProfile, Clock, Database, Nudge, Tx

FAILED_AGAIN = timedelta(minutes=10)

PATIENCE = timedelta(seconds=10)
"""How long a judgement waits for runs that are just arriving. A watch hands over a week of runs at once and they
overtake one another: judged too early, today's run would be a jump over last Sunday's, which is still on its way."""


def finding_digest(finding: Finding) -> str:
    """Of what a finding says: equal digests, equal alerts. Coverage is left out, it grows with each run."""
    facts = {
        "rule": finding.rule,
        "version": finding.rule_version,
        "level": finding.load_level,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "reasons": [asdict(r) for r in finding.reasons],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class AssessService:
    """Judges what changed, each run as of its own start, and brings the alerts in line."""

    def __init__(self, database: Database, nudge: Nudge, clock: Clock, *, notify_old_runs: bool = False) -> None:
        self._database = database
        self._nudge = nudge
        self._clock = clock
        self._notify_old_runs = notify_old_runs

    def assess(self, athlete_id: int) -> int:
        """
        Assess an athlete if something of theirs waits for it; the number of transitions made.

        Alerts, their transitions and their mails are stored in the transaction that marks the work as done.
        A rule that raises leaves the runs untouched and the work to be tried again.
        """
        try:
            with self._database.write() as tx:
                waiting = tx.lock_assessment(athlete_id)
                profile = tx.athlete(athlete_id)
                if waiting is None or profile is None:
                    return 0
                wanted, since, asked_at = waiting
                now = self._clock()
                if now - asked_at < PATIENCE and tx.is_arriving(athlete_id, now):
                    return 0  # whoever stores the last of them asks again, and the sweep asks in any case
                n_changes, mails = self._judge(tx, profile, since)
                tx.settle_assessment(athlete_id, wanted)
        except Exception as error:
            with self._database.write() as tx:
                tx.fail_assessment(athlete_id, repr(error), self._clock() + FAILED_AGAIN)
            raise
        if mails:
            self._nudge.mails()
        return n_changes

    def _judge(self, tx: Tx, profile: AthleteProfile, since: datetime) -> tuple[int, bool]:
        now = self._clock()
        back = look_back_from(tx.last_counted_start(profile.id, since), since)
        findings = judge(
            tx.runs_between(profile.id, back),
            since=since,
            earlier=tx.earlier_history(profile.id, back),
            novice=profile.novice,
            five_k_m_s=profile.five_k_m_s,
        )
        changes = reconcile(
            tx.stored_alerts(profile.id, since), [(f, finding_digest(f)) for f in findings], as_of=now
        )
        mails = False
        for change in changes:
            # First: a mail that is taken back must not stand for another finding on the same run.
            if isinstance(change, Retract):
                tx.move_alert(change.alert.id, AlertState.RETRACTED, change.cause, now)
                mails |= self._take_back(tx, profile, change.alert.id, change.cause, now)
        mailed = tx.mailed(profile.id, since - timedelta(days=30))
        for change in changes:  # in order of run, of one run the most severe first: that one is mailed
            match change:
                case Fire(finding, state, cause):
                    text = alert_text(finding, profile.units)
                    alert_id = tx.add_alert(profile.id, finding, finding_digest(finding), text, state, cause, now)
                    mails |= self._mail(tx, profile, alert_id, finding, mailed, now)
                case Revise(alert, finding, state, cause):
                    text = alert_text(finding, profile.units)
                    tx.revise_alert(alert.id, finding, finding_digest(finding), text, state, cause, now)
                    if state is AlertState.FIRING:
                        mails |= self._mail(tx, profile, alert.id, finding, mailed, now)
        return len(changes), mails

    def _mail(
        self,
        tx: Tx,
        profile: AthleteProfile,
        alert_id: int,
        finding: Finding,
        mailed: list[Mailed],
        now: datetime,
    ) -> bool:
        if not profile.alert_mails or not mail_at_once(
            finding, mailed, as_of=now, old_runs_too=self._notify_old_runs
        ):
            return False
        if tx.add_outbox(profile.id, "alert", str(alert_id), now) is None:
            return False
        mailed.append(Mailed(finding.dedup_key, finding.run.start, finding.severity))
        return True

    @staticmethod
    def _take_back(tx: Tx, profile: AthleteProfile, alert_id: int, cause: str, now: datetime) -> bool:
        found = tx.cancel_outbox(profile.id, "alert", str(alert_id), cause, now)
        if found not in ("sent", "claimed"):
            return False  # it never left: nobody needs to hear that it was wrong
        return tx.add_outbox(profile.id, "retraction", str(alert_id), now) is not None
