"""When the summary of a week leaves: one for each ISO week, at an hour of the runner's own clock."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from loadwatch.domain.daily import IsoWeek

WEEKLY_DAY: Final = 1
WEEKLY_HOUR: Final = 7
"""Monday and 07:00, where the runner has set nothing else. [ISO weekday; h local] Design choice."""

ON_TIME: Final = timedelta(hours=1)
"""A summary that is laid out no later than this after its hour is not late: it leaves though the hour that the runner
chose lies in their quiet hours. Design choice: the sweep comes each minute."""


def due(week: IsoWeek, timezone: str, weekday: int = WEEKLY_DAY, hour: int = WEEKLY_HOUR) -> datetime:
    """
    When the summary that tells of a week is due: on a day of the week after it.

    Parameters
    ----------
    week : IsoWeek
        The week that it tells of.
    weekday : int
        1 Monday to 7 Sunday.
    hour : int
        By the clock of the time zone. [h local]

    Returns
    -------
    datetime
        UTC. Where the clock skips that hour, or that day, the instant at which it would have been; where the hour
        comes twice, the first.
    """
    day = week.shifted(1).monday + timedelta(days=weekday - 1)
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def newest_due(now: datetime, timezone: str, weekday: int = WEEKLY_DAY, hour: int = WEEKLY_HOUR) -> IsoWeek:
    """The newest week whose summary is due by now."""
    week = running_week(now, timezone).shifted(-1)
    while due(week, timezone, weekday, hour) > now:
        week = week.shifted(-1)
    return week


def running_week(now: datetime, timezone: str) -> IsoWeek:
    """The week of the runner's calendar that is not over yet: the first of which a new account is told."""
    return IsoWeek.of(now.astimezone(ZoneInfo(timezone)).date())
