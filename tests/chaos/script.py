"""
What happens in a run of chaos, and when: a plan that follows from its seed alone, so that it can be played again.

An event is something that happens at Strava or to a runner; a fault is something that breaks, at Strava or here.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Database = Literal["sqlite", "postgresql"]

FIRST_STRAVA_ID = 7001
FIRST_ACTIVITY_ID = 50_000
NEVER_THERE = 900_000
"""Activities from this number on are announced and do not exist."""

SEASON_DAYS = 170
"""How far back runs lie: inside the window over which the list is read."""

HOURS = (4, 9, 14)
"""When the activities of a day begin, UTC; none lasts so long that it reaches the next."""

FILE_HOUR = 19
FIRST_HOUR = 1
"""Of what is left for the calm at the end; see `House.edit_while_fetched`."""

HISTORY = tuple((days_ago, 0, 4.0 + days_ago % 3 / 2) for days_ago in range(2, 62, 4))
"""What each runner had run before coming here: days ago, hour, kilometres. Without it no rule speaks."""

FIRST_HISTORY_ID = 40_000
FIRST_CALM_ID = 45_000


@dataclass(frozen=True)
class Plan:
    """A run of chaos."""

    seed: int
    events: int
    faults: int
    database: Database
    seconds: float
    """Over which it is spread. [s]"""

    @property
    def command(self) -> str:
        """How to play it again."""
        return (
            f"./run chaos --seed {self.seed} --events {self.events} --faults {self.faults}"
            f" --database {self.database} --seconds {self.seconds:g}"
        )


@dataclass(frozen=True)
class Step:
    """One thing that happens, `at_s` after the beginning."""

    at_s: float
    kind: str
    args: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.at_s:7.2f} s  {self.kind:20} " + " ".join(f"{k}={v}" for k, v in self.args.items())


@dataclass
class _Runner:
    """What the plan knows of a runner."""

    strava_id: int
    slots: Iterator[tuple[int, int]]
    file_days: Iterator[int]
    activities: dict[int, int] = field(default_factory=dict)
    """Activity: how many days ago it was."""
    files: int = 0
    is_connected: bool = True


OUR_FAULTS: dict[str, tuple[str, float]] = {
    "worker_killed": ("worker", 3.0),
    "child_killed": ("worker", 1.0),
    "worker_frozen": ("worker", 2.0),
    "web_killed": ("web", 2.0),
    "beat_killed": ("beat", 2.0),
    "broker_killed": ("broker", 2.0),
    "broker_emptied": ("broker", 2.5),
    "broker_gone": ("broker", 6.0),
    "broker_frozen": ("broker", 5.0),
    "flushall": ("broker", 0.1),
    "disk_full": ("disk", 2.5),
    "mail_gone": ("mail", 3.0),
    "mail_hangs": ("mail", 3.0),
    "mail_delays": ("mail", 3.0),
    "mail_mute": ("mail", 3.0),
    "database_locked": ("database", 4.0),
    "database_gone": ("database", 3.0),
}
"""Kind: what it takes from service, and for how long [s]. Two faults of the same part do not overlap."""

STRAVA_FAULTS = {
    "status": 20,
    "rate_limited": 10,
    "html": 15,
    "hang": 8,
    "delay": 10,
    "drop": 12,
    "window_used_up": 8,
    "tokens_expire": 12,
    "inactive": 5,
}
"""Kind: how often."""

LOCKED_LONG_S = 11.0
GONE_LONG_S = 60.0
"""In a long run one lock and one absence of the broker last so long."""


def steps(plan: Plan) -> list[Step]:
    """All of a plan, in order of time."""
    rng = random.Random(plan.seed)
    n_runners = 4 if plan.events >= 200 else 3
    runners = [_runner(rng, FIRST_STRAVA_ID + n) for n in range(n_runners)]
    found = _events(plan, rng, runners) + _faults(plan, rng)
    return sorted(found, key=lambda step: step.at_s)


def _runner(rng: random.Random, strava_id: int) -> _Runner:
    slots = [(day, hour) for day in range(1, SEASON_DAYS) for hour in HOURS]
    # Most lie in the last weeks and many in the last days, of which mails speak, in any order: uploads come late.
    rng.shuffle(slots)
    slots.sort(key=lambda slot: rng.random() * (1 if slot[0] <= 7 else 8 if slot[0] <= 45 else 20))
    days = rng.sample(range(1, SEASON_DAYS), SEASON_DAYS - 1)
    return _Runner(strava_id, iter(slots), iter(days))


def _events(plan: Plan, rng: random.Random, runners: list[_Runner]) -> list[Step]:
    ids = iter(range(FIRST_ACTIVITY_ID, NEVER_THERE))
    moments = sorted(rng.uniform(0.0, plan.seconds) for _ in range(plan.events))
    withdrawals = {plan.events * 2 // 5: (runners[-1], False), plan.events * 3 // 5: (runners[-2], False)}
    withdrawals[plan.events * 3 // 4] = (runners[-2], True)
    found: list[Step] = []
    for n, at_s in enumerate(moments):
        if n in withdrawals:
            runner, comes_back = withdrawals[n]
            runner.is_connected = comes_back
            found.append(Step(at_s, "connect" if comes_back else "withdraw", {"runner": runner.strava_id}))
            continue
        found.append(_event(rng, at_s, rng.choice(runners), ids))
    return found


def _event(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    kinds: list[tuple[int, Callable[..., Step]]] = [(5, _upload), (2, _broken_upload), (2, _same_upload)]
    if runner.is_connected:
        kinds += [(34, _create), (8, _edited_meanwhile)]
        if runner.activities:
            kinds += [(24, _update), (9, _delete), (4, _forged_deletion), (3, _wrong_subscription)]
        kinds += [(3, _forged_creation), (2, _forged_withdrawal), (2, _unknown_owner)]
    make = rng.choices([k for _, k in kinds], [w for w, _ in kinds])[0]
    return make(rng, at_s, runner, ids)


def _pushes(rng: random.Random) -> list[float]:
    """When a change is told, after it was made: never, once, late, or several times over. [s]"""
    told = rng.random()
    if told < 0.12:
        return []
    if told < 0.65:
        return [0.0]
    return [round(rng.uniform(0.0, 2.5), 2) for _ in range(rng.randint(1, 3))]


def _create(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    slot = next(runner.slots, None)
    if slot is None:
        return _upload(rng, at_s, runner, ids)
    activity_id = next(ids)
    runner.activities[activity_id] = slot[0]
    sport = rng.choices(["Run", "TrailRun", "VirtualRun", "Ride", "Walk"], [70, 8, 4, 12, 6])[0]
    manual = rng.random() < 0.05
    trouble = rng.choices([None, "not_found", "empty_streams", "both"], [80, 8, 8, 4])[0]
    facts = {
        "runner": runner.strava_id,
        "id": activity_id,
        "days_ago": slot[0],
        "hour": slot[1],
        "km": _km(rng, slot[0]),
        "sport": sport,
        "manual": manual,
        # Some recordings have no samples for good.
        "streams": not manual and rng.random() < 0.96,
        "trouble": trouble,
        "times": rng.randint(1, 2),
        "pushes": _pushes(rng),
    }
    return Step(at_s, "create", facts)


def _edited_meanwhile(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    """A run that is changed while it is being fetched: what was read is old before it is stored."""
    step = _create(rng, at_s, runner, ids)
    if step.kind != "create":
        return step
    step.args.update(trouble=None, pushes=[0.0])
    late = {"late_s": round(rng.uniform(0.5, 1.5), 2), "then_km": _km(rng, step.args["days_ago"])}
    return Step(at_s, "edited_meanwhile", {**step.args, **late})


def _km(rng: random.Random, days_ago: int) -> float:
    """Of old runs little; of those of the last days at times so much more each day that each is a jump."""
    if days_ago <= 8 and rng.random() < 0.5:
        return round(9.0 + 2.0 * (8 - days_ago) + rng.uniform(-0.5, 0.5), 2)
    return round(rng.uniform(3.0, 7.0), 2)


def _update(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    changes: dict[str, Any] = {}
    activity_id = rng.choice(list(runner.activities))
    what = rng.choices(["km", "name", "sport", "gear"], [60, 20, 15, 5])[0]
    if what == "km":
        changes["km"] = _km(rng, runner.activities[activity_id])
    elif what == "name":
        changes["name"] = f"Named anew {rng.randint(1, 999)}"
    elif what == "sport":
        changes["sport"] = rng.choice(["Run", "TrailRun", "Ride"])
    else:
        changes["gear"] = f"g{rng.randint(1, 5)}"
    facts = {"id": activity_id, "changes": changes, "pushes": _pushes(rng)}
    return Step(at_s, "update", {"runner": runner.strava_id, **facts})


def _delete(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    gone = rng.choice(list(runner.activities))
    del runner.activities[gone]
    return Step(at_s, "delete", {"runner": runner.strava_id, "id": gone, "pushes": _pushes(rng)})


def _forged_deletion(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    return Step(at_s, "forged_deletion", {"runner": runner.strava_id, "id": rng.choice(list(runner.activities))})


def _forged_creation(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    return Step(at_s, "forged_creation", {"runner": runner.strava_id, "id": NEVER_THERE + rng.randrange(10_000)})


def _forged_withdrawal(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    return Step(at_s, "forged_withdrawal", {"runner": runner.strava_id})


def _wrong_subscription(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    aspect = rng.choice(["create", "update", "delete"])
    facts = {"runner": runner.strava_id, "id": rng.choice(list(runner.activities)), "aspect": aspect}
    return Step(at_s, "wrong_subscription", facts)


def _unknown_owner(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    return Step(at_s, "unknown_owner", {"id": NEVER_THERE + rng.randrange(10_000)})


def _upload(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    day = next(runner.file_days, None)
    if day is None:
        return _broken_upload(rng, at_s, runner, ids)
    runner.files += 1
    facts = {"runner": runner.strava_id, "days_ago": day, "samples": rng.randint(300, 900)}
    return Step(at_s, "upload", facts)


def _broken_upload(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    return Step(at_s, "broken_upload", {"runner": runner.strava_id, "salt": rng.randrange(10**6)})


def _same_upload(rng: random.Random, at_s: float, runner: _Runner, ids: Iterator[int]) -> Step:
    if not runner.files:
        return _upload(rng, at_s, runner, ids)
    return Step(at_s, "same_upload", {"runner": runner.strava_id, "which": rng.randrange(runner.files)})


def _faults(plan: Plan, rng: random.Random) -> list[Step]:
    """Two of five are Strava's; ours come in turn, shuffled, so that a short run has many kinds."""
    deck: list[str] = []
    busy_until = dict.fromkeys({part for part, _ in OUR_FAULTS.values()}, 0.0)
    long_ones = {"database_locked": LOCKED_LONG_S, "broker_gone": GONE_LONG_S} if plan.seconds > 150 else {}
    found = []
    for at_s in sorted(rng.uniform(1.0, plan.seconds) for _ in range(plan.faults)):
        if rng.random() < 0.4:
            found.append(_strava_fault(rng, at_s))
            continue
        if len(deck) < len(OUR_FAULTS) // 2:
            deck += rng.sample(sorted(OUR_FAULTS), len(OUR_FAULTS))
        free = [kind for kind in deck if busy_until[OUR_FAULTS[kind][0]] <= at_s]
        if not free:
            found.append(_strava_fault(rng, at_s))
            continue
        kind = free[0]
        deck.remove(kind)
        part, usual_s = OUR_FAULTS[kind]
        seconds = round(long_ones.pop(kind, usual_s * rng.uniform(0.5, 1.2)), 2)
        busy_until[part] = at_s + seconds + 0.5
        found.append(Step(at_s, kind, {"seconds": seconds, "dice": rng.randrange(1000)}))
    return found


def _strava_fault(rng: random.Random, at_s: float) -> Step:
    kind = rng.choices(list(STRAVA_FAULTS), list(STRAVA_FAULTS.values()))[0]
    where = rng.choices(["/api/v3/activities/*", "/oauth/token", "/api/v3/athlete*"], [70, 20, 10])[0]
    facts: dict[str, Any] = {"path": where, "times": rng.randint(1, 4), "status": rng.choice([500, 502, 503])}
    return Step(at_s, kind, facts)
