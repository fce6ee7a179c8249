"""`python -m gateway keys`: see `gateway.access.key_commands`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

from gateway.access.key_commands import run_key_command


def run(arguments: Sequence[str], environment: Mapping[str, str], _out: TextIO, _err: TextIO) -> int:
    """Run the command that the arguments name."""
    return run_key_command(arguments, environment)
