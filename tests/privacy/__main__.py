"""`make privacy-proof`: no photo, and nothing that came with one, is kept, logged or measured; red where that does not hold.

    make privacy-proof                                              # on this machine, with processes of its own
    make privacy-proof TARGET=https://symmetra.example KEY_FILE=k   # marked photos through an installation

Exit code: 0 green, 1 red, 2 the command line is wrong, 3 partial (something that it needs is missing here, by name).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "gateway" / "results"


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.privacy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--target", help="address of an installation: only marked drawn faces are sent, nothing is searched"
    )
    parser.add_argument("--key-file", type=Path, help="file with one API key or bearer token for it")
    parser.add_argument(
        "--ca-file", type=Path, help="certificates that it is trusted by, in PEM; the system's where there is none"
    )
    parser.add_argument(
        "--scene", action="append", default=[], help="one scene only (may be repeated); the result is partial then"
    )
    parser.add_argument("--keep", action="store_true", help=f"write the report to {RESULTS.name}/ beside the gateway")
    arguments = parser.parse_args()
    if arguments.target:
        try:
            from tests.privacy.installation import mark_installation  # noqa: PLC0415 - all that an operator needs
        except ImportError as error:
            parser.error(
                f"{error.name} is missing: `python3 -m pip install pillow`, or PYTHON=/path/to/one/that/has/it"
            )
        return mark_installation(arguments.target, arguments.key_file, arguments.ca_file, sys.stdout)
    if arguments.key_file or arguments.ca_file:
        parser.error("--key-file and --ca-file are for an installation: name it with --target")
    from tests.privacy.proof import SCENES, prove, write_report  # noqa: PLC0415 - needs the development environment

    unknown = set(arguments.scene) - set(SCENES)
    if unknown:
        parser.error(f"no such scene: {', '.join(sorted(unknown))}; there are {', '.join(SCENES)}")
    report = prove(lambda line: print(line, file=sys.stderr, flush=True), scenes=tuple(arguments.scene))
    print(report.as_text())
    if arguments.keep:
        write_report(report, RESULTS)
    return report.code


if __name__ == "__main__":
    sys.exit(main())
