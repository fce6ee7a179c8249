"""The gateway as strace can watch it, whoever runs it: of a process that forbids memory dumps, only root sees paths and bytes.

python -m tests.support.watched_gateway
"""

from __future__ import annotations

import sys

from gateway.__main__ import main
from gateway.commands import serve
from serving.core_dumps import forbid_core_files


def run() -> int:
    """Serve, and return the exit code."""
    serve.forbid_memory_dumps = forbid_core_files
    return main()


if __name__ == "__main__":
    sys.exit(run())
