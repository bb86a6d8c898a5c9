"""What can be answered from a mail with one tap."""

from dataclasses import dataclass

from loadwatch.domain.text import say
from loadwatch.emails.parts import Choice, Choices


@dataclass(frozen=True, slots=True)
class FeelLinks:
    """Signed links that answer how it feels."""

    fine: str
    sore: str
    pain: str


@dataclass(frozen=True, slots=True)
class AlertLinks:
    """
    Signed links that answer an alert.

    Attributes
    ----------
    planned : str or None
        That the run was planned; None where something hurts, which no plan explains away.
    """

    feel: FeelLinks
    not_useful: str
    planned: str | None = None


def feel_choices(links: FeelLinks, question: str = "") -> Choices:
    """How it feels, in three answers."""
    return Choices(
        question,
        (Choice(say("Fine"), links.fine), Choice(say("Sore"), links.sore), Choice(say("Pain"), links.pain)),
    )
