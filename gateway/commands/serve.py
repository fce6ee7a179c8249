"""`python -m gateway`, or `serve`: read the settings, check them, serve until told to stop."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from typing import TextIO

from gateway.errors import StartRefused
from gateway.settings import Settings
from serving.core_dumps import forbid_memory_dumps


def run(arguments: Sequence[str], environment: Mapping[str, str], _out: TextIO, err: TextIO) -> int:
    """Serve; returns only when the gateway does not start, or was told to stop."""
    argparse.ArgumentParser(
        prog="python -m gateway serve", description=__doc__, epilog="Settings come from the environment."
    ).parse_args(arguments)
    from gateway.start import require_startable  # noqa: PLC0415 - a command that is mistyped need not wait for these

    try:
        settings = Settings.from_environment(environment)
        require_startable(settings)
    except StartRefused as error:
        err.write(f"The gateway does not start:\n{error}\n")
        return os.EX_CONFIG
    from gateway.server import GatewayServer  # noqa: PLC0415 - the same

    forbid_memory_dumps()
    GatewayServer(settings).run()
    return os.EX_OK
