"""The embedded model server without its seconds of importing TensorFlow: forked from a process that has done so.

What runs is `serving.server.process.run`, with arguments, environment, files, signals and an exit code of its own, as under
`python -m serving.server`. A test of how a process starts or ends takes that command instead.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROJECT = Path(__file__).resolve().parents[2]
CONTEXT: Final = multiprocessing.get_context("forkserver")
# Importing starts no thread that holds anything: nothing is run and no channel is open where the children are forked.
CONTEXT.set_forkserver_preload(["serving.server.process", "serving.server.loader"])


class ForkedServer:
    """One server process; what it offers is called as in `subprocess.Popen`.

    Args:
        arguments: Flags of the server.
        out: Where its standard output goes.
        err: Where its standard error goes.
    """

    def __init__(self, arguments: Sequence[str], out: Path, err: Path) -> None:
        self.args = list(arguments)
        self._process = CONTEXT.Process(target=_serve, args=(self.args, dict(os.environ), str(out), str(err)))
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _serve(arguments: Sequence[str], environment: Mapping[str, str], out: str, err: str) -> None:
    for path, stream in ((out, sys.stdout), (err, sys.stderr)):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, stream.fileno())
        os.close(descriptor)
    threading.Thread(target=_end_with_the_tests, daemon=True).start()
    os.chdir(PROJECT)
    os.environ.clear()
    os.environ.update(environment)
    from serving.server.process import run  # noqa: PLC0415 - here and not in the test's process: it brings TensorFlow

    code = run(arguments, os.environ, sys.stdout)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _end_with_the_tests() -> None:
    """Leave nothing behind, however the tests end."""
    tests = multiprocessing.parent_process()
    assert tests is not None
    tests.join()
    os.kill(os.getpid(), signal.SIGKILL)
