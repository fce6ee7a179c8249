"""How the text of an environment variable becomes a value; every reader says in a few words what it wanted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from gateway.languages import CATALOGUES

T = TypeVar("T")


def text(value: str) -> str:
    """Anything but nothing."""
    if not value:
        message = "must not be empty"
        raise ValueError(message)
    return value


def path(value: str) -> Path:
    """A path; whether it is there is another question."""
    return Path(text(value))


def issuer_address(value: str) -> str:
    """The identifier of an identity provider: over TLS, or on this machine."""
    parts = urlsplit(value)
    if not (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"))
    ):
        message = "must be an address that begins with https://"
        raise ValueError(message)
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        message = "must be a host and a path, without user, query and fragment"
        raise ValueError(message)
    return value


def service_address(value: str) -> str:
    """Where a service of the site is asked over HTTP."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        message = "must be an address that begins with http:// or https://, without user, query and fragment"
        raise ValueError(message)
    return value.rstrip("/")


def public_address(value: str) -> str:
    """How browsers reach the gateway: over TLS, or on this machine; without a path, which it has none of."""
    issuer_address(value)
    if urlsplit(value).path not in ("", "/"):
        message = "must be a host and perhaps a port, without a path"
        raise ValueError(message)
    return value.rstrip("/")


def whole_number(minimum: int, maximum: int = 2**31) -> Callable[[str], int]:
    """A reader of whole numbers within ends, both included."""

    def read(value: str) -> int:
        if not value.isdecimal() or not minimum <= int(value) <= maximum:
            message = f"must be a whole number from {minimum} to {maximum}"
            raise ValueError(message)
        return int(value)

    return read


def seconds(value: str) -> float:
    """More than 0 and at most an hour."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 < number <= 3600:
        message = "must be a number of seconds, more than 0 and at most 3600"
        raise ValueError(message)
    return number


def rate(value: str) -> float:
    """So many a second; 0 for no limit."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1e6:
        message = "must be a number a second, 0 or more"
        raise ValueError(message)
    return number


def percentage(value: str) -> float:
    """More than 0 and less than 100."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 < number < 100:
        message = "must be a number of percent, more than 0 and less than 100"
        raise ValueError(message)
    return number


def language_tags(value: str) -> tuple[str, ...]:
    """Languages that there is a catalogue of, separated by commas, each once."""
    tags = tuple(dict.fromkeys(part.strip().lower() for part in value.split(",")))
    if not set(tags) <= CATALOGUES.keys():
        message = f"must be one or more of {', '.join(CATALOGUES)}, separated by commas"
        raise ValueError(message)
    return tags


def networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks, separated by commas; none where the text is empty."""
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",")) if value.strip() else ()
    except ValueError as error:
        message = "must be networks separated by commas, such as 10.0.0.0/8"
        raise ValueError(message) from error


def yes_or_no(value: str) -> bool:
    """`yes`, `no` and their usual other names."""
    answers = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
    if value.lower() not in answers:
        message = "must be yes or no"
        raise ValueError(message)
    return answers[value.lower()]


def log_level(value: str) -> str:
    """One of Python's, without `critical`."""
    if value.lower() not in ("debug", "info", "warning", "error"):
        message = "must be debug, info, warning or error"
        raise ValueError(message)
    return value.lower()


def setting(read: Callable[[str], T], says: str, default: T) -> T:
    """A field of `Settings`: how it is read, what it says of itself, and its default."""
    return field(default=default, metadata={"read": read, "says": says})
