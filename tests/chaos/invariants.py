"""
What must be true once everything has come to rest, each found in another way than the product finds it.

Rows are read by plain SQL; what Strava has is asked of the simulator; day totals are added up here by a second plain
implementation. The judgement alone is the product's own, but fresh: on the final data, without any history.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from loadwatch.adapters.db import tables as t
from loadwatch.adapters.db.store import SqlTx
from loadwatch.bootstrap import _clinic
from loadwatch.services.assess import AssessService
from loadwatch.services.sync_ports import Awaited
from tests.chaos.harness import House, Runner, canonical

COUNTED_SPORTS = ("Run", "TrailRun", "VirtualRun")


def unheard(house: House) -> list[str]:
    """
    What was told and not done, in words; to be asked before the list heals it.

    An event that was answered with 200 is kept. And an activity of which one came in after its last change is as
    on Strava.
    """
    strava, found = _strava_truth(house), []
    inbox = {canonical(json.loads(r["body"])) for r in house.rows("SELECT body FROM inbox")}
    bodies = [(json.loads(body), body, began) for body, began in house.told().items()]
    told: dict[int, set[int]] = defaultdict(set)
    for event, body, began in bodies:
        runner = house.runners.get(event["owner_id"])
        if runner is not None and runner.withdrew:
            continue  # their events went with their data
        if body not in inbox:
            found.append(f"answered with 200 and not kept: {body}")
        elif event["subscription_id"] != house.subscription_id():
            continue  # quarantined
        elif runner is not None and began >= house.changed.get(event["object_id"], began + 1):
            told[event["owner_id"]].add(event["object_id"])
    for owner, activity_ids in told.items():
        runner = house.runners[owner]
        query = "SELECT * FROM runs WHERE athlete_id = :a AND source = 'strava'"
        stored = {r["source_id"]: r for r in house.rows(query, a=runner.athlete_id)}
        for n in sorted(activity_ids - house.unsure):
            record, row = strava.get(owner, {}).get(n), stored.get(n)
            if record is None or row is None:
                if record is not None or row is not None:
                    found.append(
                        f"runner {owner}: activity {n} was told and {'is not gone' if row else 'never came'}"
                    )
                continue
            found += [
                f"runner {owner}: activity {n} was told, and {what} is {is_stored!r}, on Strava {expected!r}"
                for what, is_stored, expected in _fields(row, record, house.has_streams[n])
                if is_stored != expected
            ]
    return found


def violations(house: House) -> list[str]:
    """Everything that is not as it must be at rest, in words."""
    strava = _strava_truth(house)
    found: list[str] = []
    for runner in house.runners.values():
        name = f"runner {runner.strava_id}"
        checks = (
            _stored_runs(house, runner, strava.get(runner.strava_id, {})),
            _files(house, runner),
            _day_totals(house, runner),
            _alerts(house, runner),
            _connection(house, runner),
        )
        found += [f"{name}: {complaint}" for check in checks for complaint in check]
    found += _mails(house)
    found += [f"stuck in {table}: {row}" for table, row in house.what_waits()]
    found += _forged(house)
    return found


# 1: runs of Strava


def _strava_truth(house: House) -> dict[int, dict[int, dict[str, Any]]]:
    truth: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
    for record in house.stack.sim.activities():
        truth[record["athlete"]["id"]][record["id"]] = record
    return truth


def _is_connected(house: House, runner: Runner) -> bool:
    return bool(house.rows("SELECT 1 AS x FROM strava_connections WHERE athlete_id = :a", a=runner.athlete_id))


def _stored_runs(house: House, runner: Runner, truth: dict[int, dict[str, Any]]) -> Iterator[str]:
    rows = house.rows("SELECT * FROM runs WHERE athlete_id = :a AND source = 'strava'", a=runner.athlete_id)
    if not runner.is_connected:
        if _is_connected(house, runner) and not house.withdrawal_was_told(runner):
            return  # nobody told us: the tokens are dead, and the data go when they were not renewed in time
        yield from (f"activity {r['source_id']} is still here after the withdrawal" for r in rows)
        return
    stored = {r["source_id"]: r for r in rows}
    yield from (
        f"activity {n} is stored {m} times" for n, m in Counter(r["source_id"] for r in rows).items() if m > 1
    )
    yield from (f"activity {n} is missing" for n in sorted(truth.keys() - stored.keys()))
    yield from (f"activity {n} is stored and not on Strava" for n in sorted(stored.keys() - truth.keys()))
    for n in sorted(truth.keys() & stored.keys()):
        for what, is_stored, expected in _fields(stored[n], truth[n], house.has_streams.get(n, False)):
            if is_stored != expected:
                yield f"activity {n}: {what} is {is_stored!r}, on Strava {expected!r}"


def _fields(row: dict[str, Any], record: dict[str, Any], has_streams: bool) -> Iterator[tuple[str, Any, Any]]:
    yield "name", row["name"], record["name"]
    yield "sport", row["sport"], record["sport_type"]
    yield "distance", row["distance_m"], record["distance"]
    yield "moving time", row["moving_s"], record["moving_time"]
    yield "elapsed time", row["elapsed_s"], record["elapsed_time"]
    yield "start", _instant(row["start"]), datetime.fromisoformat(record["start_date"])
    yield "gear", row["gear_id"], record.get("gear_id")
    if record["sport_type"] not in COUNTED_SPORTS or record["manual"]:
        expected = "none"
    else:
        expected = "ok" if has_streams else "missing"
    yield "streams", row["streams"], expected


# 2: files


def _files(house: House, runner: Runner) -> Iterator[str]:
    handed_in = [f for f in house.files if f.runner is runner]
    uploads = {r["id"]: r for r in house.rows("SELECT * FROM uploads WHERE athlete_id = :a", a=runner.athlete_id)}
    runs = house.rows("SELECT * FROM runs WHERE athlete_id = :a AND source = 'file'", a=runner.athlete_id)
    starts = Counter(_instant(r["start"]) for r in runs)
    good = [f for f in handed_in if f.is_good]
    if len(uploads) != len({f.content for f in handed_in}):
        yield f"{len(uploads)} uploads of {len({f.content for f in handed_in})} files"
    for file in handed_in:
        upload = uploads.get(file.upload_id or 0)
        if upload is None:
            yield f"file {file.name} was taken and is gone"
        elif upload["state"] != ("stored" if file.is_good else "failed"):
            yield f"file {file.name} is {upload['state']}: {upload['reason']}"
        elif not file.is_good and not upload["reason"]:
            yield f"file {file.name} failed without a reason"
    for file in good:
        assert file.start is not None
        if starts[file.start] != 1:
            yield f"file {file.name}: {starts[file.start]} runs"
    if len(runs) != len(good):
        yield f"{len(runs)} runs of {len(good)} good files"
    metres = {f.start: 3.0 * (f.samples - 1) for f in good}
    for run in runs:
        expected = metres.get(_instant(run["start"]))
        if expected is not None and not math.isclose(run["distance_m"], expected, abs_tol=1.0):
            yield f"the run of {run['start']} has {run['distance_m']} m, its file {expected} m"


# 3: days


def _day_totals(house: House, runner: Runner) -> Iterator[str]:
    rows = house.rows("SELECT * FROM day_totals WHERE athlete_id = :a", a=runner.athlete_id)
    stored = {_day(r["local_date"]): r for r in rows}
    expected = _added_up(house, runner)
    for day in sorted(stored.keys() | expected.keys()):
        if day not in stored or day not in expected:
            yield f"{day}: total is {'missing' if day in expected else 'of no run'}"
            continue
        for what, value in expected[day].items():
            found = stored[day][what]
            if (value is None) != (found is None) or (
                value is not None and not math.isclose(value, found, rel_tol=1e-9, abs_tol=1e-6)
            ):
                yield f"{day}: {what} is {found}, added up {value}"


def _added_up(house: House, runner: Runner) -> dict[date, dict[str, float | None]]:
    """Sums over the runs of each day. No two recordings of the plan overlap."""
    rows = house.rows(
        "SELECT runs.local_date, runs.sport, runs.distance_m AS metres, runs.moving_s AS seconds,"
        " runs.ascent_m AS climbed, runs.distance_trusted, f.ascent_m AS f_ascent, f.descent_m AS f_descent,"
        " f.eccentric_load_m AS f_eccentric, f.altitude_quality, f.track, f.error, f.run_id"
        " FROM runs LEFT JOIN run_features f ON f.run_id = runs.id WHERE runs.athlete_id = :a",
        a=runner.athlete_id,
    )
    days: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["sport"] in COUNTED_SPORTS and row["metres"] and row["distance_trusted"]:
            days[_day(row["local_date"])].append(row)
    return {
        day: {
            "n_runs": len(runs),
            "distance_m": math.fsum(r["metres"] for r in runs),
            "moving_s": math.fsum(r["seconds"] or 0.0 for r in runs),
            "ascent_m": _sum([_ascent(r) for r in runs if not _is_indoors(r)]),
            "descent_m": _sum([_feature(r, "f_descent") for r in runs if not _is_indoors(r)]),
            "eccentric_load_m": _sum([_feature(r, "f_eccentric") for r in runs if not _is_indoors(r)]),
            "track_m": _sum([_track_m(r) for r in runs if not _is_indoors(r)]),
        }
        for day, runs in days.items()
    }


def _sum(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return math.fsum(known) if len(known) == len(values) else None


def _has_features(row: dict[str, Any]) -> bool:
    return row["run_id"] is not None and row["error"] is None


def _feature(row: dict[str, Any], name: str) -> float | None:
    return row[name] if _has_features(row) else None


def _track(row: dict[str, Any]) -> dict[str, Any] | None:
    track = row["track"]
    return json.loads(track) if isinstance(track, str) else track


def _is_indoors(row: dict[str, Any]) -> bool:
    if row["sport"] == "VirtualRun":
        return True
    return _has_features(row) and row["altitude_quality"] == "none" and _track(row) is None


def _ascent(row: dict[str, Any]) -> float | None:
    if row["climbed"] is not None:
        return float(row["climbed"])
    return _feature(row, "f_ascent") if row["altitude_quality"] in ("baro", "corrected") else None


def _track_m(row: dict[str, Any]) -> float | None:
    track = _track(row) if _has_features(row) else None
    if track is None:
        return None
    return float(track["distance_m"]) if track["is_oval"] else 0.0


# 4: alerts


def _alerts(house: House, runner: Runner) -> Iterator[str]:
    """
    Each once, and those that a fresh judgement of the final data raises, with the same reasons.

    What may differ: the state (an alert that fired on data which were corrected later keeps its history) and what
    was taken back, which a fresh judgement never knew.
    """
    query = "SELECT dedup_key, episode, finding_digest, state FROM alerts WHERE athlete_id = :a"
    rows = house.rows(query, a=runner.athlete_id)
    for key, n in Counter((r["dedup_key"], r["episode"]) for r in rows).items():
        if n > 1:
            yield f"alert {key} exists {n} times"
    stored = {(r["dedup_key"], r["episode"]): r["finding_digest"] for r in rows if r["state"] != "retracted"}
    fresh = _judged_anew(house, runner)
    for key in sorted(stored.keys() | fresh.keys()):
        if key not in stored:
            yield f"alert {key} was never raised"
        elif key not in fresh:
            yield f"alert {key} has nothing to stand on"
        elif stored[key] != fresh[key]:
            yield f"alert {key} has other reasons than the final data"


def _judged_anew(house: House, runner: Runner) -> dict[tuple[str, str], str]:
    """Alerts of a judgement from scratch, in a transaction that is rolled back."""
    with Session(house.stack.services.engines.write, expire_on_commit=False) as session:
        tx = SqlTx(session)
        for table in (t.Outbox, t.AlertRow):
            session.execute(delete(table).where(table.athlete_id == runner.athlete_id))
        session.execute(delete(t.AssessJob).where(t.AssessJob.athlete_id == runner.athlete_id))
        tx.want_assessment(runner.athlete_id, datetime.now(UTC) - timedelta(days=400), datetime.now(UTC))
        one = _OneTransaction(tx)
        AssessService(one, house.stack.services.nudge, house.stack.services.clock, _clinic).assess(runner.athlete_id)  # type: ignore[arg-type]
        alerts = tx.stored_alerts(runner.athlete_id, datetime(2000, 1, 1, tzinfo=UTC))
        session.rollback()
    return {(a.dedup_key, a.episode): a.finding_digest for a in alerts if a.state != "retracted"}


class _OneTransaction:
    """A database all of whose transactions are the one given."""

    def __init__(self, tx: SqlTx) -> None:
        self._tx = tx

    @contextmanager
    def write(self) -> Iterator[SqlTx]:
        yield self._tx

    read = write


# 5: mails


def _mails(house: House) -> Iterator[str]:
    rows = house.rows("SELECT * FROM outbox")
    received = Counter(str(message_from_bytes(m.content)["Message-ID"]) for m in house.mails.messages)
    for key, n in Counter((r["athlete_id"], r["kind"], r["subject"]) for r in rows).items():
        if n > 1:
            yield f"mail {key} stands in the outbox {n} times"
    # A red flag that was cut off while it was sent is sent once more.
    twice = {r["message_id"] for r in rows if r["priority"] == 0 and r["may_have_left"]}
    yield from (f"mail {i} was received {n} times" for i, n in received.items() if n > 1 + (i in twice))
    for row in rows:
        n, name, state = received[row["message_id"]], row["message_id"], row["state"]
        if state == "sent" and not n:
            yield f"mail {name} is called sent and was not received"
        elif state in ("failed", "pending", "claimed", "sending"):
            yield f"mail {name} is {state}: {row['error']}"
        elif state == "cancelled" and n and not row["may_have_left"]:
            yield f"mail {name} is called cancelled and was received"
    for runner in house.runners.values():
        uncertain = sum(r["state"] == "uncertain" for r in rows if r["athlete_id"] == runner.athlete_id)
        with house.stack.services.store.read() as tx:
            shown = tx.sync_state(runner.athlete_id, runner.strava_id, Awaited()).unsettled_mails
        if shown != uncertain:
            yield f"runner {runner.strava_id}: {uncertain} mails without outcome, {shown} shown"


# 6: forged events


def _forged(house: House) -> Iterator[str]:
    kept = {canonical(json.loads(r["body"])): r["state"] for r in house.rows("SELECT body, state FROM inbox")}
    for body in map(canonical, house.forged):
        if kept.get(body, "quarantined") != "quarantined":
            yield f"a forged event is {kept[body]}: {body}"
    for row in house.rows("SELECT source_id FROM runs WHERE source = 'strava' AND source_id >= 900000"):
        yield f"activity {row['source_id']} never existed"


# 7: connections


def _connection(house: House, runner: Runner) -> Iterator[str]:
    rows = house.rows("SELECT state FROM strava_connections WHERE athlete_id = :a", a=runner.athlete_id)
    if runner.is_connected and [r["state"] for r in rows] != ["connected"]:
        yield f"was disconnected, and never withdrew: {rows}"
    if not runner.is_connected and rows and house.withdrawal_was_told(runner):
        yield f"is still {rows[0]['state']} after the withdrawal"


def _instant(value: Any) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
