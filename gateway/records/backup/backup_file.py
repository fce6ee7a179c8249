"""The format of a copy: writing one, so that it is there whole or not at all, and reading one, so that nothing damaged is believed."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

FORMAT: Final = "symmetra.records_backup/1"
PARTIAL: Final = ".partial"


class BackupDamaged(Exception):
    """A file is no copy, or not a whole one; the message says where."""


@dataclass(frozen=True, slots=True)
class TableHead:
    """What comes before the rows of a table.

    Attributes:
        name: Of the table.
        columns: Their names, in the order of a row's values.
    """

    name: str
    columns: tuple[str, ...]


class BackupWriter:
    """Writes a copy beside its name, and gives it the name when it is complete and on the disk. Others than its owner cannot read it.

    Args:
        path: Of the copy; nothing may be there.
        about: What its first line says beside the format.

    Raises:
        FileExistsError: something is there.
        OSError: it cannot be written.
    """

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        if path.exists():
            raise FileExistsError(17, "is there already", str(path))
        self._path = path
        self._partial = path.with_name(path.name + PARTIAL)
        descriptor = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._raw = os.fdopen(descriptor, "wb")
        self._file = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0)
        self._counts: dict[str, int] = {}
        self._write({"format": FORMAT, **about})

    def add(self, head: TableHead, rows: Iterable[Sequence[Any]]) -> None:
        """Write a table."""
        self._write({"table": head.name, "columns": head.columns})
        count, digest = 0, hashlib.sha256()
        for row in rows:
            line = _line(row)
            self._file.write(line)
            digest.update(line)
            count += 1
        self._counts[head.name] = count
        self._write({"end": head.name, "rows": count, "sha256": digest.hexdigest()})

    def complete(self) -> dict[str, int]:
        """Give it its name; rows by table."""
        self._write({"complete": self._counts})
        self._file.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        self._partial.rename(self._path)
        return self._counts

    def abandon(self) -> None:
        """Leave nothing behind, where it was not completed."""
        self._raw.close()
        self._partial.unlink(missing_ok=True)

    def _write(self, value: object) -> None:
        self._file.write(_line(value))


class BackupReader:
    """Reads a copy, one row after the other.

    Args:
        path: Of the copy.

    Raises:
        BackupDamaged: it is none.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._file = gzip.open(path, "rb")  # noqa: SIM115 - open as long as this is
        self._number = 0
        try:
            self.about = self._object()
            if self.about.get("format") != FORMAT:
                message = f"it is no copy of records ({FORMAT})"
                raise BackupDamaged(message)
        except BaseException:
            self._file.close()
            raise

    def tables(self) -> Iterator[tuple[TableHead, Iterator[list[Any]]]]:
        """Every table with its rows, which must be read to their end before the next table.

        Raises:
            BackupDamaged: what was read so far is not as it was written, or it ends too early.
        """
        counts: dict[str, int] = {}
        while True:
            line = self._object()
            if "complete" in line:
                break
            try:
                head = TableHead(line["table"], tuple(line["columns"]))
            except (KeyError, TypeError):
                self._refuse("no table begins here")
            yield head, self._rows(head, counts)
            if head.name not in counts:
                self._refuse(f"the rows of {head.name} were not read")
        if line["complete"] != counts:
            self._refuse("it does not hold what its end says")
        if self._next_line():
            self._refuse("something stands behind its end")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _rows(self, head: TableHead, counts: dict[str, int]) -> Iterator[list[Any]]:
        digest, count = hashlib.sha256(), 0
        while True:
            line = self._next_line()
            value = self._parsed(line)
            if isinstance(value, dict):
                break
            if not isinstance(value, list) or len(value) != len(head.columns):
                self._refuse("no row stands here")
            digest.update(line)
            count += 1
            yield value
        if value != {"end": head.name, "rows": count, "sha256": digest.hexdigest()}:
            self._refuse(f"the rows of {head.name} are not those that were written")
        counts[head.name] = count

    def _object(self) -> dict[str, Any]:
        value = self._parsed(self._next_line())
        if not isinstance(value, dict):
            self._refuse("a row stands outside of a table")
        return value

    def _next_line(self) -> bytes:
        self._number += 1
        try:
            return self._file.readline()
        except (EOFError, gzip.BadGzipFile, zlib.error):
            self._refuse("it is cut off, or was changed")

    def _parsed(self, line: bytes) -> Any:  # noqa: ANN401 - JSON
        if not line.endswith(b"\n"):
            self._refuse("it ends here, too early")
        try:
            return json.loads(line)
        except ValueError:
            self._refuse("no JSON stands here")

    def _refuse(self, says: str) -> NoReturn:
        message = f"line {self._number}: {says}"
        raise BackupDamaged(message) from None


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"
