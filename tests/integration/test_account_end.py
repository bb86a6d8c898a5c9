"""A copy of everything, and the end of an account: nothing is left out, nothing stays."""

import csv
import gzip
import io
import json
import logging
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from loadwatch.adapters.db import migrate
from loadwatch.bootstrap import Services, make_services
from loadwatch.cli import main
from loadwatch.services.accounts import token_digest
from loadwatch.services.errors import LoadwatchError, NotYours, WrongPassword
from loadwatch.services.health_ports import Draft
from loadwatch.services.uploads import FileIngestService, file_digest
from loadwatch.settings import Settings
from tests.support.every_table import fill_every_table, rows_by_table
from tests.support.fit_writer import run_fit
from tests.support.seeding import (
    ANN,
    BOB,
    NOW,
    PASSWORD,
    SeedRun,
    add_runs,
    athlete,
    busy_season,
    connect,
    sign_up,
)

FIT = run_fit(600, NOW.replace(day=20))


def opened(services: Services, athlete_id: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(services.export.stream(athlete_id))))


def read(archive: zipfile.ZipFile, name: str) -> Any:
    return json.loads(archive.read(f"loadwatch/{name}.json"))


def work(services: Services) -> None:
    while services.file_ingest.read_next():
        pass
    services.assess.assess(athlete(services))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Ann with a season, a connection, a check-in, a key, files; Bob with a run. To be read only."""
    folder = tmp_path_factory.mktemp("full")
    settings = Settings(data_dir=folder, database_url=f"sqlite:///{folder / 'test.db'}")
    services = make_services(settings, clock=lambda: NOW)
    migrate.upgrade(services.engines.write)
    ann = sign_up(services, ANN).athlete_id
    connect(services, ann, 77)
    add_runs(services, ann, [*busy_season(), SeedRun(NOW, 1_000, "=2+3")])
    services.check_ins.record(ann, Draft(side="left", regions=frozenset({"PM"}), pain_today=2, note="Zoë says hi"))
    services.accounts.create_token(ann, "watch")
    files = {"../../etc/x.fit": FIT, "b.fit.gz": gzip.compress(FIT[:-1] + b"!"), "c.gpx": b"<gpx>not a run</gpx>"}
    for name, data in files.items():
        services.uploads.put(ann, name, data)
    work(services)
    services.notify.deliver_due()
    bob = sign_up(services, BOB, "Bob").athlete_id
    add_runs(services, bob, [SeedRun(NOW.replace(day=20), 4_200, "Bob's own run")], 500)
    yield services
    services.close()


# a copy of everything


def test_the_archive_holds_the_rows_of_the_athlete_and_of_nobody_else(full: Services) -> None:
    archive = opened(full, athlete(full))

    assert archive.testzip() is None
    assert len(read(archive, "runs")) == 72  # 69 of the season, one more, two from files
    (account,) = read(archive, "account")
    assert account["email"] == ANN
    (check_in,) = read(archive, "check-ins")
    assert (check_in["note"], check_in["regions"], check_in["at"]) == ("Zoë says hi", ["PM"], "2026-11-22T12:00:00Z")
    (problem,) = read(archive, "problems")
    assert problem["check_ins"] == [check_in["id"]]
    alerts = {alert["id"] for alert in read(archive, "alerts")}
    assert {step["alert_id"] for step in read(archive, "alert-transitions")} == alerts
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Bob's own run" not in everything
    assert BOB.encode() not in everything


def test_every_part_is_there_as_json_and_as_csv_and_in_the_readme(full: Services) -> None:
    archive = opened(full, athlete(full))
    readme = archive.read("loadwatch/README.txt").decode()
    parts = {Path(name).stem for name in archive.namelist() if name.count("/") == 1} - {"README"}

    for part in parts:
        rows = list(csv.DictReader(io.StringIO(archive.read(f"loadwatch/{part}.csv").decode())))
        assert len(rows) == len(read(archive, part)), part
        assert f"\n{part} " in readme, part


def test_unknown_is_an_empty_cell_and_no_zero(full: Services) -> None:
    archive = opened(full, athlete(full))

    (tempo, *_) = [r for r in read(archive, "runs") if r["name"] == "Tempo"]
    rows = csv.DictReader(io.StringIO(archive.read("loadwatch/runs.csv").decode()))
    cells = next(row for row in rows if row["id"] == str(tempo["id"]))

    assert tempo["ascent_m"] is None
    assert cells["ascent_m"] == ""


def test_a_run_called_like_a_formula_is_none_in_a_spreadsheet(full: Services) -> None:
    archive = opened(full, athlete(full))

    names = [row["name"] for row in csv.DictReader(io.StringIO(archive.read("loadwatch/runs.csv").decode()))]

    assert "'=2+3" in names
    assert "=2+3" not in names


def test_the_files_are_there_as_they_were_handed_in_under_harmless_names(full: Services) -> None:
    archive = opened(full, athlete(full))

    found = {name: archive.read(name) for name in archive.namelist() if name.startswith("loadwatch/files/")}
    assert sorted(found) == [
        "loadwatch/files/000001-_.._etc_x.fit",
        "loadwatch/files/000002-b.fit.gz",
        "loadwatch/files/000003-c.gpx",
    ]
    assert found["loadwatch/files/000001-_.._etc_x.fit"] == FIT
    assert gzip.decompress(found["loadwatch/files/000002-b.fit.gz"]) == FIT[:-1] + b"!"
    assert found["loadwatch/files/000003-c.gpx"] == b"<gpx>not a run</gpx>"


def test_no_password_key_or_digest_is_in_it(full: Services) -> None:
    ann = athlete(full)
    token = full.accounts.create_token(ann)
    archive = opened(full, ann)
    with full.store.read() as tx:
        account, connection = tx.account_of_athlete(ann), tx.connection(ann)
    assert account is not None
    assert connection is not None
    secrets = [account.password_hash, token, token_digest(token), connection.access_token, connection.refresh_token]

    everything = b"".join(archive.read(name) for name in archive.namelist())

    assert [s for s in secrets if s and s.encode() in everything] == []
    assert file_digest(FIT).encode() not in everything
    assert b"poison" not in everything


def test_the_archive_is_made_while_it_is_read(full: Services, tmp_path: Path) -> None:
    ann = athlete(full)
    pieces = full.export.stream(ann)
    tracemalloc.start()
    try:
        n_bytes = sum(len(piece) for piece in pieces)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert n_bytes > 30_000
    assert peak < 6 * 2**20


def test_who_asks_for_nobody_gets_nothing(full: Services) -> None:
    with pytest.raises(NotYours):
        full.export.stream(999)


def test_the_command_line_writes_the_archive_whole_or_not_at_all(
    full: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOADWATCH_DATA_DIR", str(full.settings.data_dir))
    monkeypatch.setenv("LOADWATCH_DATABASE_URL", full.settings.database_url)
    target = tmp_path / "ann.zip"

    done = CliRunner().invoke(main, ["export", "--athlete", ANN, "--to", str(target)])
    nowhere = CliRunner().invoke(main, ["export", "--athlete", ANN, "--to", str(tmp_path / "no" / "x.zip")])

    assert done.exit_code == 0, done.output
    assert zipfile.ZipFile(target).testzip() is None
    assert target.stat().st_mode & 0o077 == 0
    assert nowhere.exit_code == 1
    assert "cannot be written" in nowhere.output
    assert [path.name for path in tmp_path.iterdir()] == ["ann.zip"]


def test_the_api_hands_out_the_same_archive_to_its_owner(full: Services) -> None:
    from loadwatch.api import create_api

    token = full.accounts.create_token(athlete(full, BOB))
    answer = create_api(full).test_client().get("/export", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert [run["name"] for run in read(archive, "runs")] == ["Bob's own run"]


# the end


@pytest.fixture
def home(database_url: str, tmp_path: Path) -> Iterator[Services]:
    """Ann and Bob on either database."""
    settings = Settings(data_dir=tmp_path, database_url=database_url, secret_key=SecretStr("key"))
    services = make_services(settings, clock=lambda: NOW)
    migrate.upgrade(services.engines.write)
    sign_up(services, ANN), sign_up(services, BOB, "Bob")
    yield services
    services.close()


def test_a_deleted_account_leaves_no_row_in_any_table_and_no_file(home: Services, tmp_path: Path) -> None:
    ann, bob = athlete(home), athlete(home, BOB)
    with home.engines.write.begin() as connection:
        fill_every_table(connection, bob, 88)
        of_bob = rows_by_table(connection)
        fill_every_table(connection, ann, 77)
        both = rows_by_table(connection)
    of_bob |= {"athletes": 1, "accounts": 1}
    home.account_deletion._revoke = lambda _: True
    assert {name for name, n in both.items() if n <= of_bob[name]} == set()  # Ann has a row in each
    for who in (ann, bob):
        home.uploads.put(who, "a.fit", FIT)
        (tmp_path / "mailbox" / str(who)).mkdir(parents=True)
        (tmp_path / "mailbox" / str(who) / "20261122T120000-abc.eml").write_text("Subject: Hello")
    of_bob["uploads"] += 1

    receipt = home.account_deletion.delete(ann)

    with home.engines.read.connect() as connection:
        assert rows_by_table(connection) == of_bob
    assert set(receipt.counts) == set(both)
    assert [path.name for path in (tmp_path / "mailbox").iterdir()] == [str(bob)]
    assert [path.name for path in (tmp_path / "uploads").iterdir() if path.name.isdecimal()] == [str(bob)]


def test_what_stays_is_a_receipt_that_names_nobody(home: Services) -> None:
    ann = athlete(home)
    add_runs(home, ann, busy_season()[-3:])

    home.account_deletion.delete(ann)

    (receipt,) = home.account_deletion.receipts()
    assert receipt.at == NOW
    assert (receipt.counts["runs"], receipt.counts["athletes"]) == (3, 1)
    assert ANN not in repr(receipt)
    assert "Ann" not in repr(receipt)


def test_the_number_of_a_deleted_athlete_is_given_to_nobody_else(home: Services) -> None:
    last = sign_up(home, "carl@example.org", "Carl").athlete_id
    home.account_deletion.delete(last)

    assert sign_up(home, "dora@example.org", "Dora").athlete_id > last


def test_strava_is_told_and_the_deletion_does_not_hang_on_its_answer(services: Services) -> None:
    told: list[str] = []
    ann = athlete(services)
    connect(services, ann, 77)
    services.account_deletion._revoke = lambda token: bool(told.append(token))

    services.account_deletion.delete(ann)

    assert told == ["poison-refresh-77"]
    assert services.accounts.athlete_by_email(ANN) is None


def test_an_account_whose_tokens_nobody_can_read_any_more_can_be_deleted(services: Services) -> None:
    connect(services, athlete(services), 77)
    other = make_services(services.settings.model_copy(update={"secret_key": SecretStr("another key")}))

    other.account_deletion.delete(athlete(services))
    other.close()

    assert services.accounts.athlete_by_email(ANN) is None


def test_the_password_is_asked_for(services: Services) -> None:
    ann = athlete(services)

    with pytest.raises(WrongPassword):
        services.account_deletion.check_password(ann, "not the password")
    services.account_deletion.check_password(ann, PASSWORD)


def test_what_it_means_is_told_to_the_last_and_to_the_only_operator(services: Services) -> None:
    ann, bob = athlete(services), athlete(services, BOB)

    assert services.account_deletion.farewell(ann).is_only_operator
    assert not services.account_deletion.farewell(bob).is_only_operator
    services.accounts.make_operator(bob)
    assert not services.account_deletion.farewell(ann).is_only_operator
    services.account_deletion.delete(bob)
    last = services.account_deletion.farewell(ann)
    assert (last.is_last, last.is_only_operator) == (True, False)


def test_work_on_a_deleted_athlete_ends_quietly(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    ann = athlete(services)
    connect(services, ann, 77)
    services.uploads.put(ann, "a.fit", FIT)
    services.account_deletion._revoke = lambda _: True
    reading = services.file_ingest
    honest = reading._read

    def slow(data: bytes, name: str) -> Any:
        services.account_deletion.delete(ann)
        return honest(data, name)

    reading._read = slow
    caplog.set_level(logging.WARNING)

    assert isinstance(reading, FileIngestService)
    assert reading.read_next() == 1  # deleted while the file was read
    services.assess.assess(ann)
    assert services.ingest.backfill(ann) == 0
    assert services.rights.check(ann) is None
    assert services.rights.reconcile(ann) is None
    services.notify.deliver_due()
    with services.engines.read.connect() as connection:
        left = rows_by_table(connection)
    assert (left["runs"], left["run_features"], left["uploads"], left["day_totals"]) == (0, 0, 0, 0)
    assert caplog.records == []


def test_a_mail_that_was_on_its_way_is_tidied_up(services: Services) -> None:
    ann = athlete(services)
    services.account_deletion.delete(ann)
    folder = services.settings.mailbox_dir / str(ann)
    folder.mkdir(parents=True)
    (folder / "20261122T120000-abc.eml").write_text("Subject: late")

    services.account_deletion.tidy()

    assert not folder.exists()


def test_the_command_line_asks_before_it_deletes(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOADWATCH_DATA_DIR", str(services.settings.data_dir))

    kept = CliRunner().invoke(main, ["user", "delete", BOB], input="n\n")
    assert kept.exit_code == 1
    assert services.accounts.athlete_by_email(BOB) is not None
    gone = CliRunner().invoke(main, ["user", "delete", BOB, "--yes"])

    assert gone.exit_code == 0, gone.output
    assert "receipt 1" in gone.output
    assert services.accounts.athlete_by_email(BOB) is None
    assert services.accounts.athlete_by_email(ANN) is not None


# log-ins and keys


def test_another_password_ends_the_log_ins_with_the_old_one(services: Services) -> None:
    before = services.accounts.log_in(ANN, PASSWORD)
    assert before is not None
    assert services.accounts.by_session(before.session_id) is not None

    after = services.accounts.change_password(before.athlete_id, PASSWORD, "another long one")

    assert services.accounts.by_session(before.session_id) is None
    assert services.accounts.by_session(after.session_id) is not None
    assert services.accounts.log_in(ANN, PASSWORD) is None
    assert services.accounts.log_in(ANN, "another long one") is not None


def test_a_log_in_of_a_deleted_account_opens_no_later_one(services: Services) -> None:
    bob = services.accounts.log_in(BOB, PASSWORD)
    assert bob is not None
    services.account_deletion.delete(bob.athlete_id)
    services.accounts._clock = lambda: NOW.replace(hour=13)

    again = sign_up(services, BOB, "Bob")

    assert services.accounts.by_session(bob.session_id) is None
    assert services.accounts.by_session(again.session_id) is not None


def test_without_the_old_password_there_is_no_new_one(services: Services) -> None:
    with pytest.raises(WrongPassword):
        services.accounts.change_password(athlete(services), "not the password", "another long one")


def test_who_came_through_strava_chooses_a_log_in_that_is_free(services: Services) -> None:
    account = services.samples.make("Sam", "UTC")  # no password either

    with pytest.raises(LoadwatchError, match="Another account"):
        services.accounts.change_password(account.athlete_id, "", "another long one", ANN)
    services.accounts.change_password(account.athlete_id, "", "another long one", "sam@example.org")

    assert services.accounts.log_in("sam@example.org", "another long one") is not None


def test_a_key_that_was_taken_back_opens_nothing(services: Services) -> None:
    ann, bob = athlete(services), athlete(services, BOB)
    token = services.accounts.create_token(ann, "  my \n watch ")
    (key,) = services.accounts.api_keys(ann)
    assert key.name == "my watch"

    with pytest.raises(NotYours):
        services.accounts.revoke_api_key(bob, key.id)
    assert services.accounts.athlete_by_token(token) == ann
    services.accounts.revoke_api_key(ann, key.id)

    assert services.accounts.athlete_by_token(token) is None
    assert services.accounts.api_keys(ann) == []
