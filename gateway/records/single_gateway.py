"""An SQLite file belongs to one gateway: a lock beside it, held as long as the gateway lives, keeps every other one out.

SQLite itself would let several in, on one machine; over a network file system it would lose what they write. The lock is the
kernel's, so that a gateway that was killed holds nothing.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from gateway.records.address import sqlite_path

SINGLE_GATEWAY_EXTENSION: Final = "symmetra_single_gateway"
"""Where the application of a gateway that serves has its lock."""


class DatabaseTaken(Exception):
    """A gateway that runs has it; the message says which file."""


class SingleGateway:
    """The lock of one database; of PostgreSQL, which is for several gateways, none.

    Args:
        url: Of the database.

    Raises:
        DatabaseTaken: somebody else has it.
        OSError: the file of the lock cannot be made.
    """

    def __init__(self, url: str) -> None:
        self._file: int | None = None
        database = sqlite_path(url)
        if database is None or not database.parent.is_dir():
            return
        path = lock_path(database)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            message = f"{database} is in use by a gateway that runs: SQLite is for one; several need PostgreSQL"
            raise DatabaseTaken(message) from None

    def close(self) -> None:
        """Let others in."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        """Hold it for the time of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let others in."""
        self.close()


def lock_path(database: Path) -> Path:
    """The file of the lock."""
    return database.with_name(database.name + ".lock")
