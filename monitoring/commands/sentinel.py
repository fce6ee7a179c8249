"""`python -m monitoring sentinel`: golden photos through the site's front door, every few minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

from monitoring.objectives import ObjectivesError
from monitoring.sentinel.errors import SentinelError
from monitoring.sentinel.program import watch
from monitoring.sentinel.settings import read_settings
from serving.repository import RepositoryError


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - the same for every command
    """Watch until told to stop; 1 where it cannot begin, or where the one look that was asked for was not right."""
    try:
        return watch(read_settings(arguments, environment))
    except (SentinelError, ObjectivesError, RepositoryError) as error:
        err.write(f"{error}\n")
    except OSError as error:
        err.write(f"The metrics cannot be served: {error}\n")
    return 1
