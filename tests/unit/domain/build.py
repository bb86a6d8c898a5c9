"""Runs for tests: short to write, plain to read."""

from datetime import UTC, datetime, timedelta

from loadwatch.domain.activity import Run

DAY_0 = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""A Monday morning."""


def run(
    day: float, km: float | None, *, run_id: int | None = None, minutes: float | None = None, sport: str = "Run"
) -> Run:
    """A run `day` days after DAY_0, six minutes a kilometre unless told."""
    start = DAY_0 + timedelta(days=day)
    seconds = 60 * (minutes if minutes is not None else 6 * (km or 0))
    return Run(
        id=run_id if run_id is not None else round(day * 1000) + 1,
        start=start,
        local_date=start.date(),
        sport=sport,
        distance_m=None if km is None else km * 1000,
        moving_s=seconds,
        elapsed_s=seconds,
    )


def every_other_day(first: int, last: int, km: float) -> list[Run]:
    """Equal runs on every other day from `first` to `last`."""
    return [run(day, km) for day in range(first, last + 1, 2)]
