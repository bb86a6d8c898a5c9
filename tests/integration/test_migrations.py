"""From nothing to the tables that the code expects, and back; by one process or by two at once."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from loadwatch.adapters.db import migrate
from loadwatch.adapters.db.engine import make_engines
from loadwatch.adapters.db.tables import Base

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine(empty_database_url):
    engines = make_engines(empty_database_url)
    yield engines.write
    engines.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_an_empty_database_has_no_revision(engine):
    assert migrate.current(engine) is None


def test_after_an_upgrade_the_database_is_what_the_code_expects(engine):
    migrate.upgrade(engine)

    assert migrate.current(engine) == migrate.head()
    assert tables(engine) == {*Base.metadata.tables, "alembic_version"}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_comparison_would_see_a_difference(engine):
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE runs ADD COLUMN surplus INTEGER"))
        connection.execute(text("DROP INDEX ix_outbox_state_priority_next_attempt_at"))

    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert sorted(difference[0] for difference in found) == ["add_index", "remove_column"]


def test_the_constraints_of_the_tables_are_those_of_the_code(engine):
    """compare_metadata looks at columns and indexes; keys, references and their consequences are looked at here."""
    migrate.upgrade(engine)
    found = inspect(engine)

    for name, table in Base.metadata.tables.items():
        unique = {tuple(u["column_names"]) for u in found.get_unique_constraints(name)}
        expected = {
            tuple(c.name for c in u.columns) for u in table.constraints if type(u).__name__ == "UniqueConstraint"
        }
        assert unique == expected, name
        references = {
            (f["constrained_columns"][0], f["referred_table"], f["options"].get("ondelete"))
            for f in found.get_foreign_keys(name)
        }
        assert references == {(f.parent.name, f.column.table.name, f.ondelete) for f in table.foreign_keys}, name
        assert set(found.get_pk_constraint(name)["constrained_columns"]) == {c.name for c in table.primary_key}, name
        assert {c["name"]: c["nullable"] for c in found.get_columns(name)} == {
            c.name: c.nullable for c in table.columns
        }, name


def test_upgrading_again_changes_nothing(engine):
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO sync_log (what, detail, at) VALUES ('kept', '', '2026-11-22 12:00:00')"))

    migrate.upgrade(engine)

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT what FROM sync_log")) == "kept"


def stored_before_features(engine: Engine) -> None:
    """An athlete of the first version, with a run of each state, a day and a finished fetch."""
    at = "'2026-11-22 12:00:00+00:00'"
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO athletes (name, timezone, units, novice, alert_mails, weekly_mail, created_at)"
            f" VALUES ('Ann', 'UTC', 'metric', false, true, true, {at})",
            "INSERT INTO day_totals (athlete_id, local_date, n_runs, distance_m, moving_s, ascent_m)"
            " VALUES (1, '2026-11-22', 2, 16000, 5800, 80)",
            "INSERT INTO fetch_jobs (athlete_id, source, source_id, wanted, done, attempts, deletion_seen,"
            f" stream_attempts, first_event_at) VALUES (1, 'strava', 1, 1, 1, 0, false, 0, {at})",
        ):
            connection.execute(text(statement))
        runs = [("Run", "ok", "false"), ("TrailRun", "missing", "false"), ("Ride", "missing", "false")]
        runs += [("Run", "missing", "true"), ("Run", "waiting", "false")]
        for source_id, (sport, streams, manual) in enumerate(runs, start=1):
            connection.execute(
                text(
                    "INSERT INTO runs (athlete_id, source, source_id, name, sport, start, local_date, is_race,"
                    " is_manual, start_hidden, distance_trusted, streams, fetched_at, created_at)"
                    f" VALUES (1, 'strava', {source_id}, 'Run', '{sport}', {at}, '2026-11-22', false, {manual},"
                    f" false, true, '{streams}', {at}, {at})"
                )
            )


def streams_of(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT streams FROM runs ORDER BY source_id")))


def test_features_come_to_a_database_that_holds_runs_and_leave_it_again(engine):
    migrate.upgrade(engine, "0001")
    stored_before_features(engine)

    migrate.upgrade(engine, "0002")

    # What came with the list was marked like what was sought in vain: its samples are asked for now.
    assert streams_of(engine) == ["ok", "listed", "none", "none", "waiting"]
    with engine.begin() as connection:
        day = connection.execute(text("SELECT distance_m, ascent_m, descent_m, track_m FROM day_totals")).one()
        assert tuple(day) == (16000, 80, None, None)
        connection.execute(
            text(
                "INSERT INTO run_features (run_id, version, computed_at, altitude_quality, reps, warnings)"
                " VALUES (1, 1, '2026-11-22 12:00:00+00:00', 'baro', '[]', '[]')"
            )
        )
        connection.execute(text("UPDATE fetch_jobs SET history_at = '2026-11-22 12:00:00+00:00'"))

    migrate.downgrade(engine, "0001")

    assert streams_of(engine) == ["ok", "missing", "none", "none", "waiting"]
    assert "run_features" not in tables(engine)
    with engine.connect() as connection:
        assert tuple(connection.execute(text("SELECT distance_m, ascent_m FROM day_totals")).one()) == (16000, 80)
        assert connection.execute(text("SELECT source_id, wanted, done FROM fetch_jobs")).one() == (1, 1, 1)


def test_a_run_that_goes_takes_its_features_along(engine):
    migrate.upgrade(engine, "0001")
    stored_before_features(engine)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO run_features (run_id, version, computed_at, altitude_quality, reps, warnings)"
                " SELECT id, 1, '2026-11-22 12:00:00+00:00', 'baro', '[]', '[]' FROM runs"
            )
        )
        connection.execute(text("DELETE FROM runs WHERE source_id = 1"))

        assert connection.scalar(text("SELECT count(*) FROM run_features")) == 4


def test_alerts_and_their_steps_outlive_the_coming_of_check_ins(engine):
    migrate.upgrade(engine, "0003")
    at, later = "'2026-11-22 12:00:00+00:00'", "'2026-11-29 12:00:00+00:00'"
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO athletes (name, timezone, units, novice, alert_mails, weekly_mail, created_at)"
                f" VALUES ('Ann', 'UTC', 'metric', false, true, true, {at})"
            )
        )
        for episode, state in (("run-1", "firing"), ("run-2", "resolved")):
            connection.execute(
                text(
                    "INSERT INTO alerts (athlete_id, dedup_key, episode, rule, rule_version, load_level, severity,"
                    " confidence, state, title, message, action, reasons, evidence, coverage, finding_digest,"
                    " run_start, expires_at, created_at)"
                    f" VALUES (1, 'M:mileage', '{episode}', 'R-M1', '1', 2, 2, 'normal', '{state}', '', '', '', '[]',"
                    f" '{{}}', '[]', '', {at}, {later}, {at})"
                )
            )
        connection.execute(
            text(
                "INSERT INTO alert_transitions (alert_id, from_state, to_state, cause, at)"
                f" SELECT id, NULL, state, 'rule spoke', {at} FROM alerts"
            )
        )

    def kept(when: str) -> list[tuple[str, str, bool]]:
        query = text(f"SELECT episode, state, {when} < expires_at FROM alerts ORDER BY episode")
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM alert_transitions")) == 2
            return [(e, s, bool(later)) for e, s, later in connection.execute(query)]

    migrate.upgrade(engine, "0004")
    assert kept("at") == [("run-1", "firing", True), ("run-2", "expired", True)]

    migrate.downgrade(engine, "0003")
    assert kept("run_start") == [("run-1", "firing", True), ("run-2", "resolved", True)]


def test_a_mail_that_was_claimed_and_has_no_outcome_becomes_uncertain_and_red_flags_go_first(engine):
    migrate.upgrade(engine, "0003")
    rows = [
        ("weekly", "2026-W46", "pending"),
        ("again", "4.1", "pending"),
        ("alert", "1", "claimed"),
        ("alert", "2", "pending"),
        ("receipt", "1", "sent"),
    ]
    at = "'2026-11-22 12:00:00+00:00'"
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO athletes (name, timezone, units, novice, alert_mails, weekly_mail, created_at)"
                f" VALUES ('Ann', 'UTC', 'metric', false, true, true, {at})"
            )
        )
        for severity in (2, 4):
            connection.execute(
                text(
                    "INSERT INTO alerts (athlete_id, dedup_key, episode, rule, rule_version, load_level, severity,"
                    " confidence, state, title, message, action, reasons, evidence, coverage, finding_digest,"
                    " run_start, expires_at, created_at)"
                    f" VALUES (1, 'M:mileage', 'run-{severity}', 'R-M1', '1', 2, {severity}, 'normal', 'firing', '',"
                    f" '', '', '[]', '{{}}', '[]', '', {at}, {at}, {at})"
                )
            )
        for kind, subject, state in rows:
            connection.execute(
                text(
                    "INSERT INTO outbox (athlete_id, kind, subject, channel, state, attempts, message_id, created_at)"
                    f" VALUES (1, '{kind}', '{subject}', 'mail', '{state}', 0, '<{kind}@loadwatch>', {at})"
                )
            )

    migrate.upgrade(engine, "0015")

    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT kind, state, priority, may_have_left, message_id FROM outbox ORDER BY id")
        )
        assert [(k, s, p, bool(m), i) for k, s, p, m, i in found] == [
            ("weekly", "pending", 2, False, "<weekly@loadwatch>"),
            ("again", "pending", 0, False, "<again@loadwatch>"),
            ("alert", "uncertain", 1, True, "<alert@loadwatch>"),
            ("alert", "pending", 0, False, "<alert@loadwatch>"),
            ("receipt", "sent", 1, False, "<receipt@loadwatch>"),
        ]


def test_down_to_the_base_leaves_no_table_and_up_again_works(engine):
    migrate.upgrade(engine)
    migrate.downgrade(engine, "base")

    assert tables(engine) == {"alembic_version"}
    assert migrate.current(engine) is None

    migrate.upgrade(engine)
    assert tables(engine) == {*Base.metadata.tables, "alembic_version"}


def test_a_step_that_fails_leaves_nothing_behind(engine):
    """The last table of the first step is in the way of itself: all or none."""
    last = sorted(Base.metadata.tables)[-1]
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {last} (x INTEGER)"))

    with pytest.raises(Exception, match="already exists"):
        migrate.upgrade(engine)

    assert tables(engine) == {last}
    assert migrate.current(engine) is None


AT_ONCE = """
import sys
from loadwatch.adapters.db import migrate
from loadwatch.adapters.db.engine import make_engines

engines = make_engines(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
migrate.upgrade(engines.write)
print(migrate.current(engines.write))
"""


def test_two_processes_that_start_at_once_both_succeed(engine, empty_database_url):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, empty_database_url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [process.communicate(timeout=60) for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], ends
    assert [out for out, _ in ends] == [f"{migrate.head()}\n"] * 3
    assert tables(engine) == {*Base.metadata.tables, "alembic_version"}


def test_who_waits_for_a_summary_goes_on_waiting_for_the_same_week(engine):
    """Monday 07:00 in Berlin, and in Auckland where that is Sunday in Greenwich; and nobody who waits for none."""
    zone = "+00:00" if engine.dialect.name == "postgresql" else ".000000"
    due = {"Europe/Berlin": f"'2026-11-23 06:00:00{zone}'", "Pacific/Auckland": f"'2026-11-22 18:00:00{zone}'"}
    migrate.upgrade(engine, "0014")
    with engine.begin() as connection:
        for timezone, at in {**due, "UTC": "NULL"}.items():
            connection.execute(
                text(
                    "INSERT INTO athletes (name, timezone, units, novice, alert_mails, weekly_mail, created_at,"
                    f" next_weekly_at) VALUES ('Ann', '{timezone}', 'metric', false, true, true,"
                    f" '2026-11-20 12:00:00{zone}', {at})"
                )
            )

    migrate.upgrade(engine, "0018")

    columns = "weekly_week, weekly_day, weekly_hour, ask_mails"
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM athletes ORDER BY id"))]
    assert found == [("2026-W47", 1, 7, True), ("2026-W47", 1, 7, True), (None, 1, 7, True)]
    migrate.downgrade(engine, "0014")
