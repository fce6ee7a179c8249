"""Where photos of real people may lie beside the repository. They show that faces are found; no label is ever attached."""

from __future__ import annotations

from pathlib import Path

PORTRAITS_FOLDER = Path(__file__).parents[3] / "shared" / "photos" / "portraits"


def portrait_files() -> list[Path]:
    """The portraits, in order of their names; empty where the folder is not there."""
    return sorted(PORTRAITS_FOLDER.glob("*.jpg"))
