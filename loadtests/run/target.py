"""Where load may go, and as what: loopback, or a target that is named twice, always under the class `loadtest`.

The one exception is a gateway on loopback without keys, which knows one class only, `patient`.
"""

from __future__ import annotations

import ipaddress
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtests.errors import TargetRefused

LOADTEST: Final = "loadtest"
PATIENT: Final = "patient"
TRAFFIC_HEADER: Final = "X-Traffic-Class"
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway.

    Attributes:
        address: `http(s)://host:port`, without a path.
        host: Of it.
        port: Of it.
        is_tls: Whether it is spoken to over TLS.
    """

    address: str
    host: str
    port: int
    is_tls: bool

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine."""
        return is_loopback(self.host)


def parse_target(text: str) -> Target:
    """A target as a command line names it.

    Raises:
        TargetRefused: It is no address of a gateway.
    """
    try:
        parts = urllib.parse.urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urllib.parse.SplitResult("", "", "", "", ""), None
    if (
        parts.scheme not in DEFAULT_PORTS
        or not parts.hostname
        or parts.path not in ("", "/")
        or parts.query
        or parts.username
    ):
        message = f"{text!r} is no target; give http://HOST:PORT or https://HOST:PORT, nothing more"
        raise TargetRefused(message)
    port = DEFAULT_PORTS[parts.scheme] if port is None else port
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Target(f"{parts.scheme}://{name}:{port}", parts.hostname, port, parts.scheme == "https")


def require_owned(target: Target, named_again: str | None) -> None:
    """Let load go to this machine, or to a target that is named a second time.

    Raises:
        TargetRefused: It is elsewhere, and `--i-own-this-target` does not name the same.
    """
    if target.is_loopback:
        return
    if named_again is None or parse_target(named_again) != target:
        message = (
            f"{target.address} is not this machine. Load can keep a site's patients from being screened: if the target is yours, "
            f"and nobody depends on it now, name it again with --i-own-this-target {target.address}"
        )
        raise TargetRefused(message)


def require_owned_model_server(address: str, named_again: str | None) -> None:
    """The same for the model server that `direct` users ask.

    Raises:
        TargetRefused: It is elsewhere, and `--i-own-this-model-server` does not name the same.
    """
    host = urllib.parse.urlsplit(f"//{address.removeprefix('dns:///')}").hostname or ""
    if not is_loopback(host) and named_again != address:
        message = (
            f"{address} is not this machine; if it is yours, name it again with --i-own-this-model-server {address}"
        )
        raise TargetRefused(message)


def read_key(target: Target, key_file: Path | None) -> str | None:
    """The API key of the load test, from its file; None on loopback without keys.

    Raises:
        TargetRefused: The file cannot be read or holds no key, or there is none for a target elsewhere.
    """
    if key_file is None:
        if target.is_loopback:
            return None
        message = (
            f"{target.address} is not this machine, so a key of the class {LOADTEST} is needed: on the gateway, `python -m gateway "
            f"keys add --name loadtest --scope screen --scope read_models --traffic {LOADTEST}`; here, --key-file FILE"
        )
        raise TargetRefused(message)
    try:
        key = key_file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"the key file {key_file} cannot be read: {error}"
        raise TargetRefused(message) from error
    if not key.isprintable() or not key or " " in key:
        message = f"the key file {key_file} holds no key; it must hold one line"
        raise TargetRefused(message)
    return key


def traffic_class(key: str | None) -> str:
    """Under which the gateway counts this run: without keys, on loopback, it knows `patient` only."""
    return PATIENT if key is None else LOADTEST


def headers(key: str | None) -> dict[str, str]:
    """That go with every request."""
    return {} if key is None else {"Authorization": f"Bearer {key}", TRAFFIC_HEADER: LOADTEST}


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or number and without asking anybody."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
