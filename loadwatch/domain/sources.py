"""Where a piece of clinical content comes from, how well it is supported, and whether a clinician has read it."""

from dataclasses import dataclass
from typing import Final, Literal

from loadwatch.domain.text import say

Grade = Literal["A", "B", "C"]
"""A: cohort of runners; B: another sport, patients; C: expert opinion, our own choice."""

Review = Literal["unreviewed", "reviewed"]

UNREVIEWED: Final = say("Not yet reviewed by a clinician.")
"""Said beside whatever is unreviewed."""


@dataclass(frozen=True, slots=True)
class Source:
    """
    Attributes
    ----------
    citation : str
    grade : Grade
    review : Review
        Whether a clinician has read the entry; where it is "unreviewed" that is said beside it.
    """

    citation: str
    grade: Grade
    review: Review
