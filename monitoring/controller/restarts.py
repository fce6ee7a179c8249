"""A person takes up an alarm: the detectors begin anew, and the history keeps who did it and why.

The controller alone writes its state, so whoever takes up an alarm leaves a file beside it, and the next look acts on it.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from serving.repository.durable import make_directory, write_atomically

FOLDER_NAME: Final = "restarts"
SUFFIX: Final = ".json"


@dataclass(frozen=True, slots=True)
class Restart:
    """What was asked for.

    Attributes:
        by: Who.
        why: In that person's words.
        at: When, seconds since 1970.
        site: Of the place; None for all.
        model_version: Of the place; None for all.
    """

    by: str
    why: str
    at: float
    site: str | None = None
    model_version: str | None = None


def ask_for(folder: Path, restart: Restart) -> None:
    """Leave it for the controller.

    Raises:
        OSError: it cannot be written.
    """
    make_directory(folder)
    write_atomically(folder / f"{uuid.uuid4()}{SUFFIX}", json.dumps(asdict(restart)))


def waiting(folder: Path) -> list[tuple[Path, Restart | None]]:
    """What was left, the oldest first; None for a file that nobody can read."""
    found: list[tuple[Path, Restart | None]] = []
    for path in sorted(folder.glob(f"[!t]*{SUFFIX}")) if folder.is_dir() else []:
        try:
            found.append((path, Restart(**json.loads(path.read_text(encoding="utf-8")))))
        except (OSError, ValueError, TypeError):
            found.append((path, None))
    return sorted(found, key=lambda each: 0.0 if each[1] is None else each[1].at)
