"""From the names of servers to every address behind them."""

import socket

import pytest

from serving.repository.addresses import parse_server, resolve_all
from serving.repository.errors import ServerNameInvalid
from serving.repository.followers import parse_gateway


def lookup_of(**names):
    def lookup(host, port, **_):
        if host not in names:
            raise socket.gaierror
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in names[host]]
        return [(family, 0, 0, "", (address, port)) for family, address in zip(families, names[host], strict=True)]

    return lookup


def test_every_address_behind_a_name_counts_once():
    lookup = lookup_of(models=["10.0.0.2", "10.0.0.1", "10.0.0.2"], more=["10.0.0.1"])
    found = resolve_all(["dns:///models:8500", "more:8500", "more:8501"], lookup)
    assert found == ("ipv4:10.0.0.1:8500", "ipv4:10.0.0.1:8501", "ipv4:10.0.0.2:8500")


def test_ipv6_counts_only_where_a_name_has_nothing_else():
    lookup = lookup_of(both=["::1", "127.0.0.1"], six=["fd00::7"])
    assert resolve_all(["both:1", "six:2"], lookup) == ("ipv4:127.0.0.1:1", "ipv6:[fd00::7]:2")


def test_a_name_without_addresses_adds_none():
    assert resolve_all(["nobody:1"], lookup_of()) == ()


def test_literal_addresses_and_sockets_need_no_resolver():
    assert parse_server("unix:/run/models") is None
    assert resolve_all(["127.0.0.1:8500", "[::1]:8500", "unix:/run/models"]) == (
        "ipv4:127.0.0.1:8500",
        "ipv6:[::1]:8500",
        "unix:/run/models",
    )


@pytest.mark.parametrize(
    "text", ["", "models", "models:", ":8500", "models:0", "models:65536", "a b:1", "unix:", "::1:5"]
)
def test_what_is_no_address_is_a_sentence(text):
    with pytest.raises(ServerNameInvalid, match="is no address of a model server"):
        parse_server(text)


def test_gateways_are_named_by_url():
    assert [parse_gateway(url) for url in ("http://gw:8080/", "http://gw", "http://[::1]:80")] == [
        "gw:8080",
        "gw:80",
        "[::1]:80",
    ]
    for url in ("https://gw", "gw:8080", "http://gw/path", "http://user@gw"):
        with pytest.raises(ServerNameInvalid, match="gateway"):
            parse_gateway(url)
