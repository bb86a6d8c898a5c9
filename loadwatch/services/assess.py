"""From stored runs to alerts, and from alerts to what waits to be told."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import counted
from loadwatch.domain.adjusted import OwnThresholds
from loadwatch.domain.alerts import (
    AlertState,
    Fire,
    Move,
    Retract,
    Revise,
    Snooze,
    Wishes,
    reconcile,
)
from loadwatch.domain.judging import judge_all
from loadwatch.domain.loads import run_loads
from loadwatch.domain.rules import MANY_RUNS, Finding, details_from, judge, look_back_from
from loadwatch.domain.symptom_rules import REPORTS_REACH, RUNS_REACH, Clinic, Runner, judge_health
from loadwatch.domain.telling import Mailed, alert_telling, ask_due, leaves_at
from loadwatch.domain.text import say
from loadwatch.domain.thresholds import ALERT_LIFE, BONE_LOAD, PUSHING_BLOCK
from loadwatch.domain.wording import alert_text
from loadwatch.services.ingest import back_off, runs_arrive
from loadwatch.services.ports import AthleteProfile, Clock, Database, Nudge, Tx
from loadwatch.services.sync import completeness_of, note_gaps
from loadwatch.services.telling import BUDGET_REACH, muted, quiet_hours, tell

FAILED_AGAIN = timedelta(minutes=10)
"""The longest pause before a judgement that failed is tried again; the first is half a minute."""

FILES_PATIENCE = timedelta(minutes=10)
"""The same as `ingest.PATIENCE` for files: years of them are handed over at once, in any order. Not where a check-in
was just given."""


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
    if finding.problem_id is not None or finding.report_id is not None:
        facts |= {
            "symptoms": finding.symptom_level,
            "problem": finding.problem_id,
            "soreness": finding.is_soreness,
            "run": finding.run.id if finding.run else None,
            "told": finding.flag.because if finding.flag else (),
        }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class AssessService:
    """Judges what changed, each run as of its own start, and brings the alerts in line."""

    def __init__(
        self,
        database: Database,
        nudge: Nudge,
        clock: Clock,
        clinic: Callable[[], Clinic],
        *,
        notify_old_runs: bool = False,
        inactive_since: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self._database = database
        self._nudge = nudge
        self._clock = clock
        self._clinic = clinic
        self._notify_old_runs = notify_old_runs
        self._inactive_since = inactive_since  # of the application at Strava

    def assess(self, athlete_id: int) -> int:
        """
        Assess an athlete if something of theirs waits for it; the number of transitions made.

        Alerts, their transitions and their mails are stored in the transaction that marks the work as done.
        A rule that raises leaves the runs untouched and the work to be tried again.
        """
        inactive_since = self._inactive_since()
        try:
            with self._database.write() as tx:
                waiting = tx.lock_assessment(athlete_id)
                profile = tx.athlete(athlete_id)
                if waiting is None or profile is None:
                    return 0
                wanted, since, asked_at = waiting
                now = self._clock()
                if runs_arrive(tx, athlete_id, now, asked_at) or self._files_arrive(tx, athlete_id, now, asked_at):
                    return 0  # whoever stores the last of them asks again, and the sweep asks in any case
                n_changes, mails = self._judge(tx, profile, since)
                # Not part of what an alert is: another gap neither changes an alert nor mails it again.
                note_gaps(tx, athlete_id, since, completeness_of(tx, athlete_id, now, inactive_since))
                tx.settle_assessment(athlete_id, wanted)
        except Exception as error:
            with self._database.write() as tx:
                wait = min(back_off(tx.assessment_attempts(athlete_id)), FAILED_AGAIN)
                tx.fail_assessment(athlete_id, repr(error), self._clock() + wait)
            raise
        if mails:
            self._nudge.mails()
        return n_changes

    def refresh_gaps(self, limit: int = 100) -> int:
        """
        Note anew what is missing for open alerts of which something was; of how many athletes.

        What comes in without changing a load, a ride say, asks for no judgement.
        """
        inactive_since = self._inactive_since()
        with self._database.read() as tx:
            found = tx.athletes_with_gaps(limit)
        for athlete_id in found:
            with self._database.write() as tx:
                tx.lock_assessment(athlete_id)  # a judgement writes to the same alerts
                now = self._clock()
                note_gaps(tx, athlete_id, now, completeness_of(tx, athlete_id, now, inactive_since))
        return len(found)

    @staticmethod
    def _files_arrive(tx: Tx, athlete_id: int, now: datetime, asked_at: datetime) -> bool:
        if now - asked_at >= FILES_PATIENCE or not tx.has_unread_files(athlete_id, now):
            return False
        return not tx.symptom_reports(athlete_id, now - FILES_PATIENCE)

    def _judge(self, tx: Tx, profile: AthleteProfile, since: datetime) -> tuple[int, bool]:
        now = self._clock()
        findings, since = self._findings(tx, profile, since)
        wishes = self._wishes(tx, profile, since, now)
        changes = reconcile(
            tx.stored_alerts(profile.id, since),
            [(f, finding_digest(f)) for f in findings],
            as_of=now,
            wishes=wishes,
        )
        mails = False
        for change in changes:
            # First: a mail that is taken back must not stand for another finding on the same run.
            if isinstance(change, Retract):
                tx.move_alert(change.alert.id, AlertState.RETRACTED, change.cause, now)
                mails |= self._take_back(tx, profile, change.alert.id, change.cause, now)
            elif isinstance(change, Move | Revise) and change.settled is not None:
                # A mail that still waits would come after the one that speaks in its place.
                tx.cancel_outbox(profile.id, "alert", str(change.alert.id), change.cause, now)
        mailed = tx.mailed(profile.id, since - BUDGET_REACH) if changes else []
        # In order of time, of one run or check-in the most severe first: that one is mailed.
        for change in changes:
            match change:
                case Fire(finding, state, cause, settled):
                    text = alert_text(finding, profile.units)
                    digest = finding_digest(finding)
                    alert_id = tx.add_alert(profile.id, finding, digest, text, state, cause, now, settled)
                case Revise(alert, finding, state, cause, settled):
                    text = alert_text(finding, profile.units)
                    alert_id = alert.id
                    tx.revise_alert(alert_id, finding, finding_digest(finding), text, state, cause, now, settled)
                case Move(alert, state, cause, settled):
                    tx.move_alert(alert.id, state, cause, now, settled)
                    continue
                case _:
                    continue
            due = ask_due(finding, as_of=now, quiet=quiet_hours(profile))
            if due is not None or isinstance(change, Revise):
                tx.plan_ask(alert_id, due)
            if state is AlertState.FIRING:
                mails |= self._tell(tx, profile, alert_id, finding, mailed, wishes, now)
        return len(changes), mails

    def _findings(self, tx: Tx, profile: AthleteProfile, since: datetime) -> tuple[list[Finding], datetime]:
        """What the rules say, and from when on: with check-ins what lies a week back may change its state."""
        reports = tx.symptom_reports(profile.id, since - ALERT_LIFE - REPORTS_REACH)
        judged_from = runs_from = since
        if reports:
            since -= ALERT_LIFE
            judged_from = min(since, reports[0].at - BONE_LOAD)
            # Of the oldest of these only the distance is asked.
            runs_from = min(since - PUSHING_BLOCK, reports[0].at - RUNS_REACH)
            # Problems go by the check-in that opened them, however long ago.
            reports = tx.symptom_reports(profile.id)
        back = look_back_from(tx.last_counted_start(profile.id, judged_from), judged_from)
        runs = counted(tx.runs_to_judge(profile.id, back, details_from(judged_from)))
        earlier = tx.earlier_history(profile.id, back, MANY_RUNS)
        risk = tx.risk_profile(profile.id) if reports else None
        runner = Runner(risk.injuries, risk.risks, risk.age_band) if risk else None
        weeks = tx.weekly_answers(profile.id, judged_from.date()) if reports else []
        known = run_loads(runs, since=runs_from, five_k_m_s=profile.five_k_m_s) if reports else []
        zone, clinic = ZoneInfo(profile.timezone), self._clinic()

        def loads(thresholds: OwnThresholds) -> list[Finding]:
            return judge(
                runs,
                since=judged_from,
                earlier=earlier,
                novice=profile.novice,
                five_k_m_s=profile.five_k_m_s,
                thresholds=thresholds,
            )

        def health(loads: Sequence[Finding]) -> list[Finding]:
            return judge_health(
                reports, loads, known, since=since, clinic=clinic, runner=runner, weeks=weeks, zone=zone
            )

        findings = judge_all(profile.thresholds, loads, health)
        # Severity 0 is praise: the page of a problem shows it, it is no alert.
        return [f for f in findings if f.severity], since

    @staticmethod
    def _wishes(tx: Tx, profile: AthleteProfile, since: datetime, now: datetime) -> Wishes:
        stored = tx.alert_wishes(profile.id)
        return Wishes(
            snoozed={
                w.dedup_key: Snooze(w.snoozed_until, w.snoozed_severity or 0)
                for w in stored
                if w.snoozed_until is not None
            },
            planned=frozenset(tx.planned_days(profile.id, since.date() - timedelta(days=1))),
            muted=muted(tx, profile.id, now),
            sensitivity=profile.sensitivity,
        )

    def _tell(
        self,
        tx: Tx,
        profile: AthleteProfile,
        alert_id: int,
        finding: Finding,
        mailed: list[Mailed],
        wishes: Wishes,
        now: datetime,
    ) -> bool:
        quiet = quiet_hours(profile)
        telling = alert_telling(
            finding, mailed, as_of=now, quiet=quiet, wishes=wishes, old_runs_too=self._notify_old_runs
        )
        severity = finding.severity
        if telling.leaves and tell(tx, profile, "alert", str(alert_id), severity, now, not_before=telling.at):
            tx.note_untold(alert_id, None)
            mailed.append(Mailed(finding.dedup_key, finding.at, severity, finding.symptom_level, telling.at))
            return True
        if not tx.ways_gone(profile.id, "alert", str(alert_id)):
            tx.note_untold(alert_id, _NO_WAY if telling.leaves else telling.why)
        return False

    @staticmethod
    def _take_back(tx: Tx, profile: AthleteProfile, alert_id: int, cause: str, now: datetime) -> bool:
        tx.cancel_outbox(profile.id, "alert", str(alert_id), cause, now)
        told = tx.ways_gone(profile.id, "alert", str(alert_id))
        if not told:
            return False  # it never left: nobody needs to hear that it was wrong
        leaves = leaves_at(0, now, quiet_hours(profile))
        return tell(tx, profile, "retraction", str(alert_id), 0, now, not_before=leaves, only=told)


_NO_WAY: Final = say("No mail and no other way that you have set up takes it.")
