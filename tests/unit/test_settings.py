"""The environment's contract: names, defaults, what is derived, and what is refused with a reason."""

import stat
from pathlib import Path

import pydantic_settings
import pytest
from pydantic import ValidationError

from loadwatch.settings import Settings, SettingsError, derived_secret, ensure_secret_key


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None of the machine's own settings, and a data folder of the test's."""
    import os

    for name in list(os.environ):
        if name.startswith("LOADWATCH_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


def with_key(**fields) -> Settings:
    settings = Settings(**fields)
    ensure_secret_key(settings)
    return settings


# names and defaults


def test_every_setting_is_read_by_its_name_with_the_prefix(monkeypatch):
    given = {
        "DATA_DIR": "/srv/loadwatch",
        "DATABASE_URL": "sqlite:////srv/lw.db",
        "REDIS_URL": "redis://broker:6379/0",
        "BASE_URL": "https://run.example",
        "SECRET_KEY": "k",
        "SIGNUP": "closed",
        "SMTP_URL": "smtp://mail",
        "MAIL_FROM": "runs@run.example",
        "PUSH_TO_PRIVATE": "no",
        "STRAVA_CLIENT_ID": "5",
        "STRAVA_CLIENT_SECRET": "cs",
        "STRAVA_VERIFY_TOKEN": "vt",
        "STRAVA_WEBHOOK_SECRET": "ws",
        "STRAVA_SIGNING_SECRET": "ss",
        "STRAVA_API_URL": "https://api-v3.strava.com",
        "STRAVA_OAUTH_URL": "https://oauth.example",
        "STRAVA_RETENTION_DAYS": "3",
        "STRAVA_RETRY_S": "[1, 2]",
        "STRAVA_HISTORY_PER_QUARTER": "7",
        "STRAVA_HISTORY_PER_DAY": "70",
        "NOTIFY_OLD_RUNS": "true",
        "WATCH_DIR": "/srv/runs",
        "ARCHIVE_MAX_MB": "100",
        "SWEEP_S": "5",
        "TRUSTED_PROXIES": "1",
        "LOG_LEVEL": "DEBUG",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"LOADWATCH_{name}", value)

    settings = Settings()

    assert set(given) == {name.upper() for name in Settings.model_fields}
    told = settings.model_dump()
    shown = {name: told[name.lower()] for name in given}
    secrets = {name for name, value in shown.items() if hasattr(value, "get_secret_value")}
    plain = {name: value.get_secret_value() if name in secrets else value for name, value in shown.items()}
    assert plain == {
        **given,
        "DATA_DIR": Path("/srv/loadwatch"),
        "STRAVA_RETENTION_DAYS": 3,
        "STRAVA_RETRY_S": (1, 2),
        "STRAVA_HISTORY_PER_QUARTER": 7,
        "STRAVA_HISTORY_PER_DAY": 70,
        "NOTIFY_OLD_RUNS": True,
        "WATCH_DIR": Path("/srv/runs"),
        "ARCHIVE_MAX_MB": 100,
        "SWEEP_S": 5,
        "TRUSTED_PROXIES": 1,
    }
    assert secrets == {
        *("SECRET_KEY", "SMTP_URL", "STRAVA_CLIENT_SECRET", "STRAVA_VERIFY_TOKEN"),
        *("STRAVA_WEBHOOK_SECRET", "STRAVA_SIGNING_SECRET"),
    }


def test_a_setting_without_the_prefix_is_not_ours(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "poison")
    monkeypatch.setenv("DATABASE_URL", "postgresql://poison")

    assert Settings().secret_key.get_secret_value() == ""
    assert "poison" not in Settings().database_url


def test_nothing_set_is_a_server_on_this_machine_alone(tmp_path):
    settings = Settings()

    assert settings.data_dir == tmp_path / "share" / "loadwatch"
    assert settings.database_url == f"sqlite:///{tmp_path}/share/loadwatch/loadwatch.db"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.mailbox_dir == tmp_path / "share" / "loadwatch" / "mailbox"
    assert settings.embedded_broker
    assert settings.signup == "first"
    assert settings.strava_retry_s == (60, 300, 900, 2700)
    assert settings.strava_retention_days == 7
    assert not settings.notify_old_runs
    assert not settings.strava_configured


def test_an_empty_setting_is_as_good_as_none(monkeypatch):
    monkeypatch.setenv("LOADWATCH_BASE_URL", "")
    monkeypatch.setenv("LOADWATCH_STRAVA_RETRY_S", "")

    assert Settings().base_url == "http://127.0.0.1:8000"
    assert Settings().strava_retry_s == (60, 300, 900, 2700)


def test_without_xdg_the_data_lies_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert Settings().data_dir == tmp_path / ".local" / "share" / "loadwatch"


def test_a_data_folder_in_the_home_folder_is_made_absolute(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))

    assert Settings(data_dir=Path("~/runs")).data_dir == tmp_path / "runs"


def test_strava_is_set_up_only_with_both_halves():
    assert not Settings(strava_client_id="5").strava_configured
    assert not Settings(strava_client_secret="s").strava_configured
    assert Settings(strava_client_id="5", strava_client_secret="s").strava_configured


# addresses


@pytest.mark.parametrize("name", ["base_url", "strava_api_url", "strava_oauth_url"])
def test_an_address_that_is_none_is_refused_with_what_it_should_be(name):
    with pytest.raises(ValidationError, match="must start with http:// or https://"):
        Settings(**{name: "run.example"})


def test_a_slash_at_the_end_is_no_part_of_an_address():
    assert with_key(base_url="https://run.example/", strava_webhook_secret="w").callback_url == (
        "https://run.example/webhooks/strava/w"
    )


@pytest.mark.parametrize("written", ["postgres://u:p@h/db", "postgresql://u:p@h/db", "postgresql+psycopg://u:p@h/db"])
def test_every_way_to_write_a_postgresql_address_ends_at_our_driver(written):
    assert Settings(database_url=written).database_url == "postgresql+psycopg://u:p@h/db"


# retries


def test_retries_are_a_list_of_seconds(monkeypatch):
    monkeypatch.setenv("LOADWATCH_STRAVA_RETRY_S", "[60, 300]")

    assert Settings().strava_retry_s == (60, 300)


@pytest.mark.parametrize("text", ["60,300", "[]", "[1.5]", '["soon"]', "{}"])
def test_retries_that_are_no_list_of_seconds_are_refused_by_name(monkeypatch, text):
    monkeypatch.setenv("LOADWATCH_STRAVA_RETRY_S", text)

    with pytest.raises((ValidationError, pydantic_settings.exceptions.SettingsError), match="strava_retry_s"):
        Settings()


@pytest.mark.parametrize("days", [0, 8])
def test_stravas_data_may_be_kept_for_one_to_seven_days(days):
    with pytest.raises(ValidationError):
        Settings(strava_retention_days=days)


def test_an_unknown_way_to_sign_up_is_refused():
    with pytest.raises(ValidationError, match="'first', 'open' or 'closed'"):
        Settings(signup="everybody")


# secrets


def test_no_secret_is_shown_by_printing_the_settings():
    settings = with_key(
        secret_key="poison1",
        smtp_url="smtp://u:poison2@h",
        strava_client_secret="poison3",
        strava_verify_token="poison4",
    )

    assert "poison" not in repr(settings)
    assert derived_secret(settings, "strava_webhook_secret") not in repr(settings)


def test_what_is_derived_differs_by_purpose_and_stays_the_same():
    once, again = with_key(secret_key="k"), with_key(secret_key="k")
    hook, verify = once.strava_webhook_secret.get_secret_value(), once.strava_verify_token.get_secret_value()

    assert hook != verify
    assert (hook, verify) == (
        again.strava_webhook_secret.get_secret_value(),
        again.strava_verify_token.get_secret_value(),
    )
    assert len(hook) == len(verify) == 40
    assert "k" not in (hook, verify)


def test_another_key_gives_other_secrets():
    assert with_key(secret_key="k").callback_url != with_key(secret_key="l").callback_url


def test_a_secret_that_is_set_is_not_derived():
    settings = with_key(secret_key="k", strava_verify_token="mine")

    assert settings.strava_verify_token.get_secret_value() == "mine"


def test_a_known_answer():
    """HMAC-SHA256 of the purpose, by `printf strava_verify_token | openssl dgst -sha256 -hmac k`, 40 digits of it."""
    assert (
        derived_secret(with_key(secret_key="k"), "strava_verify_token") == "d18a19f5e996cc9b65e5e60b9191606041000a23"
    )


def test_the_key_is_made_once_and_kept_for_the_owner_alone(tmp_path):
    first, second = with_key(data_dir=tmp_path / "new"), with_key(data_dir=tmp_path / "new")
    kept = tmp_path / "new" / "secret_key"

    assert len(first.secret_key.get_secret_value()) >= 48
    assert first.secret_key == second.secret_key
    assert kept.read_text() == first.secret_key.get_secret_value()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert [p.name for p in kept.parent.iterdir()] == ["secret_key"]


def test_two_data_folders_have_two_keys(tmp_path):
    assert with_key(data_dir=tmp_path / "a").secret_key != with_key(data_dir=tmp_path / "b").secret_key


def test_a_set_key_is_not_written_down(tmp_path):
    with_key(data_dir=tmp_path / "new", secret_key="k")

    assert not (tmp_path / "new").exists()


def test_an_empty_key_file_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "secret_key").write_text("\n")

    with pytest.raises(SettingsError, match="is empty: delete it"):
        with_key(data_dir=tmp_path)


def test_postgresql_without_a_key_is_refused_with_what_to_do(tmp_path):
    settings = Settings(data_dir=tmp_path / "new", database_url="postgresql://h/db")

    with pytest.raises(SettingsError, match=r"LOADWATCH_SECRET_KEY is required .* python3 -c 'import secrets;"):
        ensure_secret_key(settings)

    assert not (tmp_path / "new").exists()


def test_postgresql_with_a_key_is_fine():
    assert with_key(database_url="postgresql://h/db", secret_key="k").secret_key.get_secret_value() == "k"
