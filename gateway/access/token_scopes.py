"""From what a token says of its owner to scopes: the provider's own words are mapped, unknown ones grant nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.access.claims import claim_values
from gateway.access.scopes import Scope, scope_named

ScopeMapping = tuple[tuple[str, tuple[Scope, ...]], ...]
"""Value of the claim -> scopes, in pairs; empty where values are named like our scopes."""


def scope_mapping(value: str) -> ScopeMapping:
    """Read `clinician=screen explain;it=read_models operate`.

    Raises:
        ValueError: a part is not of that form, or names no scope.
    """
    mapping = []
    for part in filter(None, (part.strip() for part in value.split(";"))):
        name, separator, scopes = part.partition("=")
        if not separator or not name.strip() or not scopes.split():
            message = "must be like clinician=screen explain;it=read_models"
            raise ValueError(message)
        mapping.append((name.strip(), tuple(scope_named(scope) for scope in scopes.split())))
    return tuple(mapping)


def scopes_of(claims: Mapping[str, Any], claim: str, mapping: ScopeMapping) -> frozenset[Scope]:
    """The scopes that a token's claim grants.

    Args:
        claims: Of the token, already checked.
        claim: Name of the claim, as `claims.claim_values` reads it.
        mapping: What each value grants.

    >>> sorted(scopes_of({"scope": "screen openid"}, "scope", ()))
    [<Scope.SCREEN: 'screen'>]
    >>> sorted(scopes_of({"a": {"b": ["doctor"]}}, "a.b", (("doctor", (Scope.SCREEN,)),)))
    [<Scope.SCREEN: 'screen'>]
    """
    granted = dict(mapping) if mapping else {scope.value: (scope,) for scope in Scope}
    return frozenset(scope for value in claim_values(claims, claim) for scope in granted.get(value, ()))
