"""Commands by name: each lives in a module of its own, imported only when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

USAGE: Final = 2


@dataclass(frozen=True, slots=True)
class Commands:
    """What one program can do.

    Attributes:
        program: As it is typed.
        modules: Command name -> (module, one line for the help). A module offers `run(arguments, environment, out, err) -> int`.
    """

    program: str
    modules: Mapping[str, tuple[str, str]]

    def run(self, arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
        """Run the command that the arguments name, and return its exit code: 2 where there is no such command."""
        if arguments and arguments[0] in ("-h", "--help"):
            out.write(self._overview())
            return 0
        if not arguments or arguments[0] not in self.modules:
            says = f"There is no command {arguments[0]!r} of {self.program}." if arguments else "Say which command."
            err.write(f"{says}\n{self._overview()}")
            return USAGE
        command = importlib.import_module(self.modules[arguments[0]][0])
        code: int = command.run(list(arguments[1:]), environment, out, err)
        return code

    def _overview(self) -> str:
        width = max(map(len, self.modules))
        lines = [f"  {name:<{width}}  {summary}" for name, (_, summary) in self.modules.items()]
        return "\n".join([f"usage: {self.program} COMMAND ...", "", *lines, "", "COMMAND --help says more.", ""])
