"""A made-up runner to look around with: no Strava, no mails, gone after a day."""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from loadwatch.domain.activity import RunFeatures
from loadwatch.domain.symptoms import Region
from loadwatch.domain.text import say
from loadwatch.services.account_deletion import AccountDeletionService
from loadwatch.services.assess import AssessService
from loadwatch.services.check_in import CheckInService
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.health_ports import Draft
from loadwatch.services.ingest import runs_changed
from loadwatch.services.ports import AccountRecord, ActivityRecord, Clock, Database

SOURCE: Final = "sample"

KEPT: Final = timedelta(days=1)
"""How long a sample stays that nobody has left. Design choice."""

MAX_SAMPLES: Final = 20
"""At a time on one server: each costs some hundred rows. Design choice."""

Season = Callable[[datetime, str], Iterable[tuple[ActivityRecord, RunFeatures | None]]]

_FRONT: Final[frozenset[Region]] = frozenset({"AM"})
_ACHES: Final = (
    (timedelta(days=9), Draft(side="left", regions=_FRONT, pain_today=2, onset="delayed")),
    (timedelta(days=5), Draft(side="left", regions=_FRONT, pain_today=1, onset="delayed")),
    (
        timedelta(hours=1),
        Draft(side="left", regions=_FRONT, pain_today=4, onset="delayed", aggravators=frozenset({"downhill"})),
    ),
)
"""What the sample runner reported, and how long ago: the front of one thigh, after hills."""


class SampleService:
    """Makes, marks and deletes sample runners."""

    def __init__(
        self,
        database: Database,
        season: Season,
        check_ins: CheckInService,
        assess: AssessService,
        deletion: AccountDeletionService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._season = season
        self._check_ins = check_ins
        self._assess = assess
        self._deletion = deletion
        self._clock = clock

    def make(self, name: str, timezone: str) -> AccountRecord:
        """
        A runner with four months of runs and an ache, whose account nobody else can log in to.

        Raises
        ------
        LoadwatchError
            If there are as many as the server keeps.
        """
        now = self._clock()
        with self._database.write() as tx:
            if len(tx.samples()) >= MAX_SAMPLES:
                raise LoadwatchError(say("Many are looking around just now: try again tomorrow."))
            athlete_id = tx.add_athlete(name, None, timezone, now)
            tx.update_athlete(athlete_id, sample_until=now + KEPT, alert_mails=False, weekly_mail=False)
            account_id = tx.add_account(athlete_id, None, None, is_operator=False, now=now)
            changes = []
            for record, features in self._season(now, timezone):
                streams = "none" if features is None else "ok"
                run, before = tx.upsert_run(athlete_id, SOURCE, record, streams=streams, trusted=True, now=now)
                if features is not None:
                    tx.put_features(run.id, features, now)
                changes.append((run, before))
            runs_changed(tx, athlete_id, changes, now)
            account = tx.account(account_id)
            assert account is not None
        for ago, draft in _ACHES:
            self._check_ins.record(athlete_id, replace(draft, at=now - ago))
        self._assess.assess(athlete_id)
        return account

    def is_sample(self, athlete_id: int) -> bool:
        with self._database.read() as tx:
            return tx.is_sample(athlete_id)

    def leave(self, athlete_id: int) -> None:
        """
        Delete a sample that somebody is done with.

        Raises
        ------
        NotYours
            If it is none: nobody real is deleted this way.
        """
        if not self.is_sample(athlete_id):
            raise NotYours(f"sample {athlete_id}")
        self._deletion.delete(athlete_id)

    def tidy(self) -> None:
        """Delete those whose time is over."""
        with self._database.read() as tx:
            over = tx.samples(before=self._clock())
        for athlete_id in over:
            with contextlib.suppress(NotYours):  # left in this moment
                self._deletion.delete(athlete_id)
