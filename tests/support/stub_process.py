"""The stub model server in a process of its own, so that it can be killed and frozen as a real one.

python -m tests.support.stub_process HOST PORT VERSION P_NO_DEPRESSION
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

import numpy as np

from tests.support.stub_model_server import StubModelServer

PROJECT = Path(__file__).resolve().parents[2]


class StubProcess:
    """Listens inside the block; killed at its end, whatever happened."""

    def __init__(self, version: int, *, port: int, host: str = "127.0.0.1", p_no_depression: float = 0.5) -> None:
        arguments = [host, str(port), str(version), str(p_no_depression)]
        self._command = [sys.executable, "-m", "tests.support.stub_process", *arguments]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, cwd=PROJECT, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"listening\n"
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._process.stdout.close()

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """It stays there and does nothing any more, not even for gRPC."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        self._process.send_signal(signal.SIGCONT)


def main(host: str, port: str, version: str, p_no_depression: str) -> None:
    """Serve until killed."""
    with StubModelServer(int(version), np.float32(p_no_depression), host=host, port=int(port)):
        print("listening", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
