"""`python -m gateway`: read the settings, check them, serve until told to stop. `keys` makes and revokes API keys."""

from __future__ import annotations

import os
import sys

from gateway.access.key_commands import run_key_command
from gateway.errors import StartRefused
from gateway.server import GatewayServer
from gateway.settings import Settings
from gateway.start import require_startable


def main() -> int:
    """Run the gateway, which returns only when it does not start, or the command that the arguments name."""
    if sys.argv[1:2] == ["keys"]:
        return run_key_command(sys.argv[2:], os.environ)
    # gRPC's core writes to standard error by itself, past our log lines and their rules.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        settings = Settings.from_environment(os.environ)
        require_startable(settings)
    except StartRefused as error:
        print(f"The gateway does not start:\n{error}", file=sys.stderr)  # noqa: T201 - for the person at the terminal
        return os.EX_CONFIG
    GatewayServer(settings).run()
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
