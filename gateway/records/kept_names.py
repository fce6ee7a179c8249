"""How records name a caller: as the site chose it, or as nobody can read it."""

from __future__ import annotations

from gateway.access.grant import FROM_PROVIDER
from gateway.access.secret_keys import Purpose, SecretKeys


def kept_names(name: str, keys: SecretKeys) -> tuple[str, ...]:
    """Every name under which a caller may stand in records: today's first, then those of the secrets before it."""
    if not name.startswith(FROM_PROVIDER):
        return (name,)
    return tuple(FROM_PROVIDER + digest for digest in keys.digests(Purpose.CALLER, name.removeprefix(FROM_PROVIDER)))


def kept_name(name: str, keys: SecretKeys) -> str:
    """The name of a key, which the site chose; of a person, whom a token names, only a keyed digest."""
    return kept_names(name, keys)[0]
