"""Web push: words for a browser, encrypted so that only it can read them."""

import json
import os
import struct
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from loadwatch.adapters.outside import Call, Reach
from loadwatch.adapters.vapid import CURVE, point, read_text, signed
from loadwatch.domain.text import say
from loadwatch.services.channel_ports import Checked, Push
from loadwatch.services.channels import InvalidChannel
from loadwatch.services.errors import ChannelRefused, MailDelayed

RECORD_BYTES: Final = 4096
"""The most that a push service takes (RFC 8030, 7.2)."""

MAX_TOLD_BYTES: Final = RECORD_BYTES - 16 - 4 - 1 - 65 - 16 - 1
"""Beside what encryption adds: salt, size, a key and its length, a seal, and the byte that ends the record."""

KEPT_S: Final = 24 * 3600
"""How long a push service keeps it for a browser that is switched off. Design choice: older is no news. [s]"""


class WebPushes:
    """
    The port `Sender` for subscriptions of browsers.

    Parameters
    ----------
    key : callable
        The server's private key, see `vapid.new_key`.
    contact : str
        Whom the push service may write to: "mailto:…" or an https address.
    """

    def __init__(self, reach: Reach, key: Callable[[], str], contact: str) -> None:
        self._reach = reach
        self._key = key
        self._contact = contact

    def check(self, address: str) -> Checked:
        endpoint, _, _ = self._read(address)
        parts = urlsplit(endpoint)
        try:
            Call(self._reach).find(parts.hostname or "", parts.port or 443)
        except ChannelRefused as error:
            raise InvalidChannel(error.words) from error
        except MailDelayed as error:
            raise InvalidChannel(say("The push service of this browser cannot be found from here.")) from error
        return Checked(address, "Browser", f"https://{parts.hostname}/****")

    def send(self, address: str, push: Push) -> None:
        endpoint, browser, secret = self._read(address)
        headers = {
            "Authorization": signed(endpoint, self._key(), self._contact),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_S),
            "Urgency": "high" if push.is_urgent else "normal",
        }
        call = Call(self._reach)
        try:
            call.request("POST", endpoint, data=encrypted(_told(push), browser, secret), headers=headers)
        except requests.RequestException:
            raise call.exchanges[-1].fault() from None
        if not call.exchanges[-1].is_taken:
            raise call.exchanges[-1].fault()

    def _read(self, address: str) -> tuple[str, ec.EllipticCurvePublicKey, bytes]:
        """Where to send, the browser's public key and the secret that it shares with us."""
        try:
            told: Any = json.loads(address)
            endpoint, keys = str(told["endpoint"]), told["keys"]
            browser = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, read_text(keys["p256dh"]))
            secret = read_text(keys["auth"])
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidChannel(say("The browser sent no subscription that can be read. Try once more.")) from error
        # Without TLS only where a test's own push service listens.
        schemes = ("https", "http") if self._reach.loopback else ("https",)
        if len(secret) != 16 or urlsplit(endpoint).scheme not in schemes:
            raise InvalidChannel(say("The browser sent no subscription that can be read. Try once more."))
        return endpoint, browser, secret


def _told(push: Push) -> bytes:
    """What the page's worker is handed; of words that are too many the beginning."""
    words = push.words
    while True:
        told = {"title": push.title, "body": words, "url": push.url, "urgent": push.is_urgent}
        data = json.dumps(told, ensure_ascii=False).encode()
        if len(data) <= MAX_TOLD_BYTES or not words:
            return data
        words = words[: len(words) * 3 // 4]


def encrypted(
    told: bytes,
    browser: ec.EllipticCurvePublicKey,
    secret: bytes,
    *,
    key: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """
    What only a browser can read, with the header that it needs for that.

    Parameters
    ----------
    key, salt : optional
        Made anew for each message, but for the example of the standard.

    References
    ----------
    .. [1] RFC 8291, "Message Encryption for Web Push", section 3.
    .. [2] RFC 8188, "Encrypted Content-Encoding for HTTP", section 2.
    """
    key = key or ec.generate_private_key(CURVE)
    salt = salt or os.urandom(16)
    ours = point(key.public_key())
    shared = _derived(key.exchange(ec.ECDH(), browser), secret, b"WebPush: info\0" + point(browser) + ours, 32)
    content_key = _derived(shared, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(shared, salt, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(content_key).encrypt(nonce, told + b"\2", None)  # the byte that ends the last record
    return salt + struct.pack("!LB", RECORD_BYTES, len(ours)) + ours + sealed


def _derived(of: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(of)
