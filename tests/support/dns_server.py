"""A name server for one name, on a free port of 127.0.0.1: gRPC asks it as `dns://127.0.0.1:PORT/models.test:8500`."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Self

HEADER_BYTES = 12
TYPE_A = 1
ANSWER_FLAGS = 0x8580
"""An authoritative answer without an error."""


class DnsServer:
    """Answers every question for an address with `addresses`, which a test may change at any time."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.answers = True
        """Whether it answers at all."""
        self.questions = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def target(self, port: int) -> str:
        """The address of a service for gRPC."""
        return f"dns://127.0.0.1:{self.port}/models.test:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, asker = self._socket.recvfrom(4096)
            if not question:
                return
            self.questions += 1
            if self.answers:
                self._socket.sendto(self._answer(question), asker)

    def _answer(self, question: bytes) -> bytes:
        end = HEADER_BYTES
        while question[end]:
            end += question[end] + 1
        end += 5  # the empty label, type and class
        (kind,) = struct.unpack(">H", question[end - 4 : end - 2])
        addresses = self.addresses if kind == TYPE_A else []
        head = question[:2] + struct.pack(">HHHHH", ANSWER_FLAGS, 1, len(addresses), 0, 0)
        records = [
            struct.pack(">HHHIH", 0xC000 | HEADER_BYTES, TYPE_A, 1, 0, 4) + socket.inet_aton(address)
            for address in addresses
        ]
        return head + question[HEADER_BYTES:end] + b"".join(records)
