"""How records name a caller: as the site chose it, or as nobody can read it."""

from __future__ import annotations

from gateway.access.grant import FROM_PROVIDER
from gateway.access.secret_keys import Purpose, SecretKeys


def kept_name(name: str, keys: SecretKeys) -> str:
    """The name of a key, which the site chose; of a person, whom a token names, only a keyed digest."""
    if not name.startswith(FROM_PROVIDER):
        return name
    return FROM_PROVIDER + keys.digests(Purpose.CALLER, name.removeprefix(FROM_PROVIDER))[0]
