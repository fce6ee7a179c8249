"""`python -m monitoring write-rules`: the rule files anew, from `slo.yaml`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from monitoring.objectives import SLO_PATH, ObjectivesError, read_objectives
from monitoring.rules.durations import Pace
from monitoring.rules.writing import RULES_FOLDER, generated_files


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - the same for every command
    """Write the files, or say which differ; 0 done or nothing differs, 1 not."""
    parser = argparse.ArgumentParser(prog="python -m monitoring write-rules", description=__doc__)
    parser.add_argument("--objectives", type=Path, default=SLO_PATH, metavar="FILE", help="default: %(default)s")
    parser.add_argument("--folder", type=Path, default=RULES_FOLDER, metavar="DIR", help="default: %(default)s")
    parser.add_argument(
        "--times-faster",
        type=_factor,
        default=1.0,
        metavar="N",
        help="for trials: every window and wait is so many times shorter (default: 1, as a site runs them)",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where a file is not current")
    options = parser.parse_args(arguments)
    try:
        files = generated_files(read_objectives(options.objectives), Pace(options.times_faster))
    except ObjectivesError as error:
        err.write(f"{error}\n")
        return 1
    if options.check:
        outdated = [name for name, text in files.items() if _text_of(options.folder / name) != text]
        says = f"is not what {options.objectives.name} says: python -m monitoring write-rules"
        err.writelines(f"{name} {says}\n" for name in outdated)
        return 1 if outdated else 0
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (options.folder / name).write_text(text, encoding="utf-8")
            out.write(f"{options.folder / name}\n")
    except OSError as error:
        err.write(f"The rules cannot be written: {error}\n")
        return 1
    return 0


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 1.0 <= factor <= 1000.0:
        message = f"{text!r} is not a number from 1 to 1000"
        raise argparse.ArgumentTypeError(message)
    return factor
