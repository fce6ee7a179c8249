"""`python -m loadtests report RUN`: the verdict on a finished run, written beside it as JSON, JUnit XML and an HTML page."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from loadtests.compare.baseline import read_baseline
from loadtests.compare.checks import add_comparison
from loadtests.compare.comparison import Comparison, compare
from loadtests.compare.options import add_baseline_options
from loadtests.errors import LoadTestError
from loadtests.report.comparison import comparison_section
from loadtests.report.junit import as_junit
from loadtests.report.page import as_page
from loadtests.report.text import as_json, describe_verdict
from loadtests.run.format import FinishedRun, read_run
from loadtests.verdict.decision import NO_VERDICT, Verdict, decide
from loadtests.verdict.objectives import SLO_FILE, read_objectives, with_latency


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """Names of the files of a verdict: its page, its JUnit XML, its JSON."""

    page: str
    junit: str
    verdict: str


FILES: Final = ReportFiles("report.html", "junit.xml", "verdict.json")


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - as all commands
    """Decide on a run; the exit codes are those of `loadtests.verdict.decision`."""
    parser = argparse.ArgumentParser(prog="python -m loadtests report", description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a finished run")
    parser.add_argument("--slo-file", type=Path, default=SLO_FILE, help="objectives (the site's slo.yaml)")
    parser.add_argument(
        "--slo", action="append", default=[], metavar="p95=250ms", help="latency instead of the file's; again for more"
    )
    add_baseline_options(parser, is_required=False)
    parser.add_argument("--into", type=Path, help="folder for the reports (that of the run)")
    options = parser.parse_args(arguments)
    try:
        objectives = with_latency(read_objectives(options.slo_file), options.slo)
        finished = read_run(options.run)
        verdict, comparison = decide(finished, objectives), None
        if options.baseline:
            comparison = compare([finished], read_baseline(options.baseline), options.across)
            verdict = add_comparison(verdict, comparison)
        write_reports(options.into or options.run, finished, verdict, comparison)
    except (LoadTestError, OSError) as error:
        err.write(f"{error}\n")
        return NO_VERDICT
    out.write(f"{describe_verdict(verdict, finished)}{(options.into or options.run) / FILES.page}\n")
    return verdict.code


def write_reports(
    folder: Path,
    finished: FinishedRun,
    verdict: Verdict,
    comparison: Comparison | None = None,
    files: ReportFiles = FILES,
) -> None:
    """Write the three files of a verdict, with the comparison that is part of it where there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = [] if comparison is None else [comparison_section(comparison)]
    (folder / files.page).write_text(as_page(finished, verdict, sections))
    (folder / files.junit).write_text(as_junit(verdict, finished.summary))
    content = as_json(verdict, finished, comparison)
    (folder / files.verdict).write_text(json.dumps(content, indent=2) + "\n")
