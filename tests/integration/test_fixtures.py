"""The fixtures themselves: do the real servers answer, and do unit tests stay without sockets?"""

import os
import smtplib
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg
import pytest
import redis

from tests.support import SmtpServer
from tests.support.postgres import PostgresServer, create_database, drop_database

ROOT = Path(__file__).parents[2]


def _rows(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_a_database_made_from_a_template_has_its_rows_and_leaves_it_alone(
    postgres_server: PostgresServer,
) -> None:
    template = create_database(postgres_server)
    _rows(template, "CREATE TABLE runs AS SELECT 42 AS distance_km")
    copy = create_database(postgres_server, template=template)
    _rows(copy, "INSERT INTO runs VALUES (10)")

    assert _rows(copy, "SELECT distance_km FROM runs ORDER BY 1") == [(10,), (42,)]
    assert _rows(template, "SELECT distance_km FROM runs") == [(42,)]
    drop_database(postgres_server, copy)
    drop_database(postgres_server, copy)
    drop_database(postgres_server, template)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        _rows(copy, "SELECT 1")


def test_text_in_the_database_is_utf8(postgres_server: PostgresServer) -> None:
    assert _rows(postgres_server.admin_url, "SELECT 'Größe 🏃'") == [("Größe 🏃",)]


@pytest.mark.parametrize("value", ["first", "second"])
def test_each_test_finds_the_broker_empty(redis_url: str, value: str) -> None:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        assert client.get("left by the test before") is None
        client.set("left by the test before", value)


def test_the_mail_server_keeps_envelope_and_content(smtp_server: SmtpServer) -> None:
    with smtplib.SMTP(smtp_server.host, smtp_server.port) as client:
        client.sendmail("lw@example.org", ["ann@example.org", "bob@example.org"], b"Subject: hi\r\n\r\nbody\r\n")

    [mail] = smtp_server.messages
    assert (mail.mail_from, mail.rcpt_tos) == ("lw@example.org", ["ann@example.org", "bob@example.org"])
    assert mail.content == b"Subject: hi\r\n\r\nbody\r\n"


def test_the_mail_server_refuses_on_request(smtp_server: SmtpServer) -> None:
    smtp_server.answer = "451 try later"

    with smtplib.SMTP(smtp_server.host, smtp_server.port) as client, pytest.raises(smtplib.SMTPDataError):
        client.sendmail("lw@example.org", ["ann@example.org"], b"Subject: hi\r\n\r\n")
    assert smtp_server.messages == []


def test_a_unit_test_that_opens_a_socket_fails(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests/unit/conftest.py").read_text())
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent("""
            import socket

            import pytest

            @pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
            @pytest.mark.parametrize("method", ["connect", "connect_ex"])
            def test_it(family, method):
                address = ("127.0.0.1", 9) if family == socket.AF_INET else "/nowhere"
                with socket.socket(family) as s, pytest.raises(AssertionError, match="must not open"):
                    getattr(s, method)(address)
        """)
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        os.devnull,
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    answer = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "4 passed" in answer.stdout, answer.stdout + answer.stderr


def test_this_folder_may_open_sockets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
