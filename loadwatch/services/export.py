"""All that is kept of an athlete, as one zip archive that is made while it is read."""

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from loadwatch.domain.symptom_rules import problem_id_of
from loadwatch.domain.symptoms import problems
from loadwatch.services.errors import LoadwatchError, NotYours
from loadwatch.services.ports import Clock, Database, MailStore, Upload, UploadFiles
from loadwatch.services.uploads import file_digest

ROWS_TOGETHER: Final = 500
"""So many rows are in memory at a time. Design choice."""

PIECE_BYTES: Final = 2**16
"""The archive is handed on in pieces of at least this size."""

NAMES: Final = {
    "athletes": ("settings", "Name, address for mails, time zone, units and all other settings."),
    "accounts": ("account", "With what you log in; the password is not in here, not even scrambled."),
    "api_tokens": ("api-keys", "When you made keys to the API, and what you called them; the keys are kept nowhere."),
    "strava_connections": ("strava-connection", "What you allow loadwatch at Strava; no key is in here."),
    "runs": ("runs", "Every activity that is kept, from Strava and from files, also those that do not count."),
    "run_features": ("run-features", "What the samples of a run showed, by `run_id`: hills, fast running, track."),
    "day_totals": ("days", "Sums for each of your local days."),
    "shoes": ("shoes", "Pairs that Strava named or that you entered."),
    "symptom_reports": (
        "check-ins",
        "What you reported. The first check-in of a problem gives the problem its number, `problem_id` elsewhere.",
    ),
    "problem_events": (
        "problem-steps",
        "What else happened with a problem: exercises agreed to, advice sought.",
    ),
    "rehab_sessions": ("sessions", "Exercises that you ticked off."),
    "ladder_entries": ("way-back", "Where and when you stepped on the way back to running."),
    "ladder_kept": ("way-back-runs", "Your word on whether a run kept to its step."),
    "weekly_questionnaires": ("questionnaires", "Your weekly answers, 0 (no trouble) to 25 for each question."),
    "risk_profiles": ("about-you", "Year of birth, earlier injuries and what else you told once."),
    "alerts": ("alerts", "Every alert with its numbers, reasons and evidence."),
    "alert_transitions": ("alert-transitions", "What became of each alert, step by step, by `alert_id`."),
    "alert_wishes": ("alert-wishes", "What you wanted to hear less of."),
    "planned_runs": ("planned-runs", "Runs that you entered for days to come."),
    "backtests": ("looking-back", "What loadwatch would have said of your last two years, when you asked last."),
    "planned_days": ("planned-days", "Days whose long run or race was planned."),
    "replies": ("replies", "What you answered with one tap in a mail; `report_id` is the check-in that it became."),
    "outbox": ("mails", "Which mails were sent, when, and what became of them."),
    "channels": ("channels", "Ways to tell you beside the mail; of their addresses only what is no secret."),
    "uploads": ("files", "Files that you handed in; each lies in `files/` under its number."),
    "archives": ("archives", "Archives that you handed in; what they held is among the files."),
    "inbox": ("strava-messages", "What Strava announced of your activities."),
    "fetch_jobs": ("strava-fetches", "Which activities were fetched, and how that went."),
    "sync_log": ("sync-log", "Notes on the connection with Strava."),
    "reconciliations": ("strava-list", "How often your list at Strava was read, and what was found."),
    "purge_receipts": ("receipts", "When data from Strava was deleted, and how much."),
    "archive_files": ("archive-files", "Which file came in which archive."),
    "assess_jobs": ("judgements", "When your runs were judged last."),
}
"""What a table is called in the archive, and what is in it; others keep their name."""

PROBLEMS: Final = ("problems", "Check-ins on one side and place, put together: which, since when, until when.")
PROBLEM_COLUMNS: Final = ("id", "laterality", "areas", "opened", "closed", "check_ins")

HEAD: Final = """All that loadwatch keeps of you, as of {moment}.

Each kind of data is here twice, with the same rows: as .json for programs and as .csv for spreadsheets. Times are
UTC, `local_date` is the day where you were. Lengths are in metres (`_m`), times in seconds (`_s`), speeds in metres a
second (`_m_s`). An empty cell, or null, means: not known. It never means zero.

The figures of activities from Strava are yours, and are given to you here; they are deleted on this server when you
disconnect. Left out are passwords, keys and what proves their knowledge: nobody can log in with this archive. It says
a lot about you all the same: keep it where you keep letters from your doctor.

"""


class ExportService:
    """
    Writes everything of one athlete.

    Every table with rows of an athlete is in it, those that later versions add too; only columns that hold secrets
    are not.
    """

    def __init__(self, database: Database, files: UploadFiles, mailbox: MailStore, clock: Clock) -> None:
        self._database = database
        self._files = files
        self._mailbox = mailbox
        self._clock = clock

    def stream(self, athlete_id: int) -> Iterator[bytes]:
        """
        The archive, piece by piece: of the rows some hundred are in memory, of the files one.

        Each part is read in a transaction of its own, so that a slow reader holds nobody up.

        Raises
        ------
        NotYours
            If there is no such athlete; before the first piece.
        """
        now = self._clock()
        with self._database.read() as tx:
            if tx.athlete(athlete_id) is None:
                raise NotYours(f"athlete {athlete_id}")
            known = tx.owned_tables()
        tables = {name: known[name] for name in (*NAMES, *sorted(known.keys() - NAMES.keys())) if name in known}
        return self._pieces(athlete_id, tables, now)

    def _pieces(self, athlete_id: int, tables: Mapping[str, tuple[str, ...]], now: datetime) -> Iterator[bytes]:
        pipe = _Pipe()
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, chunks in self._parts(athlete_id, tables, now):
                entry = zipfile.ZipInfo(f"loadwatch/{name}", now.timetuple()[:6])
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o600 << 16
                with archive.open(entry, "w", force_zip64=True) as part:
                    for chunk in chunks:
                        part.write(chunk)
                        if pipe.size >= PIECE_BYTES:
                            yield pipe.take()
        yield pipe.take()

    def _parts(
        self, athlete_id: int, tables: Mapping[str, tuple[str, ...]], now: datetime
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Name and content of each file in the archive."""
        yield "README.txt", [_readme(tables, now).encode()]
        for table, columns in tables.items():
            name, _ = NAMES.get(table, (table, ""))

            def rows(table: str = table) -> Iterator[Mapping[str, Any]]:
                return self._rows(athlete_id, table)

            yield f"{name}.json", _as_json(rows())
            yield f"{name}.csv", _as_csv(columns, rows())
        yield f"{PROBLEMS[0]}.json", _as_json(self._problems(athlete_id))
        yield f"{PROBLEMS[0]}.csv", _as_csv(PROBLEM_COLUMNS, self._problems(athlete_id))
        for name, content in self._mailbox.copies(athlete_id):
            yield f"mails/{name}", [content]
        for upload in self._uploads(athlete_id):
            if not upload.told.is_manual and (data := self._handed_in(upload)) is not None:
                yield f"files/{upload.id:06d}-{_file_name(upload.name)}", [data]

    def _rows(self, athlete_id: int, table: str) -> Iterator[Mapping[str, Any]]:
        after: tuple[Any, ...] | None = None
        while True:
            with self._database.read() as tx:
                found = tx.owned_rows(athlete_id, table, after, ROWS_TOGETHER)
            yield from found.rows
            if found.after is None:
                return
            after = found.after

    def _problems(self, athlete_id: int) -> Iterator[Mapping[str, Any]]:
        with self._database.read() as tx:
            found = problems(tx.symptom_reports(athlete_id))
        for each in found:
            facts = (problem_id_of(each), each.laterality, sorted(each.areas), each.opened, each.closed)
            yield dict(zip(PROBLEM_COLUMNS, (*facts, [report.id for report in each.reports]), strict=True))

    def _uploads(self, athlete_id: int) -> Iterator[Upload]:
        for rows in _batches((row["id"] for row in self._rows(athlete_id, "uploads")), ROWS_TOGETHER):
            with self._database.read() as tx:
                found = tx.uploads_by_id(athlete_id, rows)
            yield from found

    def _handed_in(self, upload: Upload) -> bytes | None:
        """The bytes as they came; None where they are gone."""
        try:
            data = self._files.get(upload.athlete_id, upload.sha256)
        except LoadwatchError:
            return None
        return data if file_digest(data) == upload.sha256 else gzip.decompress(data)  # packed by us


class _Pipe(io.RawIOBase):
    """What a zip archive is written into, and taken out of at the other end."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self.size += len(part)
        return len(part)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return taken


def _readme(tables: Mapping[str, tuple[str, ...]], now: datetime) -> str:
    named = [*(NAMES.get(table, (table, "")) for table in tables), PROBLEMS]
    width = max(len(name) for name, _ in named)
    lines = [f"{name:<{width}}  {says}".rstrip() for name, says in named]
    lines += [
        f"{'mails/':<{width}}  Copies of the mails that are kept on the server, each as .eml.",
        f"{'files/':<{width}}  The files that you handed in, as they came, with their number and name.",
    ]
    return HEAD.format(moment=f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC") + "\n".join(lines) + "\n"


def _as_json(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    before = b"[\n"
    for row in rows:
        text = json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False)
        yield before + text.encode()
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def _as_csv(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    line = io.StringIO()
    writer = csv.writer(line)

    def taken() -> bytes:
        text = line.getvalue()
        line.seek(0)
        line.truncate()
        return text.encode()

    writer.writerow(columns)
    yield taken()
    for row in rows:
        writer.writerow([_cell(value) for value in row.values()])
        yield taken()


def _cell(value: Any) -> Any:
    value = _plain(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    # A spreadsheet would run what begins like this as a formula: names of runs are written by anybody.
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def _file_name(name: str) -> str:
    """A name that every system takes, without a way out of the folder."""
    return re.sub(r"[^\w.() -]", "_", name).strip(". ")[-120:] or "file"


def _batches(ids: Iterable[int], size: int) -> Iterator[list[int]]:
    batch: list[int] = []
    for each in ids:
        batch.append(each)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
