"""The file of API keys: JSON with a hash, a name and a grant per key, replaced as a whole, readable by its owner only unless the site lets others."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from gateway.access.scopes import Scope, scope_named
from monitoring.metrics import TRAFFIC_CLASSES
from serving.repository.durable import flush_directory, locked

SCHEMA: Final = 1
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class KeyFileInvalid(ValueError):
    """Its content is not what `write_keys` writes; the message says where, and holds no hash."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is kept of one key.

    Attributes:
        id: Public part of the key.
        name: Of its owner, as the site chose it; the two keys of a rotation share it.
        sha256: Hash of the secret, in hexadecimal.
        scopes: What it may do.
        traffic: Classes of traffic that it grants; the first is what it gets without asking.
        created: When it was made.
        expires: From when on it is refused, if ever.
        revoked: Since when it is refused whatever `expires` says.
    """

    id: str
    name: str
    sha256: str
    scopes: frozenset[Scope]
    traffic: tuple[str, ...]
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether the key is taken at this moment."""
        return self.revoked is None and not self.is_expired(now)

    def is_expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= now

    def as_json(self) -> dict[str, Any]:
        """As the file has it."""
        return {
            "id": self.id,
            "name": self.name,
            "sha256": self.sha256,
            "scopes": sorted(self.scopes),
            "traffic": list(self.traffic),
            "created": time_text(self.created),
            "expires": time_text(self.expires),
            "revoked": time_text(self.revoked),
        }

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Self:
        """Read and check one entry.

        Raises:
            KeyError, TypeError, ValueError: it is not one.
        """
        record = cls(
            id=str(entry["id"]),
            name=str(entry["name"]),
            sha256=str(entry["sha256"]),
            scopes=frozenset(scope_named(name) for name in entry["scopes"]),
            traffic=tuple(entry["traffic"]),
            created=datetime.fromisoformat(entry["created"]).astimezone(UTC),
            expires=_time(entry["expires"]),
            revoked=_time(entry["revoked"]),
        )
        if not (NAME.fullmatch(record.name) and _SHA256.fullmatch(record.sha256)):
            message = "a name or a hash has the wrong shape"
            raise ValueError(message)
        if not record.traffic or not set(record.traffic) <= set(TRAFFIC_CLASSES):
            message = f"traffic must be of {', '.join(TRAFFIC_CLASSES)}"
            raise ValueError(message)
        return record


def read_keys(path: Path) -> tuple[KeyRecord, ...]:
    """Every key of a file.

    Raises:
        OSError: it cannot be read.
        KeyFileInvalid: it is damaged, or written by a later version.
    """
    try:
        content = json.loads(path.read_bytes())
        if content["schema"] != SCHEMA:
            message = f"has schema {content['schema']!r}, and this version reads {SCHEMA}"
            raise KeyFileInvalid(message)
        records = tuple(KeyRecord.from_json(entry) for entry in content["keys"])
    except KeyFileInvalid:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"is no file of API keys: {error}"
        raise KeyFileInvalid(message) from error
    if len({record.id for record in records}) != len(records):
        message = "names a key twice"
        raise KeyFileInvalid(message)
    return records


def write_keys(path: Path, records: Sequence[KeyRecord]) -> None:
    """Replace the file: a gateway that reads it meanwhile sees the old keys or the new, never a part.

    Owner, group and permissions stay as a site has set them: whoever makes a key need not be who the gateway runs as.
    """
    content = json.dumps({"schema": SCHEMA, "keys": [record.as_json() for record in records]}, indent=1) + "\n"
    temporary = path.with_name(f"tmp-{path.name}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        with suppress(FileNotFoundError):  # the first keys: for their owner only
            before = path.stat()
            with suppress(PermissionError):
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode))
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    flush_directory(path.parent)


@contextmanager
def changing_keys(path: Path) -> Iterator[list[KeyRecord]]:
    """The keys as a list to change, written back at the end of the block; two administrators wait for each other."""
    with locked(path.with_name(f".{path.name}.lock")):
        records = list(read_keys(path)) if path.exists() else []
        yield records
        write_keys(path, records)


def time_text(moment: datetime | None) -> str | None:
    """As the file and the terminal show a time: UTC, whole seconds."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
