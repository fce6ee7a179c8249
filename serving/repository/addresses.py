"""Names of model servers to every address behind them.

A name in front of several servers (a headless service) has one address per server, and a call to the name reaches any one of
them: what must hold for all has to be asked of each address by itself.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from serving.repository.errors import ServerNameInvalid

Lookup: TypeAlias = Callable[..., list[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or a stand-in for it."""

DNS_PREFIX: Final = "dns:///"
UNIX_PREFIX: Final = "unix:"
_HOST_AND_PORT: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\[\]:/\s]+)):(?P<port>[0-9]{1,5})")


def parse_server(server: str) -> tuple[str, int] | None:
    """Host and port of `host:port`, `[v6]:port` or `dns:///host:port`; None for `unix:path`.

    Raises:
        ServerNameInvalid: none of these.
    """
    if server.startswith(UNIX_PREFIX) and len(server) > len(UNIX_PREFIX):
        return None
    found = _HOST_AND_PORT.fullmatch(server.removeprefix(DNS_PREFIX))
    if not found or not 0 < int(found["port"]) < 65536:
        message = f"{server!r} is no address of a model server: give host:port, dns:///name:port or unix:path."
        raise ServerNameInvalid(message)
    return found["v6"] or found["host"], int(found["port"])


def resolve_all(servers: Sequence[str], lookup: Lookup | None = None) -> tuple[str, ...]:
    """Every address behind the names, sorted, in gRPC's spelling (`ipv4:10.0.0.1:8500`).

    A name with IPv4 addresses counts with these only: TensorFlow Serving listens on IPv4 (`0.0.0.0`), so that a name's
    other addresses, such as `::1` of localhost, have no server behind them. A name that has no address (yet) adds none.

    Args:
        servers: As `parse_server` takes them.
        lookup: Asks the resolver; `socket.getaddrinfo` where None.

    Raises:
        ServerNameInvalid: one of the names is none.
    """
    found: set[str] = set()
    for server in servers:
        parsed = parse_server(server)
        found.update({server} if parsed is None else _resolve(*parsed, lookup or socket.getaddrinfo))
    return tuple(sorted(found))


def _resolve(host: str, port: int, lookup: Lookup) -> set[str]:
    try:
        entries = lookup(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return set()
    v4 = {f"ipv4:{entry[4][0]}:{port}" for entry in entries if entry[0] == socket.AF_INET}
    return v4 or {f"ipv6:[{entry[4][0]}]:{port}" for entry in entries if entry[0] == socket.AF_INET6}
