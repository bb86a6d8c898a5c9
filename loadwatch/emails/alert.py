"""The mail of one alert: the fact, why it is told, what to do, and what the judgement rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.activity import Run
from loadwatch.domain.alerts import Alert
from loadwatch.domain.completeness import gap_text
from loadwatch.domain.rules import Reason
from loadwatch.domain.wording import QUANTITIES, Units, quantity_text
from loadwatch.emails import EmailContent
from loadwatch.emails.render import day_text, one_line, render

_WEIGHTS: Final = {1: "Note", 2: "Caution", 3: "Warning", 4: "Stop"}
_BECAUSE_RED: Final = "a sign that must not be missed is mailed until you have said that you read it"

_GRADES: Final = {
    "A": "a cohort of runners was followed",
    "B": "taken over from another sport",
    "C": "expert opinion, no study of this exact rule",
}


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """
    One comparison in words, each number with its unit.

    Attributes
    ----------
    what, window : str
        The quantity, and the time it was compared over.
    value : str
        The quantity of the run that is judged.
    before, threshold : str or None
        The runner's own baseline, and the line the rule draws; None where there is none.
    """

    what: str
    window: str
    value: str
    before: str | None
    threshold: str | None


def alert_mail(
    alert: Alert,
    run: Run | None,
    ceiling_sentence: str,
    *,
    name: str,
    units: Units,
    base_url: str,
    explain_url: str | None = None,
    more_ceilings: Sequence[str] = (),
    timezone: str = "UTC",
) -> EmailContent:
    """
    The mail of an alert that fires.

    Parameters
    ----------
    run : Run or None
        The run it speaks of; None if it is gone by now.
    ceiling_sentence : str
        How far the next run may go, in words (`domain.wording.ceiling_text`).
    name : str
        The runner's name, may be empty.
    base_url : str
        Where this loadwatch is reached.
    explain_url : str or None
        Page that shows how the alert came about, under `base_url`.
    more_ceilings : sequence of str
        How much of the other loads the next run may bring, in words (`domain.wording.load_ceiling_text`).
    timezone : str
        Of the runner: the day of a check-in.

    Raises
    ------
    ValueError
        If `explain_url` is not under `base_url`.
    """
    alert = alert.in_units(units)
    weight = _WEIGHTS[max(1, alert.severity)]
    told = " or what you reported" if not alert.is_of_run or alert.symptom_level else ""
    # How far the next run may go is no question while something hurts.
    ceilings = [ceiling_sentence, *more_ceilings] if alert.is_of_run and not alert.symptom_level else []
    return render(
        "alert",
        subject=alert.title,
        because=_BECAUSE_RED if alert.is_red else f"mail about jumps in load{told} is switched on for you",
        base_url=base_url,
        kicker=" · ".join(part for part in (one_line(name), weight, *_which(alert, run, timezone)) if part),
        alert=alert,
        grade=_GRADES[alert.evidence.grade],
        rows=reason_rows(alert.reasons, units),
        ceilings=ceilings,
        explain_url=explain_url,
        gap=gap_text(alert.gap, ZoneInfo(timezone)) if alert.gap else None,
    )


def reason_rows(reasons: tuple[Reason, ...], units: Units) -> list[ReasonRow]:
    """The comparisons behind an alert in people's words, the deciding one first."""
    return [
        ReasonRow(
            what=QUANTITIES.get(r.quantity, r.quantity.replace("_", " ")),
            window=r.window,
            value=quantity_text(r.quantity, r.value, r.unit, units),
            # Of a ratio the baseline is 1 by its meaning: nothing to tell.
            before=None if r.unit == "ratio" else _shown(r, r.baseline, units),
            threshold=_shown(r, r.threshold, units),
        )
        for r in reasons
    ]


def _shown(reason: Reason, number: float | None, units: Units) -> str | None:
    return None if number is None else quantity_text(reason.quantity, number, reason.unit, units)


def _which(alert: Alert, run: Run | None, timezone: str) -> tuple[str, ...]:
    if not alert.is_of_run:
        return (f"your check-in of {day_text(alert.at.astimezone(ZoneInfo(timezone)).date(), year=True)}",)
    if run is None:
        return (f"run of {day_text(alert.at.date(), year=True)} (UTC)",)
    return day_text(run.local_date, year=True), one_line(run.name)
