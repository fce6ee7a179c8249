"""Who asks: what a request was granted by its key, its token or its session, and by nothing that it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PATIENT_TRAFFIC: Final = "patient"
"""The only class of traffic that is granted without a key's scope."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller.

    Attributes:
        name: Of the key or of the person's account, as the site chose it; for limits and receipts, never logged.
        scopes: What it may do.
        traffic: Its class of `monitoring.metrics.TRAFFIC_CLASSES`.
    """

    name: str
    scopes: frozenset[str]
    traffic: str = PATIENT_TRAFFIC


ANONYMOUS: Final = Caller("anonymous", frozenset())
"""Whoever asks where no sign-in is set up, which is on loopback only."""
