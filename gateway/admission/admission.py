"""What a screening asks of admission: may this client ask, is there room, and a place."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from gateway.admission.client_address import Network, client_of
from gateway.admission.client_rates import ClientRates
from gateway.admission.places import Places
from gateway.caller import Caller
from gateway.deadline import Deadline
from gateway.errors import Overloaded

if TYPE_CHECKING:
    import flask

RESERVED_TRAFFIC: Final = "sentinel"
"""The class of traffic with places of its own: what watches the others must not be shed with them."""


class Admission:
    """Lets callers in.

    Args:
        places: For photos at work.
        rates: How often one client may ask.
        trusted_proxies: Whose `X-Forwarded-For` is believed.
    """

    def __init__(self, places: Places, rates: ClientRates, trusted_proxies: tuple[Network, ...]) -> None:
        self._places = places
        self._rates = rates
        self._trusted_proxies = trusted_proxies

    def count_request(self, request: flask.Request, caller: Caller) -> None:
        """Count one request of a client against its rate.

        Raises:
            ClientRateExceeded: it has asked too often.
        """
        if self._rates.are_limited:
            self._rates.take(self._client_of(request, caller))

    def require_room(self, deadline_seconds: float, caller: Caller) -> None:
        """Refuse before the photo is received whom `place` would refuse after; see `Places.require_room`."""
        self._places.require_room(deadline_seconds, reserved=caller.traffic == RESERVED_TRAFFIC)

    def may_refuse(self, deadline_seconds: float) -> bool:
        """Whether `refuse` may refuse anybody just now; costs next to nothing."""
        return self._rates.are_limited or not self._places.has_room(deadline_seconds)

    def refuse(self, request: flask.Request, caller: Caller, deadline_seconds: float) -> None:
        """Refuse whom `count_request` or `require_room` would refuse, and count the request only where it is refused.

        Raises:
            ClientRateExceeded: the client has asked too often.
            Overloaded: there is no room.
        """
        if self._rates.are_limited:
            self._rates.require(self._client_of(request, caller))
        try:
            self.require_room(deadline_seconds, caller)
        except Overloaded:
            self.count_request(request, caller)
            raise

    def place(self, deadline: Deadline, caller: Caller) -> AbstractContextManager[None]:
        """Hold a place for the length of a block; see `Places.place`."""
        return self._places.place(deadline, reserved=caller.traffic == RESERVED_TRAFFIC)

    def _client_of(self, request: flask.Request, caller: Caller) -> str:
        forwarded_for = request.headers.get("X-Forwarded-For", "")
        return client_of(caller, request.remote_addr or "", forwarded_for, self._trusted_proxies)
