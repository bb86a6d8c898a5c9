"""Handing mails over: by SMTP, or as files in the data folder."""

import contextlib
import hashlib
import os
import smtplib
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from loadwatch.emails import EmailContent
from loadwatch.services.errors import MailDelayed, MailRefused, MailUncertain

TIMEOUT_S = 10
"""For each step of the conversation with the mail server; all of them fit into a task's time. [s]"""


def to_message(content: EmailContent, *, sender: str, to: str, message_id: str, at: datetime) -> EmailMessage:
    """The mail as it goes over the wire: plain text and HTML of the same content."""
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = content.subject
    message["From"] = sender
    message["To"] = to
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    # Keeps out-of-office answers away.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(content.text)
    message.add_alternative(content.html, subtype="html")
    return message


class _Noting(smtplib.SMTP):
    """Notes when a mail's whole content has left: a connection that is lost after that says nothing of the mail."""

    _asked_for = False
    content_has_left = False

    def getreply(self) -> tuple[int, bytes]:
        code, words = super().getreply()
        self._asked_for = code == 354
        return code, words

    def send(self, s: Any) -> None:
        super().send(s)
        self.content_has_left = self._asked_for


class _NotingTls(_Noting, smtplib.SMTP_SSL):
    pass


class SmtpMailer:
    """
    Sends through an SMTP server.

    Parameters
    ----------
    url : str
        `smtp://user:password@host:port` (STARTTLS where the server offers it) or `smtps://…`.
    """

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("LOADWATCH_SMTP_URL must look like smtp://user:password@host:587 or smtps://host:465")
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password or "")
        self._sender = sender

    def send(self, content: EmailContent, *, to: str, message_id: str, athlete_id: int, at: datetime) -> None:  # noqa: ARG002
        message = to_message(content, sender=self._sender, to=to, message_id=message_id, at=at)
        smtp: _Noting | None = None
        try:
            smtp = self._connect()
            with contextlib.closing(smtp):
                smtp.send_message(message)
                with contextlib.suppress(OSError):  # taken is taken, however the server says good-bye
                    smtp.quit()
        except smtplib.SMTPRecipientsRefused as error:
            code, reason = next(iter(error.recipients.values()))
            raise _outcome(code, reason) from error
        except smtplib.SMTPDataError as error:
            raise _outcome(error.smtp_code, error.smtp_error) from error
        # A wrong password or sender is the operator's to mend: the mail waits, it is not lost by it.
        except (smtplib.SMTPException, OSError) as error:
            if smtp is not None and smtp.content_has_left:
                raise MailUncertain(f"the mail server took it and did not answer ({type(error).__name__})") from error
            raise MailDelayed(f"{type(error).__name__}: {error}") from error

    def _connect(self) -> _Noting:
        if self._tls:
            context = ssl.create_default_context()
            smtp: _Noting = _NotingTls(self._host, self._port, timeout=TIMEOUT_S, context=context)
        else:
            smtp = _Noting(self._host, self._port, timeout=TIMEOUT_S)
        try:
            smtp.ehlo()
            if not self._tls and smtp.has_extn("starttls"):
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if self._user:
                smtp.login(self._user, self._password)
        except BaseException:
            smtp.close()
            raise
        return smtp


def _outcome(code: int, reason: bytes | str) -> MailRefused | MailDelayed:
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    return (MailRefused if code >= 500 else MailDelayed)(f"{code} {text}")


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail in the mailbox folder."""

    name: str
    subject: str
    to: str
    date: str
    text: str
    html: str
    sent_at: datetime | None = None
    """None where its date cannot be read."""


class FileMailbox:
    """Mails as `*.eml` files, a folder for each athlete: for a machine without a mail server."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def send(self, content: EmailContent, *, to: str, message_id: str, athlete_id: int, at: datetime) -> None:
        message = to_message(content, sender=self._sender, to=to, message_id=message_id, at=at)
        folder = self._folder / str(athlete_id)
        # The name follows from the Message-ID: the same mail written twice is one file.
        name = f"{at:%Y%m%dT%H%M%S}-{_key(message_id)}.eml"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for same in folder.glob(f"*-{name.rpartition('-')[2]}"):
                same.unlink()
            part = folder / f".{name}.part"
            part.write_bytes(message.as_bytes())
            os.replace(part, folder / name)
        except OSError as error:
            raise MailDelayed(f"the mailbox folder cannot be written: {error}") from error

    def forget(self, athlete_id: int, message_ids: Iterable[str]) -> None:
        """Delete the mails of these ids."""
        for message_id in message_ids:
            for path in (self._folder / str(athlete_id)).glob(f"*-{_key(message_id)}.eml"):
                path.unlink(missing_ok=True)

    def owners(self) -> Iterator[int]:
        """Athletes of whom some are kept."""
        return (int(folder.name) for folder in self._folder.glob("*/") if folder.name.isdecimal())

    def copies(self, athlete_id: int) -> Iterator[tuple[str, bytes]]:
        """Name and content of each of an athlete's, the oldest first."""
        for path in sorted((self._folder / str(athlete_id)).glob("*.eml")):
            yield path.name, path.read_bytes()

    def forget_all(self, athlete_id: int) -> None:
        """Delete all of an athlete's."""
        folder = self._folder / str(athlete_id)
        for path in folder.glob("*"):
            path.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            folder.rmdir()

    def list(self, athlete_id: int, limit: int | None = None) -> list[StoredMail]:
        """An athlete's mails, newest first."""
        folder = self._folder / str(athlete_id)
        return [_read(path) for path in sorted(folder.glob("*.eml"), reverse=True)[:limit]]

    def get(self, athlete_id: int, name: str) -> StoredMail | None:
        """One of an athlete's mails; None where there is none of that name."""
        folder = self._folder / str(athlete_id)
        return next((_read(path) for path in folder.glob("*.eml") if path.name == name), None)


def _key(message_id: str) -> str:
    return hashlib.sha256(message_id.encode()).hexdigest()[:12]


def _read(path: Path) -> StoredMail:
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return StoredMail(
        name=path.name,
        subject=str(message["Subject"]),
        to=str(message["To"]),
        date=str(message["Date"]),
        text=text.get_content() if text else "",
        html=html.get_content() if html else "",
        sent_at=getattr(message["Date"], "datetime", None),
    )
