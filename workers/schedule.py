"""
Every periodic job in one place.

Beat only knocks: what is due the database decides, so a beat that was down, or a second one, does no harm.
"""

from typing import Any

from celery.beat import Scheduler

from loadwatch.adapters.pulse import beat_pulse

SWEEP_S = 30

SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep": {
        "task": "workers.care.sweep",
        "schedule": float(SWEEP_S),
        # Knocks that nobody heard for as long must not pile up behind a worker that was down.
        "options": {"expires": SWEEP_S},
    },
}


class MemoryScheduler(Scheduler):
    """Beat without its file of last runs (a killed beat can leave it broken), which shows that it is alive."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        wait = float(super().tick(*args, **kwargs))
        beat_pulse(self.app.conf.loadwatch_redis_url)
        return wait
