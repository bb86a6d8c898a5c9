"""Which addresses may be called."""

import pytest

from loadwatch.adapters.outside import Reach

PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e")
LOOPBACK = ("127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1")
PRIVATE = (
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "fc00::1", "fd12:3456::1", "fec0::1"),
    *("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:c0a8:101::1"),
)
NEVER = (
    *("169.254.169.254", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "100.100.100.200", "::ffff:169.254.169.254"),
    *("64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "224.0.0.1", "239.255.255.250", "ff02::1", "0.0.0.0", "::"),
    *("0.1.2.3", "240.0.0.1", "255.255.255.255"),
)


@pytest.mark.parametrize(
    ("reach", "allowed"),
    [
        (Reach(), PUBLIC),
        (Reach(private=True), PUBLIC + PRIVATE),
        (Reach(private=True, loopback=True), PUBLIC + PRIVATE + LOOPBACK),
    ],
)
def test_what_is_reached_depends_on_the_operator_and_some_addresses_never_are(
    reach: Reach, allowed: tuple[str, ...]
) -> None:
    assert {a for a in PUBLIC + LOOPBACK + PRIVATE + NEVER if reach.allows(a)} == set(allowed)
