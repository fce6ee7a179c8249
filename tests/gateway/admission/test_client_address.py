from ipaddress import ip_network

import pytest

from gateway.admission.client_address import client_of
from gateway.caller import ANONYMOUS, Caller

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def client(peer, forwarded_for="", trusted=PROXIES):
    return client_of(ANONYMOUS, peer, forwarded_for, trusted)


def test_who_signed_in_is_counted_by_name_wherever_they_are():
    caller = Caller("ward 7", frozenset())
    assert client_of(caller, "10.0.0.1", "192.0.2.1", PROXIES) == client_of(caller, "192.0.2.9", "", ())
    assert client_of(caller, "10.0.0.1", "", ()) != client("10.0.0.1")


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # says it of itself
        ("10.1.1.1", "198.51.100.7", "198.51.100.7"),
        ("10.1.1.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),  # the left end is the client's own word
        ("10.1.1.1", "198.51.100.7, 10.2.2.2", "198.51.100.7"),  # two proxies
        ("10.1.1.1", "10.2.2.2", "10.2.2.2"),
        ("10.1.1.1", "", "10.1.1.1"),
        ("10.1.1.1", "198.51.100.7, nonsense", "10.1.1.1"),
        ("::ffff:10.1.1.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("fd00::1", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::5", "", "2001:db8:1:2::/64"),
        ("", "", "unknown"),
    ],
)
def test_who_did_not_is_counted_by_the_address_that_a_trusted_proxy_saw(peer, forwarded_for, address):
    assert client(peer, forwarded_for) == f"address {address}"


def test_no_proxy_is_trusted_unless_it_is_named():
    assert client("127.0.0.1", "198.51.100.7", ()) == "address 127.0.0.1"
