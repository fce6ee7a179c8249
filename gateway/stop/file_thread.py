"""One native thread for files that may be slow to answer: the greenlet that asks waits, the others go on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from gateway.greenlets import wait_for

T = TypeVar("T")

FILE_SECONDS: Final = 300.0
"""For all files of a version, from a slow file server."""


class FileThread:
    """Runs one piece of work at a time; the thread begins with the first."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="files")

    def run(self, work: Callable[[], T]) -> T:
        """The result of the work.

        Raises:
            TimeoutError: not done within `FILE_SECONDS`.
        """
        return wait_for(self._threads.submit(work), FILE_SECONDS)
