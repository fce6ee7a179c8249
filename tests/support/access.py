"""Files of API keys, and secrets, for tests."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.access.key_file import KeyRecord, changing_keys
from gateway.access.key_text import KeyText
from gateway.access.scopes import Scope

if TYPE_CHECKING:
    from pathlib import Path


def add_key(path: Path, *scopes: Scope, name: str = "ward", traffic: tuple[str, ...] = ("patient",), **times) -> str:
    """Add a key to a file, and return its text. Without scopes it has all of them."""
    key = KeyText.random()
    with changing_keys(path) as records:
        records.append(
            KeyRecord(key.id, name, key.sha256, frozenset(scopes or Scope), traffic, datetime.now(UTC), **times)
        )
    return key.text


def write_session_key(path: Path) -> Path:
    """A file with one good secret."""
    path.write_text(secrets.token_hex(32) + "\n")
    return path


def beyond_loopback(folder: Path) -> dict:
    """Settings with which a gateway starts beyond loopback; `api_keys_file` holds one key."""
    add_key(folder / "keys.json")
    return {
        "host": "0.0.0.0",
        "api_keys_file": folder / "keys.json",
        "session_key_file": write_session_key(folder / "session.key"),
        "intended_use": "demonstration",
    }
