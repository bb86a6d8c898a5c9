"""Check-ins, sessions and clearances for tests of rehabilitation: short to write."""

from datetime import date, timedelta

from loadwatch.domain.programme import Clearance, RehabSession
from loadwatch.domain.symptoms import SymptomReport
from tests.unit.domain.build import DAY_0

CLEAR = Clearance(red_flags=frozenset(), severity=2, bone_stress=False, confirmed=True)


def on(day: int) -> date:
    return (DAY_0 + timedelta(days=day)).date()


def told(
    day: int,
    *,
    today: int | None = None,
    run: int | None = None,
    morning: int | None = None,
    yes: str = "",
    no: str = "",
    hour: float = 12,
    **more,
) -> SymptomReport:
    """A check-in `day` days after DAY_0, seven hours after its run; `yes` and `no` list questions by their ids."""
    answers = dict.fromkeys(yes.split(), True) | dict.fromkeys(no.split(), False)
    more = {"side": "left", "regions": {"PM"}} | more
    for name in ("regions", "qualities", "signs"):
        more[name] = frozenset(more.get(name, ()))
    return SymptomReport(
        id=day * 100 + round(hour),
        at=DAY_0 + timedelta(days=day, hours=hour - 5),
        local_date=on(day),
        pain_today=today,
        pain_run=run,
        pain_morning=morning,
        answers=answers,
        **more,
    )


def did(day: int, *exercises: str, during: int = 1, morning: int | None = None, hour: float = 18, signs=()):
    """A session, with the pain of the morning after it."""
    return RehabSession(
        at=DAY_0 + timedelta(days=day, hours=hour - 7),
        local_date=on(day),
        exercises=frozenset(exercises),
        pain_during=during,
        pain_next_morning=morning,
        signs=frozenset(signs),
    )
