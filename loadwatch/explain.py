"""The derivation of an alert, as text."""

from zoneinfo import ZoneInfo

from loadwatch.domain.rules import Reason
from loadwatch.domain.wording import QUANTITIES, Units, quantity_text
from loadwatch.services.views import AlertPage


def explanation(page: AlertPage, units: Units, zone: ZoneInfo) -> str:
    """All that an alert rests on, in lines."""
    alert, run = page.alert, page.run
    lines = [
        f"alert {alert.id}: {alert.title}",
        f"rule {alert.rule}, version {alert.rule_version}, severity {alert.severity}, {alert.state}",
    ]
    if run is None:
        lines.append("the run is no longer there")
    else:
        start = run.run.start.astimezone(zone)
        lines.append(f"run {run.run.id} ({run.source} {run.source_id}), {start:%a %d %b %Y %H:%M}: {run.run.name}")
    lines += ["", "compared:"]
    lines += [f"  {comparison(reason, units)}" for reason in alert.reasons]
    lines += [f"evidence: grade {alert.evidence.grade}, {alert.evidence.citation}"]
    lines += [f"coverage: {'; '.join(alert.coverage)}", "", alert.message, alert.action, "", "life:"]
    lines += [
        f"  {t.at.astimezone(zone):%a %d %b %Y %H:%M:%S}  {t.from_state or 'new'} -> {t.to_state}: {t.cause}"
        for t in page.transitions
    ]
    return "\n".join(lines)


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
