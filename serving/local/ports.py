"""Ports of the local stack: checked before anything starts, so that a clash is one sentence and not five logs."""

from __future__ import annotations

import errno
import os
import random
import socket
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, Self

LOOPBACK = "127.0.0.1"
LENT_PORTS: Final = range(20000, 30000)
"""Below Linux's range for outgoing connections (from 32768), above the ports of well-known services."""
_reservations: deque[int] = deque(maxlen=256)
"""File descriptors of the names that keep ports, the oldest first."""


class PortTaken(Exception):
    """A port is in use; the message names it and the setting that changes it."""


class PortInvalid(Exception):
    """A port setting is not a number from 1 to 65535."""


@dataclass(frozen=True, slots=True)
class LocalPorts:
    """Where the local stack listens, always on 127.0.0.1. Each field is set by `SYMMETRA_<FIELD IN CAPITALS>`."""

    port: int = 8080
    metrics_port: int = 9108
    model_server_port: int = 8500
    model_server_rest_port: int = 8501
    prometheus_port: int = 9090

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the ports that are set, keep the defaults of the others.

        Raises:
            PortInvalid: a setting is not a port number, or two services are given the same port.
        """
        values: dict[str, int] = {}
        for field in fields(cls):
            setting = setting_of(field.name)
            text = environment.get(setting, str(field.default))
            if not text.isdecimal() or not 1 <= int(text) <= 65535:
                message = f"{setting} is {text!r}; give a port number from 1 to 65535"
                raise PortInvalid(message)
            if int(text) in values.values():
                other = next(setting_of(name) for name, value in values.items() if value == int(text))
                message = f"{setting} and {other} are both {text}; give each service a port of its own"
                raise PortInvalid(message)
            values[field.name] = int(text)
        return cls(**values)

    def require_free(self) -> None:
        """Check every port at once.

        Raises:
            PortTaken: one or more ports are in use; every one is named with its setting.
        """
        taken = [field.name for field in fields(self) if not is_free(getattr(self, field.name))]
        if taken:
            lines = [
                f"port {getattr(self, name)} is in use; choose another with {setting_of(name)}=PORT" for name in taken
            ]
            raise PortTaken("\n".join(lines))


@dataclass(frozen=True, slots=True)
class WatchedPorts(LocalPorts):
    """The same for a stack that is watched: a second gateway that asks for keys, and what watches both."""

    second_gateway_port: int = 8081
    second_gateway_metrics_port: int = 9107
    drift_controller_port: int = 9109
    sentinel_port: int = 9110
    alertmanager_port: int = 9093


def setting_of(field_name: str) -> str:
    """The environment variable that sets a field of `LocalPorts`."""
    return f"SYMMETRA_{field_name.upper()}"


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now.

    SO_REUSEADDR as servers set it: a port in TIME_WAIT after a stopped demo is free, one with a listener is not.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def find_free_port() -> int:
    """A free port for a server that is started next; nobody else who asks here is given the same one meanwhile.

    It lies below the ports that the kernel lends to outgoing connections, so that none of these takes it before the server has
    it. A name in Linux's abstract namespace keeps it from other processes, until this one ends or has asked for many more.

    Raises:
        PortTaken: Every port of the range is in use.
    """
    ports = list(LENT_PORTS)
    random.SystemRandom().shuffle(ports)
    for port in ports:
        reservation = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            reservation.bind(f"\0symmetra-port-{port}")
        except OSError as error:
            reservation.close()
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        if not is_free(port):
            reservation.close()
            continue
        if len(_reservations) == _reservations.maxlen:
            os.close(_reservations.popleft())
        _reservations.append(reservation.detach())
        return port
    message = f"every port from {LENT_PORTS.start} to {LENT_PORTS.stop - 1} is in use"
    raise PortTaken(message)


def environment_of(ports: LocalPorts) -> dict[str, str]:
    """The process environment, with these ports as settings."""
    return {**os.environ, **{setting_of(field.name): str(getattr(ports, field.name)) for field in fields(ports)}}
