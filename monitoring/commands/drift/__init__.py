"""`python -m monitoring drift ...`: each command lives in a module of its own, imported only when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "controller": ("controller", "watch, and show what was found as metrics"),
    "explain": ("explain", "what moved, since when, with a picture against the reference"),
    "plan": ("plan", "how many days until each change is seen at so many photos a day, and what never is"),
    "restart": ("restart", "take up an alarm: the detectors begin anew"),
    "sign-profile": ("sign_profile", "say that what was counted is normal at this site"),
}
"""Command name -> (module, one line for the help)."""
USAGE: Final = 2


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Run the command that the arguments name, and return its exit code: 2 where there is no such command."""
    if arguments and arguments[0] in ("-h", "--help"):
        out.write(_overview())
        return 0
    if not arguments or arguments[0] not in COMMANDS:
        says = f"There is no command {arguments[0]!r} of drift." if arguments else "Say which command."
        err.write(f"{says}\n{_overview()}")
        return USAGE
    command = importlib.import_module(f"{__name__}.{COMMANDS[arguments[0]][0]}")
    code: int = command.run(list(arguments[1:]), environment, out, err)
    return code


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join(["usage: python -m monitoring drift COMMAND ...", "", *lines, "", "COMMAND --help says more.", ""])
