"""`python -m monitoring drift controller`: watch for drift until told to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

from monitoring.controller.program import watch
from monitoring.controller.settings import read_settings
from serving.repository import RepositoryError


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - the same for every command
    """Watch; 1 where it cannot begin, or where the one look that was asked for failed."""
    settings = read_settings(arguments, environment)
    try:
        return watch(settings)
    except RepositoryError as error:
        err.write(f"{error}\n")
    except OSError as error:
        err.write(f"The controller cannot run: {error}\n")
    return 1
