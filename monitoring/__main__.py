"""`python -m monitoring COMMAND`: each command lives in a module of `monitoring.commands` (`monitoring.dispatch`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from monitoring.dispatch import Commands

COMMANDS: Final = Commands(
    "python -m monitoring",
    {
        "drift": ("monitoring.commands.drift", "watch for drift, explain it, plan for it, sign a site's profile"),
        "sentinel": ("monitoring.commands.sentinel", "golden photos through the site's front door, every few minutes"),
        "write-rules": ("monitoring.commands.rules", "the rule files anew, from slo.yaml"),
        "write-dashboards": ("monitoring.commands.dashboards", "the Grafana dashboards anew"),
    },
)


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Run a command; see `Commands.run`."""
    return COMMANDS.run(arguments, environment, out, err)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], os.environ, sys.stdout, sys.stderr))
