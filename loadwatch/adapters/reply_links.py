"""Links in mails that answer for one athlete: sealed, so that whoever sees one can neither read nor change it."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from loadwatch.services.telling_ports import REPLY_PURPOSES, Reply

_PURPOSES: Final = dict(enumerate(REPLY_PURPOSES))
_NUMBERS: Final = {purpose: str(number) for number, purpose in _PURPOSES.items()}
_PLACE: Final = [b"loadwatch reply 1"]
"""What the seal is for; another layout of what is sealed takes another number."""
_MINUTE_S: Final = 60
LONGEST: Final = 200
"""Of a token. Design choice: three times what the longest of ours has."""


class SealedReplyLinks:
    """
    Makes and reads the links; see `services.telling_ports.ReplyLinks`.

    A link stands in the logs of mail servers, proxies and browsers: so what it answers is encrypted, not only signed.
    AES-SIV needs no nonce: the same answer has the same link however often its mail is written.

    Parameters
    ----------
    secrets : sequence of str
        Links are made with the first and read with any.
    """

    def __init__(self, secrets: Sequence[str], base_url: str) -> None:
        self._seals = [AESSIV(hashlib.sha512(secret.encode()).digest()) for secret in secrets]
        self._base_url = base_url.rstrip("/")

    def url(self, athlete_id: int, purpose: str, about: str, until: datetime, answer: str = "") -> str:
        return f"{self._base_url}/r/{self.token(athlete_id, purpose, about, until, answer)}"

    def token(self, athlete_id: int, purpose: str, about: str, until: datetime, answer: str = "") -> str:
        """The last part of the address: letters, digits, "-" and "_"."""
        if "|" in about + answer:
            raise ValueError(f"{about!r}, {answer!r}: | parts what is sealed")
        minute = int(until.timestamp()) // _MINUTE_S
        said = f"{_NUMBERS[purpose]}|{athlete_id}|{about}|{answer}|{minute}"
        return _text(self._seals[0].encrypt(said.encode(), _PLACE))

    def read(self, token: str) -> Reply | None:
        sealed = _bytes(token)
        said = sealed and self._opened(sealed)
        if not said:
            return None
        number, athlete_id, about, answer, minute = said.decode().split("|")
        until = datetime.fromtimestamp(int(minute) * _MINUTE_S, UTC)
        return Reply(int(athlete_id), _PURPOSES[int(number)], about, answer, until)

    def _opened(self, sealed: bytes) -> bytes | None:
        for seal in self._seals:
            try:
                return seal.decrypt(sealed, _PLACE)
            except InvalidTag:
                continue
        return None


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(token: str) -> bytes | None:
    """What a token stands for; None if it is not one of ours by its mere looks."""
    if len(token) > LONGEST or not token.isascii():
        return None
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return None
    # Base64 reads several texts as the same bytes: only the one that we write is ours.
    return data if _text(data) == token else None
