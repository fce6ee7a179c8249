"""What stands in front of gateways at a site: it shares connections out, and TLS may end here. What is behind it, and what it shows, can change."""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

ACCEPT_SECONDS: Final = 0.1
IDLE_SECONDS: Final = 30.0
PIECE_BYTES: Final = 65_536
LOOPBACK: Final = "127.0.0.1"


class FrontDoor:
    """Takes connections inside the block and passes their bytes on, to one gateway after another; one that takes none is passed by.

    Args:
        upstream_ports: Of the gateways, on loopback.
    """

    def __init__(self, upstream_ports: Sequence[int]) -> None:
        self.upstream_ports = tuple(upstream_ports)
        self._turns = itertools.count()
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        """Begin to listen, on a free port."""
        self._listener = socket.create_server((LOOPBACK, 0))
        self._listener.settimeout(ACCEPT_SECONDS)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more; connections that are open end within moments."""
        self._stopping.set()
        self._thread.join()
        self._listener.close()

    @property
    def url(self) -> str:
        """Where clients ask."""
        return f"http://{LOOPBACK}:{self.port}"

    def greet(self, connection: socket.socket) -> socket.socket:
        """What is spoken with a client: the connection as it is."""
        return connection

    def _accept(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(IDLE_SECONDS)
        # Whoever does not trust the certificate hangs up; so does a gateway that stops.
        with contextlib.suppress(OSError), self.greet(connection) as client, self._reach_gateway() as gateway:
            self._pass_on(client, gateway)

    def _reach_gateway(self) -> socket.socket:
        ports = self.upstream_ports
        first = next(self._turns)
        for number in range(len(ports)):
            with contextlib.suppress(ConnectionRefusedError):
                return socket.create_connection((LOOPBACK, ports[(first + number) % len(ports)]), timeout=IDLE_SECONDS)
        raise ConnectionRefusedError

    def _pass_on(self, client: socket.socket, gateway: socket.socket) -> None:
        ends = {client: gateway, gateway: client}
        while not self._stopping.is_set():
            is_decrypted = isinstance(client, ssl.SSLSocket) and client.pending() > 0
            waiting = [client] if is_decrypted else select.select(list(ends), [], [], ACCEPT_SECONDS)[0]
            for end in waiting:
                piece = end.recv(PIECE_BYTES)
                if not piece:
                    return
                ends[end].sendall(piece)


class TlsFrontDoor(FrontDoor):
    """The same where TLS ends.

    Args:
        upstream_port: Of the gateway, on loopback.
        certificate: PEM file of the chain.
        key: PEM file of its key.
    """

    def __init__(self, upstream_port: int, certificate: Path, key: Path) -> None:
        super().__init__([upstream_port])
        self.show(certificate, key)

    @property
    def url(self) -> str:
        """Where clients ask: the name that is in its certificate."""
        return f"https://localhost:{self.port}"

    def show(self, certificate: Path, key: Path) -> None:
        """Show this certificate from the next connection on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._context = context

    def greet(self, connection: socket.socket) -> socket.socket:
        """TLS, with the certificate that is shown now."""
        return self._context.wrap_socket(connection, server_side=True)
