"""What a caller may be allowed to do: a closed list, so that no typing mistake in a key or a role grants anything."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """One thing that a key, a token or a session may be allowed."""

    SCREEN = "screen"
    """Send a photo and get its answer."""
    EXPLAIN = "explain"
    """Ask beside the answer what in the photo it rests on."""
    READ_MODELS = "read_models"
    """Read which model version is in service and what is known of it."""
    READ_RECORDS = "read_records"
    """Read answers that were given before."""
    REVIEW = "review"
    """Say what one thinks of an answer, and what a validated instrument said later."""
    AUDIT = "audit"
    """Read who did and saw what."""
    OPERATE = "operate"
    """Change what the service does."""


EVERYTHING_BUT_OPERATE = frozenset(Scope) - {Scope.OPERATE}
"""What whoever sits at this machine may do where no access is set up."""


def scope_named(name: str) -> Scope:
    """The scope of that name.

    Raises:
        ValueError: none has it; the message lists those that exist.
    """
    try:
        return Scope(name)
    except ValueError:
        message = f"{name!r} is no scope; there are {', '.join(Scope)}"
        raise ValueError(message) from None
