"""What works, what does not, what to do."""

import os
import shutil
import smtplib
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr

from loadwatch.adapters import broker
from loadwatch.adapters.pulse import alive
from loadwatch.bootstrap import Services, make_services
from loadwatch.ready import database_state
from loadwatch.services.errors import LoadwatchError
from loadwatch.services.inbox import QUARANTINE_PER_DAY
from loadwatch.services.telling_ports import MAIL
from loadwatch.settings import DERIVED_FROM_KEY, Settings

LEAST_FREE_BYTES = 500 * 1024 * 1024
MOST_CLOCK_ERROR_S = 30.0


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing looked at."""

    state: Literal["ok", "note", "bad"]
    what: str
    says: str
    do: str = ""


def examine(settings: Settings) -> tuple[list[Checked], list[tuple[str, str, str]]]:
    """Every check, and the settings as (name, value with secrets masked, where it came from)."""
    given = {name for name in Settings.model_fields if os.environ.get(f"LOADWATCH_{name.upper()}")}
    services = make_services(settings)
    try:
        checks = [
            _database(services),
            *_broker(services),
            _mail(services),
            *_strava(services),
            *strava_budget(services),
            _clock(services),
            _disk(services),
        ]
    finally:
        services.close()
    return checks, [_row(settings, name, given) for name in Settings.model_fields]


def _row(settings: Settings, name: str, given: set[str]) -> tuple[str, str, str]:
    value: Any = getattr(settings, name)
    if isinstance(value, SecretStr):
        shown = "***" if value.get_secret_value() else "-"
    elif name in ("database_url", "redis_url"):
        shown = _without_password(str(value)) if value else "-"
    else:
        shown = str(value) if value not in ("", None) else "-"
    if name in given:
        origin = "environment"
    elif name == "secret_key":
        origin = "data folder"
    else:
        origin = "derived from the secret key" if name in DERIVED_FROM_KEY else "default"
    return f"LOADWATCH_{name.upper()}", shown, origin


def _without_password(url: str) -> str:
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@") if password else url


def _database(services: Services) -> Checked:
    state = database_state(services)
    kind = services.engines.write.dialect.name
    if state == "ok":
        return Checked("ok", "database", f"{kind}, at this version's tables")
    do = "loadwatch migrate" if "revision" in state else "is the server running, and LOADWATCH_DATABASE_URL right?"
    return Checked("bad", "database", f"{kind}: {state}", do)


def _broker(services: Services) -> list[Checked]:
    settings = services.settings
    url = settings.redis_url or broker.redis_url(settings.data_dir)
    states = alive(url)
    do = "start it: loadwatch up" if settings.embedded_broker else "is it running, and LOADWATCH_REDIS_URL right?"
    answers = [Checked("ok" if states["broker"] == "ok" else "bad", "broker", states["broker"], do)]
    for part in ("worker", "beat"):
        answers.append(Checked("ok" if states[part] == "ok" else "bad", part, states[part], f"loadwatch {part}"))
    return [c if c.state == "bad" else Checked(c.state, c.what, "answers") for c in answers]


def _mail(services: Services) -> Checked:
    url = services.settings.smtp_url.get_secret_value()
    if not url:
        folder = services.settings.mailbox_dir
        do = "set LOADWATCH_SMTP_URL to have them sent"
        return Checked("note", "mail", f"no server is set: mails lie as files in {folder}, and at /mailbox", do)
    parts = urlsplit(url)
    port = parts.port or (465 if parts.scheme == "smtps" else 587)
    try:
        kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
        with kind(parts.hostname or "", port, timeout=5) as smtp:
            smtp.noop()
    except (OSError, smtplib.SMTPException) as error:
        do = "check host and port in LOADWATCH_SMTP_URL"
        return Checked("bad", "mail", f"{parts.hostname}:{port}: {type(error).__name__}", do)
    with services.store.read() as tx:
        down = next((way for way in tx.ways_down() if way.name == MAIL), None)
    if down is not None:
        do = "mend what it says; mails wait, and leave by themselves after that"
        says = f"{parts.hostname}:{port} has taken no mail since {down.down_since:%Y-%m-%d %H:%M} UTC: {down.error}"
        return Checked("bad", "mail", says, do)
    return Checked("ok", "mail", f"{parts.hostname}:{port} answers")


def _strava(services: Services) -> list[Checked]:
    settings = services.settings
    if not settings.strava_configured:
        do = "for pushes set LOADWATCH_STRAVA_CLIENT_ID and LOADWATCH_STRAVA_CLIENT_SECRET"
        return [Checked("note", "Strava", "not set up", do)]
    try:
        fine, lines = services.subscription.status()
        kept = services.inbox.quarantine()
    except LoadwatchError as error:
        return [Checked("bad", "Strava", f"the subscription cannot be looked at: {error}", "loadwatch strava status")]
    except Exception as error:  # said above, under database
        return [Checked("bad", "Strava", f"the subscription cannot be read ({type(error).__name__})")]
    do = "loadwatch strava subscribe; LOADWATCH_BASE_URL must be the address at which Strava reaches this server"
    checks = [Checked("ok" if fine else "bad", "Strava", "; ".join(lines), do)]
    if kept.n:
        full = f"; {QUARANTINE_PER_DAY} a day are kept, and today no more" if kept.n_day >= QUARANTINE_PER_DAY else ""
        says = f"{kept.n} events are nobody's here, for example: {kept.reasons[0].reason}{full}"
        checks.append(Checked("note", "quarantine", says, "loadwatch strava quarantine"))
    return checks


def strava_budget(services: Services) -> list[Checked]:
    """What is left of Strava's limits, and whether it has switched the application off."""
    budget = services.limiter.state() if services.settings.strava_configured else None
    if budget is None:
        return []  # said above, under broker
    if budget.inactive_since is not None:
        says = (
            f"Strava has switched this application off (403 Inactive) since {budget.inactive_since:%Y-%m-%d %H:%M}"
            f" UTC; it is asked again at {budget.inactive_until:%Y-%m-%d %H:%M} UTC, and what was announced waits"
        )
        do = "its owner needs a paid Strava subscription: see https://www.strava.com/settings/api"
        return [Checked("bad", "Strava calls", says, do)]
    names = {"quarter": "in this quarter of an hour", "day": "today (UTC)"}
    used = ", ".join(f"{q.used} of {q.limit} {names[q.window]}" for q in budget.quotas)
    if any(q.used >= q.limit for q in budget.quotas):
        return [Checked("note", "Strava calls", f"used up: {used}", "wait: it goes on by itself")]
    return [Checked("ok", "Strava calls", used)]


def _clock(services: Services) -> Checked:
    """The own clock against the date in Strava's answer, where there is one."""
    settings = services.settings
    if not settings.strava_configured:
        return Checked(
            "note", "clock", f"{services.clock():%Y-%m-%d %H:%M:%S} UTC by this machine; nothing to compare with"
        )
    try:
        with requests.Session() as session:
            session.trust_env = False
            began = time.time()
            answer = session.head(settings.strava_api_url, timeout=5)
        off_s = began - parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (requests.RequestException, KeyError, ValueError) as error:
        return Checked("note", "clock", f"not compared: Strava does not answer ({type(error).__name__})")
    if abs(off_s) > MOST_CLOCK_ERROR_S:
        return Checked("bad", "clock", f"{off_s:+.0f} s against Strava", "set the clock by NTP: tokens expire by it")
    return Checked("ok", "clock", "agrees with Strava")


def _disk(services: Services) -> Checked:
    free = shutil.disk_usage(services.settings.data_dir).free
    says = f"{free / 1e9:.1f} GB free in {services.settings.data_dir}"
    if free < LEAST_FREE_BYTES:
        return Checked("bad", "disk", says, "make room: without it nothing can be stored")
    return Checked("ok", "disk", says)
