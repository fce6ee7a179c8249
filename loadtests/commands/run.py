"""`python -m loadtests run`: one run against one target, and whether it can be believed."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from loadtests.errors import LoadTestError
from loadtests.run.keeper import folder_of_now
from loadtests.run.launch import make_run
from loadtests.run.plan import DEFAULT_MODEL, DEFAULT_PATIENCE_SECONDS
from loadtests.run.request import RunRequest
from loadtests.run.summary import describe

VALID, FAILED, INVALID = 0, 1, 3
DEFAULT_RUNS: Final = Path(".run/loadtests")


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - as all commands
    """Make a run: 0 where it can be believed, however the target fared, 3 where it is INVALID, 1 where there is none."""
    parser = argparse.ArgumentParser(prog="python -m loadtests run", description=__doc__)
    add_run_options(parser)
    parser.add_argument("--folder", type=Path, help=f"of this run; if not given, a new one under {DEFAULT_RUNS}")
    options = parser.parse_args(arguments)
    folder: Path = options.folder or folder_of_now(DEFAULT_RUNS)
    try:
        finished = make_run(request_of(options, folder))
    except LoadTestError as error:
        err.write(f"{error}\n")
        return FAILED
    out.write(f"{describe(finished.summary)}\n{folder}\n")
    return VALID if finished.summary.valid else INVALID


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that makes runs."""
    parser.add_argument("--target", required=True, help="http://HOST:PORT of the gateway")
    parser.add_argument("--i-own-this-target", help="the target again, where it is not this machine")
    parser.add_argument("--rate", type=float, default=5.0, help="requests per second (5)")
    parser.add_argument("--seconds", type=float, default=60.0, help="during which requests are due (60)")
    parser.add_argument(
        "--arrivals",
        default="poisson",
        help="poisson, ramp:LAST, ramp:FIRST:LAST, spike:PEAK:BEGIN:LENGTH, day, replay:CSV (poisson)",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the schedule and of the choice of photos (1)")
    parser.add_argument(
        "--mix", default="photo", help="shares of photo, page and direct, as in photo=0.9,page=0.1 (photo)"
    )
    parser.add_argument("--pack", type=Path, help="folder of the photos; `python -m training load-pack` draws one")
    parser.add_argument(
        "--metrics",
        action="append",
        default=[],
        metavar="URL",
        help="metrics page of a replica of the gateway; for each one",
    )
    parser.add_argument("--workers", type=int, default=1, help="processes that make load (1)")
    parser.add_argument("--key-file", type=Path, help="file of an API key of the class loadtest")
    parser.add_argument("--ca-file", type=Path, help="of who signed the target's certificate")
    parser.add_argument("--model-server", metavar="HOST:PORT", help="for direct users")
    parser.add_argument("--i-own-this-model-server", help="the model server again, where it is not this machine")
    parser.add_argument("--model", default=DEFAULT_MODEL, help=f"its model ({DEFAULT_MODEL})")
    parser.add_argument(
        "--patience",
        type=float,
        default=DEFAULT_PATIENCE_SECONDS,
        help=f"seconds after which a request is given up ({DEFAULT_PATIENCE_SECONDS:.0f})",
    )


def request_of(options: argparse.Namespace, folder: Path) -> RunRequest:
    """What `add_run_options` read, for one run into a folder."""
    return RunRequest(
        target=options.target,
        folder=folder,
        rate=options.rate,
        seconds=options.seconds,
        arrivals=options.arrivals,
        seed=options.seed,
        mix=options.mix,
        pack=options.pack,
        metrics=tuple(options.metrics),
        workers=options.workers,
        key_file=options.key_file,
        ca_file=options.ca_file,
        model_server=options.model_server,
        model=options.model,
        patience_seconds=options.patience,
        i_own_this_target=options.i_own_this_target,
        i_own_this_model_server=options.i_own_this_model_server,
    )
