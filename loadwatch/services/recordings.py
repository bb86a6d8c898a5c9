"""One run, several recordings of it: which of them counts, and the runner's word on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from loadwatch.domain.activity import Run, recordings
from loadwatch.services.errors import NotYours
from loadwatch.services.ingest import recompute_days
from loadwatch.services.ports import Clock, Database, Nudge, RunDetail, Tx
from loadwatch.services.uploads import SOURCE, upload_id


@dataclass(frozen=True, slots=True)
class Recordings:
    """
    The recordings that look like one run.

    Attributes
    ----------
    here : RunDetail
        The one that was asked for.
    others : tuple of RunDetail
    same : frozenset of int
        Ids of those others that are taken for the same run as `here`: of them and `here` one counts.
    counts : int
        Id of that one.
    files : dict of int to str
        What the file is called, by the id of the recording that came in one.
    """

    here: RunDetail
    others: tuple[RunDetail, ...]
    same: frozenset[int]
    counts: int
    files: dict[int, str]

    @property
    def told_apart(self) -> bool:
        """Whether the runner has said of some that they are another run."""
        return len(self.same) < len(self.others)


class RecordingService:
    """
    What a runner says of the recordings of a run; day totals and the judgement follow.

    The word stays with the recording, however often its source tells of it again.
    """

    def __init__(self, database: Database, nudge: Nudge, clock: Clock) -> None:
        self._database = database
        self._nudge = nudge
        self._clock = clock

    def of(self, athlete_id: int, run_id: int) -> Recordings | None:
        """
        The recordings beside one; None if there is no other.

        Raises
        ------
        NotYours
        """
        with self._database.read() as tx:
            return _recordings_of(tx, athlete_id, run_id)

    def count_apart(self, athlete_id: int, run_id: int) -> None:
        """
        Count a recording as a run of its own, apart from those that look like it.

        Raises
        ------
        NotYours
        """
        self._tell(athlete_id, run_id, _apart)

    def count_once(self, athlete_id: int, run_id: int) -> None:
        """
        Take back what was said: the recordings that look like this one are one run again.

        Raises
        ------
        NotYours
        """
        self._tell(athlete_id, run_id, lambda found: [replace(r, told_apart=None) for r in _looking_alike(found)])

    def prefer(self, athlete_id: int, run_id: int) -> None:
        """
        Let this recording of its run be the one that counts.

        Raises
        ------
        NotYours
        """
        self._tell(athlete_id, run_id, _preferred)

    def _tell(self, athlete_id: int, run_id: int, told: Callable[[Recordings], list[Run]]) -> None:
        now = self._clock()
        with self._database.write() as tx:
            tx.lock_athlete(athlete_id)
            found = _recordings_of(tx, athlete_id, run_id)
            if found is None:
                return  # the other one is gone: it counts anyway
            changed = told(found)
            for run in changed:
                tx.put_told(athlete_id, run.id, told_apart=run.told_apart, preferred=run.preferred)
            recompute_days(tx, athlete_id, {r.local_date for r in changed})
            tx.want_assessment(athlete_id, min(r.start for r in changed), now)
        self._nudge.assess(athlete_id)


def _looking_alike(found: Recordings) -> list[Run]:
    return [found.here.run, *(other.run for other in found.others)]


def _apart(found: Recordings) -> list[Run]:
    here = found.here.run
    same = [other.run for other in found.others if other.run.id in found.same]
    if not same:
        return [here]  # it is a run of its own already
    rest = found.counts if found.counts != here.id else same[0].id
    # They may have been told apart from a third run before: that stays.
    others = next((run.told_apart for run in same if run.told_apart not in (None, here.id)), rest)
    return [replace(here, told_apart=here.id), *(replace(run, told_apart=others) for run in same)]


def _preferred(found: Recordings) -> list[Run]:
    same = [other.run for other in found.others if other.run.id in found.same]
    return [replace(found.here.run, preferred=True), *(replace(run, preferred=False) for run in same)]


def _recordings_of(tx: Tx, athlete_id: int, run_id: int) -> Recordings | None:
    here = tx.run_detail(athlete_id, run_id)
    if here is None:
        raise NotYours(f"run {run_id}")
    # A recording that overlaps may lie on the day before or after.
    runs = tx.runs_of_days(athlete_id, {here.run.local_date + timedelta(days=n) for n in (-1, 0, 1)})
    alike = _group(run_id, [replace(run, told_apart=None) for run in runs])
    if len(alike) < 2:
        return None
    same = _group(run_id, runs)
    details = (tx.run_detail(athlete_id, run.id) for run in alike if run.id != run_id)
    others = tuple(detail for detail in details if detail is not None)
    uploads = {d.run.id: tx.upload(athlete_id, upload_id(d.source_id)) for d in (here, *others) if d.source == SOURCE}
    return Recordings(
        here,
        others,
        frozenset(run.id for run in same) - {run_id},
        counts=same[0].id,
        files={recording_id: upload.name for recording_id, upload in uploads.items() if upload is not None},
    )


def _group(run_id: int, runs: Sequence[Run]) -> tuple[Run, ...]:
    """The recordings of the run that one of them recorded, the one that counts first."""
    return next((each for each in recordings(runs) if any(run.id == run_id for run in each)), ())
