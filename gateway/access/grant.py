"""What a credential grants, before the request chose among it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.access.scopes import Scope
from gateway.caller import PATIENT_TRAFFIC, Caller
from gateway.errors import TrafficNotGranted

TRAFFIC_HEADER: Final = "X-Traffic-Class"
FROM_PROVIDER: Final = "token:"
"""Of the name of a caller with a token; the rest is the identity provider's name of a person or a program."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one key or token allows.

    Attributes:
        name: The caller's.
        scopes: What it may do.
        traffic: Classes of traffic that it may choose from; the first is the one without a choice.
    """

    name: str
    scopes: frozenset[Scope]
    traffic: tuple[str, ...] = (PATIENT_TRAFFIC,)

    def caller(self, chosen_traffic: str | None) -> Caller:
        """The caller, with the class of traffic that the request's header chose among those granted.

        Raises:
            TrafficNotGranted: it chose another.
        """
        if chosen_traffic is None:
            return Caller(self.name, self.scopes, self.traffic[0])
        if chosen_traffic not in self.traffic:
            raise TrafficNotGranted
        return Caller(self.name, self.scopes, chosen_traffic)
