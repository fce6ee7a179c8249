"""Child processes that are started together and never outlive their starter."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

STOP_GRACE_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1
_LOG_TAIL_LINES = 15


class ProcessFailed(Exception):
    """A child ended or stayed silent before it was ready; the message ends with the last lines of its log."""


class ProcessGroup:
    """Starts children with a log file each; leaving the `with` block stops them all, newest first.

    A child also gets SIGTERM from the kernel when its starter dies without a word (kill -9), so that no port stays taken.
    """

    def __init__(self, log_folder: Path) -> None:
        """Logs go to `<log_folder>/<name>.log`, replaced at every start."""
        self._log_folder = log_folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        """Make the folder for logs."""
        self._log_folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything that was started, whatever happened."""
        self.stop()

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> int:
        """Start one child in a session of its own (so that Ctrl-C reaches us first) and return its process id."""
        if name in self._children:  # one that was killed, and is started again
            self._children[name].wait(STOP_GRACE_SECONDS)
        log_path = self._log_folder / f"{name}.log"
        with log_path.open("wb") as log:
            child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(environment) if environment is not None else None,
                start_new_session=True,
                preexec_fn=_die_with_parent(),  # noqa: PLW1509 - only calls prctl; no lock is taken between fork and exec
            )
        self._children[name] = child
        return child.pid

    def pid(self, name: str) -> int:
        """Process id of a child, which leads a session of its own."""
        return self._children[name].pid

    def wait_until(self, name: str, ready: Callable[[], bool], timeout_seconds: float) -> None:
        """Wait until `ready()`; notice at once when the child has ended.

        Raises:
            ProcessFailed: the child ended, or was not ready in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while not ready():
            code = self._children[name].poll()
            if code is not None:
                raise ProcessFailed(self._describe(name, f"ended with exit code {code}"))
            if time.monotonic() > deadline:
                raise ProcessFailed(self._describe(name, f"was not ready after {timeout_seconds:.0f} s"))
            time.sleep(0.1)

    def first_ended(self) -> str | None:
        """Name of a child that has ended by itself, if any, with its log's last lines."""
        for name, child in self._children.items():
            code = child.poll()
            if code is not None:
                return self._describe(name, f"ended with exit code {code}")
        return None

    def stop(self) -> None:
        """SIGTERM to all, newest first, then SIGKILL to whatever is left after the grace time."""
        children = list(reversed(self._children.values()))
        for child in children:
            _signal_session(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_GRACE_SECONDS
        for child in children:
            _end(child, deadline)
        self._children.clear()

    def _describe(self, name: str, what: str) -> str:
        log_path = self._log_folder / f"{name}.log"
        tail = "\n".join(log_path.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
        return f"{name} {what}; the end of its log ({log_path}):\n{tail}"


def run_to_end(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> int:
    """Run one child to its end with our terminal as its output, and return its exit code.

    Whatever interrupts the wait ends the child first; it ends with us too when we are killed.
    """
    child = subprocess.Popen(
        [str(part) for part in command],
        env=dict(environment) if environment is not None else None,
        start_new_session=True,
        preexec_fn=_die_with_parent(),  # noqa: PLW1509 - only calls prctl, as above
    )
    try:
        return child.wait()
    except BaseException:
        _end(child, time.monotonic() + STOP_GRACE_SECONDS)
        raise


def http_answers(url: str) -> bool:
    """Whether a GET of this loopback URL gives a 2xx answer within two seconds."""
    try:
        with urllib.request.urlopen(url, timeout=2.0) as answer:  # noqa: S310 - only called with our own http:// URLs
            return bool(200 <= answer.status < 300)
    except (urllib.error.URLError, OSError):
        return False


def _end(child: subprocess.Popen[bytes], deadline: float) -> None:
    _signal_session(child, signal.SIGTERM)
    try:
        child.wait(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        _signal_session(child, signal.SIGKILL)
        child.wait()


def _signal_session(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # The child leads its own session, so its helpers (gunicorn's worker, a pool) are reached with it.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _die_with_parent() -> Callable[[], None] | None:
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        prctl = libc.prctl
    except (OSError, AttributeError):
        return None  # not Linux: Ctrl-C and ordinary ends still stop the children

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask_kernel
