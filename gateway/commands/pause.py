"""`python -m gateway pause`: every gateway that reads this model repository refuses photos from its next request on."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Mapping, Sequence
from typing import TextIO

from gateway.commands.place import add_by, add_place, find_repository
from gateway.stop.stop_switch import Effect, StopSwitch


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Pause, and say since when it holds."""
    parser = argparse.ArgumentParser(prog="python -m gateway pause", description=__doc__)
    parser.add_argument(
        "--reason", required=True, metavar="TEXT", help="why, for the record; callers are not told these words"
    )
    add_by(parser)
    add_place(parser, environment)
    options = parser.parse_args(arguments)
    if not options.reason.strip():
        parser.error("--reason must say why")
    repository = find_repository(parser, options)
    try:
        outcome = StopSwitch(repository.directory).pause(by=options.by.strip() or getpass.getuser(), why=options.reason)
    except OSError as error:
        err.write(f"NOT paused: {repository.directory} cannot be written: {error.strerror}\n")
        return 1
    change = outcome.change
    if outcome.effect is Effect.ALREADY_PAUSED and change is not None:
        out.write(
            f"{options.model} was paused already, since {change.at}, by {change.by} ({change.reason}): {change.why}\n"
        )
    else:
        out.write(f"{options.model} is paused: gateways that read {repository.directory} refuse photos from now on\n")
    if not outcome.noted:
        err.write("The history could not be written; the next change notes this one first.\n")
        return 1
    return 0
