"""
Every periodic job in one place.

Beat only knocks: what is due the database decides, so a beat that was down, or a second one, does no harm.
"""

from typing import Any

from celery.beat import Scheduler

from loadwatch.adapters.pulse import beat_pulse
from loadwatch.settings import Settings

KEEP_S = 300.0
TIDY_S = 3600.0


def schedule(settings: Settings) -> dict[str, dict[str, Any]]:
    """Beat's entries by name."""
    return {
        "sweep": {
            "task": "workers.care.sweep",
            "schedule": float(settings.sweep_s),
            # Knocks that nobody heard for as long must not pile up behind a worker that was down.
            "options": {"expires": settings.sweep_s},
        },
        # Often, as a beat that restarts counts from its start; how often each list is read the database says.
        "keep": {
            "task": "workers.care.keep",
            "schedule": KEEP_S,
            "options": {"expires": KEEP_S},
        },
        "tidy": {
            "task": "workers.care.tidy",
            "schedule": TIDY_S,
            "options": {"expires": TIDY_S},
        },
    }


class MemoryScheduler(Scheduler):
    """Beat without its file of last runs (a killed beat can leave it broken), which shows that it is alive."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        wait = float(super().tick(*args, **kwargs))
        beat_pulse(self.app.conf.loadwatch_redis_url)
        return wait
