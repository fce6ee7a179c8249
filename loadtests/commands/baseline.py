"""`python -m loadtests baseline`: keep several runs of the same thing as a baseline, and say how much noise they show.

python -m loadtests baseline keep RUN RUN RUN RUN RUN --as gateway-2026-11
python -m loadtests baseline show gateway-2026-11
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from loadtests.compare.baseline import DEFAULT_BASELINES, Baseline, keep_baseline, read_baseline
from loadtests.compare.checks import show, show_change
from loadtests.compare.comparison import noise_of
from loadtests.errors import LoadTestError

KEPT, FAILED = 0, 1
FORBIDDEN_IN_NAMES: Final = "/\\"


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - as all commands
    """Keep or show: 0 where it was done, 1 with a sentence where it was not."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtests baseline", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(dest="action", required=True)
    keep = actions.add_parser("keep", help="copy runs into a baseline")
    keep.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="folder of a finished run; three at least, five are better"
    )
    keep.add_argument("--as", dest="name", required=True, type=_name, help="of the baseline")
    keep.add_argument("--into", type=Path, default=DEFAULT_BASELINES, help=f"folder of baselines ({DEFAULT_BASELINES})")
    shown = actions.add_parser("show", help="say from which difference on a comparison shows one")
    shown.add_argument(
        "folders", nargs="+", type=Path, metavar="FOLDER", help="of a baseline, or of runs; or a baseline's name"
    )
    options = parser.parse_args(arguments)
    try:
        if options.action == "keep":
            folder = options.into / options.name
            baseline = keep_baseline(folder, options.runs)
            out.write(f"{folder}\n")
        else:
            baseline = read_baseline(options.folders)
    except (LoadTestError, OSError) as error:
        err.write(f"{error}\n")
        return FAILED
    out.write(describe_noise(baseline))
    return KEPT


def describe_noise(baseline: Baseline) -> str:
    """The noise floor of each figure for one further run, for a terminal."""
    lines = [f"{baseline.name}: {len(baseline.runs)} runs; a further run shows a difference from here on:"]
    for change in noise_of(baseline):
        values = change.baseline_values
        floor = show_change(change.floor, change).removeprefix("+")
        spread = f"{show(min(values), change.unit)} to {show(max(values), change.unit)}"
        lines.append(f"  {change.figure}: {show(change.baseline, change.unit)} ({spread}), noise floor {floor}")
    return "\n".join(lines) + "\n"


def _name(text: str) -> str:
    if not text or text.startswith(".") or any(letter in text for letter in FORBIDDEN_IN_NAMES):
        message = f"{text!r} is no name of a baseline; give one word, and its folder with --into"
        raise argparse.ArgumentTypeError(message)
    return text
