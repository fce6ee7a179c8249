"""Finds the command that the command line names, and runs it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Final, Protocol, TextIO, cast

from gateway.commands import COMMANDS

DEFAULT: Final = "serve"
WRONG_USAGE: Final = 2
"""As argparse ends too, and the other programs here."""


class Command(Protocol):
    """What a module of this folder offers."""

    def run(self, arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
        """Run the command with what followed its name, and return the exit code."""
        ...


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Run one command and return the exit code: 0 done, 1 not done, 2 the command line is wrong.

    Args:
        arguments: What followed the program's name.
        environment: Where the settings are.
        out: Where answers go.
        err: Where the sentence about a failure goes.
    """
    name, *others = arguments or (DEFAULT,)
    if name in ("-h", "--help"):
        out.write(_help())
        return 0
    if name not in COMMANDS:
        err.write(f"python -m gateway has no command {name!r}; there are {', '.join(COMMANDS)}\n")
        return WRONG_USAGE
    command = cast("Command", importlib.import_module(f"gateway.commands.{name}"))
    return command.run(others, environment, out, err)


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {says}" for name, says in COMMANDS.items()]
    return "\n".join(["usage: python -m gateway [COMMAND] [...]", "", *lines, "", "COMMAND --help says more.", ""])
