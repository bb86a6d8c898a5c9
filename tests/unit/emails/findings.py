"""What each rule says, found by the rules themselves."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from loadwatch.domain.findings import Finding
from loadwatch.domain.loads import RunLoad
from loadwatch.domain.redflags import RedFlag, RedFlagFinding
from loadwatch.domain.rules import judge
from loadwatch.domain.symptom_rules import UNREVIEWED, Clinic, judge_health
from loadwatch.domain.symptoms import SymptomReport
from loadwatch.knowledge.flags import red_flags
from loadwatch.knowledge.thigh_patterns import patterns
from tests.unit.domain.build import DAY_0, every_other_day, run
from tests.unit.domain.loads_build import loaded
from tests.unit.domain.symptoms_build import NOON, report

CLINIC = Clinic(red_flags(), patterns())


def _last_said(runs: Iterable, rule: str) -> Finding:
    runs = list(runs)
    return next(f for f in reversed(judge(runs, since=DAY_0)) if f.rule == rule)


def _easy(*days: int) -> list:
    return [loaded(day) for day in range(*days)]


def _told(rule: str, *reports: SymptomReport, runs: Iterable[RunLoad] = (), loads: Iterable[Finding] = ()) -> Finding:
    since = NOON - timedelta(days=100)
    found = judge_health(list(reports), list(loads), list(runs), since=since, clinic=CLINIC)
    return next(f for f in reversed(found) if f.rule == rule)


def _run_load(day: float, **loads: float) -> RunLoad:
    of = replace(run(0, 12), start=NOON + timedelta(days=day), local_date=(NOON + timedelta(days=day)).date())
    return RunLoad(of, loads.get("hill_m", 0.0), 0.0, loads.get("fast_m", 0.0), 0.0, None)


_SITTING = {"regions": ["PP"], "aggravators": ["sitting"], "onset": "gradual", "pain_today": 3}
_SORE = {"side": "both_equal", "regions": ["AM"], "onset": "delayed", "pain_today": 4}

SPIKE_20 = _last_said([*every_other_day(0, 38, 4), run(30.5, 12), run(40, 20)], "R-M1")
SPIKE_IN_PARTS = _last_said(
    [*every_other_day(0, 38, 10), run(40, 5, minutes=30), run(40 + 1 / 24, 8, minutes=48)], "R-M1"
)
BACK_8 = _last_said([*every_other_day(0, 48, 6), run(45.5, 16), run(50, 6), run(83, 8)], "R-RTN")
DOWN_700 = _last_said([*_easy(0, 59, 2), loaded(45.5, hill_m=80), loaded(60, hill_m=700)], "R-H1")
FIRST_DOWN = _last_said([*_easy(0, 59, 2), loaded(60, hill_m=350)], "R-H1")
UP_900 = _last_said([*_easy(0, 59, 2), loaded(45.5, ascent_m=500), loaded(60, ascent_m=900)], "R-H2")
FAST_WEEK = _last_said(
    [
        *(loaded(week * 7 + day, fast_m=0 if day else 1_500) for week in range(13) for day in (0, 2, 4, 6)),
        loaded(91, fast_m=3_300),
    ],
    "R-T1",
)
FAST_RUN = _last_said([*_easy(0, 59, 2), loaded(45.5, fast_m=1_100), loaded(60, fast_m=2_600)], "R-T2")
FAST_AGAIN = _last_said([*_easy(0, 59, 2), loaded(60, fast_m=1_600)], "R-T3")
WEEK_MORE = replace(SPIKE_20, rule="R-M3", reasons=SPIKE_20.reasons[:1])

_DOWN_YESTERDAY = replace(
    DOWN_700, run=replace(loaded(0), start=NOON - timedelta(days=1), local_date=(NOON - timedelta(days=1)).date())
)

LOADS = (
    *(SPIKE_20, SPIKE_IN_PARTS, BACK_8, DOWN_700, FIRST_DOWN, UP_900, FAST_WEEK, FAST_RUN, FAST_AGAIN, WEEK_MORE),
)
HURTING_SPIKE = replace(SPIKE_20, symptom_level=2, severity=3, problem_id=100_000)
SYMPTOMS = (
    HURTING_SPIKE,
    _told("C-HS", report(pain_today=3), runs=[_run_load(-2, fast_m=800)]),
    _told("C-PHT", report(-10, **_SITTING), report(**_SITTING)),
    _told("C-Q", report(regions=["AM"], pain_today=2), loads=[_DOWN_YESTERDAY]),
    _told("C-Q", report(**_SORE), loads=[_DOWN_YESTERDAY]),
    _told("C-IT", report(regions=["LK"], aggravators=["repeatable_distance"], onset="during", pain_run=2)),
    _told("C-N", report(regions=["LT"], qualities=["burning"], pain_today=2, onset="gradual")),
    _told("C-BSI", report(regions=["AP"], onset="gradual", pain_today=4, qualities=["ache"])),
    _told("S-LEVEL", report(pain_today=3)),
    _told("S-ASYM", report(-3, pain_today=3), report(pain_today=3)),
    _told("S-TREND", report(-3, pain_today=2), report(pain_today=4)),
    _told("S-STUCK", report(-4, pain_today=6), report(-2, pain_today=6), report(pain_today=6)),
    _told("P-PUSH", report(pain_today=6), runs=[_run_load(2)]),
    _told(
        "P-PUSH",
        report(regions=["LT"], qualities=["burning"], pain_today=2, onset="gradual"),
        runs=[_run_load(2, hill_m=700)],
    ),
)


def red(flag: RedFlag) -> Finding:
    """The finding of a red flag that everything it knows of raised."""
    found = RedFlagFinding(
        flag, flag.urgency, tuple(t.sentence for t in flag.triggers), tuple(s.sentence for s in flag.stronger)
    )
    (raised,) = judge_health(
        [report(aggravators=["hopping"], regions=["MT", "DV"], pain_today=3)],
        [],
        [],
        since=NOON - timedelta(days=100),
        clinic=CLINIC,
    )
    assert raised.rule == "R-RED"
    return replace(raised, load_type=flag.id, flag=found, coverage=(UNREVIEWED,))


RED_FLAGS = tuple(flag for flag in red_flags() if flag.severity == 4)
