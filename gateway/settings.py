"""Settings from the environment, checked at start with every mistake named at once."""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from gateway.errors import SettingsInvalid
from serving.contract.model import MODEL_NAME

T = TypeVar("T")

PREFIX: Final = "SYMMETRA_"
MIN_CONNECTIONS: Final = 64
MEBIBYTE: Final = 1024 * 1024
TYPO_SIMILARITY: Final = 0.93
"""Other SYMMETRA_ names belong to other parts (the local stack's ports), so only a near miss is called a mistake."""


def _text(value: str) -> str:
    if not value:
        message = "must not be empty"
        raise ValueError(message)
    return value


def _folder(value: str) -> Path:
    return Path(_text(value))


def _whole_number(minimum: int, maximum: int = 2**31) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not value.isdecimal() or not minimum <= int(value) <= maximum:
            message = f"must be a whole number from {minimum} to {maximum}"
            raise ValueError(message)
        return int(value)

    return read


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 3600:
        message = "must be a number of seconds, more than 0 and at most 3600"
        raise ValueError(message)
    return seconds


def _yes_or_no(value: str) -> bool:
    answers = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
    if value.lower() not in answers:
        message = "must be yes or no"
        raise ValueError(message)
    return answers[value.lower()]


def _log_level(value: str) -> str:
    if value.lower() not in ("debug", "info", "warning", "error"):
        message = "must be debug, info, warning or error"
        raise ValueError(message)
    return value.lower()


def _setting(read: Callable[[str], T], says: str, default: T) -> T:
    return field(default=default, metadata={"read": read, "says": says})


_port = _whole_number(1, 65535)
_CORES: Final = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this gateway runs. Each field is set by `SYMMETRA_<FIELD IN CAPITALS>`."""

    model_repository: Path = field(
        metadata={"read": _folder, "says": "folder of the model repository, where pin.json and policy.json are read"}
    )
    model_name: str = _setting(_text, "model in the repository", MODEL_NAME)
    model_server: str = _setting(
        _text, "address of the model server's gRPC port: host:port, or dns:///name:port for several", "127.0.0.1:8500"
    )
    host: str = _setting(_text, "address to listen on; anything but loopback refuses a demo model", "127.0.0.1")
    port: int = _setting(_port, "port of the API and the page", 8080)
    metrics_host: str = _setting(_text, "address of the metrics", "127.0.0.1")
    metrics_port: int = _setting(_port, "port of the metrics", 9108)
    allow_demo_model: bool = _setting(_yes_or_no, "serve a demo model beyond loopback all the same", default=False)
    deadline_seconds: float = _setting(_seconds, "for one answer, from the complete photo on", 10.0)
    body_deadline_seconds: float = _setting(_seconds, "for receiving one photo", 30.0)
    read_timeout_seconds: float = _setting(_seconds, "without a byte from or to a client", 10.0)
    header_timeout_seconds: int = _setting(
        _whole_number(1, 3600), "for the head of a request, and for an idle connection", 15
    )
    stop_timeout_seconds: int = _setting(_whole_number(1, 3600), "to finish answers after SIGTERM", 30)
    connections: int = _setting(
        _whole_number(MIN_CONNECTIONS, 65535),
        "open at once; each holds at most 128 KiB that no other limit counts",
        512,
    )
    max_in_flight: int = _setting(_whole_number(1), "photos at work at once", 32)
    max_queue: int = _setting(_whole_number(0), "photos that may wait for a place", 64)
    max_photo_bytes: int = _setting(_whole_number(1024), "size of one photo", 10 * MEBIBYTE)
    max_upload_memory_bytes: int = _setting(
        _whole_number(MEBIBYTE),
        "held by all uploads together; photos given up while being decoded, at most one per core, come on top",
        128 * MEBIBYTE,
    )
    cores: int = _setting(
        _whole_number(1, 1024), "threads that decode photos and find faces, one detector each", _CORES
    )
    log_level: str = _setting(_log_level, "least severe log line to write", "info")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read and check all settings.

        Raises:
            SettingsInvalid: with one line per mistake, every mistake at once.
        """
        values: dict[str, Any] = {}
        mistakes: list[str] = []
        for setting in dataclasses.fields(cls):
            name = name_of(setting.name)
            if name in environment:
                try:
                    values[setting.name] = setting.metadata["read"](environment[name])
                except ValueError as error:
                    mistakes.append(f"{name} is {environment[name]!r}: {error}")
            elif setting.default is dataclasses.MISSING:
                mistakes.append(f"{name} is missing: {setting.metadata['says']}")
        mistakes += _near_misses(environment, [name_of(setting.name) for setting in dataclasses.fields(cls)])
        if not mistakes:
            settings = cls(**values)
            mistakes = settings._contradictions()
        if mistakes:
            raise SettingsInvalid("\n".join(mistakes))
        return settings

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the gateway."""
        return is_loopback(self.host)

    def _contradictions(self) -> list[str]:
        mistakes = []
        if (self.host, self.port) == (self.metrics_host, self.metrics_port):
            mistakes.append(f"{name_of('port')} and {name_of('metrics_port')} are both {self.port}")
        if self.max_upload_memory_bytes < 2 * self.max_photo_bytes:
            mistakes.append(
                f"{name_of('max_upload_memory_bytes')} is {self.max_upload_memory_bytes}: it must hold at least two photos of "
                f"{name_of('max_photo_bytes')}, {self.max_photo_bytes}"
            )
        if self.max_in_flight < self.cores:
            mistakes.append(
                f"{name_of('max_in_flight')} is {self.max_in_flight}: fewer than {name_of('cores')}, {self.cores}"
            )
        return mistakes


def name_of(field_name: str) -> str:
    """The environment variable of a field of `Settings`."""
    return PREFIX + field_name.upper()


def is_loopback(host: str) -> bool:
    """Whether an address or name to listen on is this machine only.

    >>> [is_loopback(host) for host in ("127.0.0.1", "127.8.0.1", "::1", "localhost", "0.0.0.0", "::", "hospital.example")]
    [True, True, True, True, False, False, False]
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _near_misses(environment: Mapping[str, str], known: list[str]) -> list[str]:
    return [
        f"{name} is not a setting; {matches[0]} was meant?"
        for name in sorted(environment)
        if name.startswith(PREFIX)
        and name not in known
        and (matches := difflib.get_close_matches(name, known, n=1, cutoff=TYPO_SIMILARITY))
    ]
