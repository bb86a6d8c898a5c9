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

LONGEST_RUN_S: Final = 10 * 86_400.0
LONGEST_RUN_M: Final = 1_000_000.0
FASTEST_ASCENT_M_S: Final = 1.0
"""
What is longer, in time [s] or distance [m], or climbs faster on the whole [m/s] is no run but a fault of a clock or a
device. Design choice; the fastest vertical kilometre takes 29 minutes, the longest races are shorter.
"""

DUPLICATE_OVERLAP: Final = 0.70
"""Two recordings that share more of the shorter one's time are one run (watch and phone). Design choice."""

SAME_DISTANCE: Final = 0.02
SAME_TIME: Final = 0.02
SAME_TIME_S: Final = 30.0
"""
A recording that tells only its day is one of the day's others if distance and time differ by no more than these
shares of the longer (of time always by so many seconds). Design choice: Strava hands on what the watch recorded, to
a second and mostly to some metres; two courses of one day differ by more.
"""

OLD_RUN: Final = timedelta(hours=72)
"""A run that began earlier than this is judged and shown, but sends no mail. Design choice."""

ALERT_LIFE: Final = timedelta(days=7)
"""A load alert is spent after this. Design choice."""

COOL_DOWN: Final = timedelta(days=7)
"""After a mail of severity 2 its family is quiet for so long, unless severity rises. Design choice."""


# athletics tracks

LANE_LAP_M: Final = (400.00, 407.04, 414.70, 422.37, 430.03, 437.70, 445.37, 453.03)
"""
A round in each lane of a standard track, lane 1 first. [m] World Athletics: two straights of 84.39 m, a kerb of
radius 36.50 m, lanes 1.22 m wide; lane 1 is measured 0.30 m from the kerb, the others 0.20 m from their line.
"""

OVAL_LAP_M: Final = (390.0, 462.0)
OVAL_STRAIGHT_M: Final = (70.0, 120.0)
OVAL_RADIUS_M: Final = (24.0, 52.0)
"""
Round, straight and radius that a runner's line on a 400 m track can have, in lane 1 or 8, of any build. [m]
The standard build has a straight of 84.39 m, tracks of equal quarters one of 100 m, narrow ones up to 110 m,
double bends 80 m; each with some metres for the error of satellites. Widths are from the builds, not from runs.
"""

SMALL_OVAL_LAP_M: Final = (190.0, 340.0)
"""Round of indoor and training ovals of 200 to 333 m. [m]"""

OVAL_MIN_DISTANCE_M: Final = 800.0
"""Run on an oval for it to be one: two rounds; below it may be a loop of the road. [m] Design choice."""

TRACK_SESSION_FAST_M: Final = 400.0
"""Fast metres that make running on an oval a track session: jogging there is not speed work. [m] Design choice."""

# Hills and fast running: no study gives a threshold for either; each number says what it leans on.

KNOWN_SHARE: Final = 0.70
KNOWN_RUNS: Final = 4
"""
A rule on hills or on fast running speaks only if this share of the runs that it compares with, and at least
so many of them, are known. [unitless; 1] Design choice.
"""

HILL_WINDOW: Final = timedelta(days=42)
"""
How far back the largest descent is sought. Design choice: protection by an earlier bout is shown for 3 weeks
(Khassetarash et al. 2022, J Sport Health Sci) and thought to last about 6.
"""

HILL_SMALL: Final = 1.30
HILL_SMALL_JUMP_M: Final = 150.0
HILL_LARGE: Final = 2.00
HILL_LARGE_JUMP_M: Final = 250.0
"""
Ratio of a run's downhill load to the largest of the window, and metres more, from which it is a small and a
moderate load: above the ratio, from the metres on. [unitless; m] Design choice, after the session rule.
"""

HILL_UNUSED_M: Final = 50.0
HILL_FIRST_EXPOSURE_M: Final = 300.0
HILL_HARDLY_USED_M: Final = 200.0
HILL_SORE_M: Final = 600.0
"""
Moderate as well: this much downhill load for somebody whose largest of the window was below the number
before it. [m] Design choice, under the 900 to 990 m of descent in one bout that take 14-17 % of the strength
of unaccustomed knee extensors for two days (Maeo et al. 2017, Sci Rep 7:5769; Bontemps et al. 2020, Sports
Med 50:2083, doi:10.1007/s40279-020-01355-z).
"""

ASCENT_SMALL: Final = 1.50
ASCENT_SMALL_JUMP_M: Final = 200.0
"""The same for ascent, a small load at most. [unitless; m] Design choice, by plausibility alone."""

HILL_ALERT_LIFE: Final = timedelta(days=4)
"""An alert about hills is spent after this: the soreness it speaks of is over. Design choice."""

REFERENCE_WINDOW: Final = timedelta(days=180)
REFERENCE_RUNS: Final = 8
"""
A runner's reference speed is the second highest best 20 s among the runs of so long, at least so many of
them: the highest may be a GPS error. Design choice.
"""

SPRINT_OF_EASY: Final = 1.40
"""
A sprint is at least so many times the median of the runner's own easy speeds, as fast running is `FAST_OF_EASY`
times: what one runs every day is neither, even for somebody who never ran faster. [unitless] Design choice;
1.20 times the speed over 5 km is about 1.5 times the easy speed.
"""

FAST_RUN_M: Final = 200.0
"""A run with less fast running than this has none to speak of: GPS noise, a traffic light. [m] Design choice."""

FAST_WEEKS: Final = 12
FAST_WEEKS_NEEDED: Final = 6
FAST_SPREAD_SHARE: Final = 0.25
FAST_SPREAD_M: Final = 300.0
"""
The norm of 7 days' fast running: mean and standard deviation of so many weeks before them, of which so many
have some; the deviation is taken as at least this share of the mean and this many metres. [1; unitless; m]
Design choice, in the direction of Duhig et al. 2016, doi:10.1136/bjsports-2015-095679 (one Australian
football team: a week above one's own norm, odds ratio of a hamstring strain 6.44, 95 % CI 2.99-14.41).
"""

FAST_WEEK_SMALL_Z: Final = 1.0
FAST_WEEK_SMALL_JUMP_M: Final = 400.0
FAST_WEEK_LARGE_Z: Final = 2.0
FAST_WEEK_LARGE_JUMP_M: Final = 800.0
"""
Deviations above the norm, and metres more, from which 7 days of fast running are a small and a moderate
load. [unitless; m] Design choice; Malone et al. 2018, doi:10.1016/j.jsams.2017.05.016 (37 soccer players)
saw more injuries where the weekly change was 351-455 m.
"""

FAST_WINDOW: Final = timedelta(days=30)
FAST_SMALL: Final = 1.30
FAST_SMALL_JUMP_M: Final = 400.0
FAST_LARGE: Final = 2.00
FAST_LARGE_JUMP_M: Final = 800.0
"""
Ratio of a session's fast running to the largest of the window, and metres more, from which it is a small and
a moderate load. [unitless; m] Design choice, by analogy with the session rule.
"""

FAST_ABSENCE: Final = timedelta(days=42)
REINTRODUCTION_M: Final = 800.0
REINTRODUCTION_SPRINT_M: Final = 150.0
"""
After so long without a fast run, this much fast running or sprinting is a moderate load. [m] Design choice,
in the direction of Malone et al. 2017, J Sci Med Sport 20:250 (Gaelic football: both too little and too much
top speed went with injury).
"""

FAST_REST: Final = timedelta(hours=72)
"""For so long after a jump in fast running the next run should have none. Design choice."""


# What of a recording was run (motion)

FASTEST_HOLE_M_S: Final = 8.0
WANDERED_RATIO: Final = 0.5
DRIVEN_RATIO: Final = 1.5
"""
A hole between two samples is a pause where its ends are further apart than anybody runs it [m/s], or nearer or
further apart than this many times the run's median speed [unitless]. Design choice; 800 m have been run at
7.9 m/s.
"""

SMART_STEP_S: Final = 1.2
SMART_HOLE_S: Final = 60.0
"""
A watch whose steps are longer on average leaves out seconds as it records, up to so many at a time: its holes
need no more than a plausible speed. [s] Design choice.
"""

STANDING_EXTENT_M: Final = 18.0
"""
Positions of 30 s that lie within this stand. [m] Design choice: simulated satellite noise of 3-5 m (correlated
over 20-30 s) stays within it, a walk of 1 m/s does not.
"""

FAST_SHARE: Final = 0.75
SPRINT_SHARE: Final = 0.90
"""Fast running and sprinting as shares of a runner's reference speed, the best 20 s. [unitless] Design choice."""

FAST_OF_5K: Final = 1.03
SPRINT_OF_5K: Final = 1.20
"""The same as multiples of the mean speed over 5 km, where that is known. [unitless] Design choice."""

FAST_OF_EASY: Final = 1.15
SLOWEST_FAST_M_S: Final = 2.8
CONTRAST: Final = 1.25
"""
A run that is its own only witness: fast is at least so many times its easy speed [unitless] and this fast [m/s];
without repetitions at least `CONTRAST` times its median speed, and with no 20 s of that nothing is known. Design
choice.
"""

REP_MIN_S: Final = 15.0
REP_MIN_M: Final = 80.0
REP_MIN_M_S: Final = 2.5
"""A fast stretch that counts as a repetition: its least duration, length and speed. [s; m; m/s] Design choice."""

REP_CONTRAST: Final = 1.20
"""A repetition is so many times as fast as the minute before and the minute after it. [unitless] Design choice."""

RARE_CONTRAST: Final = 1.50
"""
Where the fast stretches are too few to show among the speeds of the run: strides. They are so many times as
fast as its slower running. [unitless] Design choice: on trails the level parts are up to 1.4 times as fast.
"""

JOG_M_S: Final = 2.0
REP_SLOWER_S: Final = 60.0
REPS_ALIKE: Final = 4
REP_VARIATION: Final = 0.10
REST_SHARE: Final = 0.12
"""
Fast stretches are repetitions where the run holds slower running too: above the first [m/s] for the second [s].
Else, with nothing but rests between, only if there are so many, their lengths vary (sd over mean) by no more
than this and the median rest is that share of the median repetition: that tells a session from traffic lights
and from walking breaks. [1; unitless; unitless] Design choice.
"""

WAY_RATIO: Final = 0.85
"""A first or last stretch slower than this times the repetitions is the way there or home. [1] Design choice."""

DISTANCE_DISAGREES: Final = 0.05
DISTANCE_DISAGREES_M: Final = 100.0
"""The device's distance and that of its samples differ by more than both: said. [unitless; m] Design choice."""

SPARSE_STEP_S: Final = 3.0
"""Samples further apart than this on average blur short efforts: said. [s] Design choice."""

# Elevation

IMPLAUSIBLE_CLIMB_M_S: Final = 3.0
"""Altitude that changes faster is not the runner's doing. [m/s] Design choice."""

REVERSAL_BARO_M: Final = 2.0
REVERSAL_CORRECTED_M: Final = 5.0
REVERSAL_GPS_M: Final = 10.0
"""
A climb counts once altitude has come back by this much: from a barometer, a map, satellites alone. [m]

Design choice. Noise of 0.5 m leaves about 1.2 m between the extremes of an hour's 9 s means, the change of wind
pressure from 3 to 5 m/s 0.8 m; Strava is said to use about 2 m for barometers and 10 m otherwise.
"""

ALTITUDE_COVERAGE: Final = 0.5
"""With altitude for a smaller share of a run nothing is said of its hills. [unitless] Design choice."""

REPORTED_ASCENT_M: Final = 30.0
REPORTED_ASCENT_SHARE: Final = 0.25
"""
The samples' ascent agrees with the source's within the larger of 30 m and a quarter; else their descent does not
count. [m; unitless] Design choice.
"""

BAROMETER_ROUGHNESS_M: Final = 1.2
BAROMETER_WAVES_M: Final = 1.0
TERRAIN_OVER_WAVES: Final = 20.0
"""
An altitude is not a barometer's if its means over 5 s are rougher than 1.2 m; nor if those over 20 s make waves of
more than 1 m that are more than a twentieth of the run's whole range. [m; m; unitless] Design choice: white noise
of 0.5 m gives 0.6 m over 5 s, satellite noise of 3 m and 30 s 1.7 m over 5 s and 3 m over 20 s.
"""

REVISIT_MAP_M: Final = 0.1
REVISIT_SAME_HILLS: Final = 0.8
REVISIT_OTHER_HILLS: Final = 0.5
"""
Where a run passes twice a map says the same to this, in the median [m]. Changes of altitude there that correlate by
the second number are hills; by less than the third, waves of the sensor. [unitless] Design choice.
"""

LEVEL_GRADE: Final = 0.03
HILL_GRADE: Final = 0.04
"""Flatter is nearly level; at least as steep is a hill. [unitless] Design choice."""

WALKING_M_S: Final = 1.0
"""Slower is not running: it bears on neither eccentric load nor easy speed. [m/s] Design choice."""

ECCENTRIC_GRADE: Final = -0.03
ECCENTRIC_SPEED: Final = (0.7, 1.5)
STEEPEST_GRADE: Final = 0.35
"""
Descent at this grade and steeper loads the thigh; each metre counts as its speed over the easy speed, within these
bounds; steeper grades count as the last. [unitless]

Design choice, in the direction of Maeo et al. 2017 (Sci. Rep. 7:5769; 45 min at -15 % took 14-17 % of the knee
extensors' torque for two days) and Bontemps et al. 2020, doi:10.1007/s40279-020-01355-z.
"""

STEEPEST_COST_GRADE: Final = 0.30
"""Energy cost is not followed beyond this grade. [unitless] Design choice; measured to 0.45."""

HILL_REPS: Final = 4
HILL_REP_GAIN_M: Final = 8.0
HILL_REP_S: Final = 30.0
HILL_REP_LENGTH_M: Final = 60.0
HILL_REP_START_M: Final = 40.0
HILL_REP_HEADING_DEG: Final = 30.0
HILL_REP_GAIN_VARIATION: Final = 0.30
"""
Hill repetitions: so many climbs in succession, each at least so high and at least so long in time or in way, that
begin this near each other, lead the same way within this angle, and whose heights vary by less than this, standard
deviation over mean. [1; m; s; m; m; degrees; unitless] Design choice.
"""

# Context, and what alerts are measured against in a backtest: none of these sets off an alert

ACUTE_DAYS: Final = 7
CHRONIC_DAYS: Final = 28
"""
Windows of the acute and the chronic load. [d] Gabbett 2016, doi:10.1136/bjsports-2015-095788; as time constants of
weighted means Williams et al. 2017, doi:10.1136/bjsports-2016-096589 (lambda = 2 / (N + 1)).
"""

CHRONIC_HISTORY_DAYS: Final = 21
CHRONIC_ACTIVE_DAYS: Final = 3
"""With a shorter history, or fewer days of running before the acute week, there is no ratio. [d] Design choice."""

COMPARED_WEEK: Final = 0.30
COMPARED_ACWR: Final = 1.50
"""
Rules that others alert on, counted in a backtest for comparison: a week so much above the one before it, an
acute:chronic ratio above this. [unitless] Cloosterman et al. 2024, doi:10.4085/1062-6050-0430.23: they flag 16 to
33 % of 22 839 sessions of runners.
"""

INJURY_WASHOUT: Final = timedelta(days=21)
"""A day with an injury begins a new one only after so long without. Design choice, as Lövdal et al. 2021,
doi:10.1123/ijspp.2020-0518, who asked for three weeks of full fitness."""

INJURY_HORIZONS: Final = (7, 14)
"""How long before an injury an alert counts as having come before it. [d] Design choice."""

# Symptoms

NRS_MILD: Final = 2
NRS_MODERATE: Final = 5
"""
Pain up to the first is mild, up to the second moderate, above it severe. [0-10] The pain-monitoring model
(Thomeé 1997; Silbernagel et al. 2007, Am J Sports Med: tendons and kneecaps) takes the same cuts; not validated
for acute strains of the thigh.
"""

NRS_CHANGE: Final = 2
"""Points by which pain must change to mean something. [0-10] Smallest change that patients call one, about 2."""

LASTING: Final = timedelta(hours=24)
STUCK_MODERATE: Final = timedelta(days=10)
STUCK_SILENCE: Final = timedelta(days=14)
"""
Pain that lasts for longer than the first is level 2; level 2 for so long as the second is level 3, unless there was
a silence of more than the third in between: nobody knows how it was then. Design choice.
"""

NEW_WINDOW: Final = timedelta(days=28)
"""A one-sided complaint is new where its place was not reported for so long. Design choice."""

TREND_WINDOW: Final = timedelta(days=7)
MORNING_BASELINE: Final = timedelta(days=14)
MORNINGS_RISEN: Final = 2
ASYMMETRY_REPORTS: Final = 2
"""
Pain rises where it is `NRS_CHANGE` above its lowest of 7 days, or on so many mornings of them above the lowest
morning of 14; a one-sided complaint repeats with so many reports in 7 days. [d; d; 1; 1] Design choice.
"""

SYMPTOM_MEMORY: Final = timedelta(hours=72)
"""An older check-in amplifies loads by one level less for each further so long. Design choice."""

SORENESS_AGE_D: Final = 5
"""Soreness after a run that is older than this, counted from the run or from the first report, is none. [d]"""

SORENESS_ONSET: Final = timedelta(hours=12)
"""Soreness begins 12 to 72 h after a run: a run of less than this before the check-in did not make it."""

# Red flags: what of earlier reports and loads they look at

AFTER_SESSION_D: Final = 4
BONE_SPIKE_D: Final = 28
"""Days after a session in which RF2 looks for muscle breakdown, and after a jump in mileage for bone stress. [d]"""

STUCK_D: Final = 14
SEVERE_PAIN: Final = timedelta(days=3)
FLARE_WINDOW: Final = timedelta(days=56)
FLARES: Final = 3
"""
RF13: no improvement in so many days of reduced load; severe pain for longer than this; so many flares within eight
weeks. [d; -; -; 1] Design choice.
"""

FLARE_REACH_D: Final = 3
"""Runs of so many days before a flare are counted as before it: soreness takes no longer. [d] Design choice."""

LIMP_SETTLES: Final = timedelta(hours=24)
"""A limp that is still there after this has not settled (RF5: 24-48 h). Design choice: the earlier of the two."""

# Patterns

PATTERN_SCORE: Final = 6
PATTERN_MARGIN: Final = 2
BONE_GUARD_SCORE: Final = 5
LOAD_POINTS: Final = 2
"""
A pattern is named from this score and lead over the next on; bone stress is shown from its own score on; recent
loads add at most so much. [points] Design choice, clinical reasoning without a validation.
"""

FAST_SPIKE_D: Final = 7
DESCENT_SPIKE_D: Final = 4
MILEAGE_SPIKE_D: Final = 21
PREVIOUS_INJURY_D: Final = 365
"""Days for which a jump in load, or an earlier injury, speaks for a pattern. [d] Design choice; that earlier
hamstring injury matters: Green et al. 2020 (review; relative risk of another one 2.7 ever, 4.8 when recent)."""

# Rehabilitation and the return to running. Doses and limits of single exercises are in knowledge/*.toml.

NRS_MILD_TENDON: Final = 3
"""A run on the ladder is clean up to `NRS_MILD`; for a tendon up to this. [NRS] Pain-monitoring model."""

PAIN_STEP: Final = 1
"""Nearer to the baseline than a whole step of the scale is back to it. [NRS] Design choice."""

BASELINE_DAYS: Final = 7
"""The baseline is the median of the mornings of so many days up to the session. [d] Design choice."""

SETBACKS: Final = 2
SETBACK_WINDOW: Final = timedelta(days=14)
"""So many setbacks within this time: see a professional. Design choice."""

FRESH_BRUISE: Final = timedelta(days=10)
"""No deep massage for this long after a bruise showed. Design choice, on the safe side of the usual 5 to 10 days."""

CLEAN_SESSIONS: Final = 2
"""Clean sessions that each level of the ladder takes. Design choice, as in a soldiers' trial of run-walk."""

LADDER_OVERSHOOT: Final = 1.2
LADDER_LEAST: Final = 0.8
"""More running than this times the step is an overshoot; less than this is no session. [unitless] Design choice."""

LADDER_ROUNDING: Final = 1.05
"""Distance, descent and fast metres may exceed a limit by this: a corner, not a lap. [unitless] Design choice."""

RUNNING_M_S: Final = 2.1
"""From here on a metre of a run-walk session was run. [m/s] Design choice: people change gait near 2 m/s."""

LADDER_GROWTH: Final = 1.15
LADDER_LONG_SHARE: Final = 0.6
"""Level 8 grows by at most this a session, to this share of the old long run. [unitless] Design choice."""

LADDER_FIRST_DESCENT_M: Final = 50.0
LADDER_DESCENT_GROWTH: Final = 1.5
"""Descent of the first hilly session, and how it may grow per exposure. [m; unitless] Design choice. Less is flat."""

LADDER_FAST_SHARE: Final = 0.5
LADDER_FAST_M: Final = 100.0
"""Track work returns at this share of the old fast metres; fewer metres than the second are none. Design choice."""

LADDER_AFTER_BREAK: Final = (4, 7)
LADDER_AFTER_LONG_BREAK: Final = (1, 4)
"""Levels to start from after a break of 14 to 28 days, and after a longer one, even without pain. Design choice."""

# What symptoms and loads amount to together, and how often the runner is told

BUILD_WEEK: Final = 0.30
BUILD_MEAN: Final = 1.20
BUILD_WEEKS: Final = 4
"""
A weekly build: two weeks in a row at least so much above the one before, and the last at least so many times the
mean of the four before it. [unitless; unitless; weeks] Nielsen et al. 2014, doi:10.2519/jospt.2014.5164 (874
novices, p = 0.07); Frandsen et al. 2025 found nothing for the weekly ratio. Told in the weekly mail alone.
"""

MATCH_WINDOW: Final = timedelta(days=7)
"""A load raises severity where it was put on the place that hurts, for so long. Design choice."""

RECENT_INJURY: Final = timedelta(days=365)
"""An injury of the same site raises severity for so long. Green et al. 2020 (hamstring, team sports)."""

HAMSTRING_WATCH: Final = timedelta(weeks=12)
"""After a problem at the back of the thigh it counts as a recent injury for so long. Design choice: about one in ten
has it again within two months."""

HAMSTRING_LOAD: Final = timedelta(days=7)
QUAD_LOAD: Final = timedelta(days=4)
BONE_LOAD: Final = timedelta(days=28)
"""How long before a check-in fast running, a descent or long run, and a jump in mileage count for C-HS, C-Q and
C-BSI. Design choice."""

GRADUAL: Final = timedelta(days=10)
"""Sit-bone pain that came gradually resembles a tendon's from so long on. Design choice."""

NERVE_LASTING: Final = timedelta(days=7)
"""Burning, tingling or numbness of more than so long is to be acted on. Design choice."""

STOPPED_RUNS: Final = 2
STOPPED_WINDOW: Final = timedelta(days=7)
"""So many runs stopped by the outer knee within this time. [1; -] Design choice."""

SORENESS_RECHECK: Final = timedelta(hours=72)
DESCENT_RECHECK: Final = timedelta(hours=48)
MORNING_HOUR: Final = 7
"""When to ask how it feels: after soreness was told, after a jump downhill, and after any other jump the next
morning. [-; -; h local] Design choice."""

PUSHING: Final = timedelta(hours=72)
PUSHING_BLOCK: Final = timedelta(days=7)
"""A run counts as running through severe symptoms that were told within the first; it is said once in each such
part of a problem's time. Design choice."""

HILLY_M: Final = 150.0
"""Downhill load, or ascent, from which a run is hilly for somebody whose thigh hurts. [m] Design choice: the jump
from which a descent speaks."""

REDUCED_DAYS: Final = 14
REDUCED_SHARE: Final = 0.80
"""Load is reduced where so many days have less than this share of the mean of the 28 before. [d; 1] Design choice."""

ASK_FOR: Final = timedelta(days=3)
"""So long it is asked how the thighs feel after a jump in load, unless the runner has told it: soreness is over by
then. Design choice."""

COOL_DOWN_ACT: Final = timedelta(hours=72)
RED_AGAIN: Final = timedelta(hours=24)
"""Cool-down of severity 3; a red flag is told again after so long until it is acknowledged. Design choice."""

BUDGET_WEEK: Final = 2
BUDGET_MONTH: Final = 4
BUDGET_ACT_DAY: Final = 1
"""Mails below severity 3 in any 7 and any 30 days, and of severity 3 in any 24 hours. [1] Design choice."""

QUIET_FROM: Final = 21
QUIET_TO: Final = 7
"""Hours of the night without mails. [h local] Design choice."""

SNOOZE: Final = timedelta(days=14)
MUTE_WINDOW: Final = timedelta(days=60)
MUTE_AFTER: Final = 3
"""How long a snooze lasts; so many times "not useful" within the window mute a family. [-; -; 1] Design choice."""
