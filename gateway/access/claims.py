"""Finding a claim among those of a token, whichever way the provider writes a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def claim_values(claims: Mapping[str, Any], name: str, *, splits_text: bool = True) -> list[str]:
    """The values of a claim that holds words: a list of them, or one text.

    Args:
        claims: Of the token, already checked.
        name: Of the claim; where no claim has the name, dots lead inside, as in `realm_access.roles`.
        splits_text: Whether one text is several words with spaces between, as `scope` is; the name of a group or a department is one value.

    >>> claim_values({"scope": "screen openid"}, "scope")
    ['screen', 'openid']
    >>> claim_values({"realm_access": {"roles": ["doctor", 7]}}, "realm_access.roles")
    ['doctor']
    """
    found = _look_up(claims, name)
    if isinstance(found, str):
        return found.split() if splits_text else [found]
    return [value for value in found if isinstance(value, str)] if isinstance(found, list) else []


def _look_up(claims: Mapping[str, Any], name: str) -> object:
    if name in claims:
        return claims[name]
    found: object = claims
    for step in name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found
