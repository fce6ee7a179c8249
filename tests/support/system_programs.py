"""Where programs from Debian packages are: on PATH, or where Debian puts those of PostgreSQL, which it keeps off PATH."""

from __future__ import annotations

import shutil
from pathlib import Path

POSTGRESQL = Path("/usr/lib/postgresql")
"""Holds a folder per major version."""


def find_program(name: str) -> str | None:
    """The path of a program; of PostgreSQL's, the newest version's. None where it is not installed."""
    found = shutil.which(name)
    if found is not None:
        return found
    programs = [path for path in POSTGRESQL.glob(f"*/bin/{name}") if path.parts[-3].isdecimal()]
    return str(max(programs, key=lambda path: int(path.parts[-3]))) if programs else None
