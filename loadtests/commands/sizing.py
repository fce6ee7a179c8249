"""`python -m loadtests sizing`: write `loadtests/SIZING.md` anew from the raw results; with --check, only say whether it would differ.

Exit code 0: written, or the same; 1: it cannot be calculated; 3: it differs.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from loadtests.errors import LoadTestError
from loadtests.sizing.page import PAGE, as_page, write_page
from loadtests.sizing.raw import PROJECT, read_figures

WRITTEN, FAILED, DIFFERS = 0, 1, 3


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - as all commands
    """Write the page, or check it; the exit codes are those above."""
    parser = argparse.ArgumentParser(prog="python -m loadtests sizing", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, and say whether the page is what it should be"
    )
    parser.add_argument(
        "--root", type=Path, default=PROJECT, help="folder with loadtests/results and serving/results (this project)"
    )
    parser.add_argument("--page", type=Path, default=PAGE, help="to write (loadtests/SIZING.md)")
    options = parser.parse_args(arguments)
    try:
        figures = read_figures(options.root)
        if options.check:
            if options.page.exists() and options.page.read_text() == as_page(figures):
                return WRITTEN
            err.write(
                f"{options.page} is not what the raw results say; write it anew with python -m loadtests sizing\n"
            )
            return DIFFERS
        write_page(figures, options.page)
    except (LoadTestError, OSError) as error:
        err.write(f"{error}\n")
        return FAILED
    out.write(f"{options.page}\n")
    return WRITTEN
