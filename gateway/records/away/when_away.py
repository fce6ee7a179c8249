"""What becomes of an answer whose receipt the database does not take."""

from __future__ import annotations

from enum import StrEnum


class WhenAway(StrEnum):
    """One of three."""

    REFUSE = "refuse"
    """It is refused. Every answer that was given has its receipt in the database."""
    SPOOL = "spool"
    """It is given once its receipt is in the journal on this gateway's disk, from where the database gets it later."""
    ANSWER = "answer"
    """It is given, and counted as one without a receipt."""


def when_away(value: str) -> WhenAway:
    """A reader of settings."""
    try:
        return WhenAway(value)
    except ValueError:
        message = f"must be one of {', '.join(WhenAway)}"
        raise ValueError(message) from None
