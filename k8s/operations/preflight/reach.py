"""What a pod sees: names, connections, certificates and answers of what an installation depends on. Runs inside the cluster, as a Job.

It judges nothing: it prints facts as JSON, and `inside.py` makes sentences of them where they are read.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from k8s.operations.site_file import Site

TIMEOUT_SECONDS: Final = 5.0
POSTGRESQL_WANTS_TLS: Final = bytes.fromhex("0000000804d2162f")
"""SSLRequest of PostgreSQL's protocol; the answer is one byte, S for yes."""
MAX_ANSWER_BYTES: Final = 1 << 20

Fact = dict[str, Any]


def look(site: Site, ca_file: Path) -> list[Fact]:
    """Try every target once.

    Args:
        site: Where they are.
        ca_file: Certificates that are trusted; a file that is not there trusts nothing.

    Returns:
        One entry per target: `target`, `host`, `port`, `addresses`, `error` ("" or the step that failed: dns, connect, tls, http) and
        `detail`; of the identity provider also `status` and `issuer`.
    """
    return [
        look_at_provider(site["oidc_issuer"], ca_file),
        look_at_database(site["database"], ca_file),
        look_at_prometheus(site["prometheus_url"], ca_file),
    ]


def look_at_provider(issuer: str, ca_file: Path) -> Fact:
    """Its discovery document, as the gateway will read it."""
    parts = urlsplit(issuer)
    fact = _begin("identity provider", parts.hostname or "", parts.port or 443)
    connection = _connect(fact)
    if connection is None or (secured := _secure(fact, connection, ca_file)) is None:
        return fact
    answer = _ask(fact, secured, f"{parts.path}/.well-known/openid-configuration")
    fact["issuer"] = answer.get("issuer", "") if isinstance(answer, dict) else ""
    return fact


def look_at_database(address: str, ca_file: Path) -> Fact:
    """Whether PostgreSQL is there, and speaks TLS with a certificate that is trusted; no password is used."""
    host, _, port = address.rpartition(":")
    fact = _begin("database", host, int(port))
    connection = _connect(fact)
    if connection is None:
        return fact
    with connection:
        try:
            connection.sendall(POSTGRESQL_WANTS_TLS)
            reply = connection.recv(1)
        except OSError as error:
            return _failed(fact, "connect", str(error))
        fact["tls"] = reply == b"S"
        if reply not in {b"S", b"N"}:
            return _failed(fact, "http", "what answers there is no PostgreSQL")
        if fact["tls"] and (secured := _secure(fact, connection, ca_file)) is not None:
            secured.close()
    return fact


def look_at_prometheus(url: str, ca_file: Path) -> Fact:
    """Its query API, with the cheapest query there is."""
    parts = urlsplit(url)
    fact = _begin("Prometheus", parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    connection = _connect(fact)
    if connection is not None and parts.scheme == "https":
        connection = _secure(fact, connection, ca_file)
    if connection is not None:
        _ask(fact, connection, f"{parts.path.rstrip('/')}/api/v1/query?query=1")
    return fact


def _begin(target: str, host: str, port: int) -> Fact:
    return {"target": target, "host": host, "port": port, "addresses": [], "error": "", "detail": "", "status": 0}


def _failed(fact: Fact, step: str, detail: str) -> Fact:
    fact["error"], fact["detail"] = step, detail
    return fact


def _connect(fact: Fact) -> socket.socket | None:
    try:
        found = socket.getaddrinfo(fact["host"], fact["port"], type=socket.SOCK_STREAM)
    except OSError as error:
        _failed(fact, "dns", str(error))
        return None
    fact["addresses"] = sorted({entry[4][0] for entry in found})
    try:
        return socket.create_connection((fact["host"], fact["port"]), timeout=TIMEOUT_SECONDS)
    except OSError as error:
        _failed(fact, "connect", str(error))
        return None


def _secure(fact: Fact, connection: socket.socket, ca_file: Path) -> ssl.SSLSocket | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(ca_file)
        return context.wrap_socket(connection, server_hostname=fact["host"])
    except ssl.SSLCertVerificationError as error:
        _failed(fact, "tls", error.verify_message)
    except (OSError, ValueError) as error:
        _failed(fact, "tls", str(error))
    connection.close()
    return None


def _ask(fact: Fact, connection: socket.socket, path: str) -> Any:  # noqa: ANN401 - JSON of any shape
    client = http.client.HTTPConnection(fact["host"], fact["port"])
    client.sock = connection
    try:
        client.request("GET", path, headers={"Accept": "application/json"})
        response = client.getresponse()
        fact["status"] = response.status
        body = response.read(MAX_ANSWER_BYTES)
        if response.status != http.client.OK:
            _failed(fact, "http", f"it answers {response.status}")
            return None
        return json.loads(body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        _failed(fact, "http", str(error) or type(error).__name__)
        return None
    finally:
        client.close()


def site_of(environment: Mapping[str, str]) -> Site:
    """The site file's values as the Job's environment has them.

    Raises:
        SiteFileInvalid: they are not all there.
    """
    return Site.parse("\n".join(f"{key}={value}" for key, value in environment.items() if key.startswith("SITE_")))
