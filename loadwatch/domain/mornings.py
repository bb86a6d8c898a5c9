"""How pain answers to a session: the next morning, held against the mornings before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Final, Literal

from loadwatch.domain.symptoms import SymptomReport
from loadwatch.domain.text import Text, say
from loadwatch.domain.thresholds import BASELINE_DAYS, NRS_CHANGE, NRS_MODERATE, PAIN_STEP

DAY: Final = timedelta(days=1)

Response = Literal["quiet", "raised", "slow", "worse", "unknown"]
"""
The morning after a session: back to the baseline; a little above it; still above it on the second morning, so that
it took more than 24 h; two points or more above it; or nobody said.
"""


@dataclass(frozen=True, slots=True)
class PainDays:
    """
    Pain by local day.

    Attributes
    ----------
    morning : dict of date to int
        Pain of the morning, 0 to 10.
    worst : dict of date to int
        Worst of the day, 0 to 10; stands in for mornings that nobody asked for.
    """

    morning: dict[date, int]
    worst: dict[date, int]

    def baseline(self, day: date) -> float | None:
        """
        What is usual up to a day: the median of the mornings of a week, that day's own included.

        From the days' worst pain where no morning is known; None where neither is.
        """
        days = [day - n * DAY for n in range(BASELINE_DAYS)]
        for pain in (self.morning, self.worst):
            known = [pain[d] for d in days if d in pain]
            if known:
                return float(median(known))
        return None

    def response(self, day: date, by: date) -> Response:
        """How a session on `day` was answered, as far as it is known on the local day `by`."""
        first = self._rise(day, day + DAY, by)
        if first is None:
            return "unknown"
        if first >= NRS_CHANGE:
            return "worse"
        if first < PAIN_STEP:
            return "quiet"
        second = self._rise(day, day + 2 * DAY, by)
        return "slow" if second is not None and second >= PAIN_STEP else "raised"

    def _rise(self, day: date, morning: date, by: date) -> float | None:
        pain = self.morning.get(morning) if morning <= by else None
        baseline = self.baseline(day)
        if pain is None or baseline is None:
            return 0.0 if pain == 0 else None  # no pain is at no baseline too much
        return pain - baseline

    def is_rising(self, day: date) -> bool:
        """Whether the mornings of the week up to `day` are worse than those of the week before it."""
        weeks = [
            [self.morning[d] for d in (day - (n + back) * DAY for n in range(7)) if d in self.morning]
            for back in (0, 7)
        ]
        return all(weeks) and median(weeks[0]) - median(weeks[1]) >= PAIN_STEP


def pain_days(reports: Iterable[SymptomReport], next_mornings: Iterable[tuple[date, int]] = ()) -> PainDays:
    """
    Pain by day, of a day's several words the worst.

    Parameters
    ----------
    next_mornings : iterable of (date, int)
        Mornings told otherwise than in a report: local day and pain.
    """
    morning: dict[date, int] = {}
    worst: dict[date, int] = {}
    for report in reports:
        if report.pain_morning is not None:
            _keep_worst(morning, report.local_date, report.pain_morning)
        if report.pain_today is not None:
            _keep_worst(worst, report.local_date, report.pain_today)
    for day, pain in next_mornings:
        _keep_worst(morning, day, pain)
    return PainDays(morning, worst)


def _keep_worst(pain: dict[date, int], day: date, value: int) -> None:
    pain[day] = max(pain.get(day, 0), value)


def in_order(reports: Iterable[SymptomReport], as_of: date) -> list[SymptomReport]:
    """The reports up to a day, each once, by local day and then as they were given."""
    by_id = {r.id: r for r in reports if r.local_date <= as_of}
    return sorted(by_id.values(), key=lambda r: (r.local_date, r.at, r.id))


def worst_pain(report: SymptomReport) -> int:
    """The highest pain that a report names, 0 where it names none."""
    return max((p for p in (report.pain_run, report.pain_today, report.pain_morning) if p is not None), default=0)


def is_new_injury(report: SymptomReport, earlier: Sequence[SymptomReport]) -> bool:
    """
    Whether a report tells of something sudden that the one before it did not.

    A form may carry "sudden" along from report to report: after the first it takes a jump of pain as well.
    """
    if report.onset != "sudden" and "pop" not in report.signs:
        return False
    return not earlier or worst_pain(report) - worst_pain(earlier[-1]) >= NRS_CHANGE


PAIN_ABOVE: Final = say("pain above {limit} out of 10", limit=NRS_MODERATE)
A_LIMP: Final = say("a limp")


def reasons_to_stop(report: SymptomReport, earlier: Sequence[SymptomReport]) -> tuple[Text, ...]:
    """
    What in a report says that there is no more running and no exercise on that day, in words.

    Numbness and weakness count where they are new: earlier reports had neither, and there were some.
    """
    before = {q for r in earlier for q in r.qualities}
    new = report.qualities - before if earlier else frozenset()
    found = {
        PAIN_ABOVE: worst_pain(report) > NRS_MODERATE,
        say("sharp pain"): "sharp" in report.qualities,
        say("pain that came suddenly"): is_new_injury(report, earlier),
        A_LIMP: "limp" in report.signs,
        say("the knee gave way"): "buckling" in report.signs,
        say("new numbness"): bool({"numb", "tingling"} & new),
        say("new weakness"): "weak" in new or "spreading_weakness" in report.signs,
    }
    return tuple(words for words, holds in found.items() if holds)
