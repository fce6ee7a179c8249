"""`python -m training policy`: put the abstention that a run chose on validation into the repository's `policy.json`.

The thresholds in force stay. Every policy has a number of its own and a digest, and the history records it; versions are not
touched.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from serving.contract.model import MODEL_NAME
from serving.repository import ModelRepository
from training.calibration.calibrate import read_abstention
from training.commands.shared import run_safely, say
from training.runs import Run, read_json

if TYPE_CHECKING:
    import argparse

NOT_APPLIED_YET = "The gateway of this release reads the policy's thresholds only; it does not withhold bands yet."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--run", type=Path, required=True, metavar="RUN", help="run whose calibration.json says when to abstain"
    )
    parser.add_argument("--repository", type=Path, required=True, metavar="ROOT", help="root of the model repository")
    parser.add_argument("--model-name", default=MODEL_NAME, help=f"(default {MODEL_NAME})")


def run(arguments: argparse.Namespace) -> int:
    """Write the next policy; nothing happens where the one in force says the same."""
    return run_safely(lambda: _write(arguments))


def _write(arguments: argparse.Namespace) -> None:
    abstention = read_abstention(read_json(Run(arguments.run).calibration, "python -m training fit"))
    repository = ModelRepository(arguments.repository, arguments.model_name)
    current = repository.policy()
    if current.abstention != abstention:
        current = replace(current, number=current.number + 1, abstention=abstention)
        repository.set_policy(current)
    say(
        f"policy {current.number}, digest {current.digest}: no band where the severity moves by more than "
        f"{abstention.instability_max_ppm / 10_000:.1f} % under {abstention.jitter}; {abstention.measured_coverage:.1%} of the "
        f"validation photos keep theirs"
    )
    say(NOT_APPLIED_YET)
