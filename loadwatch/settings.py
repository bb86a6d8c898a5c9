"""
What the environment says: every setting, its default, and where its value came from.

Settings are read once, at the edge (`bootstrap`, `cli`), and passed inward. Their names, with the prefix
`LOADWATCH_`, are a contract: add to them, change none without a changelog entry.
"""

import contextlib
import hashlib
import hmac
import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from loadwatch.services.errors import LoadwatchError

DERIVED_FROM_KEY = ("strava_webhook_secret", "strava_verify_token")
"""Settings that are made from the secret key where they are not set."""


class SettingsError(LoadwatchError):
    """The environment asks for something that cannot work; the message says what to change."""


def default_data_dir() -> Path:
    """`$XDG_DATA_HOME/loadwatch`, or `~/.local/share/loadwatch`."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "loadwatch"


class Settings(BaseSettings):
    """All settings, from the environment; lengths of time in seconds unless the name says days."""

    model_config = SettingsConfigDict(env_prefix="LOADWATCH_", env_ignore_empty=True, extra="ignore")

    data_dir: Path = Field(default_factory=default_data_dir)
    database_url: str = ""
    """Empty: SQLite in the data folder."""
    redis_url: str = ""
    """Empty: the embedded broker that `loadwatch up` starts, on a socket in the data folder."""
    base_url: str = "http://127.0.0.1:8000"
    """Where people and Strava reach this server; links in mails and the callback are built on it."""
    secret_key: SecretStr = SecretStr("")
    signup: Literal["first", "open", "closed"] = "first"
    smtp_url: SecretStr = SecretStr("")
    """`smtp://user:password@host:port` (STARTTLS where offered), `smtps://…`; empty: mailbox in the data folder."""
    mail_from: str = "loadwatch <loadwatch@localhost>"
    push_to_private: Literal["auto", "yes", "no"] = "auto"
    """Whether pushes may go to the network around this server; auto: unless anybody can sign up. "yes" means this
    machine itself too, where one's own ntfy may run; what is link-local is never called."""
    strava_client_id: str = ""
    strava_client_secret: SecretStr = SecretStr("")
    strava_verify_token: SecretStr = SecretStr("")
    strava_webhook_secret: SecretStr = SecretStr("")
    """Last part of the callback's path; empty: derived from the secret key, like the verify token."""
    strava_signing_secret: SecretStr = SecretStr("")
    strava_api_url: str = "https://www.strava.com/api/v3"
    strava_oauth_url: str = "https://www.strava.com/oauth"
    strava_retention_days: int = Field(default=7, ge=1, le=7)
    strava_retry_s: tuple[int, ...] = Field(default=(60, 300, 900, 2700), min_length=1)
    """When to ask again for a run that is not there yet (404 after a create) or whose streams are empty."""
    strava_history_per_quarter: int = Field(default=20, ge=0)
    strava_history_per_day: int = Field(default=300, ge=0)
    """For how many runs of the past samples may be asked in 15 minutes and in a day; 0: for none. Strava gives an
    application 100 calls in 15 minutes and 1000 in a day, and new runs need theirs."""
    watch_dir: Path | None = None
    """A folder from which `loadwatch up` takes in files as they appear; see `loadwatch import --watch`."""
    archive_max_mb: int = Field(default=4096, ge=1)
    """How large an archive may be that is handed in on the page or through the API. Design choice: exports of ten
    years with their pictures have two to three gigabytes."""
    sweep_s: int = Field(default=30, ge=1, le=300)
    """How often all rows that are due are looked for: the longest that a lost message can delay anything."""
    notify_old_runs: bool = False
    """Mail about runs that began over 72 hours ago too; for replaying a history on purpose."""
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    """How many reverse proxies stand in front: so many addresses of X-Forwarded-For are believed."""
    log_level: str = "INFO"

    @field_validator("base_url", "strava_api_url", "strava_oauth_url")
    @classmethod
    def _no_trailing_slash(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"must start with http:// or https://, not {url!r}")
        return url.rstrip("/")

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().resolve()

    @model_validator(mode="after")
    def _database_default(self) -> Self:
        if not self.database_url:
            self.database_url = f"sqlite:///{self.data_dir / 'loadwatch.db'}"
        # SQLAlchemy's own name for psycopg 3; people write what their provider gives them.
        for plain in ("postgres://", "postgresql://"):
            if self.database_url.startswith(plain):
                self.database_url = "postgresql+psycopg://" + self.database_url.removeprefix(plain)
        return self

    @property
    def embedded_broker(self) -> bool:
        return not self.redis_url

    @property
    def mailbox_dir(self) -> Path:
        """Where mails lie as files while no SMTP server is set."""
        return self.data_dir / "mailbox"

    @property
    def strava_configured(self) -> bool:
        return bool(self.strava_client_id and self.strava_client_secret.get_secret_value())

    @property
    def callback_url(self) -> str:
        return f"{self.base_url}/webhooks/strava/{self.strava_webhook_secret.get_secret_value()}"


def load_settings(**given: Any) -> Settings:
    """
    The settings of this process.

    Parameters
    ----------
    given
        Values that go before the environment's.

    Raises
    ------
    SettingsError
        If one cannot be used; the message names it.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [f"LOADWATCH_{'.'.join(str(p) for p in e['loc']).upper()}: {e['msg']}" for e in error.errors()]
        raise SettingsError("a setting cannot be used:\n  " + "\n  ".join(lines)) from error


def ensure_secret_key(settings: Settings) -> None:
    """
    Make sure there is a secret key: the set one, or one made once and kept in the data folder.

    The webhook's path secret and its verify token, where unset, are derived from it.

    Raises
    ------
    SettingsError
        If none is set and the database is not embedded: several machines must share one key.
    """
    if not settings.secret_key.get_secret_value():
        settings.secret_key = SecretStr(_kept_secret_key(settings))
    for name in DERIVED_FROM_KEY:
        if not getattr(settings, name).get_secret_value():
            setattr(settings, name, SecretStr(derived_secret(settings, name)))


def derived_secret(settings: Settings, purpose: str) -> str:
    """A secret of its own for one purpose, the same on each start, from which the key cannot be found."""
    return derived_secrets(settings, purpose)[0]


def derived_secrets(settings: Settings, purpose: str) -> list[str]:
    """The same of each secret key that is set, the newest first: for what was made before a key was replaced."""
    keys = re.split(", *", settings.secret_key.get_secret_value())
    return [hmac.new(key.encode(), purpose.encode(), hashlib.sha256).hexdigest()[:40] for key in keys]


def _kept_secret_key(settings: Settings) -> str:
    path = settings.data_dir / "secret_key"
    if not settings.database_url.startswith("sqlite") and not path.exists():
        raise SettingsError(
            "LOADWATCH_SECRET_KEY is required with an external database: set the same random text for every"
            " process, for example the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        # Written aside and linked into place: a second process sees the whole key or none, never half of it.
        with tempfile.NamedTemporaryFile("w", dir=settings.data_dir, prefix="secret_key.") as fresh:
            fresh.write(secrets.token_urlsafe(48))
            fresh.flush()
            with contextlib.suppress(FileExistsError):
                os.link(fresh.name, path)
    key = path.read_text().strip()
    if not key:
        raise SettingsError(f"{path} is empty: delete it (tokens stored with it must then be connected anew)")
    return key
