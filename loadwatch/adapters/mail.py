"""Handing mails over: by SMTP, or as files in the data folder."""

import base64
import contextlib
import hashlib
import os
import re
import smtplib
import ssl
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from loadwatch.domain.text import say
from loadwatch.emails import EmailContent
from loadwatch.services.errors import AddressRefused, MailDelayed, MailRefused, MailUncertain, MailWayDown

TIMEOUT_S = 10
"""For each step of the conversation with the mail server; all of them fit into a task's time. [s]"""


class _Policy(EmailPolicy):
    """
    For mails that go over the wire: no line is too long, and nothing asks for 8-bit transport.

    Links and ids stay on one line. Python would put what is longer than a line into encoded words, which nobody
    takes for a link.
    """

    _WHOLE: Final = frozenset({"list-unsubscribe", "message-id", "content-id"})

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name.lower() in self._WHOLE else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


_POLICY: Final = _Policy(linesep="\r\n", cte_type="7bit", max_line_length=78)


def to_message(content: EmailContent, *, sender: str, to: str, message_id: str, at: datetime) -> EmailMessage:
    """
    The mail as it goes over the wire: plain text, and HTML of the same content with its pictures.

    Raises
    ------
    ValueError
        If an address is none.
    """
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = _one_line(content.subject)
    message["From"] = sender
    message["To"] = Address(addr_spec=to)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = _one_line(message_id)
    if content.stop_url:
        # RFC 2369 and RFC 8058: the mail program shows a button, which posts to the link.
        message["List-Unsubscribe"] = f"<{quote(_one_line(content.stop_url), safe=_IN_LINKS)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # Both keep out-of-office answers away: RFC 3834, and Exchange, which heeds that only in part.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message.set_content(content.text)
    message.add_alternative(content.html, subtype="html")
    if content.language:  # only now: what describes a content moves to the first part of it
        message["Content-Language"] = _one_line(content.language)
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    for picture in content.pictures:
        html.add_related(
            picture.png,
            "image",
            "png",
            cid=f"<{picture.name}@loadwatch>",
            disposition="inline",
            filename=f"{picture.name}.png",
        )
    if content.pictures:
        html.set_param("type", "text/html")  # RFC 2387: which of the related parts is the page
    return message


_IN_LINKS: Final = "%:/?#[]@!$&'()*+,;=-._~"
"""What stands in a link as it is: RFC 3986."""


def _one_line(text: str) -> str:
    """Without anything that could begin another header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def mail_domain(sender: str, base_url: str) -> str:
    """What a Message-ID ends with: the domain that mails come from, else the host of this server."""
    domain = parseaddr(sender)[1].rpartition("@")[2]
    candidates = (domain, urlsplit(base_url).hostname or "")
    return next((each for each in candidates if _DOMAIN.fullmatch(each)), "loadwatch")


_DOMAIN: Final = re.compile(r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*\.[a-zA-Z][a-zA-Z0-9-]+")


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


class _HungUp(Exception):
    """
    The server ended the conversation before it took the mail.

    Attributes
    ----------
    is_closing : bool
        It said that it serves nobody now (421); else the connection was lost, which may be this mail's fault.
    """

    def __init__(self, why: str, *, is_closing: bool = False) -> None:
        super().__init__(why)
        self.is_closing = is_closing


class SmtpMailer:
    """
    Sends through an SMTP server, over one connection for as many mails as follow each other.

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
        self._kept = threading.local()  # a connection is one thread's

    def send(self, content: EmailContent, *, to: str, message_id: str, athlete_id: int, at: datetime) -> None:  # noqa: ARG002
        message, data = _made(content, sender=self._sender, to=to, message_id=message_id, at=at)
        sender = message["From"].addresses[0].addr_spec
        smtp = getattr(self._kept, "smtp", None)
        if smtp is not None:
            # It may have been idle for too long, or have taken as many as the server takes from one connection.
            with contextlib.suppress(_HungUp):
                return self._converse(smtp, sender, to, data)
        try:
            self._converse(self._connect(), sender, to, data)
        except _HungUp as error:
            raise (MailWayDown if error.is_closing else MailDelayed)(str(error)) from error

    def hang_up(self) -> None:
        """Say good-bye; mails that were taken stay taken, whatever the server answers."""
        smtp = self._forget()
        if smtp is not None:
            with contextlib.closing(smtp), contextlib.suppress(OSError, smtplib.SMTPException):
                smtp.quit()

    def _forget(self) -> _Noting | None:
        smtp, self._kept.smtp = getattr(self._kept, "smtp", None), None
        return smtp

    def _converse(self, smtp: _Noting, sender: str, to: str, data: bytes) -> None:
        """Hand one mail over; the connection is kept for the next if it is fit for it."""
        self._forget()
        smtp.content_has_left = False
        fit = False
        try:
            self._say(smtp, sender, to, data)
            fit = True
        except (smtplib.SMTPException, OSError) as error:
            if smtp.content_has_left:
                raise MailUncertain(f"the mail server took it and did not answer ({type(error).__name__})") from error
            raise _HungUp(f"{type(error).__name__}: {error}") from error
        except _HungUp as error:
            if smtp.content_has_left and not error.is_closing:
                raise MailUncertain(f"the mail server took it and did not say more than: {error}") from error
            raise
        except MailWayDown:
            raise
        except (MailRefused, MailDelayed):
            with contextlib.suppress(smtplib.SMTPException, OSError):
                fit = smtp.rset()[0] == 250
            raise
        finally:
            if fit:
                self._kept.smtp = smtp
            else:
                smtp.close()

    @staticmethod
    def _say(smtp: _Noting, sender: str, to: str, data: bytes) -> None:
        options = [] if (sender + to).isascii() else ["SMTPUTF8", "BODY=8BITMIME"]
        if options and not smtp.has_extn("smtputf8"):
            raise MailRefused(say("the mail server cannot take an address with letters beyond a to z"))
        code, words = smtp.mail(sender, options)
        if not _is_yes(code):  # it is the same sender for all mails
            raise _hung_up(code, words) or MailWayDown(_reply(code, words))
        code, words = smtp.rcpt(to)
        if not _is_yes(code):
            raise _refused(code, words, of_address=True)
        try:
            code, words = smtp.data(data)
        except smtplib.SMTPDataError as error:  # it did not even ask for the content
            code, words = error.smtp_code, _bytes(error.smtp_error)
        if not _is_yes(code):
            raise _refused(code, words, of_address=False)

    def _connect(self) -> _Noting:
        smtp: _Noting | None = None
        try:
            if self._tls:
                context = ssl.create_default_context()
                smtp = _NotingTls(self._host, self._port, timeout=TIMEOUT_S, context=context)
            else:
                smtp = _Noting(self._host, self._port, timeout=TIMEOUT_S)
            smtp.ehlo_or_helo_if_needed()
            if not self._tls and smtp.has_extn("starttls"):
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if self._user:
                smtp.login(self._user, self._password)
        # A wrong password is the operator's to mend: mails wait, they are not lost by it.
        except (smtplib.SMTPException, OSError) as error:
            if smtp is not None:
                smtp.close()
            raise MailWayDown(f"{type(error).__name__}: {error}") from error
        except BaseException:
            if smtp is not None:
                smtp.close()
            raise
        return smtp


def _made(content: EmailContent, **headers: Any) -> tuple[EmailMessage, bytes]:
    try:
        message = to_message(content, **headers)
        return message, message.as_bytes()
    except Exception as error:  # whatever the email package raises: nothing of it gets better by waiting
        raise MailRefused(f"no mail could be made of it: {error!r}") from error


_STATUS: Final = re.compile(r"^\s*[245]\.(\d{1,3})\.(\d{1,3})\b")
"""RFC 3463: what it is about, and the detail."""
_NO_SUCH_ADDRESS: Final = frozenset({(1, 0), (1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)})
"""There is no such mailbox or domain, it has moved, the domain takes no mail (RFC 7505), the mailbox is disabled."""
_BAD_SENDER: Final = frozenset({(1, 7), (1, 8)})
_NOTED: Final = 400
"""So many characters of a mail server's answer are kept. Design choice."""
_NOT_LET_IN: Final = frozenset({530, 534, 535, 538})
"""RFC 4954: log in first, or otherwise."""
_FULL: Final = (2, 2)


def _refused(code: int, words: bytes, *, of_address: bool) -> Exception:
    """
    What a refusal means for what to do next.

    Parameters
    ----------
    of_address : bool
        It was the answer to the address, not to the content.
    """
    text = _reply(code, words)
    if (hung_up := _hung_up(code, words)) is not None:
        return hung_up
    found = _STATUS.match(words.decode(errors="replace"))
    status = (int(found[1]), int(found[2])) if found else None
    if code in _NOT_LET_IN or status in _BAD_SENDER:
        return MailWayDown(text)
    if code < 500 or status == _FULL or (code == 552 and status is None):
        return MailDelayed(text)
    if of_address and (status in _NO_SUCH_ADDRESS or (status is None and code in (550, 551, 553))):
        return AddressRefused(text)
    return MailRefused(text)


def _is_yes(code: int) -> bool:
    return 200 <= code < 300


def _hung_up(code: int, words: bytes) -> _HungUp | None:
    """What is no answer: that the server closes, or what no mail server says."""
    if code != 421 and 400 <= code < 600:
        return None
    return _HungUp(_reply(code, words), is_closing=code == 421)


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()


def _reply(code: int, words: bytes) -> str:
    """The answer as it is noted and shown: whole pages of it help nobody."""
    return _one_line(f"{code} {words.decode(errors='replace')}")[:_NOTED]


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
        _, data = _made(content, sender=self._sender, to=to, message_id=message_id, at=at)
        folder = self._folder / str(athlete_id)
        # The name follows from the Message-ID: the same mail written twice is one file.
        name = f"{at:%Y%m%dT%H%M%S}-{_key(message_id)}.eml"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for same in folder.glob(f"*-{name.rpartition('-')[2]}"):
                same.unlink()
            part = folder / f".{name}.part"
            part.write_bytes(data)
            os.replace(part, folder / name)
        except OSError as error:
            raise MailWayDown(f"the mailbox folder cannot be written: {error}") from error

    def hang_up(self) -> None:
        """Nothing is held open."""

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


def _with_pictures(message: EmailMessage, html: str) -> str:
    """The HTML with the pictures that travel beside it put into it, for a page that loads nothing."""
    for part in message.walk():
        content = part.get_payload(decode=True)
        if part.get_content_maintype() == "image" and part["Content-ID"] and isinstance(content, bytes):
            data = base64.b64encode(content).decode()
            html = html.replace(f"cid:{part['Content-ID'][1:-1]}", f"data:{part.get_content_type()};base64,{data}")
    return html


def _read(path: Path) -> StoredMail:
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return StoredMail(
        name=path.name,
        subject=str(message["Subject"]),
        to=str(message["To"]),
        date=str(message["Date"]),
        text=text.get_content() if text else "",
        html=_with_pictures(message, html.get_content()) if html else "",
        sent_at=getattr(message["Date"], "datetime", None),
    )
