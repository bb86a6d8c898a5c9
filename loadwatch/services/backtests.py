"""What the rules would have said of an athlete's stored history: asked for, worked out by a worker, shown."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import Run, counted
from loadwatch.domain.alert_quality import Watch, leads, onset_days
from loadwatch.domain.alerts import Wishes
from loadwatch.domain.backtest import History, PastAlert, Replaying, replay
from loadwatch.domain.findings import RULE_VERSION, Reason
from loadwatch.domain.loads import ascent_of, downhill_load_m
from loadwatch.domain.symptom_rules import Clinic, Runner, problem_id_of, site_of
from loadwatch.domain.symptoms import SymptomReport, problems
from loadwatch.domain.text import from_json, to_json
from loadwatch.domain.thresholds import INJURY_HORIZONS
from loadwatch.domain.wording import alert_text
from loadwatch.services.errors import NotYours
from loadwatch.services.plan_ports import StoredBacktest
from loadwatch.services.ports import AthleteProfile, Clock, Database, Nudge, Tx

YEARS: Final = 2
"""So much of the history is judged again. Design choice: training of longer ago was another runner's."""

LEASE: Final = timedelta(minutes=3)
"""A replay that has not ended by then died with its worker."""

MAX_ATTEMPTS: Final = 3
AGAIN_AFTER: Final = timedelta(seconds=30)
"""A replay that failed is tried again after so long, so many times in all; then until somebody asks."""

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
HORIZON_DAYS: Final = INJURY_HORIZONS[-1]
"""A mail came before a problem if it came so many days before it at most. [d]"""


@dataclass(frozen=True, slots=True)
class PastFinding:
    """
    An alert that would have been.

    Attributes
    ----------
    title : str
        What it would have said, as `domain.text` keeps it.
    pushed : bool
        Whether it would have left by mail at once.
    """

    at: datetime
    day: date
    rule: str
    severity: int
    load_level: int
    is_load_only: bool
    pushed: bool
    title: str
    reason: Reason | None
    run_id: int | None
    problem_id: int | None

    @property
    def month(self) -> date:
        """Its first day."""
        return self.day.replace(day=1)


@dataclass(frozen=True, slots=True)
class PastProblem:
    """
    A problem that the runner reported.

    Attributes
    ----------
    lead_days : int or None
        How long before it the first mail on load alone of the horizon came. [d] None: there was none.
    is_new : bool
        Whether no other began in the three weeks before it: only such are counted.
    """

    id: int
    day: date
    site: str
    is_new: bool
    lead_days: int | None

    @property
    def month(self) -> date:
        return self.day.replace(day=1)


@dataclass(frozen=True, slots=True)
class PastMonth:
    """One month of a replay: its runs, and how many alerts it would have had of which severity."""

    month: date
    n_runs: int
    distance_m: float
    severities: tuple[int, int, int, int]
    n_pushed: int
    problems: tuple[PastProblem, ...]

    @property
    def n_alerts(self) -> int:
        return sum(self.severities)


@dataclass(frozen=True, slots=True)
class PastRule:
    """How often a rule would have spoken."""

    rule: str
    severities: tuple[int, int, int, int]
    n_pushed: int

    @property
    def n_alerts(self) -> int:
        return sum(self.severities)


@dataclass(frozen=True, slots=True)
class Replayed:
    """
    A replay of the last two years.

    Attributes
    ----------
    since, until : date
        First and last local day that was judged.
    n_runs, n_reports : int
        Of these days.
    runs_of : mapping of str to (int, float)
        Runs and distance by month, like "2026-11". [1; m]
    findings : tuple of PastFinding
        In order of time.
    problems : tuple of PastProblem
    n_near : int
        Days that lie within the horizon after a mail on load alone.
    unknown : tuple of str
        What no run of these days tells: "descent", "ascent", "fast"; "symptoms" without a check-in.
    rule_version : str
    thresholds : mapping of str to float
        Those that the runner has moved, by name.
    """

    since: date
    until: date
    n_runs: int
    n_reports: int
    runs_of: Mapping[str, tuple[int, float]]
    findings: tuple[PastFinding, ...]
    problems: tuple[PastProblem, ...]
    n_near: int
    unknown: tuple[str, ...]
    rule_version: str
    thresholds: Mapping[str, float]

    @property
    def n_days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def mailed(self) -> tuple[PastFinding, ...]:
        return tuple(f for f in self.findings if f.pushed)

    @property
    def n_mailed_on_load(self) -> int:
        return sum(f.pushed and f.is_load_only for f in self.findings)

    @property
    def new_problems(self) -> tuple[PastProblem, ...]:
        return tuple(p for p in self.problems if p.is_new)

    @property
    def rules(self) -> tuple[PastRule, ...]:
        """Those that would have spoken, the one that mails most first."""
        of: dict[str, list[PastFinding]] = {}
        for finding in self.findings:
            of.setdefault(finding.rule, []).append(finding)
        found = [PastRule(rule, _severities(fs), sum(f.pushed for f in fs)) for rule, fs in of.items()]
        return tuple(sorted(found, key=lambda r: (-r.n_pushed, -r.n_alerts, r.rule)))

    @property
    def months(self) -> tuple[PastMonth, ...]:
        """Every month from the first to the last, in order of time."""
        found, month = [], self.since.replace(day=1)
        while month <= self.until:
            of_month = [f for f in self.findings if f.month == month]
            n_runs, distance_m = self.runs_of.get(f"{month:%Y-%m}", (0, 0.0))
            found.append(
                PastMonth(
                    month,
                    n_runs,
                    distance_m,
                    _severities(of_month),
                    sum(f.pushed for f in of_month),
                    tuple(p for p in self.problems if p.month == month),
                )
            )
            month = (month + timedelta(days=32)).replace(day=1)
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "n_runs": self.n_runs,
            "n_reports": self.n_reports,
            "runs_of": {month: list(of) for month, of in self.runs_of.items()},
            "findings": [
                asdict(f)
                | {"at": f.at.isoformat(), "day": f.day.isoformat(), "title": [str(f.title), to_json(f.title)]}
                for f in self.findings
            ],
            "problems": [asdict(p) | {"day": p.day.isoformat()} for p in self.problems],
            "n_near": self.n_near,
            "unknown": list(self.unknown),
            "rule_version": self.rule_version,
            "thresholds": dict(self.thresholds),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        def finding(of: Mapping[str, Any]) -> PastFinding:
            made = {
                "at": datetime.fromisoformat(of["at"]),
                "day": date.fromisoformat(of["day"]),
                "title": from_json(of["title"][1], of["title"][0]),
                "reason": Reason(**of["reason"]) if of["reason"] else None,
            }
            return PastFinding(**{**of, **made})

        return cls(
            since=date.fromisoformat(stored["since"]),
            until=date.fromisoformat(stored["until"]),
            n_runs=stored["n_runs"],
            n_reports=stored["n_reports"],
            runs_of={month: (n, metres) for month, (n, metres) in stored["runs_of"].items()},
            findings=tuple(finding(f) for f in stored["findings"]),
            problems=tuple(PastProblem(**{**p, "day": date.fromisoformat(p["day"])}) for p in stored["problems"]),
            n_near=stored["n_near"],
            unknown=tuple(stored["unknown"]),
            rule_version=stored["rule_version"],
            thresholds=stored["thresholds"],
        )


def _severities(findings: Sequence[PastFinding]) -> tuple[int, int, int, int]:
    n = Counter(f.severity for f in findings)
    return n[1], n[2], n[3], n[4]


@dataclass(frozen=True, slots=True)
class BacktestPage:
    """
    Where a replay stands.

    Attributes
    ----------
    result : Replayed or None
        The last one that was worked out.
    done_at : datetime or None
        As of when it stands.
    is_working : bool
        It is being worked out (again), or waits for it.
    has_failed : bool
        It could not be worked out, and is not tried again by itself.
    is_stale : bool
        Runs, check-ins or settings have changed since.
    """

    result: Replayed | None
    done_at: datetime | None
    is_working: bool
    has_failed: bool
    is_stale: bool


class BacktestService:
    """Has the last two years of an athlete replayed, and keeps what came of it."""

    def __init__(self, database: Database, nudge: Nudge, clock: Clock, clinic: Callable[[], Clinic]) -> None:
        self._database = database
        self._nudge = nudge
        self._clock = clock
        self._clinic = clinic

    def look(self, athlete_id: int) -> BacktestPage:
        with self._database.read() as tx:
            stored, now_made_of = tx.backtest(athlete_id), made_of(tx, _profile(tx, athlete_id))
        if stored is None:
            return BacktestPage(None, None, is_working=False, has_failed=False, is_stale=True)
        return BacktestPage(
            Replayed.from_json(stored.result) if stored.result else None,
            stored.done_at,
            is_working=stored.next_attempt_at is not None,
            has_failed=_has_failed(stored),
            is_stale=stored.made_of != now_made_of,
        )

    def ask(self, athlete_id: int) -> None:
        """Have it worked out (again); a worker does so as soon as it has nothing more urgent."""
        with self._database.write() as tx:
            tx.ask_backtest(athlete_id, self._clock())
        self._nudge.backtest(athlete_id)

    def due(self, limit: int = 20) -> list[int]:
        with self._database.read() as tx:
            return tx.due_backtests(self._clock(), limit)

    def replay(self, athlete_id: int) -> bool:
        """Work it out, if it is due and nobody else does; whether it was."""
        now = self._clock()
        with self._database.write() as tx:
            attempt = tx.claim_backtest(athlete_id, now, now + LEASE)
        if attempt is None:
            return False
        try:
            with self._database.read() as tx:
                mark = made_of(tx, _profile(tx, athlete_id))
                past = _Past.read(tx, athlete_id, now)
            result = past.replayed(self._clinic())
        except Exception as error:
            again = now + AGAIN_AFTER if attempt < MAX_ATTEMPTS else None
            with self._database.write() as tx:
                tx.fail_backtest(athlete_id, type(error).__name__, again)
            raise
        with self._database.write() as tx:
            tx.settle_backtest(athlete_id, result.as_json(), mark, now)
        return True


def made_of(tx: Tx, profile: AthleteProfile) -> str:
    """What a replay depends on: the same text, the same replay."""
    return json.dumps(
        [
            RULE_VERSION,
            tx.assessments_wanted(profile.id),
            profile.thresholds.now.changed,
            profile.sensitivity,
            profile.novice,
            profile.five_k_s,
            profile.timezone,
            profile.units,
        ],
        sort_keys=True,
    )


def _has_failed(stored: StoredBacktest) -> bool:
    return stored.error is not None and stored.next_attempt_at is None


def _profile(tx: Tx, athlete_id: int) -> AthleteProfile:
    profile = tx.athlete(athlete_id)
    if profile is None:
        raise NotYours(f"athlete {athlete_id}")
    return profile


@dataclass(frozen=True, slots=True)
class _Past:
    """All that is known of a runner, and from which day on it is judged again."""

    profile: AthleteProfile
    runs: Sequence[Run]
    reports: Sequence[SymptomReport]
    by: Replaying
    since: date
    until: date

    @classmethod
    def read(cls, tx: Tx, athlete_id: int, now: datetime) -> Self:
        profile = _profile(tx, athlete_id)
        zone = ZoneInfo(profile.timezone)
        until = now.astimezone(zone).date()
        runs = tx.runs_between(athlete_id, EARLIEST, now)
        reports = tx.symptom_reports(athlete_id)
        days = [*(r.local_date for r in runs), *(r.local_date for r in reports)]
        since = max(two_years_before(until), min(days, default=until))
        risk = tx.risk_profile(athlete_id)
        by = Replaying(
            novice=profile.novice,
            since=datetime.combine(since, time(), zone),
            thresholds=profile.thresholds.always_now,
            runner=Runner(risk.injuries, risk.risks, risk.age_band),
            weeks=tx.weekly_answers(athlete_id),
            zone=zone,
            wishes=Wishes(sensitivity=profile.sensitivity),
        )
        return cls(profile, runs, reports, by, since, until)

    def replayed(self, clinic: Clinic) -> Replayed:
        history = History(
            runs=tuple(self.runs),
            first_day=min((r.local_date for r in self.runs), default=self.since),
            last_day=self.until,
            reports=tuple(self.reports),
            five_k_m_s=self.profile.five_k_m_s,
        )
        alerts = [a for a in replay(history, clinic, by=self.by) if a.day >= self.since]
        recent = [r for r in counted(self.runs) if r.local_date >= self.since]
        n_of, metres_of = Counter[str](), Counter[str]()
        for run in recent:
            n_of[f"{run.local_date:%Y-%m}"] += 1
            metres_of[f"{run.local_date:%Y-%m}"] += run.distance_m or 0.0  # type: ignore[assignment]
        pushed = {(a.day - self.since).days for a in alerts if a.pushed and a.finding.is_load_only}
        n_days = (self.until - self.since).days + 1
        near = {day + n for day in pushed for n in range(1, HORIZON_DAYS + 1) if day + n < n_days}
        reported = [r for r in self.reports if r.local_date >= self.since]
        return Replayed(
            since=self.since,
            until=self.until,
            n_runs=len(recent),
            n_reports=len(reported),
            runs_of={month: (n, float(metres_of[month])) for month, n in n_of.items()},
            findings=tuple(self._finding(a) for a in alerts),
            problems=self._problems(sorted(pushed), n_days),
            n_near=len(near),
            unknown=_unknown(recent, reported),
            rule_version=RULE_VERSION,
            thresholds=self.profile.thresholds.now.changed,
        )

    def _finding(self, alert: PastAlert) -> PastFinding:
        f = alert.finding
        return PastFinding(
            at=f.at,
            day=f.local_date,
            rule=f.rule,
            severity=f.severity,
            load_level=f.load_level,
            is_load_only=f.is_load_only,
            pushed=alert.pushed,
            title=alert_text(f, self.profile.units).title,
            reason=f.reasons[0] if f.reasons else None,
            run_id=f.run.id if f.run else None,
            problem_id=f.problem_id,
        )

    def _problems(self, pushed: Sequence[int], n_days: int) -> tuple[PastProblem, ...]:
        found = [p for p in problems(self.reports) if p.reports[0].local_date >= self.since]
        began = [(p.reports[0].local_date - self.since).days for p in found]
        onsets = onset_days(began)
        lead_of = {}
        for onset in onsets:
            one = Watch("", (True,) * n_days, (), (onset,))
            lead_of[onset] = next(iter(leads(one, pushed, HORIZON_DAYS)), None)
        seen: set[int] = set()
        past = []
        for problem, day in zip(found, began, strict=True):
            is_new = day in lead_of and day not in seen
            seen.add(day)
            past.append(
                PastProblem(
                    problem_id_of(problem),
                    problem.reports[0].local_date,
                    site_of(problem),
                    is_new,
                    lead_of[day] if is_new else None,
                )
            )
        return tuple(past)


def two_years_before(day: date) -> date:
    """The same day of the calendar; of a 29 February the 1 March."""
    try:
        return day.replace(year=day.year - YEARS)
    except ValueError:
        return day.replace(year=day.year - YEARS, month=3, day=1)


def _unknown(runs: Sequence[Run], reports: Sequence[SymptomReport]) -> tuple[str, ...]:
    missing = []
    if all(downhill_load_m(r) is None for r in runs):
        missing.append("descent")
    if all(ascent_of(r) is None for r in runs):
        missing.append("ascent")
    if all(r.features is None or r.features.speed_profile_m is None for r in runs):
        missing.append("fast")
    if not reports:
        missing.append("symptoms")
    return tuple(missing)
