"""Has a file changed? Asked without reading it: what replaces or rewrites a file gives it another fingerprint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

Fingerprint: TypeAlias = tuple[int, int, int]
"""Inode, time of the last change in nanoseconds, size in bytes."""


def fingerprint_file(path: Path) -> Fingerprint | None:
    """Of one file; None where there is none.

    Raises:
        OSError: Nobody can say.
    """
    try:
        return _of(path.stat())
    except FileNotFoundError:
        return None


def fingerprint_files(directory: Path) -> dict[str, Fingerprint]:
    """Of every file below, by path.

    Raises:
        OSError: A folder or file cannot be looked at.
    """
    found = {}
    for folder, _, names in os.walk(directory, onerror=_give_up):
        for name in names:
            path = Path(folder, name)
            found[str(path)] = _of(path.lstat())
    return found


def _of(status: os.stat_result) -> Fingerprint:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _give_up(error: OSError) -> None:
    raise error
