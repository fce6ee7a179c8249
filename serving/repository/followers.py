"""Gateways that are asked whether they follow the pin, before the old version is unloaded."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Sequence
from typing import Any, Final

from serving.repository.addresses import Lookup, parse_server, resolve_all
from serving.repository.errors import ServerNameInvalid

READY_PATH: Final = "/readyz/model"
ASK_SECONDS: Final = 5.0
_GATEWAY: Final = re.compile(r"http://([^/@?#]+?)/?")


def parse_gateway(url: str) -> str:
    """`host:port` of `http://host:port`, as `resolve_all` takes it; port 80 where none is named.

    Raises:
        ServerNameInvalid: another kind of address.
    """
    found = _GATEWAY.fullmatch(url)
    if not found:
        message = f"{url!r} is no address of a gateway: give http://host:port."
        raise ServerNameInvalid(message)
    server = found[1] if re.search(r":[0-9]+$", found[1]) else f"{found[1]}:80"
    parse_server(server)
    return server


def find_stragglers(
    gateways: Sequence[str], version: int, digest: str, lookup: Lookup | None = None
) -> tuple[str, ...]:
    """Gateways that do not answer with this version yet, every address behind each name counted; what they say instead.

    Args:
        gateways: As `parse_gateway` returns them.
        version: The pinned version.
        digest: Its digest.
        lookup: Asks the resolver; `socket.getaddrinfo` where None.
    """
    found = []
    for gateway in gateways:
        addresses = resolve_all((gateway,), lookup)
        if not addresses:
            found.append(f"{gateway} has no address")
        for address in addresses:
            said = _ask(address)
            if said != (version, digest):
                found.append(f"{address} answers with version {said[0]}" if said else f"{address} is not ready")
    return tuple(found)


def _ask(address: str) -> tuple[int, str] | None:
    host, _, port = address.split(":", 1)[1].rpartition(":")
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=ASK_SECONDS)
    try:
        connection.request("GET", READY_PATH, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        content: Any = json.loads(answer.read())
        return (content["model"]["version"], content["model"]["digest"]) if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
