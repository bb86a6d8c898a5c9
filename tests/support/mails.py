"""Readers of mails, and what they are told of."""

from dataclasses import replace
from datetime import UTC, date, datetime

from loadwatch.adapters.catalogue import speech
from loadwatch.domain.activity import Run
from loadwatch.domain.alerts import Alert, AlertState
from loadwatch.domain.findings import Evidence, Finding, Reason
from loadwatch.domain.text import Units
from loadwatch.domain.wording import alert_text
from loadwatch.emails import Reader
from loadwatch.emails.taps import AlertLinks, FeelLinks

BASE_URL = "https://run.example"


def reader(
    units: Units = "metric", timezone: str = "Europe/Berlin", name: str = "Mara", language: str = "en"
) -> Reader:
    """Mara, who reads her mails at BASE_URL."""
    return Reader(name, timezone, speech(language, units), BASE_URL)


def feel_links(purpose: str = "felt") -> FeelLinks:
    """Links of the length of real ones."""
    return FeelLinks(*(f"{BASE_URL}/r/{purpose}-{answer}-{'x' * 60}" for answer in ("fine", "sore", "pain")))


LINKS = AlertLinks(feel_links(), not_useful=f"{BASE_URL}/r/not-useful", planned=f"{BASE_URL}/r/planned")

RUN = Run(
    id=3,
    start=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    local_date=date(2026, 11, 22),
    sport="Run",
    distance_m=18_400.0,
    name="Long run",
)

SPIKE = Alert(
    id=17,
    rule="R-M1",
    rule_version="2026.11",
    severity=2,
    state=AlertState.FIRING,
    title="18.4 km: your longest in 30 days was 15.0 km",
    message="This run was 23 % longer than anything in the 30 days before it.",
    action="Keep the next runs within your usual distance, up to 15.0 km.",
    reasons=(
        Reason("run_distance", 18_400.0, "m", 15_000.0, 16_500.0, "longest of 30 days before"),
        Reason("session_spike", 1.227, "ratio", 1.0, 1.1, "30 days"),
    ),
    evidence=Evidence("A", "Frandsen et al. 2025, doi:10.1136/bjsports-2024-109380"),
    coverage=("48 earlier runs over 120 days", "history complete"),
    run_id=3,
    problem_id=None,
    at=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    created_at=datetime(2026, 11, 22, 11, 0, tzinfo=UTC),
    dedup_key="M:mileage",
)
"""An alert on RUN."""


def alert_of(finding: Finding) -> Alert:
    """The alert that a finding becomes, with the words that it has."""
    words = alert_text(finding)
    return replace(
        SPIKE,
        rule=finding.rule,
        rule_version=finding.rule_version,
        severity=finding.severity,
        title=words.title,
        message=words.message,
        action=words.action,
        reasons=finding.reasons,
        evidence=finding.evidence,
        coverage=finding.coverage,
        run_id=finding.run.id if finding.run else None,
        problem_id=finding.problem_id,
        report_id=finding.report_id,
        at=finding.at,
        created_at=finding.at,
        dedup_key=finding.dedup_key,
        load_level=finding.load_level,
        symptom_level=finding.symptom_level,
        ask_at=finding.ask_at,
    )
