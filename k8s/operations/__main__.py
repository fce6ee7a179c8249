"""`python -m k8s.operations COMMAND`: run from the project's root, or from an unpacked bundle."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from k8s.operations.errors import OperationError

COMMANDS: Final = {
    "preflight": ("k8s.operations.preflight.program", "run", "what is missing in the cluster, before installing"),
    "reach": ("k8s.operations.preflight.program", "run_reach", "what a pod sees; preflight's Job runs it"),
    "doctor": ("k8s.operations.doctor.program", "run", "what is wrong with a running installation"),
    "secrets": ("k8s.operations.site_secrets.program", "run", "make the Secrets and the CA bundle that are missing"),
    "keys": ("k8s.operations.site_secrets.program", "run_keys", "add, rotate or revoke an API key"),
    "bundle": ("k8s.operations.bundle.program", "run", "make, verify and load what a site without internet gets"),
    "images": ("k8s.operations.images.program", "run", "build the images, look up the digests of their bases"),
    "sbom": ("k8s.operations.images.sbom", "run", "what a lock file installs, as CycloneDX"),
}
USAGE_ERROR: Final = 2


def main(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Run the command that the arguments name, and return the exit code: 0 done, 1 a sentence says why not, 2 the command line is wrong."""
    if not arguments or arguments[0] not in COMMANDS:
        width = max(map(len, COMMANDS))
        lines = "".join(f"  {name:<{width}}  {says}\n" for name, (_, _, says) in COMMANDS.items())
        asked = bool(arguments) and arguments[0] in {"-h", "--help"}
        (out if asked else err).write(f"usage: python -m k8s.operations COMMAND [--help]\n\n{lines}")
        return 0 if asked else USAGE_ERROR
    module, function, _ = COMMANDS[arguments[0]]
    try:
        code: int = getattr(importlib.import_module(module), function)(arguments[1:], environment, out)
    except OperationError as error:
        err.write(f"{error}\n")
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, sys.stdout, sys.stderr))
