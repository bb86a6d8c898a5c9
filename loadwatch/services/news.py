"""What has changed since a page was made, so that it can be told without making the page anew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from loadwatch.domain.activity import Run
from loadwatch.domain.alerts import AlertState
from loadwatch.domain.report import LoadLine
from loadwatch.services.ports import AlertStep
from loadwatch.services.sync_ports import Pulse

WORTH_TELLING_M: Final = {"mileage": 50.0, "hills": 10.0, "fast": 10.0}
"""A week's load that changed by less looks the same where it is shown. [m] Design choice."""


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What a page showed when it was made.

    Attributes
    ----------
    loads : tuple of (float or None) or None
        The week's mileage, hills and fast running. [m] None where the page shows none of them.
    """

    pulse: Pulse
    loads: tuple[float | None, ...] | None = None

    @classmethod
    def of(cls, pulse: Pulse, lines: Sequence[LoadLine] | None) -> "Seen":
        return cls(pulse, None if lines is None else tuple(line.value for line in lines))


@dataclass(frozen=True, slots=True)
class LoadChange:
    """A week's load before and now. [m] None: not known."""

    kind: str
    was: float | None
    now: float | None


@dataclass(frozen=True, slots=True)
class News:
    """
    What is new since a page was made.

    Attributes
    ----------
    run : Run or None
        Of those that came the one with the latest start.
    n_runs : int
        How many came.
    n_gone : int
        Activities that are no longer here.
    n_alerts, n_taken_back : int
        Alerts that began to speak, and that were taken back.
    n_read, n_left : int
        Files: read since then, and still to be read.
    is_judged : bool
        Whether the alerts have followed what came.
    """

    run: Run | None = None
    n_runs: int = 0
    n_gone: int = 0
    loads: tuple[LoadChange, ...] = ()
    n_alerts: int = 0
    n_taken_back: int = 0
    n_read: int = 0
    n_left: int = 0
    is_judged: bool = True

    @property
    def is_any(self) -> bool:
        """Whether there is anything to tell."""
        return replace(self, n_left=0, is_judged=True) != News() or bool(self.n_left)


def news(
    seen: Seen, pulse: Pulse, runs: Sequence[Run], steps: Sequence[AlertStep], lines: Sequence[LoadLine]
) -> News:
    """
    Compare what a page showed with what is now.

    Parameters
    ----------
    runs : sequence of Run
        Those whose id is higher than that of any run that the page knew, the latest start first; of very many some.
    steps : sequence of AlertStep
        Transitions of alerts that the page did not know.
    lines : sequence of LoadLine
        The week's loads now; empty where the page shows none.
    """
    latest = {step.alert_id: step.to_state for step in steps}
    began = {step.alert_id for step in steps if step.to_state == AlertState.FIRING}
    before = seen.loads if seen.loads is not None else ()
    changes = (LoadChange(line.kind, was, line.value) for line, was in zip(lines, before, strict=False))
    n_more = pulse.n_runs - seen.pulse.n_runs
    return News(
        run=runs[0] if runs else None,
        n_runs=max(len(runs), n_more) if runs else 0,
        n_gone=max(len(runs) - n_more, 0),
        loads=tuple(c for c in changes if _shows(c)),
        n_alerts=sum(latest[alert_id] == AlertState.FIRING for alert_id in began),
        n_taken_back=sum(state == AlertState.RETRACTED for state in latest.values()),
        n_read=max(pulse.n_files_read - seen.pulse.n_files_read, 0),
        n_left=pulse.n_files_left,
        is_judged=pulse.is_judged,
    )


def _shows(change: LoadChange) -> bool:
    if change.was is None or change.now is None:
        return change.was is not change.now
    return abs(change.now - change.was) >= WORTH_TELLING_M[change.kind]
