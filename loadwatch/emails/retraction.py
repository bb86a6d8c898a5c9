"""The mail that takes an alert back."""

from loadwatch.domain.alerts import Alert
from loadwatch.domain.wording import Units
from loadwatch.emails import EmailContent
from loadwatch.emails.alert import reason_rows
from loadwatch.emails.render import day_text, one_line, render


def retraction_mail(alert: Alert, cause: str, *, name: str, units: Units, base_url: str) -> EmailContent:
    """
    The mail that says: forget that alert.

    Parameters
    ----------
    alert : Alert
        As it was mailed.
    cause : str
        Why it no longer holds, as the transition has it: a clause in small letters.
    name : str
        The runner's name, may be empty.
    base_url : str
        Where this loadwatch is reached.
    """
    alert = alert.in_units(units)
    because = one_line(cause).rstrip(".")
    return render(
        "retraction",
        subject=f"Taken back: “{alert.title}”",
        because="loadwatch had mailed you the alert that it now takes back",
        base_url=base_url,
        kicker=" · ".join(part for part in (one_line(name), "Taken back") if part),
        alert=alert,
        day=day_text(alert.at.date(), year=True),
        what="run" if alert.is_of_run else "check-in",
        cause=because[:1].upper() + because[1:],
        rows=reason_rows(alert.reasons, units)[:1],
    )
