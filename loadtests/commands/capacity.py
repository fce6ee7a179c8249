"""`python -m loadtests capacity`: the largest rate that a target sustains, and the site's number in one sentence.

Runs at many rates, a line for each; the rate that is given is the first guess, the seconds are those of a full run. The same command
with the same folder goes on where it was stopped. Exit code 0: a capacity lies between two rates that were each measured twice;
3: at least so much, the generator was the limit or a run stayed INVALID; 4: nothing is sustained; 1: there is no answer.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from loadtests.capacity.answer import OFF, ON, Capacity, Told, answer, confidence_of
from loadtests.capacity.forecast import Forecast
from loadtests.capacity.looking_ahead import look_ahead
from loadtests.capacity.measuring import CapacityQuestion, search_capacity
from loadtests.capacity.page import as_page
from loadtests.capacity.search import AT_LEAST, BRACKETED, NOTHING_SUSTAINED, SearchSettings
from loadtests.commands.run import add_run_options, request_of
from loadtests.errors import CapacityUnusable, LoadTestError
from loadtests.run.keeper import folder_of_now
from loadtests.run.plan import parse_mix
from loadtests.verdict.objectives import SLO_FILE, read_objectives, with_latency

FOUND, NO_ANSWER, LIMITED, NOTHING = 0, 1, 3, 4
CODES: Final = {BRACKETED: FOUND, AT_LEAST: LIMITED, NOTHING_SUSTAINED: NOTHING}
DEFAULT_FOLDER: Final = Path(".run/capacity")
CAPACITY_FILE: Final = "capacity.json"
PAGE_FILE: Final = "capacity.html"
DEFAULT_SECONDS: Final = 60.0
LEAST_REQUESTS: Final = 20
"""Of a full run; a percentile of fewer says nothing, so that no lower rate is tried."""
PHOTO: Final = "photo"


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - as all commands
    """Search, and say what was found; the exit codes are those above."""
    options = _parser().parse_args(arguments)
    folder: Path = options.folder or folder_of_now(DEFAULT_FOLDER)

    def tell(line: str) -> None:
        err.write(f"{line}\n")
        err.flush()

    try:
        question = _question(options, folder)
        told = _told(options)
        tell(f"searching in {folder}")
        found, runs = search_capacity(question, folder, tell)
        capacity = answer(question, told, found, runs)
        forecasts = look_ahead(question, capacity, options.forecast_gateways, folder, tell)
        _write(folder, question, capacity, forecasts)
    except (LoadTestError, OSError) as error:
        err.write(f"{error}\n")
        return NO_ANSWER
    lines = [capacity.sentence, confidence_of(capacity), *(each.says for each in forecasts), str(folder / PAGE_FILE)]
    out.write("".join(f"{line}\n" for line in lines))
    return CODES.get(capacity.kind, LIMITED if capacity.rate else NO_ANSWER)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtests capacity", description=__doc__)
    add_run_options(parser)
    parser.set_defaults(seconds=DEFAULT_SECONDS)
    parser.add_argument("--slo-file", type=Path, default=SLO_FILE, help="objectives (the site's slo.yaml)")
    parser.add_argument(
        "--slo", action="append", default=[], metavar="p95=250ms", help="latency instead of the file's; again for more"
    )
    parser.add_argument(
        "--width", type=float, default=0.03, help="of the bracket that is narrow enough, relatively (0.03)"
    )
    parser.add_argument("--folder", type=Path, help=f"of this search; if not given, a new one under {DEFAULT_FOLDER}")
    parser.add_argument("--replicas", type=int, help="of the gateway, where --metrics does not say")
    parser.add_argument("--device", help="of the model server, as in 'CPU, 8 cores'")
    parser.add_argument(
        "--records", choices=(ON, OFF), help="whether answers are recorded, where --metrics does not say"
    )
    parser.add_argument("--photos-per-patient", type=float, help="on average")
    parser.add_argument(
        "--forecast-gateways",
        type=int,
        action="append",
        default=[],
        metavar="N",
        help="calculate what so many gateways would sustain; with --model-server its own limit is measured first; again for more",
    )
    return parser


def _question(options: argparse.Namespace, folder: Path) -> CapacityQuestion:
    if options.arrivals != "poisson":
        message = "a capacity is searched with constant rates; leave --arrivals out"
        raise CapacityUnusable(message)
    if PHOTO not in parse_mix(options.mix):
        message = "a capacity is a number of screenings; let --mix have photos"
        raise CapacityUnusable(message)
    if not (options.rate > 0 and options.seconds > 0):
        message = "--rate and --seconds want numbers above 0"
        raise CapacityUnusable(message)
    if not 0 < options.width < 1:
        message = f"--width {options.width:g} is no share; give the width of the bracket as in 0.03"
        raise CapacityUnusable(message)
    if options.replicas is not None and options.metrics and options.replicas != len(options.metrics):
        message = f"--replicas says {options.replicas}, and {len(options.metrics)} metrics pages are given; name the page of each replica"
        raise CapacityUnusable(message)
    if any(count < 1 for count in options.forecast_gateways):
        message = "--forecast-gateways wants a number of gateways, 1 or more"
        raise CapacityUnusable(message)
    objectives = with_latency(read_objectives(options.slo_file), options.slo)
    settings = SearchSettings(options.rate, options.width, lowest_rate=LEAST_REQUESTS / options.seconds)
    return CapacityQuestion(request_of(options, folder), objectives, settings)


def _told(options: argparse.Namespace) -> Told:
    return Told(options.replicas, options.device, options.records, options.photos_per_patient)


def _write(folder: Path, question: CapacityQuestion, capacity: Capacity, forecasts: Sequence[Forecast]) -> None:
    content = dataclasses.asdict(capacity) | {"forecasts": [dataclasses.asdict(each) for each in forecasts]}
    (folder / CAPACITY_FILE).write_text(json.dumps(content, indent=2) + "\n")
    (folder / PAGE_FILE).write_text(as_page(capacity, question.objectives.latency, forecasts))
