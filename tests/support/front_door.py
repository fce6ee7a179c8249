"""What stands in front of a gateway at a site: TLS ends here. Its certificate and the gateway behind it can be changed under way."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from pathlib import Path
from typing import Self

ACCEPT_SECONDS = 0.1


class TlsFrontDoor:
    """Takes connections inside the block and passes their bytes on.

    Args:
        upstream_port: Of the gateway, on loopback.
        certificate: PEM file of the chain.
        key: PEM file of its key.
    """

    def __init__(self, upstream_port: int, certificate: Path, key: Path) -> None:
        self.upstream_port = upstream_port
        self.show(certificate, key)
        self._stopping = threading.Event()

    def show(self, certificate: Path, key: Path) -> None:
        """Show this certificate from the next connection on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._context = context

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(ACCEPT_SECONDS)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._listener.close()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def _accept(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(30)
        # Whoever does not trust the certificate hangs up; so does a gateway that stops.
        with (
            contextlib.suppress(OSError),
            self._context.wrap_socket(connection, server_side=True) as client,
            socket.create_connection(("127.0.0.1", self.upstream_port), timeout=30) as gateway,
        ):
            self._pass_on(client, gateway)

    def _pass_on(self, client: ssl.SSLSocket, gateway: socket.socket) -> None:
        ends = {client: gateway, gateway: client}
        while not self._stopping.is_set():
            waiting = [client] if client.pending() else select.select(list(ends), [], [], ACCEPT_SECONDS)[0]
            for end in waiting:
                piece = end.recv(65536)
                if not piece:
                    return
                ends[end].sendall(piece)
