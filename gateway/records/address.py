"""Where records are, as a setting says it. Needs no SQLAlchemy: settings are read where records are off, too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

SQLITE: Final = re.compile(r"sqlite:///[^?#]+")
POSTGRESQL: Final = re.compile(r"postgresql\+pg8000://[^/?#]+/[^/?#@]+")
_PASSWORD: Final = re.compile(r"(?<=://)([^/@:]*):([^/]*)@")


def records_address(value: str) -> str:
    """A database that records can be kept in."""
    if not SQLITE.fullmatch(value) and not POSTGRESQL.fullmatch(value):
        message = "must be sqlite:////path/to/receipts.db, or postgresql+pg8000://user:password@host/database"
        raise ValueError(message)
    return value


def sqlite_path(address: str) -> Path | None:
    """The file of an SQLite database; None for others.

    >>> sqlite_path("sqlite:////var/lib/receipts.db"), sqlite_path("postgresql+pg8000://u@h/d")
    (PosixPath('/var/lib/receipts.db'), None)
    """
    return Path(address.removeprefix("sqlite:///")) if SQLITE.fullmatch(address) else None


def masked_address(address: str) -> str:
    """The same without its password.

    >>> masked_address("postgresql+pg8000://symmetra:s3cret@db.example:5432/records")
    'postgresql+pg8000://symmetra:***@db.example:5432/records'
    """
    return _PASSWORD.sub(r"\1:***@", address)
