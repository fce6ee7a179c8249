"""`python -m loadtests COMMAND`: each command lives in a module of `loadtests.commands`, imported only when it is asked for.

A command module offers `run(arguments, environment, out, err) -> int`, the exit code.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "run": ("loadtests.commands.run", "one run against one target, and whether it can be believed"),
    "report": (
        "loadtests.commands.report",
        "the verdict on a finished run: does it meet the objectives, and what limited it",
    ),
    "capacity": (
        "loadtests.commands.capacity",
        "the largest rate that a target sustains, and its number in one sentence",
    ),
    "compare": ("loadtests.commands.compare", "whether runs are worse than a baseline, beyond its noise"),
    "baseline": (
        "loadtests.commands.baseline",
        "keep runs of the same thing as a baseline, and say how much noise they show",
    ),
    "tune": ("loadtests.commands.tune", "find by trying which batching and threads let a model server answer more"),
    "sizing": ("loadtests.commands.sizing", "calculate anew how many cores a site needs, from what was measured"),
    "scenario": (
        "loadtests.commands.scenario",
        "start the whole system, break something, and judge which alerts were told, and when",
    ),
    "record-answers": ("loadtests.commands.record_answers", "note what a gateway answers to the photos of a pack"),
}
"""Command name -> (module, one line for the help)."""
USAGE: Final = 2
STOPPED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Run the command that the arguments name, and return its exit code: 2 where there is no such command."""
    if arguments and arguments[0] in ("-h", "--help"):
        out.write(_overview())
        return 0
    if not arguments or arguments[0] not in COMMANDS:
        says = f"There is no command {arguments[0]!r}." if arguments else "Say which command."
        err.write(f"{says}\n{_overview()}")
        return USAGE
    command = importlib.import_module(COMMANDS[arguments[0]][0])
    try:
        code: int = command.run(list(arguments[1:]), environment, out, err)
    except KeyboardInterrupt:
        err.write("\nstopped; a command that keeps its runs in a --folder goes on from there\n")
        return STOPPED
    return code


def end_in_order(*_: object) -> None:
    """On SIGTERM: what was started is stopped on the way out."""
    sys.exit(TERMINATED)


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join(["usage: python -m loadtests COMMAND ...", "", *lines, "", "COMMAND --help says more.", ""])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end_in_order)
    sys.exit(run(sys.argv[1:], os.environ, sys.stdout, sys.stderr))
