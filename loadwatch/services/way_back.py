"""The way back to running: the ladder of a problem as a runner sees it, the gate before a run, the circuit."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from loadwatch.domain.activity import Run
from loadwatch.domain.ladder import (
    ENTRY_QUESTIONS,
    LadderEntry,
    LadderState,
    entry_levels,
    ladder_state,
    not_measured,
    usual_before,
)
from loadwatch.domain.loads import RunLoad, loads_reach, run_loads
from loadwatch.domain.mornings import DAY
from loadwatch.domain.programme import Clearance, Programme, Withheld
from loadwatch.domain.session_plan import Circuit, RunGate, circuit, run_gate, tolerated_directions
from loadwatch.domain.symptoms import Problem, SymptomReport
from loadwatch.domain.text import say
from loadwatch.domain.thresholds import BREAK_BASELINE, LONG_BREAK
from loadwatch.services.errors import NotYours
from loadwatch.services.health_ports import InvalidCheckIn, ProblemEvent
from loadwatch.services.ports import Clock, Database, Tx

if TYPE_CHECKING:
    from loadwatch.services.check_in import ClinicalContent, ProblemPage

TENDON: Final = "PHT"
"""The pattern whose ladder allows a point more of pain while running."""

MOST_M: Final = 500_000.0
"""A longer run, told by hand, is a slip of the pen. [m]"""


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """
    A run of which the ladder cannot see all.

    Attributes
    ----------
    what : tuple of str
        What it cannot see, in words.
    kept : bool or None
        The runner's own word on whether it kept to the step; None until it is told.
    """

    run: Run
    what: tuple[str, ...]
    kept: bool | None


@dataclass(frozen=True, slots=True)
class WayBack:
    """
    The ladder of a problem.

    Attributes
    ----------
    entry : LadderEntry
        The newest.
    levels : tuple of (date, int)
        Level from a day on, of this climb and of those before it.
    withheld : Withheld or None
        What stands against any running, beside what the ladder itself says.
    not_measured : tuple of NotMeasured
        Runs on the present level, the newest first.
    ask : mapping of str to str
        Questions that the first step waits for, with their wording; answered with a check-in.
    """

    entry: LadderEntry
    state: LadderState
    levels: tuple[tuple[date, int], ...]
    withheld: Withheld | None
    not_measured: tuple[NotMeasured, ...]
    ask: Mapping[str, str]

    @property
    def why_locked(self) -> tuple[str, ...]:
        """Why there is no run today, all reasons; empty if the step may be run."""
        return (self.withheld.text,) if self.withheld else self.state.why_locked

    @property
    def is_unlocked(self) -> bool:
        return not self.why_locked

    @property
    def is_stopped(self) -> bool:
        """Whether two steps down have stopped it: it goes on only anew."""
        return bool(self.state.referred)

    @property
    def last_drop(self) -> date:
        """Day of the latest step down, or of the run that asked for one; of the entry if there was none."""
        drops = [v.on for v in self.state.verdicts if v.kind == "drop"]
        return max(drops, default=self.entry.on)

    @property
    def run_ids(self) -> frozenset[int]:
        """Runs that the ladder has looked at."""
        return frozenset(i for verdict in self.state.verdicts for i in verdict.run_ids)


@dataclass(frozen=True, slots=True)
class LadderStart:
    """The first day on the ladder, the level that is proposed, and those that a runner may step on."""

    on: date
    proposed: int
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GateResult:
    """What the questions before a run say: it may begin only if `why_not` is empty."""

    gate: RunGate
    why_not: tuple[str, ...]

    @property
    def may_run(self) -> bool:
        return not self.why_not


def way_back(
    entries: Sequence[LadderEntry],
    kept: Mapping[int, bool],
    runs: Iterable[RunLoad],
    reports: Iterable[SymptomReport],
    as_of: date,
    clearance: Clearance,
) -> WayBack | None:
    """
    The ladder as it stands, of all that was ever stepped on for one problem; None if it never was.

    The newest entry counts. What climbs before it reached stays reached for the stages of a programme, which never
    follow back what was once met.
    """
    loads, told = list(runs), list(reports)
    levels: list[tuple[date, int]] = []
    state = None
    for entry, following in zip_longest(entries, entries[1:]):
        if following is not None and following.on <= entry.on:
            continue
        until = as_of if following is None else min(as_of, following.on - DAY)
        state = ladder_state(loads, told, entry, until, clearance=clearance, kept=kept)
        levels += [(day, level) for day, level in state.levels if following is None or day < following.on]
    if state is None:
        return None
    answers: dict[str, bool] = {}
    for report in sorted(told, key=lambda r: (r.at, r.id)):
        answers |= report.answers
    waits = not any(v.kind == "clean" for v in state.verdicts)
    return WayBack(
        entry=entries[-1],
        state=state,
        levels=tuple(levels),
        withheld=None,
        not_measured=_not_measured(state, loads, kept),
        ask={q: text for q, text in ENTRY_QUESTIONS.items() if waits and not answers.get(q, False)},
    )


def _not_measured(state: LadderState, loads: Iterable[RunLoad], kept: Mapping[int, bool]) -> tuple[NotMeasured, ...]:
    """Runs since the last change of level whose running, hills or speed are not known."""
    since = max((m.on for m in state.moves), default=date.min)
    asked = {i for v in state.verdicts if v.on >= since for i in v.run_ids}
    runs = {x.run.id: x for x in loads if x.run.id in asked}
    newest_first = sorted(runs.values(), key=lambda x: (x.run.start, x.run.id), reverse=True)
    return tuple(NotMeasured(x.run, what, kept.get(x.run.id)) for x in newest_first if (what := not_measured(x)))


def ladder_start(run_days: Collection[date], today: date, climbed: WayBack | None) -> LadderStart:
    """
    Where to step on: proposed is the lowest level that `entry_levels` names after so long without a run.

    Lower is always allowed. Whoever has run on the ladder already begins anew no higher than it stands: nothing is
    skipped that way. After a run of yesterday a day of rest comes first.

    Parameters
    ----------
    run_days : collection of date
        Local days with a run of at least the last four weeks, none later than today.
    """
    off = today - max(run_days) if run_days else LONG_BREAK + DAY
    lowest, highest = entry_levels(off)
    if climbed is not None and climbed.state.verdicts:
        highest = min(highest, climbed.state.level)
    on = today + DAY if off == DAY else today
    return LadderStart(on, min(lowest, highest), tuple(range(1, highest + 1)))


def gate_result(
    programme: Programme, answers: Mapping[str, bool], withheld: Withheld | None, ladder: WayBack | None
) -> GateResult:
    """The gate of a programme together with whatever else stands against a run today."""
    gate = run_gate(programme, answers)
    why = [withheld.text] if withheld else []
    if gate.refused:
        why.append(say("One no means no run today."))
    if gate.unanswered:
        why.append(say("A question was not answered, and without a yes to each there is no run today."))
    if ladder is not None and not withheld:
        why += [say("The ladder: {reason}.", reason=reason) for reason in ladder.why_locked]
    return GateResult(gate, tuple(why))


class WayBackUseCases:
    """Stepping on the ladder and what goes with it; mixed into `check_in.CheckInService`."""

    _database: Database
    _clock: Clock
    clinic: "ClinicalContent"

    def problem(self, athlete_id: int, number: int) -> "ProblemPage":
        raise NotImplementedError

    def _problem(self, tx: Tx, athlete_id: int, number: int) -> "ProblemPage":
        raise NotImplementedError

    def begin_ladder(self, athlete_id: int, number: int, level: int | None = None) -> "ProblemPage":
        """
        Step on the ladder, or begin it anew; at the proposed level unless another is named.

        Raises
        ------
        InvalidCheckIn
            If something stands against any running, or the level is not among those of `ProblemPage.start`.
        """
        now = self._clock()
        with self._database.write() as tx:
            tx.lock_athlete(athlete_id)
            page = self._problem(tx, athlete_id, number)
            if page.start is None:
                raise InvalidCheckIn("ladder", page.why_no_start)
            if level is not None and level not in page.start.levels:
                raise InvalidCheckIn("level", say("one from 1 to {last}", last=page.start.levels[-1]))
            old_long_m, old_fast_m = _usual_before(tx, athlete_id, page.problem)
            if page.ladder is not None:  # what the runner said then still holds
                old_long_m = old_long_m or page.ladder.entry.old_long_m
                old_fast_m = old_fast_m or page.ladder.entry.old_fast_m
            entry = LadderEntry(
                on=page.start.on,
                level=page.start.proposed if level is None else level,
                tendon=page.pattern == TENDON,
                old_long_m=old_long_m,
                old_fast_m=old_fast_m,
            )
            if not page.clearance.confirmed:  # stepping on is agreeing
                tx.add_problem_event(athlete_id, ProblemEvent(page.id, "agreed", now, page.today))
            tx.add_ladder_entry(athlete_id, page.id, entry, now)
        return self.problem(athlete_id, number)

    def put_usual(
        self, athlete_id: int, number: int, *, old_long_m: float | None = None, old_fast_m: float | None = None
    ) -> "ProblemPage":
        """Note the longest run, or the fast metres of a day, from before the problem, where no run tells them. [m]"""
        for name, metres in (("old_long_m", old_long_m), ("old_fast_m", old_fast_m)):
            if metres is not None and not 0 < metres <= MOST_M:
                raise InvalidCheckIn(name, say("a distance above 0"))
        with self._database.write() as tx:
            tx.lock_athlete(athlete_id)
            page = self._problem(tx, athlete_id, number)
            if page.ladder is None:
                raise InvalidCheckIn("ladder", say("it has not begun"))
            old = page.ladder.entry
            told = replace(old, old_long_m=old_long_m or old.old_long_m, old_fast_m=old_fast_m or old.old_fast_m)
            tx.add_ladder_entry(athlete_id, page.id, told, self._clock())
        return self.problem(athlete_id, number)

    def say_kept(self, athlete_id: int, number: int, run_id: int, *, kept: bool) -> "ProblemPage":
        """Note the runner's own word on whether a run kept to the step of the ladder."""
        with self._database.write() as tx:
            page = self._problem(tx, athlete_id, number)
            if page.ladder is None or run_id not in page.ladder.run_ids:
                raise NotYours(f"run {run_id}")
            tx.put_ladder_kept(athlete_id, page.id, run_id, kept, self._clock())
        return self.problem(athlete_id, number)

    def gate(self, athlete_id: int, number: int, answers: Mapping[str, bool]) -> GateResult:
        """Whether today's run may begin, by the questions that the programme asks before each; nothing is stored."""
        page = self.problem(athlete_id, number)
        if page.rehab is None or not page.rehab.gate:
            raise InvalidCheckIn("gate", say("no questions are asked before a run here"))
        if unknown := answers.keys() - page.rehab.gate.keys():
            codes = ", ".join(sorted(c[:40] for c in unknown))
            raise InvalidCheckIn("answers", say("{codes} is not asked here", codes=codes))
        return gate_result(page.rehab.programme, answers, page.no_run, page.ladder)

    def circuit(self, athlete_id: int, number: int) -> Circuit | Withheld | None:
        """A circuit for core and hip; None where the pattern is unclear, or the problem is gone."""
        page = self.problem(athlete_id, number)
        if page.withheld or page.rehab is None or page.pattern is None:
            return page.withheld
        return circuit(
            page.pattern,
            self.clinic.exercises.values(),
            clearance=page.clearance,
            pain_limit=page.rehab.programme.pain_limit,
            directions=tolerated_directions(page.problem.reports, page.today),
        )


def _usual_before(tx: Tx, athlete_id: int, problem: Problem) -> tuple[float | None, float | None]:
    """Longest run, and most fast metres of a day, before a problem. [m; m]"""
    since = problem.opened - BREAK_BASELINE - timedelta(days=2)  # local days begin earlier somewhere
    profile = tx.athlete(athlete_id)
    runs = tx.runs_between(athlete_id, loads_reach(since), problem.opened)
    loads = run_loads(runs, since=since, five_k_m_s=profile.five_k_m_s if profile else None)
    return usual_before(loads, problem.reports[0].local_date)
