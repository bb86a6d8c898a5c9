"""`loadwatch backtest`: what a history would have brought, for people and for programs."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from loadwatch.adapters.files import UnreadableFile
from loadwatch.adapters.files.history_csv import read_history
from loadwatch.domain.alert_quality import (
    N_DRAWS,
    Discrimination,
    Estimate,
    Quality,
    discrimination,
    levels_by_day,
    open_to_symptoms,
    quality,
    watch,
)
from loadwatch.domain.backtest import (
    ALL_RULES,
    COMPARED,
    HEALTH_RULES,
    LOAD_ONLY,
    LOAD_RULES,
    History,
    PastAlert,
    RuleCount,
    as_pushes,
    by_rule,
    compared_days,
    replay,
    rule_counts,
    severe_days,
    silent_because,
)
from loadwatch.domain.rules import RULE_VERSION
from loadwatch.domain.symptom_rules import Clinic
from loadwatch.domain.thresholds import BUDGET_MONTH, COOL_DOWN, INJURY_HORIZONS, INJURY_WASHOUT
from loadwatch.domain.wording import alert_text
from loadwatch.knowledge.flags import red_flags
from loadwatch.knowledge.thigh_patterns import patterns

FEW_ATHLETES: Final = 20
"""With fewer, intervals drawn over athletes are too narrow to be taken at their word."""

SHOWN: Final = 20
"""Alerts shown to people; programs get all."""

NOT_USED = "[dim]not used:[/]"
NOT_ALL = "Most injuries come without a load alert, and most load alerts are not followed by one."
ONE_ATHLETE = "one athlete: intervals are drawn over athletes, so there are none"


@dataclass(frozen=True, slots=True)
class Backtest:
    """
    All that is told of one file.

    Attributes
    ----------
    compared : mapping of str to sequence of sequence of date
        For each rule that others alert on, the days of each history on which it would speak.
    quality : mapping of str to sequence of Quality
        By rule, one for each horizon; empty without a column of injuries.
    discrimination : sequence of Discrimination
    """

    file: str
    histories: tuple[History, ...]
    alerts: tuple[tuple[PastAlert, ...], ...]
    compared: Mapping[str, Sequence[Sequence[Any]]]
    quality: Mapping[str, Sequence[Quality]]
    discrimination: Sequence[Discrimination]
    notes: tuple[str, ...]

    @property
    def months(self) -> float:
        return sum(h.months for h in self.histories)

    @property
    def n_by_symptoms(self) -> int:
        """Of the injuries those that severe symptoms tell, on a day of which the column tells none."""
        n = 0
        for h, of in zip(self.histories, self.alerts, strict=True):
            if h.injured is not None:
                onsets = watch(h, severe_days(of)).onsets
                n += sum(h.first_day + timedelta(days=day) not in h.injured for day in onsets)
        return n

    @property
    def athletes(self) -> int:
        return len({h.athlete for h in self.histories})


def run_backtest(
    files: Sequence[str],
    *,
    headers: Mapping[str, str],
    as_json: bool,
    novice: bool,
    seed: int,
    console: Console,
) -> int:
    """
    Replay files one by one and print what would have been.

    Parameters
    ----------
    headers : mapping of str to str
        Columns that have other names in the files.
    seed : int
        For intervals and for alerts of chance: the same one gives the same numbers.

    Returns
    -------
    int
        0, or 1 if a file could not be read.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    bad = 0
    for file in files:
        try:
            result = backtest(file, headers, novice=novice, seed=seed, errors=errors)
        except UnreadableFile as error:
            bad += 1
            click.echo(f"{file}: {error}", err=True)
        except OSError as error:
            bad += 1
            click.echo(f"{file}: cannot be opened: {error.strerror}", err=True)
        else:
            if as_json:
                click.echo(json.dumps(as_facts(result), ensure_ascii=False))
            else:
                show(result, console)
    return 1 if bad else 0


def backtest(file: str, headers: Mapping[str, str], *, novice: bool, seed: int, errors: Console) -> Backtest:
    """
    Read a history, replay it, and measure what came of it.

    Raises
    ------
    UnreadableFile
    OSError
    """
    found = read_history(Path(file), headers)
    past = found.histories
    clinic = Clinic(red_flags(), patterns())
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        alerts = tuple(replay(h, clinic, novice=novice) for h in progress.track(past, description="replaying"))
    days = [compared_days(h) for h in past]
    compared = {name: [of[name] for of in days] for name in COMPARED}
    notes = [*found.notes, *silent_because(past)]
    told = all(h.injured is not None for h in past)
    qualities, aucs = _measures(past, alerts, compared, Random(seed)) if told else ({}, [])
    n_athletes = len({h.athlete for h in past})
    if told and n_athletes == 1:
        notes.append(ONE_ATHLETE)
    elif told and n_athletes < FEW_ATHLETES:
        notes.append(f"{n_athletes} athletes are few: the intervals are too narrow")
    return Backtest(file, past, alerts, compared, qualities, aucs, tuple(notes))


def _measures(
    past: Sequence[History],
    alerts: Sequence[Sequence[PastAlert]],
    compared: Mapping[str, Sequence[Sequence[Any]]],
    rng: Random,
) -> tuple[dict[str, list[Quality]], list[Discrimination]]:
    watches = [watch(h, severe_days(of)) for h, of in zip(past, alerts, strict=True)]
    of_symptoms = [open_to_symptoms(w, h) for w, h in zip(watches, past, strict=True)]
    by_name = [by_rule([a for a in of if a.pushed]) for of in alerts]
    pushed = {
        name: [[a.day for a in of[name]] for of in by_name]
        for name in (ALL_RULES, LOAD_ONLY, *LOAD_RULES, *HEALTH_RULES)
        if name == ALL_RULES or any(of[name] for of in by_name)
    }
    if not _have_reports(past):
        pushed.pop(LOAD_ONLY, None)  # it is all of them
    pushed |= {name: [list(as_pushes(days)) for days in of] for name, of in compared.items()}
    by_day = {
        name: [[(day - h.first_day).days for day in days] for h, days in zip(past, of, strict=True)]
        for name, of in pushed.items()
    }
    levels = [levels_by_day(of, h) for h, of in zip(past, alerts, strict=True)]
    qualities = {}
    for name, days in by_day.items():
        watched = of_symptoms if name in (ALL_RULES, *HEALTH_RULES) and _have_reports(past) else watches
        qualities[name] = [quality(watched, days, h, rng) for h in INJURY_HORIZONS]
    return qualities, [discrimination(watches, levels, h, rng) for h in INJURY_HORIZONS]


def _have_reports(past: Sequence[History]) -> bool:
    return any(h.reports for h in past)


# for programs


def as_facts(result: Backtest) -> dict[str, Any]:
    """One file's backtest as `--json` prints it; what is not defined is null."""
    months = result.months
    every = [a for of in result.alerts for a in of]
    facts: dict[str, Any] = {
        "file": result.file,
        "rule_version": RULE_VERSION,
        "athletes": result.athletes,
        "runs": sum(len(h.runs) for h in result.histories),
        "runner_months": round(months, 3),
        "first_day": min(h.first_day for h in result.histories).isoformat(),
        "last_day": max(h.last_day for h in result.histories).isoformat(),
        "rules": {
            c.rule: {
                "alerts": c.n_alerts,
                "by_load_level": list(c.levels),
                "by_severity": list(c.severities),
                "pushes": c.n_pushes,
                "alerts_per_runner_month": _rate(c.n_alerts, months),
                "pushes_per_runner_month": _rate(c.n_pushes, months),
            }
            for c in rule_counts(every)
        },
        "compared": {
            name: {
                "run_days": _total(of),
                "run_days_per_runner_month": _rate(_total(of), months),
                "pushes": _total([as_pushes(days) for days in of]),
                "pushes_per_runner_month": _rate(_total([as_pushes(days) for days in of]), months),
            }
            for name, of in result.compared.items()
        },
        "reports": sum(len(h.reports) for h in result.histories),
        "notes": list(result.notes),
        "alerts": [
            _alert_facts(history, alert)
            for history, of in zip(result.histories, result.alerts, strict=True)
            for alert in of
        ],
    }
    if result.quality:
        facts |= _headline(result)
        facts["quality"] = {name: [_quality_facts(q) for q in of] for name, of in result.quality.items()}
        facts["discrimination"] = [asdict(d) for d in result.discrimination]
    return facts


def _headline(result: Backtest) -> dict[str, Any]:
    """The measures of all rules together, by horizon, under their plain names."""
    of = result.quality[ALL_RULES]
    facts: dict[str, Any] = {
        "injuries": of[0].counts.n_injuries,
        "injuries_by_symptoms_alone": result.n_by_symptoms,
        "burden": asdict(of[0].burden),
    }
    for name in ("coverage", "precision", "base", "lift"):
        facts[name] = {str(q.horizon_days): asdict(getattr(q, name)) for q in of}
    facts["lead_days"] = {str(q.horizon_days): q.lead_days for q in of}
    return facts


def _quality_facts(q: Quality) -> dict[str, Any]:
    return {k: v for k, v in asdict(q).items() if k != "counts"} | asdict(q.counts)


def _alert_facts(history: History, alert: PastAlert) -> dict[str, Any]:
    f = alert.finding
    return {
        "athlete": history.athlete,
        "season": history.season,
        "date": alert.day.isoformat(),
        "rule": f.rule,
        "load_level": f.load_level,
        "symptom_level": f.symptom_level,
        "severity": f.severity,
        "site": f.site or None,
        "pushed": alert.pushed,
        "confidence": f.confidence,
        "reasons": [asdict(r) for r in f.reasons],
        "coverage": list(f.coverage),
    }


def _rate(n: int, months: float) -> float:
    return round(n / months, 4)


def _total(of: Sequence[Sequence[Any]]) -> int:
    return sum(map(len, of))


# for people


def show(result: Backtest, console: Console) -> None:
    """The same as tables."""
    first, last = min(h.first_day for h in result.histories), max(h.last_day for h in result.histories)
    athletes = f"{result.athletes} athletes, " if result.athletes > 1 else ""
    runs = sum(len(h.runs) for h in result.histories)
    console.print(f"[bold]{escape(result.file)}[/]")
    n_reports = sum(len(h.reports) for h in result.histories)
    told = f" and {n_reports} check-ins" if n_reports else ""
    console.print(f"{athletes}{runs} runs{told} from {first} to {last}: {result.months:.1f} runner-months")
    console.print()
    console.print(_rules_table(result))
    console.print()
    if result.quality:
        for n, days in enumerate(INJURY_HORIZONS):
            console.print(_quality_table(result, n, days))
            console.print()
        console.print(NOT_ALL)
        console.print()
    _show_alerts(result, console)
    for note in result.notes:
        console.print(f"[yellow]note[/] {escape(note)}")
    console.print()


def _rules_table(result: Backtest) -> Table:
    table = _table("How often", ("small", "moderate", "large", "a month", "pushes", "a month"))
    counts = {c.rule: c for c in rule_counts([a for of in result.alerts for a in of])}
    for rule in LOAD_RULES:
        _add_rule(table, counts[rule], result.months)
    if _have_reports(result.histories):
        for rule in (LOAD_ONLY, *HEALTH_RULES):
            _add_rule(table, counts[rule], result.months, with_levels=rule == LOAD_ONLY)
    _add_rule(table, counts[ALL_RULES], result.months, with_levels=not _have_reports(result.histories))
    table.add_row(NOT_USED)
    for name, of in result.compared.items():
        n_pushes = _total([as_pushes(days) for days in of])
        _add_counts(table, name, ("", "", ""), _total(of), n_pushes, result.months)
    table.caption = (
        "Alerts by load level, of them pushes, each per runner-month too. Of the rules that are not used: days with"
        f" a run, and pushes with the same cool-down of {COOL_DOWN.days} days and budget of {BUDGET_MONTH} in 30."
    )
    return table


def _add_rule(table: Table, c: RuleCount, months: float, *, with_levels: bool | None = None) -> None:
    shown = c.rule in LOAD_RULES if with_levels is None else with_levels
    levels = tuple(map(str, c.levels)) if shown else ("", "", "")
    _add_counts(table, c.rule, levels, c.n_alerts, c.n_pushes, months)


def _add_counts(
    table: Table, name: str, levels: tuple[str, ...], n_alerts: int, n_pushes: int, months: float
) -> None:
    table.add_row(_named(name), *levels, f"{n_alerts / months:.2f}", str(n_pushes), f"{n_pushes / months:.2f}")


def _quality_table(result: Backtest, n: int, days: int) -> Table:
    of_all = result.quality[ALL_RULES][n]
    title = f"{of_all.counts.n_injuries} injuries: pushes within the {days} days before"
    table = _table(title, ("pushes", "coverage", "chance", "precision", "lift"))
    for name, of in result.quality.items():
        if name == next(iter(COMPARED)):
            table.add_row(NOT_USED)
        q = of[n]
        table.add_row(
            _named(name),
            str(q.counts.n_pushes),
            _percent(q.coverage),
            _percent(Estimate(q.chance.coverage.value)) if q.chance else "-",
            _percent(q.precision),
            _plain(q.lift, 1),
        )
    auc = result.discrimination[n]
    lines = [
        f"Coverage: injuries with a push before them. Precision: pushes that an injury followed; of all days"
        f" {_percent(of_all.base)} were followed by one, which lift is held against. Chance: coverage of as many"
        f" pushes on days drawn by chance. Ranges hold 95 % of {N_DRAWS} draws of athletes.",
        f"AUC of the load level within athletes {_plain(auc.within_athlete, 2)}, over all"
        f" {_plain(Estimate(auc.pooled), 2)}; of the athlete's earlier injuries alone"
        f" {_plain(Estimate(auc.athlete_rate), 2)}; 0.5 is chance.",
        f"An injury is a new one after {INJURY_WASHOUT.days} days without.",
    ]
    if _have_reports(result.histories):
        lines[-1] = (
            "An injury begins on a day of the column or with symptoms of level 3, and is a new one after"
            f" {INJURY_WASHOUT.days} days without either; {result.n_by_symptoms} are told by symptoms alone. The"
            " alert of such a check-in itself does not count as having come before."
        )
    if of_all.lead_days is not None:
        lines.append(f"Median lead of the covered injuries: {of_all.lead_days:g} days.")
    if of_all.counts.n_same_day:
        lines.append(f"Not counted: pushes on the first day of {of_all.counts.n_same_day} injuries themselves.")
    table.caption = "\n".join(lines)
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", caption_justify="left", box=None)
    table.add_column("rule", overflow="fold")
    for name in columns:
        table.add_column(name, justify="right", overflow="fold")
    return table


_NAMES: Final = {ALL_RULES: "all of them", LOAD_ONLY: "by load alone"}


def _named(rule: str) -> str:
    return _NAMES.get(rule, rule)


def _show_alerts(result: Backtest, console: Console) -> None:
    named = [
        (alert, " ".join(part for part in (history.athlete, history.season) if part))
        for history, of in zip(result.histories, result.alerts, strict=True)
        for alert in of
        if alert.pushed
    ]
    shown = sorted(named, key=lambda pair: pair[0].day)[-SHOWN:]
    if not shown:
        console.print("No alert would have left at once.")
        return
    rest = len(named) - len(shown)
    console.print("[bold]What would have left at once[/]" + (f", the last {SHOWN} of {len(named)}" if rest else ""))
    for alert, who in shown:
        whose = f"{escape(who)}  " if who else ""
        console.print(f"  {alert.day}  {whose}{alert.finding.rule:<7}  {escape(alert_text(alert.finding).title)}")
    console.print()


def _percent(e: Estimate) -> str:
    if e.value is None:
        return "-"
    return f"{100 * e.value:.{0 if e.value >= 0.1 else 1}f} %" + _range(e, lambda v: f"{100 * v:.0f}")


def _plain(e: Estimate, digits: int) -> str:
    return "-" if e.value is None else f"{e.value:.{digits}f}" + _range(e, lambda v: f"{v:.{digits}f}")


def _range(e: Estimate, text: Callable[[float], str]) -> str:
    return "" if e.low is None or e.high is None else f" ({text(e.low)}-{text(e.high)})"
