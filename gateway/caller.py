"""Who asks: what a request was granted by its key, its token or its session, and by nothing that it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.access.scopes import EVERYTHING_BUT_OPERATE, Scope
from gateway.errors import ScopeMissing

PATIENT_TRAFFIC: Final = "patient"
"""The only class of traffic that is granted without a key's scope."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller.

    Attributes:
        name: Of the key (`key:...`) or of the token's subject (`token:...`), so that neither can take the other's; for
            limits and receipts, never logged.
        scopes: What it may do.
        traffic: Its class of `monitoring.metrics.TRAFFIC_CLASSES`.
    """

    name: str
    scopes: frozenset[Scope]
    traffic: str = PATIENT_TRAFFIC

    def require(self, scope: Scope) -> None:
        """Go on only if the caller may do this.

        Raises:
            ScopeMissing: it may not.
        """
        if scope not in self.scopes:
            raise ScopeMissing.of(scope)


ANONYMOUS: Final = Caller("anonymous", EVERYTHING_BUT_OPERATE)
"""Whoever asks where no access is set up, which is on loopback only."""

NOBODY: Final = Caller("nobody", frozenset())
"""Whoever asks before a credential was looked at, and where none is needed: may do nothing else."""
