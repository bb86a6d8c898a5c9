"""Check-ins for tests: short to write, plain to read."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from loadwatch.domain.symptoms import EarlierInjury, InjuryKind, LoadEvent, SymptomReport

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
TODAY = NOON.date()


def report(day: float = 0, **told: Any) -> SymptomReport:
    """A check-in `day` days after NOON: left, middle of the back of the thigh, unless told; lists become sets."""
    at = NOON + timedelta(days=day)
    told = {name: frozenset(v) if isinstance(v, list | set | tuple) else v for name, v in told.items()}
    given = {"id": round(day * 1000) + 100_000, "side": "left", "regions": frozenset({"PM"}), **told}
    return SymptomReport(at=at, local_date=at.date(), **given)


def gone(day: float, **told: Any) -> SymptomReport:
    return report(day, **{"side": None, "regions": [], **told}, answers={"gone": True})


def load(kind: Any, level: int, days_ago: int) -> LoadEvent:
    return LoadEvent(kind, level, TODAY - timedelta(days=days_ago))


def earlier_injury(kind: InjuryKind, months_ago: int = 6, side: Any = None) -> EarlierInjury:
    return EarlierInjury(kind, side, date(2026, 6, 1) - timedelta(days=30 * months_ago))
