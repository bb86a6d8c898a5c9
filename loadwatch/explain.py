"""The derivation of an alert, as text."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from loadwatch.domain.completeness import gap_text
from loadwatch.domain.rules import Reason
from loadwatch.domain.symptom_rules import severity
from loadwatch.domain.symptoms import SymptomReport
from loadwatch.domain.wording import QUANTITIES, Units, quantity_text
from loadwatch.services import health_words as words
from loadwatch.services.check_in import CheckInResult
from loadwatch.services.views import AlertPage


def explanation(page: AlertPage, units: Units, zone: ZoneInfo, check_in: CheckInResult | None = None) -> str:
    """All that an alert rests on, in lines; with the check-in that set it off, where it was one."""
    alert, run = page.alert.in_units(units), page.run
    lines = [
        f"alert {alert.id}: {alert.title}",
        f"rule {alert.rule}, version {alert.rule_version}, severity {alert.severity}, {alert.state}",
    ]
    if not alert.is_of_run:
        lines.append(f"check-in {alert.report_id}, {alert.at.astimezone(zone):%a %d %b %Y %H:%M}")
    elif run is None:
        lines.append("the run is no longer there")
    if run is not None:
        start = run.run.start.astimezone(zone)
        lines.append(f"run {run.run.id} ({run.source} {run.source_id}), {start:%a %d %b %Y %H:%M}: {run.run.name}")
    if check_in is not None:
        lines += ["", *_check_in(check_in)]
    if alert.symptom_level and not alert.is_red:
        base = severity(alert.symptom_level, alert.load_level)
        lines += [
            "",
            f"severity: symptom level {alert.symptom_level} and load level {alert.load_level} amount to {base};"
            f" {_modified(alert.severity, base)}",
        ]
    lines += ["", "compared:"]
    lines += [f"  {comparison(reason, units)}" for reason in alert.reasons]
    lines += [f"evidence: grade {alert.evidence.grade}, {alert.evidence.citation}"]
    lines += [f"coverage: {'; '.join(alert.coverage)}"]
    if alert.gap is not None:
        lines += [f"not all is here: {gap_text(alert.gap, zone)}"]
    lines += ["", alert.message, alert.action, "", "life:"]
    lines += [
        f"  {t.at.astimezone(zone):%a %d %b %Y %H:%M:%S}  {t.from_state or 'new'} -> {t.to_state}: {t.cause}"
        for t in page.transitions
    ]
    return "\n".join(lines)


def _modified(told: int, base: int) -> str:
    if told == base:
        return f"told as {told}"
    if told < base:
        return f"told as {told}, as equal soreness on both sides or by a rule of its own"
    return f"told as {told}, by a load on the place that hurts, an injury there within a year, or the rule's own"


def _check_in(check_in: CheckInResult) -> list[str]:
    lines = ["told:", *(f"  {line}" for line in _told(check_in.report)), "looked for first:"]
    lines += [f"  {f.flag.id} {f.flag.name}: {' '.join(f.because)}" for f in check_in.red_flags] or ["  no red flag"]
    if check_in.resemblance is not None:
        lines.append("patterns, by their points:")
        for score in check_in.resemblance.scores:
            clues = ", ".join(f"{clue.weight:+d} {clue.feature.says}" for clue in score.clues)
            lines.append(f"  {score.score:3d}  {score.pattern.name}{f': {clues}' if clues else ''}")
    return lines


def _told(report: SymptomReport) -> Iterable[str]:
    """What a check-in says, in the words of its form."""
    lists: tuple[tuple[str, Iterable[str], Mapping[str, str]], ...] = (
        ("side", [report.side] if report.side else [], words.SIDES),
        ("where", sorted(report.regions), words.REGIONS),
        ("feels", sorted(report.qualities), words.QUALITIES),
        ("began", [report.onset] if report.onset else [], words.ONSETS),
        ("brought on by", sorted(report.aggravators), words.AGGRAVATORS),
        ("noticed", sorted(report.signs), words.SIGNS),
    )
    pains = {"run": report.pain_run, "today": report.pain_today, "morning": report.pain_morning}
    yield "pain: " + ", ".join(f"{when} {'not told' if pain is None else pain}" for when, pain in pains.items())
    for name, codes, of_code in lists:
        if codes:
            yield f"{name}: {'; '.join(of_code[code].lower() for code in codes)}"
    for code, answer in sorted(report.answers.items()):
        yield f"{code}: {'yes' if answer else 'no'}"


def comparison(reason: Reason, units: Units) -> str:
    """One reason of an alert in a line, with its exact numbers."""

    def shown(value: float) -> str:
        if reason.unit == "m":
            return f"{quantity_text(reason.quantity, value, reason.unit, units)} ({value:.1f} m)"
        return f"{value:g} {reason.unit}" if reason.unit != "ratio" else f"{value:.3f}"

    name = QUANTITIES.get(reason.quantity)
    parts = [f"{f'{name}: ' if name else ''}{reason.quantity} = {shown(reason.value)}"]
    if reason.baseline is not None:
        parts.append(f"baseline {shown(reason.baseline)} ({reason.window})")
    else:
        parts.append(reason.window)
    if reason.threshold is not None:
        parts.append(f"threshold {shown(reason.threshold)}")
    return ", ".join(parts)
