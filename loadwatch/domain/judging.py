"""Loads by a runner's own thresholds, and symptoms by no looser than the standard ones."""

from collections.abc import Callable, Sequence

from loadwatch.domain.adjusted import OwnThresholds
from loadwatch.domain.findings import Finding

Loads = Callable[[OwnThresholds], Sequence[Finding]]
Health = Callable[[Sequence[Finding]], list[Finding]]


def judge_all(thresholds: OwnThresholds, loads: Loads, health: Health) -> list[Finding]:
    """
    What the rules on loads and on symptoms say together.

    A runner may ask to hear less of loads, but only while nothing hurts: red flags, patterns and the loads that
    symptoms raise are judged as if no threshold had been loosened.

    Parameters
    ----------
    thresholds : OwnThresholds
        The runner's.
    loads : callable
        `rules.judge` on the runs at hand, by given thresholds.
    health : callable
        `symptom_rules.judge_health` on the check-ins at hand, beside given findings on loads.

    Returns
    -------
    list of Finding
        In order of time, of one moment the most severe first.
    """
    own = health(loads(thresholds))
    if thresholds.while_hurting == thresholds:
        return own
    beside_symptoms = [f for f in health(loads(thresholds.while_hurting)) if not f.is_load_only]
    found = [f for f in own if f.is_load_only] + beside_symptoms
    return sorted(found, key=lambda f: (f.at, -f.severity, f.dedup_key, f.episode))
