"""`python -m loadtests compare RUN --baseline FOLDER`: whether runs are worse than a baseline, beyond the noise that the baseline shows.

Writes the verdict beside the first run as `compare.json`, `compare.junit.xml` and `compare.html`, and ends as `report` does: 0 where
nothing is worse, 4 where something is, 3 where a run is INVALID, 1 where they cannot be compared.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from loadtests.commands.report import ReportFiles, write_reports
from loadtests.compare.baseline import read_baseline
from loadtests.compare.checks import decide_on_comparison
from loadtests.compare.comparison import compare
from loadtests.compare.options import add_baseline_options
from loadtests.errors import LoadTestError
from loadtests.report.text import describe_verdict
from loadtests.run.format import read_run
from loadtests.verdict.decision import NO_VERDICT

FILES: Final = ReportFiles("compare.html", "compare.junit.xml", "compare.json")


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - as all commands
    """Compare; the exit codes are those of `loadtests.verdict.decision`."""
    parser = argparse.ArgumentParser(prog="python -m loadtests compare", description=__doc__)
    parser.add_argument(
        "runs",
        nargs="+",
        type=Path,
        metavar="RUN",
        help="folder of a finished run; several of the same thing show more",
    )
    add_baseline_options(parser, is_required=True)
    parser.add_argument("--into", type=Path, help="folder for the reports (that of the first run)")
    options = parser.parse_args(arguments)
    into: Path = options.into or options.runs[0]
    try:
        runs = [read_run(folder) for folder in options.runs]
        comparison = compare(runs, read_baseline(options.baseline), options.across)
        verdict = decide_on_comparison(runs, comparison)
        write_reports(into, runs[0], verdict, comparison, FILES)
    except (LoadTestError, OSError) as error:
        err.write(f"{error}\n")
        return NO_VERDICT
    out.write(f"{describe_verdict(verdict, runs[0])}{into / FILES.page}\n")
    return verdict.code
