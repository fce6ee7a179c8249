"""API keys as the gateway reads them (`gateway/access/key_file.py`, `key_text.py`), made where no gateway is installed yet.

The same shape, written down twice because a bundle runs without our packages; a test has the gateway's own code read what is made here.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import string
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from k8s.operations.errors import OperationError

SCHEMA: Final = 1
OVERLAP: Final = timedelta(hours=24)
"""How long a key that was replaced is still taken."""
PATIENT_SCOPES: Final = ("explain", "read_models", "screen")
SENTINEL_SCOPES: Final = ("read_models", "screen")
_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase

Entry = dict[str, Any]


class KeyUnknown(OperationError):
    """No valid key has this name, or one has it already."""


def new_file(now: datetime) -> tuple[str, str, str]:
    """A file with two keys: for the first caller, and for the sentinel.

    Returns:
        The file, the first caller's key, the sentinel's key.
    """
    first, first_entry = _make("first", PATIENT_SCOPES, ("patient",), now)
    sentinel, sentinel_entry = _make("sentinel", SENTINEL_SCOPES, ("sentinel",), now)
    return _write([first_entry, sentinel_entry]), first, sentinel


def add(text: str, name: str, scopes: tuple[str, ...], traffic: tuple[str, ...], now: datetime) -> tuple[str, str]:
    """A file with one more key, and that key.

    Raises:
        KeyUnknown: the name has a valid key.
    """
    entries = _read(text)
    if any(entry["name"] == name and _valid(entry, now) for entry in entries):
        message = f"{name} has a valid key already; rotate it, or choose another name."
        raise KeyUnknown(message)
    key, entry = _make(name, scopes, traffic, now)
    return _write([*entries, entry]), key


def rotate(text: str, name: str, now: datetime) -> tuple[str, str]:
    """A file in which a new key replaces the newest valid one of a name, which goes on for a day; and that key.

    Raises:
        KeyUnknown: the name has no valid key.
    """
    entries = _read(text)
    valid = [entry for entry in entries if entry["name"] == name and _valid(entry, now)]
    if not valid:
        names = ", ".join(sorted({entry["name"] for entry in entries})) or "none"
        message = f"{name} has no valid key to replace; there are keys of: {names}."
        raise KeyUnknown(message)
    end = _time(now + OVERLAP)
    for entry in valid:
        entry["expires"] = min(end, entry["expires"] or end)
    key, entry = _make(name, tuple(valid[-1]["scopes"]), tuple(valid[-1]["traffic"]), now)
    return _write([*entries, entry]), key


def revoke(text: str, name: str, now: datetime) -> str:
    """A file in which no key of a name is taken any more.

    Raises:
        KeyUnknown: the name has no valid key.
    """
    entries = _read(text)
    valid = [entry for entry in entries if entry["name"] == name and _valid(entry, now)]
    if not valid:
        message = f"{name} has no valid key."
        raise KeyUnknown(message)
    for entry in valid:
        entry["revoked"] = _time(now)
    return _write(entries)


def _make(name: str, scopes: tuple[str, ...], traffic: tuple[str, ...], now: datetime) -> tuple[str, Entry]:
    public, secret = _base62(secrets.randbits(64), 12), _base62(secrets.randbits(256), 43)
    body = f"sym_{public}_{secret}"
    entry = {
        "id": public,
        "name": name,
        "sha256": hashlib.sha256(secret.encode()).hexdigest(),
        "scopes": sorted(scopes),
        "traffic": list(traffic),
        "created": _time(now),
        "expires": None,
        "revoked": None,
    }
    return body + _base62(zlib.crc32(body.encode()), 6), entry


def _read(text: str) -> list[Entry]:
    entries: list[Entry] = json.loads(text)["keys"]
    return entries


def _write(entries: list[Entry]) -> str:
    return json.dumps({"schema": SCHEMA, "keys": entries}, indent=1) + "\n"


def _valid(entry: Entry, now: datetime) -> bool:
    return entry["revoked"] is None and (entry["expires"] is None or entry["expires"] > _time(now))


def _time(moment: datetime) -> str:
    # One form, in UTC and whole seconds, so that texts compare as moments do.
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
