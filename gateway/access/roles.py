"""The roles that people and services may have here, a closed list, and what each may do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from gateway.access.claims import claim_values
from gateway.access.scopes import Scope


class Role(StrEnum):
    """What somebody is here."""

    CLINICIAN = "clinician"
    """Screens, and says what became of it."""
    OPERATOR = "operator"
    """Runs the service, and sees no answer about anybody."""
    AUDITOR = "auditor"
    """Reads who did and saw what, and changes nothing."""
    SERVICE = "service"
    """A machine that sends photos; whoever has no other role may do no more than it."""


SCOPES: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.CLINICIAN: frozenset(
        {Scope.SCREEN, Scope.EXPLAIN, Scope.READ_MODELS, Scope.READ_RECORDS, Scope.REVIEW},
    ),
    Role.OPERATOR: frozenset({Scope.READ_MODELS, Scope.OPERATE}),
    Role.AUDITOR: frozenset({Scope.READ_MODELS, Scope.READ_RECORDS, Scope.AUDIT}),
    Role.SERVICE: frozenset({Scope.SCREEN, Scope.READ_MODELS}),
}

RoleMapping = tuple[tuple[str, Role], ...]
"""Value of the claim -> role, in pairs; empty where values are named like our roles."""


def role_mapping(value: str) -> RoleMapping:
    """Read `clinician=ward-3 outpatients;operator=it`: a role, and the provider's words for it.

    Raises:
        ValueError: a part is not of that form, names no role, or gives one word two roles.
    """
    mapping: dict[str, Role] = {}
    for part in filter(None, (part.strip() for part in value.split(";"))):
        name, separator, words = part.partition("=")
        if not separator or not words.split():
            message = "must be like clinician=ward-3 outpatients;operator=it"
            raise ValueError(message)
        role = role_named(name.strip())
        for word in words.split():
            if mapping.setdefault(word, role) is not role:
                message = f"gives {word!r} two roles"
                raise ValueError(message)
    return tuple(mapping.items())


def role_named(name: str) -> Role:
    """The role of that name.

    Raises:
        ValueError: none has it; the message lists those that exist.
    """
    try:
        return Role(name)
    except ValueError:
        message = f"{name!r} is no role; there are {', '.join(Role)}"
        raise ValueError(message) from None


def roles_of(claims: Mapping[str, Any], claim: str, mapping: RoleMapping) -> frozenset[Role]:
    """The roles that a token's claim gives its owner; words that are not mapped give none.

    Args:
        claims: Of the token, already checked.
        claim: Name of the claim, as `claims.claim_values` reads it.
        mapping: What each value gives.

    >>> sorted(roles_of({"groups": ["ward-3", "canteen"]}, "groups", (("ward-3", Role.CLINICIAN),)))
    [<Role.CLINICIAN: 'clinician'>]
    >>> roles_of({"department": "IT operator"}, "department", ())
    frozenset()
    """
    given = dict(mapping) if mapping else {role.value: role for role in Role}
    return frozenset(given[value] for value in claim_values(claims, claim, splits_text=False) if value in given)


def scopes_of_roles(roles: frozenset[Role]) -> frozenset[Scope]:
    """What all of them together may do."""
    return frozenset(scope for role in roles for scope in SCOPES[role])
