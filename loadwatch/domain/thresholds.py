"""
Every number that may set off a rule, with its unit, its study and the people it was measured on.

A constant marked *design choice* is ours: no study supports the exact number.
"""

from datetime import timedelta
from typing import Final

SPIKE_WINDOW: Final = timedelta(days=30)
"""How far back the longest run is sought. Frandsen et al. 2025, doi:10.1136/bjsports-2024-109380."""

SPIKE_SMALL: Final = 1.10
SPIKE_MODERATE: Final = 1.30
SPIKE_LARGE: Final = 2.00
"""
Ratio of a run to the longest of the 30 days before it; a band begins *above* its number. [unitless]

Frandsen et al. 2025: 5 205 adults (78 % men, mean age 46) with 588 071 runs; against runs of at most 1.10
the hazard rate ratio of an overuse injury was 1.64 (95 % CI 1.31-2.05) in 1.10-1.30, 1.52 (1.16-2.00) in
1.30-2.00 and 2.28 (1.50-3.48) above. Any body site, distance only, observational.
"""

SPIKE_MIN_JUMP_M: Final = 1_500.0
SPIKE_MIN_DISTANCE_M: Final = 5_000.0
"""A run speaks only if it is at least this long and this much longer than the longest. [m] Design choice."""

NOVICE_MIN_JUMP_M: Final = 1_000.0
NOVICE_MIN_DISTANCE_M: Final = 3_000.0
"""The same two floors for somebody who has just begun to run. [m] Design choice."""

LEARNING_HISTORY: Final = timedelta(days=14)
LEARNING_RUNS: Final = 4
"""With a shorter history, or fewer earlier runs, no load alert at all. Design choice."""

FULL_HISTORY: Final = timedelta(days=30)
"""With a shorter history the baseline is incomplete: confidence low, severity at most 1. Design choice."""

SESSION_GAP: Final = timedelta(hours=2)
"""Recordings of one day that follow each other by less count as one session too. Design choice."""

BREAK: Final = timedelta(days=14)
LONG_BREAK: Final = timedelta(days=28)
"""
Time without a run that counts as a break, and as a long one. Design choice, in the direction of
Nakaoka et al. 2021, doi:10.1007/s40279-021-01483-0 (435 runners: a *low* acute:chronic ratio went with more
injuries) and Damsted et al. 2019 (half-marathon cohort).
"""

BREAK_BASELINE: Final = timedelta(days=90)
BREAK_SHARE: Final = 0.50
LONG_BREAK_DISTANCE_M: Final = 5_000.0
"""
The first run after a break is a moderate load above half of the longest run of the 90 days before the
break, or above 5 km after a long break. [unitless; m] Design choice.
"""

IMPLAUSIBLE_SPEED_M_S: Final = 12.0
IMPLAUSIBLE_SHARE: Final = 0.05
"""
Samples faster than this are GPS jumps [m/s]; a recording with a larger share of them has no distance that
can be judged. Design choice; the fastest human sprint is 12.4 m/s.
"""

DUPLICATE_OVERLAP: Final = 0.70
"""Two recordings that share more of the shorter one's time are one run (watch and phone). Design choice."""

OLD_RUN: Final = timedelta(hours=72)
"""A run that began earlier than this is judged and shown, but sends no mail. Design choice."""

ALERT_LIFE: Final = timedelta(days=7)
"""A load alert is spent after this. Design choice."""

COOL_DOWN: Final = timedelta(days=7)
"""After a mail of severity 2 its family is quiet for so long, unless severity rises. Design choice."""
