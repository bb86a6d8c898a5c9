"""
How a push service knows this server again: by a key pair of its own, without an account anywhere.

References
----------
.. [1] RFC 8292, "Voluntary Application Server Identification (VAPID) for Web Push".
"""

import base64
import json
import time
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE: Final = ec.SECP256R1()

TOKEN_LIFE_S: Final = 12 * 3600
"""How long a signature holds; 24 hours at most by [1]_, 2. Design choice. [s]"""


def new_key() -> str:
    """A private key, for the store to keep."""
    return f"{ec.generate_private_key(CURVE).private_numbers().private_value:064x}"


def public_key(key: str) -> str:
    """What a browser must know of a private key to subscribe."""
    return text(point(_private(key).public_key()))


def signed(endpoint: str, key: str, contact: str) -> str:
    """
    The header `Authorization` for a push service.

    Parameters
    ----------
    contact : str
        Whom it may write to: "mailto:…" or an https address.
    """
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(time.time()) + TOKEN_LIFE_S, "sub": contact}
    token = ".".join(text(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(_private(key).sign(token.encode(), ec.ECDSA(hashes.SHA256())))
    return f"vapid t={token}.{text(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}, k={public_key(key)}"


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as its 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def text(data: bytes) -> str:
    """Bytes in the alphabet of addresses, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read_text(data: str) -> bytes:
    """The other way around."""
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))


def _private(key: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int(key, 16), CURVE)
