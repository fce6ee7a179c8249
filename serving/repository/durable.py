"""Writes that survive a crash: whole or not at all, and on the disk before anybody is told.

A rename is atomic for readers, but after a power cut a renamed file may be empty unless it was flushed before, and the
rename itself may be gone unless the directory was flushed after (fsync(2), rename(2)).
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def write_atomically(path: Path, content: str) -> None:
    """Replace a file: readers see the old content or the new, never a part. The caller holds the repository's lock."""
    temporary = path.with_name(f"tmp-{path.name}")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    flush_directory(path.parent)


def append_line(path: Path, line: str) -> None:
    """Append one line. A line that a crash cut short before is ended first, so that it cannot swallow this one."""
    with path.open("ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    flush_directory(path.parent)


def make_directory(directory: Path) -> None:
    """Make a directory and those above it that are missing, and flush the entry of each; present ones are left alone."""
    missing = [folder for folder in (directory, *directory.parents) if not folder.is_dir()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        flush_directory(folder.parent)


def flush_tree(directory: Path) -> None:
    """Flush every file and directory below and including `directory`."""
    for folder, _, names in os.walk(directory):
        for name in names:
            _flush(Path(folder, name), os.O_RDONLY)
        flush_directory(Path(folder))


def flush_directory(directory: Path) -> None:
    """Flush the entries of a directory: what was created, renamed or removed in it."""
    _flush(directory, os.O_RDONLY | os.O_DIRECTORY)


def _flush(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock, waiting for it. The kernel releases it when the process dies, however it dies."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock. Needs read access only; False where the file is gone."""
    try:
        with path.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False
