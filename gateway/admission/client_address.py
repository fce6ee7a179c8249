"""Which client a request counts for: its key or account, or the address that it came from.

`X-Forwarded-For` is what a client says of itself, unless a proxy of the site's own wrote it: it is read only where the
connection comes from one of the trusted networks, and from its right end, which that proxy wrote.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from gateway.caller import ANONYMOUS, Caller

Network: TypeAlias = IPv4Network | IPv6Network

IPV6_CLIENT_BITS: Final = 64
"""A household or an office is given a whole network of this size, and may use any address in it."""
UNKNOWN: Final = "unknown"
"""Where the connection has no address, as over a unix socket."""


def client_of(caller: Caller, peer: str, forwarded_for: str, trusted_proxies: tuple[Network, ...]) -> str:
    """The name under which requests are counted; never logged.

    Args:
        caller: Who was signed in.
        peer: Address at the other end of the connection.
        forwarded_for: The header `X-Forwarded-For`, empty where there is none.
        trusted_proxies: Networks of the proxies that write that header.
    """
    if caller.name != ANONYMOUS.name:
        return f"caller {caller.name}"
    address = _address(peer)
    hops = forwarded_for.split(",")
    while address is not None and hops and any(address in network for network in trusted_proxies):
        before = _address(hops.pop().strip())
        if before is None:
            break  # no address: what stands left of it is worth nothing
        address = before
    if isinstance(address, IPv6Address):
        return f"address {ip_network((address, IPV6_CLIENT_BITS), strict=False)}"
    return f"address {address or UNKNOWN}"


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # The same client, whether the gateway listens on IPv4 or on both.
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
