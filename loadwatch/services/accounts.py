"""Accounts, log-in, profiles, API tokens and the connection to Strava."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from loadwatch.domain.alerts import Sensitivity
from loadwatch.domain.text import Text, say
from loadwatch.domain.weekly_clock import due, running_week
from loadwatch.domain.wording import Units
from loadwatch.services.account_ports import ApiKey
from loadwatch.services.errors import (
    AccountExists,
    LoadwatchError,
    NotYours,
    SignupClosed,
    StravaTaken,
    WrongPassword,
)
from loadwatch.services.ports import AccountRecord, Clock, Connection, Database, Nudge, PasswordHasher, Tx

MIN_PASSWORD = 10

MAX_API_KEYS = 20
"""Of one athlete. Design choice: more were forgotten than are used."""

FASTEST_FIVE_K_S, SLOWEST_FIVE_K_S = 12 * 60, 2 * 3600
"""No one has run 5 km faster (12:35 is the record), and slower is no race. [s]"""

FIVE_K_HINT = say(
    "a 5 km time is written in minutes and seconds, like {example}, and lies between 12 minutes and 2 hours",
    example="22:30",
)

ASKED_SCOPES = ("read", "activity:read", "activity:read_all", "profile:read_all")
"""What the connect page asks for. Without `activity:read` Strava sends no events, whatever else is granted."""

SCOPE_MEANING = {
    "read": say("your public profile"),
    "activity:read": say("activities that everyone or your followers can see, and word of new ones"),
    "activity:read_all": say("activities that only you can see, and the parts inside privacy zones"),
    "profile:read_all": say("your whole profile, for example heart-rate zones"),
}


def missing_scopes(scopes: frozenset[str]) -> list[tuple[str, Text]]:
    """What the athlete did not grant, and what loadwatch cannot do without it."""
    consequences = {
        "activity:read": say("Strava sends no word of new runs: nothing arrives by itself"),
        "activity:read_all": say("runs that only you can see are not counted, so a long private run goes unnoticed"),
        "profile:read_all": say("heart-rate zones are not read; nothing depends on them today"),
        "read": say("your name cannot be shown"),
    }
    return [
        (s, consequences[s])
        for s in ("activity:read", "activity:read_all", "profile:read_all", "read")
        if s not in scopes
    ]


def read_five_k(text: str) -> int:
    """
    A 5 km time as people write it, in seconds; 0 for an empty one.

    Raises
    ------
    LoadwatchError
        If it is none.
    """
    minutes, colon, seconds = text.strip().partition(":")
    if not text.strip():
        return 0
    if not (colon and minutes.isdecimal() and seconds.isdecimal() and len(seconds) == 2 and int(seconds) < 60):
        raise LoadwatchError(say("{given}: {hint}", given=repr(text), hint=FIVE_K_HINT))
    time_s = int(minutes) * 60 + int(seconds)
    if not FASTEST_FIVE_K_S <= time_s <= SLOWEST_FIVE_K_S:
        raise LoadwatchError(say("{given}: {hint}", given=repr(text), hint=FIVE_K_HINT))
    return time_s


def five_k_text(time_s: int | None) -> str:
    """The same the other way around; empty where it is not known."""
    return f"{time_s // 60}:{time_s % 60:02d}" if time_s else ""


@dataclass(frozen=True, slots=True)
class StravaLogin:
    """What came back from Strava's consent page."""

    strava_athlete_id: int
    name: str
    access_token: str
    refresh_token: str
    expires_at: datetime
    scopes: frozenset[str]


class AccountService:
    """Who may come in, and what they have set."""

    def __init__(
        self, database: Database, hasher: PasswordHasher, nudge: Nudge, clock: Clock, *, signup: str = "first"
    ) -> None:
        self._database = database
        self._hasher = hasher
        self._nudge = nudge
        self._clock = clock
        self._signup = signup
        # Verified where there is no account, so that an answer takes as long for an unknown address.
        self._nobody = hasher.hash(secrets.token_urlsafe(16))

    # sign-up and log-in

    def signup_open(self) -> bool:
        """Whether a new account may be made now."""
        with self._database.read() as tx:
            return self._may_sign_up(tx)

    def _may_sign_up(self, tx: Tx) -> bool:
        return self._signup == "open" or (self._signup == "first" and tx.count_accounts() == 0)

    def sign_up(
        self,
        name: str,
        email: str,
        password: str,
        timezone: str = "UTC",
        *,
        language: str = "en",
        force: bool = False,
    ) -> AccountRecord:
        """
        Make an account with its athlete; the first one is the operator's.

        Parameters
        ----------
        force : bool
            Whatever `SIGNUP` says: for the operator's command line.

        Raises
        ------
        SignupClosed, AccountExists
        LoadwatchError
            If the address, the password or the time zone cannot be used.
        """
        email = clean_email(email)
        check_password(password)
        check_timezone(timezone)
        password_hash = self._hasher.hash(password)
        with self._database.write() as tx:
            if not force and not self._may_sign_up(tx):
                raise SignupClosed(say("No further accounts are made here: ask the operator for one."))
            if tx.account_by_email(email):
                raise AccountExists(say("There is an account with this e-mail address already: log in instead."))
            return self._new_account(tx, name.strip() or email, email, password_hash, timezone, language)

    def _new_account(
        self, tx: Tx, name: str, email: str | None, password_hash: str | None, timezone: str, language: str = "en"
    ) -> AccountRecord:
        now = self._clock()
        athlete_id = tx.add_athlete(name, email, timezone, now)
        week = running_week(now, timezone)
        tx.plan_weekly([(athlete_id, week, due(week, timezone))])
        tx.update_athlete(athlete_id, language=language)
        first = tx.count_accounts() == 0
        account_id = tx.add_account(athlete_id, email, password_hash, is_operator=first, now=now)
        account = tx.account(account_id)
        assert account is not None
        return account

    def log_in(self, email: str, password: str) -> AccountRecord | None:
        """The account, or None if the address or the password is wrong; both take the same time."""
        with self._database.read() as tx:
            account = tx.account_by_email(email.strip().lower())
        known = account.password_hash if account and account.password_hash else None
        if not self._hasher.verify(known or self._nobody, password) or account is None or known is None:
            return None
        if self._hasher.needs_rehash(known):
            renewed = self._hasher.hash(password)
            with self._database.write() as tx:
                tx.set_password_hash(account.id, renewed)
            account = replace(account, password_hash=renewed)  # a log-in is kept under the hash that is stored
        return account

    def account(self, account_id: int) -> AccountRecord | None:
        with self._database.read() as tx:
            return tx.account(account_id)

    def by_session(self, session_id: str) -> AccountRecord | None:
        """The account of a log-in; None if it is gone, or has another password since."""
        number, _, _ = session_id.partition(".")
        account = self.account(int(number)) if number.isdecimal() else None
        same = account is not None and hmac.compare_digest(account.session_id, session_id)
        return account if same else None

    def change_password(self, athlete_id: int, old: str, new: str, email: str | None = None) -> AccountRecord:
        """
        Set another password; log-ins elsewhere end with the old one. API tokens stay.

        Parameters
        ----------
        old : str
            Not asked for where the account has none, because it was made through Strava.
        email : str, optional
            To log in with, where there is no such name yet.

        Raises
        ------
        WrongPassword, AccountExists
        LoadwatchError
            If the new password or the address cannot be used.
        """
        check_password(new)
        with self._database.read() as tx:
            account = tx.account_of_athlete(athlete_id)
        if account is None:
            raise NotYours(f"athlete {athlete_id}")
        if account.password_hash is not None and not self._hasher.verify(account.password_hash, old):
            raise WrongPassword(say("Your present password is not right."))
        name = account.email or clean_email(email or "")
        password_hash = self._hasher.hash(new)
        with self._database.write() as tx:
            owner = tx.account_by_email(name)
            if owner is not None and owner.id != account.id:
                raise AccountExists(say("Another account logs in with this address."))
            tx.set_login(account.id, name, password_hash)
            changed = tx.account(account.id)
        if changed is None:
            raise NotYours(f"athlete {athlete_id}")
        return changed

    def make_operator(self, athlete_id: int) -> None:
        """Let an account run this server; for whoever has its command line."""
        with self._database.write() as tx:
            account = tx.account_of_athlete(athlete_id)
            if account is None:
                raise NotYours(f"athlete {athlete_id}")
            tx.make_operator(account.id)

    def is_operator(self, athlete_id: int) -> bool:
        """Whether an athlete's account is the one that runs this server."""
        with self._database.read() as tx:
            account = tx.account_of_athlete(athlete_id)
        return account is not None and account.is_operator

    def athlete_by_email(self, email: str) -> int | None:
        """The athlete behind an account's address."""
        with self._database.read() as tx:
            account = tx.account_by_email(email.strip().lower())
        return account.athlete_id if account else None

    # profile

    def update_profile(
        self,
        athlete_id: int,
        *,
        name: str | None = None,
        email: str | None = None,
        timezone: str | None = None,
        units: Units | None = None,
        novice: bool | None = None,
        five_k_s: int | None = None,
        alert_mails: bool | None = None,
        weekly_mail: bool | None = None,
        ask_mails: bool | None = None,
        weekly_day: int | None = None,
        weekly_hour: int | None = None,
        sensitivity: Sensitivity | None = None,
        quiet_from: int | None = None,
        quiet_to: int | None = None,
        language: str | None = None,
    ) -> None:
        """
        Change what is given; None leaves a setting as it is, 0 forgets the 5 km time.

        Raises
        ------
        LoadwatchError
            If a value cannot be used.
        """
        changes: dict[str, object] = {
            k: v
            for k, v in {
                "name": name.strip() if name else None,
                "units": units,
                "novice": novice,
                "alert_mails": alert_mails,
                "weekly_mail": weekly_mail,
                "ask_mails": ask_mails,
                "weekly_day": weekly_day,
                "weekly_hour": weekly_hour,
                "sensitivity": sensitivity,
                "quiet_from": quiet_from,
                "quiet_to": quiet_to,
                "language": language,
            }.items()
            if v is not None
        }
        if not all(hour is None or 0 <= hour <= 23 for hour in (quiet_from, quiet_to)):
            raise LoadwatchError(say("Quiet hours begin and end at an hour from 0 to 23."))
        if not (weekly_day is None or 1 <= weekly_day <= 7) or not (weekly_hour is None or 0 <= weekly_hour <= 23):
            raise LoadwatchError(say("The summary comes on a day from 1 (Monday) to 7, at an hour from 0 to 23."))
        if email is not None:
            changes["email"] = clean_email(email)
        if five_k_s is not None:
            if five_k_s and not FASTEST_FIVE_K_S <= five_k_s <= SLOWEST_FIVE_K_S:
                raise LoadwatchError(FIVE_K_HINT)
            changes["five_k_s"] = five_k_s or None
        if timezone is not None:
            check_timezone(timezone)
            changes["timezone"] = timezone
        now = self._clock()
        with self._database.write() as tx:
            before = tx.athlete(athlete_id)
            if before is None:
                raise NotYours(f"athlete {athlete_id}")
            if changes:
                tx.update_athlete(athlete_id, **changes)
            if before.weekly_week is not None:
                at = due(
                    before.weekly_week,
                    timezone or before.timezone,
                    weekly_day or before.weekly_day,
                    before.weekly_hour if weekly_hour is None else weekly_hour,
                )
                if at != before.next_weekly_at:
                    tx.plan_weekly([(athlete_id, before.weekly_week, at)])
            judged_anew = novice is not None and novice != before.novice
            judged_anew |= five_k_s is not None and (five_k_s or None) != before.five_k_s
            if judged_anew:
                first = tx.earlier_history(athlete_id, now).first_start
                if first is not None:
                    tx.want_assessment(athlete_id, first, now)
        self._nudge.assess(athlete_id)

    # API tokens

    def create_token(self, athlete_id: int, name: str = "") -> str:
        """
        A new API token; shown once, only its digest is kept.

        Parameters
        ----------
        name : str
            What its owner calls it, to know later which to take back.

        Raises
        ------
        LoadwatchError
            If there are as many as one may have.
        """
        token = "lw_" + secrets.token_urlsafe(32)
        with self._database.write() as tx:
            if tx.athlete(athlete_id) is None:
                raise NotYours(f"athlete {athlete_id}")
            if len(tx.api_keys(athlete_id)) >= MAX_API_KEYS:
                raise LoadwatchError(say("There are {n} keys already: take one back first.", n=MAX_API_KEYS))
            tx.add_token(athlete_id, token_digest(token), self._clock(), " ".join(name.split())[:100] or None)
        return token

    def api_keys(self, athlete_id: int) -> list[ApiKey]:
        """The newest first."""
        with self._database.read() as tx:
            return tx.api_keys(athlete_id)

    def revoke_api_key(self, athlete_id: int, key_id: int) -> None:
        """
        Take an API token back; it opens nothing from now on.

        Raises
        ------
        NotYours
        """
        with self._database.write() as tx:
            if not tx.delete_api_key(athlete_id, key_id):
                raise NotYours(f"key {key_id}")

    def athlete_by_token(self, token: str) -> int | None:
        with self._database.read() as tx:
            return tx.athlete_by_token(token_digest(token))

    # Strava

    def connect_strava(self, athlete_id: int | None, login: StravaLogin) -> AccountRecord:
        """
        Keep a connection, and log in through it.

        Parameters
        ----------
        athlete_id : int or None
            Who is logged in; None: whoever this Strava account belongs to, or a new account where
            sign-up is open.

        Raises
        ------
        StravaTaken
            If the Strava account belongs to another athlete here.
        SignupClosed
        """
        now = self._clock()
        with self._database.write() as tx:
            owner = tx.athlete_of_strava(login.strava_athlete_id)
            if athlete_id is None:
                if owner is not None:
                    athlete_id = owner
                elif self._may_sign_up(tx):
                    athlete_id = self._new_account(tx, login.name, None, None, "UTC").athlete_id
                else:
                    raise SignupClosed(
                        say("This Strava account is not known here, and no further accounts are made.")
                    )
            elif owner not in (None, athlete_id):
                raise StravaTaken(say("This Strava account is connected to another athlete here."))
            before = tx.connection(athlete_id)
            if before is not None and before.strava_athlete_id != login.strava_athlete_id:
                # The runs of two people in one history would make every comparison wrong.
                raise StravaTaken(
                    say("You are connected with another Strava account: log in at Strava with that one.")
                )
            had_none = before is None
            tx.put_connection(
                Connection(
                    athlete_id=athlete_id,
                    strava_athlete_id=login.strava_athlete_id,
                    access_token=login.access_token,
                    refresh_token=login.refresh_token,
                    expires_at=login.expires_at,
                    scopes=login.scopes,
                    state="connected",
                ),
                now,
            )
            tx.log_sync(athlete_id, "connected", f"granted: {', '.join(sorted(login.scopes))}", now)
            if had_none:
                tx.want_backfill(athlete_id, now)
            tx.release_quarantine()
            tx.wake_jobs(athlete_id, now)
            account = tx.account_of_athlete(athlete_id)
        if account is None:
            raise NotYours(f"athlete {athlete_id} has no account")
        if had_none:
            self._nudge.backfill(athlete_id)
        return account


def token_digest(token: str) -> str:
    """What is kept of an API token."""
    return hashlib.sha256(token.encode()).hexdigest()


def clean_email(email: str) -> str:
    """
    An address in lower case without blanks around it.

    Raises
    ------
    LoadwatchError
        If it is none.
    """
    email = email.strip().lower()
    name, at, host = email.partition("@")
    if not (name and at and host) or any(c.isspace() or c in '<>,;"' for c in email) or len(email) > 254:
        raise LoadwatchError(say("{given} is not an e-mail address.", given=repr(email)))
    return email


def check_password(password: str) -> None:
    """
    Raises
    ------
    LoadwatchError
        If it is too short to be a password, or too long to hash in good time.
    """
    if not MIN_PASSWORD <= len(password) <= 1000:
        raise LoadwatchError(say("A password has at least {n} characters.", n=MIN_PASSWORD))


def check_timezone(timezone: str) -> None:
    """
    Raises
    ------
    LoadwatchError
        If there is no such zone.
    """
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise LoadwatchError(
            say("{given} is not a time zone; one is called for example Europe/Berlin.", given=repr(timezone))
        ) from None
