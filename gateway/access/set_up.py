"""The guard that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable

from gateway.access.guard import Guard
from gateway.access.keys import KeyRing
from gateway.settings import Settings


def create_guard(settings: Settings, on_refusal: Callable[[str], None]) -> Guard:
    """A guard that lets strangers in on loopback only, and there only where no access is set up.

    A gateway on loopback that has keys may well stand behind a proxy of the same machine, so it asks for them.
    """
    keys = KeyRing(settings.api_keys_file) if settings.api_keys_file is not None else None
    return Guard(keys=keys, tokens=None, anonymous=settings.is_loopback and keys is None, on_refusal=on_refusal)
