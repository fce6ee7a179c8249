"""`python -m loadtests report RUN`: the verdict on a finished run, written beside it as JSON, JUnit XML and an HTML page."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from loadtests.errors import LoadTestError
from loadtests.report.junit import as_junit
from loadtests.report.page import as_page
from loadtests.report.text import as_json, describe_verdict
from loadtests.run.format import FinishedRun, read_run
from loadtests.verdict.decision import NO_VERDICT, Verdict, decide
from loadtests.verdict.objectives import SLO_FILE, read_objectives, with_latency

PAGE_FILE: Final = "report.html"
JUNIT_FILE: Final = "junit.xml"
VERDICT_FILE: Final = "verdict.json"


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - as all commands
    """Decide on a run; the exit codes are those of `loadtests.verdict.decision`."""
    parser = argparse.ArgumentParser(prog="python -m loadtests report", description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a finished run")
    parser.add_argument("--slo-file", type=Path, default=SLO_FILE, help="objectives (the site's slo.yaml)")
    parser.add_argument(
        "--slo", action="append", default=[], metavar="p95=250ms", help="latency instead of the file's; again for more"
    )
    parser.add_argument("--into", type=Path, help="folder for the reports (that of the run)")
    options = parser.parse_args(arguments)
    try:
        objectives = with_latency(read_objectives(options.slo_file), options.slo)
        finished = read_run(options.run)
        verdict = decide(finished, objectives)
        write_reports(options.into or options.run, finished, verdict)
    except (LoadTestError, OSError) as error:
        err.write(f"{error}\n")
        return NO_VERDICT
    out.write(f"{describe_verdict(verdict)}{(options.into or options.run) / PAGE_FILE}\n")
    return verdict.code


def write_reports(folder: Path, finished: FinishedRun, verdict: Verdict) -> None:
    """Write the three files of a verdict."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE_FILE).write_text(as_page(finished, verdict))
    (folder / JUNIT_FILE).write_text(as_junit(verdict, finished.summary))
    (folder / VERDICT_FILE).write_text(json.dumps(as_json(verdict, finished.summary), indent=2) + "\n")
