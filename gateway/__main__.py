"""`python -m gateway`: serve until told to stop, or one of the commands in `gateway.commands`."""

from __future__ import annotations

import os
import sys

from gateway.commands.program import run


def main() -> int:
    """Run the command that the arguments name, and return the exit code."""
    # gRPC's core writes to standard error by itself, past our log lines and their rules.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    return run(sys.argv[1:], os.environ, sys.stdout, sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
