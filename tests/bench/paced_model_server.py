"""A model server that only takes time: so many photos at once, so long each, and hardly any CPU.

With it the gateway meets its limit while cores are free, so that overload shows what admission does and not what a busy
machine does. `python -m tests.bench.paced_model_server PORT VERSION MILLISECONDS AT_ONCE`
"""

import sys
import threading
import time

import grpc
import numpy as np

from tests.support.stub_model_server import StubModelServer

PACED_MILLISECONDS, PACED_AT_ONCE = 100, 8
"""What the benchmarks choose: 80 photos a second at most, which decoding and faces leave room for."""


class PacedModelServer(StubModelServer):
    """Lets `at_once` calls through, each `seconds` long; the others wait."""

    def __init__(self, version: int, port: int, seconds: float, at_once: int) -> None:
        self._turns = threading.Semaphore(at_once)
        self._seconds = seconds
        super().__init__(version, np.float32(0.5), port=port)

    def predict(self, content: bytes, context: grpc.ServicerContext) -> bytes:
        with self._turns:
            if context.is_active():  # a caller that gave up costs nothing
                time.sleep(self._seconds)
        self.crops.clear()
        return super().predict(content, context)


def main() -> None:
    """Serve until ended."""
    port, version, milliseconds, at_once = (int(word) for word in sys.argv[1:5])
    with PacedModelServer(version, port, milliseconds / 1000, at_once):
        threading.Event().wait()


if __name__ == "__main__":
    main()
