"""What a planned run would set off, told before it is run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from loadwatch.domain.findings import Finding
from loadwatch.domain.report import open_problems, symptoms_decide
from loadwatch.domain.rules import look_back_from
from loadwatch.domain.symptom_rules import LOADS_REACH, Clinic, Runner
from loadwatch.domain.thresholds import ALERT_LIFE
from loadwatch.domain.what_if import Health, PlannedRun, what_if
from loadwatch.domain.wording import AlertText, alert_text
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.ports import Clock, Database
from loadwatch.services.views import Ceilings, ceilings_of


@dataclass(frozen=True, slots=True)
class WhatIf:
    """
    What the rules would say of a planned run.

    Attributes
    ----------
    planned : PlannedRun
    findings : tuple of (Finding, AlertText)
        The most severe first; empty where none would speak.
    ceilings : Ceilings
        What a run at that time could bring without one.
    symptoms_decide : bool
        Something hurts: what hurts decides, and not the ceilings.
    """

    planned: PlannedRun
    findings: tuple[tuple[Finding, AlertText], ...]
    ceilings: Ceilings
    symptoms_decide: bool


class PlanningService:
    """Judges runs that are only thought of; nothing is stored."""

    def __init__(self, database: Database, clock: Clock, clinic: Callable[[], Clinic]) -> None:
        self._database = database
        self._clock = clock
        self._clinic = clinic

    def what_if(
        self,
        athlete_id: int,
        *,
        distance_m: float,
        descent_m: float | None = None,
        ascent_m: float | None = None,
        fast_m: float | None = None,
        start: datetime | None = None,
    ) -> WhatIf:
        """
        Which rules would speak on a run of an athlete, and why.

        Parameters
        ----------
        start : datetime or None
            UTC; None: now.

        Raises
        ------
        LoadwatchError
            If a quantity is impossible.
        """
        at = start or self._clock()
        with self._database.read() as tx:
            profile = tx.athlete(athlete_id)
            if profile is None:
                raise NotYours(f"athlete {athlete_id}")
            judged_from = at - LOADS_REACH
            back = look_back_from(tx.last_counted_start(athlete_id, judged_from), judged_from)
            runs, earlier = tx.runs_between(athlete_id, back, at), tx.earlier_history(athlete_id, back)
            ceilings = ceilings_of(tx, profile, at)
            reports, risk = tx.symptom_reports(athlete_id), tx.risk_profile(athlete_id)
            weeks = tx.weekly_answers(athlete_id, judged_from.date())
            alerts = tx.alerts_since(athlete_id, at - ALERT_LIFE)
        zone = ZoneInfo(profile.timezone)
        planned = PlannedRun(
            start=at,
            distance_m=distance_m,
            descent_m=descent_m,
            ascent_m=ascent_m,
            fast_m=fast_m,
            local_date=at.astimezone(zone).date(),
        )
        health = Health(reports, self._clinic(), Runner(risk.injuries, risk.risks, risk.age_band), weeks, zone)
        try:
            found = what_if(
                runs,
                planned,
                earlier=earlier,
                novice=profile.novice,
                five_k_m_s=profile.five_k_m_s,
                health=health,
            )
        except ValueError as error:
            raise LoadwatchError(str(error)) from error
        return WhatIf(
            planned,
            tuple((f, alert_text(f, profile.units)) for f in found),
            ceilings,
            symptoms_decide(alerts, open_problems(reports)),
        )
