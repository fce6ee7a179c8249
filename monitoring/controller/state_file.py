"""The controller's memory on disk: replaced whole after each look, and put aside where it is not what was written.

Positions in the counters and statistics of the detectors are in the one file, so that a kill at any moment loses no photo and counts
none twice: the next look takes up where the last one that was kept ended.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from monitoring.controller.errors import StateUnreadable
from serving.repository.durable import make_directory, write_atomically

SCHEMA: Final = "symmetra.drift-state/1"


def write_state(path: Path, content: dict[str, Any]) -> None:
    """Replace the file.

    Raises:
        OSError: it cannot be written.
    """
    make_directory(path.parent)
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    head = json.dumps({"schema": SCHEMA, "sha256": hashlib.sha256(text.encode()).hexdigest()})
    write_atomically(path, f"{head}\n{text}\n")


def read_state(path: Path) -> dict[str, Any] | None:
    """What `write_state` wrote; None where there is no file.

    Raises:
        StateUnreadable: it is not what was written, or of another release.
        OSError: it cannot be read now: that says nothing of what is in it.
    """
    try:
        head, _, text = path.read_text(encoding="utf-8").partition("\n")
        described = json.loads(head)
        schema, digest = described["schema"], described["sha256"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        message = f"{path} cannot be read as a state: {error}"
        raise StateUnreadable(message) from error
    if schema != SCHEMA:
        message = f"{path} is of the schema {schema!r}, and this release reads {SCHEMA!r}"
        raise StateUnreadable(message)
    text = text.removesuffix("\n")
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        message = f"{path} is not what was written: its digest differs"
        raise StateUnreadable(message)
    content: dict[str, Any] = json.loads(text)
    return content


def put_aside(path: Path, now: float) -> Path:
    """Keep a file that cannot be used, under another name; returns it.

    Raises:
        OSError: it cannot be renamed.
    """
    kept = path.with_name(f"{path.name}.damaged-{int(now)}")
    path.replace(kept)
    return kept
