"""Whether a version is AVAILABLE on every model server: each address is asked on a channel of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import grpc

from serving.repository.addresses import Lookup, parse_server, resolve_all
from serving.wire.channel import open_channel
from serving.wire.client import AVAILABLE, ModelServerClient
from serving.wire.errors import CallError, CallFailed

END: Final = "END"
NEVER_SEEN: Final = "NEVER SEEN"
NO_ANSWER: Final = "NO ANSWER"
"""Beside TensorFlow Serving's own words for the state of a version."""
STATUS_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class AddressState:
    """What one address says of one version.

    Attributes:
        address: In gRPC's spelling.
        state: TensorFlow Serving's word, `NEVER_SEEN` or `NO_ANSWER`.
        error: Why loading failed for good, or why there is no answer; "" otherwise.
    """

    address: str
    state: str
    error: str = ""

    @property
    def is_available(self) -> bool:
        """Whether the version takes traffic there."""
        return self.state == AVAILABLE

    @property
    def is_gone(self) -> bool:
        """Whether the server holds the version no longer; one that was started meanwhile has never seen it."""
        return self.state in {END, NEVER_SEEN}

    @property
    def has_failed(self) -> bool:
        """Whether the server gave up loading it."""
        return self.state == END and bool(self.error)

    def __str__(self) -> str:
        """`address: STATE (why)`."""
        return f"{self.address}: {self.state}" + (f" ({self.error})" if self.error else "")


class ServerGroup:
    """All model servers that take traffic. Use it as a context; channels are opened when first needed.

    Args:
        servers: `host:port`, `dns:///name:port` or `unix:path`, at least one.
        lookup: Asks the resolver; `socket.getaddrinfo` where None.

    Raises:
        ServerNameInvalid: one of them cannot be an address.
    """

    def __init__(self, servers: Sequence[str], lookup: Lookup | None = None) -> None:
        for server in servers:
            parse_server(server)
        self.servers = tuple(servers)
        self._lookup = lookup
        self._channels: dict[str, grpc.Channel] = {}

    def __enter__(self) -> Self:
        """Nothing is opened yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every channel."""
        for channel in self._channels.values():
            channel.close()
        self._channels.clear()

    def resolve(self) -> tuple[str, ...]:
        """Every address behind the names now; none where the names have none."""
        return resolve_all(self.servers, self._lookup)

    def client(self, address: str) -> ModelServerClient:
        """Calls to exactly this address."""
        if address not in self._channels:
            self._channels[address] = open_channel(address)
        return ModelServerClient(self._channels[address])

    def states(self, model: str, version: int) -> tuple[AddressState, ...]:
        """What each address behind the names now says of a version."""
        return tuple(self._state(address, model, version) for address in self.resolve())

    def _state(self, address: str, model: str, version: int) -> AddressState:
        try:
            statuses = self.client(address).model_status(model, version, STATUS_SECONDS)
        except CallFailed as error:
            if error.code is grpc.StatusCode.NOT_FOUND:
                return AddressState(address, NEVER_SEEN)
            return AddressState(address, NO_ANSWER, f"{error.code.name}: {error.details}")
        except CallError as error:
            return AddressState(address, NO_ANSWER, str(error))
        for status in statuses:
            if status.version == version:
                return AddressState(address, status.state, status.error_message if status.error_code else "")
        return AddressState(address, NEVER_SEEN)
