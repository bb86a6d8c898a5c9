"""Messages for browsers: a push service of our own gets them, and what it gets only the browser's key opens."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from loadwatch.adapters.web_push import encrypted
from loadwatch.bootstrap import Services
from loadwatch.emails import EmailContent
from loadwatch.services.channels import InvalidChannel, Wishes
from loadwatch.services.errors import ChannelRefused
from loadwatch.services.telling_ports import Channel
from tests.support.push_server import PushServer, Received, running_push_server
from tests.support.seeding import ANN, BOB, NOW, athlete, seeded_services

CURVE = ec.SECP256R1()
CONTENT = EmailContent(
    "24.6 km today – märchenhaft", "", "", short="Take two easy days.", url="https://x.example/alerts/7"
)


def plain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def derived(salt: bytes, of: bytes, info: bytes, length: int) -> bytes:
    """HKDF of RFC 5869 by its definition, for a single block."""
    drawn = hmac.new(salt, of, hashlib.sha256).digest()
    return hmac.new(drawn, info + b"\1", hashlib.sha256).digest()[:length]


@dataclass
class Browser:
    """The other end, by hand: keys of its own, and how it reads what its push service passes on."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(CURVE))
    secret: bytes = bytes(range(16))

    def subscription(self, endpoint: str) -> str:
        keys = {"p256dh": coded(point(self.key.public_key())), "auth": coded(self.secret)}
        return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys})

    def read(self, body: bytes) -> bytes:
        """RFC 8188, 2.1: salt, size of a record, length of the sender's key, the key, one record."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert (size, length) == (4096, 65)
        assert len(body) <= size
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))
        info = b"WebPush: info\0" + point(self.key.public_key()) + theirs
        drawn = derived(self.secret, shared, info, 32)
        key = derived(salt, drawn, b"Content-Encoding: aes128gcm\0", 16)
        opened = AESGCM(key).decrypt(derived(salt, drawn, b"Content-Encoding: nonce\0", 12), sealed, None)
        assert opened[-1:] == b"\2"
        return opened[:-1]


@pytest.fixture
def service() -> Iterator[PushServer]:
    with running_push_server() as server:
        server.status = 201
        yield server


@pytest.fixture
def services(services: Services) -> Services:
    services.settings.push_to_private = "yes"
    return services


def subscribed(services: Services, service: PushServer, browser: Browser) -> Channel:
    told = browser.subscription(f"http://{service.host}/push/a-long-secret")
    return services.channels.add(athlete(services), "web_push", told, Wishes(is_discreet=False))


def sent(services: Services, service: PushServer, browser: Browser, severity: int = 2) -> Received:
    channel = subscribed(services, service, browser)
    services.channels.send(channel.id, CONTENT, kind="alert", severity=severity, at=NOW)
    (got,) = service.received
    return got


def test_the_example_of_the_standard_comes_out_as_it_is_printed_there() -> None:
    """RFC 8291, section 5 and appendix A."""
    browser = ec.derive_private_key(
        int.from_bytes(plain("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big"), CURVE
    )
    server = ec.derive_private_key(int.from_bytes(plain("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), CURVE)

    made = encrypted(
        b"When I grow up, I want to be a watermelon",
        browser.public_key(),
        plain("BTBZMqHH6r4Tts7J_aSIgg"),
        key=server,
        salt=plain("DGv6ra1nlYgDCS1FRnbzlw"),
    )

    assert coded(made) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_the_browser_reads_the_words_and_nobody_on_the_way_does(services: Services, service: PushServer) -> None:
    browser = Browser()
    got = sent(services, service, browser)

    told = json.loads(browser.read(got.body))
    assert told == {"title": CONTENT.subject, "body": CONTENT.short, "url": CONTENT.url, "urgent": False}
    assert b"easy" not in got.body
    assert (got.path, got.headers["Content-Encoding"]) == ("/push/a-long-secret", "aes128gcm")
    assert (got.headers["TTL"], got.headers["Urgency"]) == ("86400", "normal")


def test_a_red_flag_is_urgent_for_the_push_service_too(services: Services, service: PushServer) -> None:
    browser = Browser()
    got = sent(services, service, browser, severity=4)

    assert got.headers["Urgency"] == "high"
    assert json.loads(browser.read(got.body))["urgent"]


def test_words_that_are_too_many_still_fit(services: Services, service: PushServer) -> None:
    browser = Browser()
    channel = subscribed(services, service, browser)
    content = EmailContent("ü" * 400, "", "", short="é" * 9_000, url=CONTENT.url)
    services.channels.send(channel.id, content, kind="weekly", severity=0, at=NOW)

    told = json.loads(browser.read(service.received[0].body))
    assert told["url"] == CONTENT.url
    assert told["body"].startswith("é" * 500)


def test_the_push_service_knows_this_server_by_its_signature(services: Services, service: PushServer) -> None:
    scheme, _, rest = sent(services, service, Browser()).headers["Authorization"].partition(" ")
    token, key = (part.strip().partition("=")[2] for part in rest.split(","))
    header, claims, signature = token.split(".")

    assert scheme == "vapid"
    assert key == services.push_public_key()
    assert json.loads(plain(header)) == {"typ": "JWT", "alg": "ES256"}
    told = json.loads(plain(claims))
    assert (told["aud"], told["sub"]) == (f"http://{service.host}", "mailto:loadwatch@localhost")
    r, s = (int.from_bytes(plain(signature)[part], "big") for part in (slice(32), slice(32, 64)))
    public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, plain(key))
    public.verify(encode_dss_signature(r, s), f"{header}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_no_longer_wants_it_is_switched_off(
    services: Services, service: PushServer, status: int
) -> None:
    service.status = status
    with pytest.raises(ChannelRefused):
        sent(services, service, Browser())

    (channel,) = services.channels.channels(athlete(services))
    assert channel.disabled_at == NOW


def test_the_key_is_made_once_and_outlives_a_new_secret_key(services: Services) -> None:
    key = services.push_public_key()
    old = services.settings.secret_key.get_secret_value()
    again = seeded_services(services.settings.data_dir, secret_key=f"another-and-longer-secret,{old}")

    assert again.push_public_key() == key
    again.close()


def test_a_subscription_is_kept_as_a_secret(services: Services, service: PushServer) -> None:
    channel = subscribed(services, service, Browser())

    assert channel.shown == "https://127.0.0.1/****"
    assert services.channels.channels(athlete(services, BOB)) == []


def test_what_is_no_subscription_is_refused(services: Services) -> None:
    for told in (
        "",
        "nonsense",
        "[]",
        "{}",
        '{"endpoint": "https://127.0.0.1/x", "keys": {"p256dh": "AAAA", "auth": "AAAA"}}',
        Browser().subscription("ftp://127.0.0.1/x"),
        Browser().subscription("file:///etc/passwd"),
        Browser(secret=b"short").subscription("https://127.0.0.1/x"),
        Browser().subscription("https://169.254.169.254/latest"),
    ):
        with pytest.raises(InvalidChannel):
            services.channels.add(athlete(services, ANN), "web_push", told, Wishes())


def test_the_same_browser_is_kept_once(services: Services, service: PushServer) -> None:
    browser = Browser()
    subscribed(services, service, browser)

    with pytest.raises(InvalidChannel, match="already"):
        subscribed(services, service, browser)
