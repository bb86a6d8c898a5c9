"""Columns that are encrypted at rest."""

import base64
import hashlib
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import LargeBinary, TypeDecorator
from sqlalchemy.engine import Dialect


class SecretUnreadable(Exception):
    """A stored secret was encrypted with another key than the one set now."""


class Cipher:
    """
    Encrypts with the first key and reads with any.

    Parameters
    ----------
    keys : str
        Secret keys, the newest first, separated by commas: so a key can be replaced without losing what
        the old one encrypted.
    """

    def __init__(self, keys: str) -> None:
        fernets = [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(k.strip().encode()).digest())) for k in keys.split(",")
        ]
        self._fernet = MultiFernet(fernets)

    def encrypt(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def decrypt(self, token: bytes) -> str:
        """
        Raises
        ------
        SecretUnreadable
            If none of the keys fits.
        """
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken:
            raise SecretUnreadable(
                "a stored token cannot be read with the current LOADWATCH_SECRET_KEY: set the key it was stored"
                " with, or connect Strava again"
            ) from None


class EncryptedText(TypeDecorator[str]):
    """Text that lies encrypted in the database; the cipher hangs on the engine (see `engine.py`)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _cipher(dialect).encrypt(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else _cipher(dialect).decrypt(bytes(value))


def _cipher(dialect: Dialect) -> Cipher:
    cipher = getattr(dialect, "loadwatch_cipher", None)
    if cipher is None:
        raise SecretUnreadable("this connection was opened without the secret key")
    assert isinstance(cipher, Cipher)
    return cipher
