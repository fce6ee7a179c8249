"""`python -m monitoring drift ...`: each command lives in a module of its own (`monitoring.dispatch`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from monitoring.dispatch import Commands

COMMANDS: Final = Commands(
    "python -m monitoring drift",
    {
        "controller": (f"{__name__}.controller", "watch, and show what was found as metrics"),
        "explain": (f"{__name__}.explain", "what moved, since when, with a picture against the reference"),
        "plan": (
            f"{__name__}.plan",
            "how many days until each change is seen at so many photos a day, and what is not",
        ),
        "restart": (f"{__name__}.restart", "take up an alarm: the detectors begin anew"),
        "sign-profile": (f"{__name__}.sign_profile", "say that what was counted is normal at this site"),
    },
)


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Run a command; see `Commands.run`."""
    return COMMANDS.run(arguments, environment, out, err)
