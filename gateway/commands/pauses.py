"""`python -m gateway pauses`: what was paused and resumed, when, by whom and why, oldest first."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TextIO

from gateway.commands.place import add_place, find_repository
from gateway.stop.pause_change import PauseChange
from gateway.stop.stop_switch import StopSwitch


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Print the history of the stop switch."""
    parser = argparse.ArgumentParser(prog="python -m gateway pauses", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object per line, with what the sentinel saw")
    add_place(parser, environment)
    options = parser.parse_args(arguments)
    repository = find_repository(parser, options)
    try:
        changes, unreadable = StopSwitch(repository.directory).history()
    except OSError as error:
        err.write(f"The history in {repository.directory} cannot be read: {error.strerror}\n")
        return 1
    out.writelines(f"{change.to_json() if options.json else _line(change)}\n" for change in changes)
    if not changes and not options.json:
        out.write(f"{options.model} was never paused\n")
    if unreadable:
        err.write(
            f"{unreadable} lines of the history cannot be read: cut short by a crash, or not written by a gateway\n"
        )
        return 1
    return 0


def _line(change: PauseChange) -> str:
    late = "  (noted late: its writer died)" if change.recovered else ""
    return f"{change.at}  {change.action:<6}  {change.reason:<17}  {change.by}: {change.why}{late}"
