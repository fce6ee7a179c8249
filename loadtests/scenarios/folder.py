"""The folder of a run: replaced when the scenario runs again, and never anything that is not one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final

from loadtests.errors import ScenarioFailed

MARK: Final = ".scenario-run"
"""File in it that says so."""
RESULT: Final = "result.json"
RESULT_SCHEMA: Final = "symmetra.scenario-result/"
"""Of what a run leaves; a folder with such a result is one, also without the mark."""


def require_replaceable(folder: Path) -> None:
    """Allow what is not there, what is empty, and what an earlier run left.

    Raises:
        ScenarioFailed: It holds something else, which would be deleted.
    """
    if folder.is_dir() and not folder.is_symlink():
        if not any(folder.iterdir()) or (folder / MARK).exists() or _holds_result(folder / RESULT):
            return
    elif not folder.exists():
        return
    message = (
        f"{folder} is there and is no run of a scenario, so it is not replaced; give another --folder, or move it away"
    )
    raise ScenarioFailed(message)


def make_anew(folder: Path) -> None:
    """Delete what an earlier run left there, and make it.

    Raises:
        ScenarioFailed: It holds something else.
    """
    require_replaceable(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def _holds_result(path: Path) -> bool:
    try:
        return str(json.loads(path.read_text())["schema"]).startswith(RESULT_SCHEMA)
    except (OSError, ValueError, KeyError, TypeError):
        return False
