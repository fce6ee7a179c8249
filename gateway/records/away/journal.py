"""A bounded file of receipts, in the order in which they came: on the disk when `append` returns, whatever happens then.

A line is 16 hexadecimal digits of the SHA-256 of its rest, a space, and a receipt as JSON. A gateway that dies while it appends may
leave the last lines torn: nobody was told that these were kept, and they are cut off. A damaged line with whole ones behind it is
something else: its receipt was acknowledged, and a person must look.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.records.receipt import Receipt

CHECKSUM_CHARACTERS: Final = 16


class JournalFull(Exception):
    """It holds as much as it may."""


class JournalTaken(Exception):
    """Another gateway has it open."""


class JournalDamaged(Exception):
    """A line in its middle is not as it was written; the message says which."""


class Journal:
    """One file, which this process has for itself until it closes it. Not to be used by two threads at once.

    Args:
        path: Of the file; made where there is none.
        max_bytes: That it may hold.

    Raises:
        JournalTaken: another process has it.
        JournalDamaged: it holds a line that is not as it was written.
        OSError: it cannot be used.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        is_new = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            message = f"{path} is the journal of another gateway that runs"
            raise JournalTaken(message) from None
        try:
            if is_new:
                _flush_folder(path.parent)
            self._size = whole_bytes(path)
            os.ftruncate(self._file, self._size)
        except BaseException:
            os.close(self._file)
            raise
        self._taken = 0

    @property
    def size_bytes(self) -> int:
        """What it holds."""
        return self._size

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits in it."""
        return self._size == 0

    def append(self, receipts: Sequence[Receipt]) -> None:
        """Add receipts: all are on the disk when this returns. After an error none of them is in it.

        Raises:
            JournalFull: there is no room for them.
            OSError: the disk does not take them.
        """
        lines = b"".join(line_of(receipt) for receipt in receipts)
        if self._size + len(lines) > self._max_bytes:
            raise JournalFull
        try:
            written = 0
            while written < len(lines):
                written += os.pwrite(self._file, lines[written:], self._size + written)
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(lines)

    def waiting(self, most: int) -> tuple[list[Receipt], int]:
        """The oldest receipts that were not taken yet, and what `take` is to be told of them."""
        receipts, end = [], self._taken
        for line in _lines(self._file, self._taken, self._size):
            receipts.append(receipt_of(line))
            end += len(line)
            if len(receipts) == most:
                break
        return receipts, end

    def take(self, end: int) -> None:
        """The receipts up to here are in the database. The file is emptied when all of them are.

        A gateway that dies before that offers them again: whoever takes them must know those that it has.
        """
        self._taken = end
        if self._taken == self._size:
            os.ftruncate(self._file, 0)
            os.fsync(self._file)
            self._size = self._taken = 0

    def close(self) -> None:
        """Leave it to others."""
        os.close(self._file)


def whole_bytes(path: Path) -> int:
    """How much of a journal is whole, up to the end or to the torn lines at its end.

    Raises:
        JournalDamaged: whole lines stand behind one that is not.
        OSError: it cannot be read.
    """
    size, first_bad = 0, 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not _is_whole(line):
                first_bad = first_bad or number
            elif first_bad:
                message = f"line {first_bad} of {path} is damaged, and its receipt was acknowledged"
                raise JournalDamaged(message)
            else:
                size += len(line)
    return size


def line_of(receipt: Receipt) -> bytes:
    """A receipt as a line."""
    text = json.dumps(dataclasses.asdict(receipt), separators=(",", ":")).encode()
    return _checksum(text) + b" " + text + b"\n"


def receipt_of(line: bytes) -> Receipt:
    """The receipt of a whole line."""
    return Receipt(**json.loads(line[CHECKSUM_CHARACTERS + 1 :]))


def _is_whole(line: bytes) -> bool:
    return (
        line.endswith(b"\n") and line[: CHECKSUM_CHARACTERS + 1] == _checksum(line[CHECKSUM_CHARACTERS + 1 : -1]) + b" "
    )


def _checksum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:CHECKSUM_CHARACTERS].encode()


def _lines(descriptor: int, start: int, end: int) -> Iterator[bytes]:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(start)
        position = start
        while position < end:
            line = file.readline()
            position += len(line)
            yield line


def _flush_folder(folder: Path) -> None:
    """Without this the name of a new file may not outlive the machine's power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
