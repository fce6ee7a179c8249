"""`python -m training export`: a finished run becomes the next version of a model repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from serving.contract.model import MODEL_NAME, Evidence
from serving.repository import ModelRepository
from training.commands.evaluate import open_data
from training.commands.shared import run_safely, say
from training.errors import ExportRefused
from training.evaluation.evaluate import SYNTHESIS_NAME
from training.export.drawn import draw_crops
from training.export.version import Candidate, publish_version
from training.runs import Run

if TYPE_CHECKING:
    import argparse

POOL_CROPS = 400
"""Golden crops are chosen from at most this many held-out crops: enough to find some near each band edge."""
DRAWN_DATA = "Drawn faces (training.synthetic) with an assumed link from severity to droop; no photo of any person."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--run", type=Path, required=True, metavar="RUN", help="directory that `fit` wrote")
    parser.add_argument("--repository", type=Path, required=True, metavar="ROOT", help="root of the model repository")
    parser.add_argument("--model-name", default=MODEL_NAME, help=f"(default {MODEL_NAME})")
    parser.add_argument(
        "--evidence",
        choices=[Evidence.RESEARCH, Evidence.SITE_VALIDATED],
        help="what stands behind the version; needed unless the data are drawn, which is always 'demo'",
    )
    parser.add_argument(
        "--training-data", metavar="SENTENCE", help="says what the model learned from; goes with --evidence"
    )


def run(arguments: argparse.Namespace) -> int:
    """Export through every gate; nothing becomes visible unless all of them pass."""
    return run_safely(lambda: _export(arguments))


def _export(arguments: argparse.Namespace) -> None:
    repository = ModelRepository(arguments.repository, arguments.model_name)
    run = Run(arguments.run)
    evaluation, description = run.read_evaluation(), run.read_description()
    store, parts, data_dir = open_data(run)
    drawn = (data_dir / SYNTHESIS_NAME).exists()
    evidence, training_data = _evidence(arguments.evidence, arguments.training_data, drawn=drawn)
    test = parts["test"]
    crops = store.read([photo.path for photo in test])
    candidate = Candidate(
        model=keras.saving.load_model(run.model),
        architecture=description["recipe"]["architecture"],
        evidence=evidence,
        training_data=training_data,
        evaluation=evaluation,
        held_out_crops=crops,
        held_out_labels=np.array([photo.label for photo in test]),
        held_out_subjects=tuple(photo.subject_id for photo in test),
        golden_pool=crops[:POOL_CROPS] if drawn else draw_crops(POOL_CROPS // 4),
        training={
            "photos": description["photos"],
            **{name: description[name] for name in ("recipe", "epochs_run", "training_seconds", "photos_per_second")},
        },
    )
    published = publish_version(candidate, repository)
    say(f"published {repository.model_name} version {published.version}, digest {published.digest}")
    say(f"largest difference to Keras in a fresh process: {published.largest_p_difference:.1e}")


def _evidence(stated: str | None, training_data: str | None, *, drawn: bool) -> tuple[Evidence, str]:
    if drawn:
        if stated is not None:
            message = "this run learned from drawn faces: its evidence is always 'demo'; leave --evidence out"
            raise ExportRefused(message)
        return Evidence.DEMO, DRAWN_DATA
    if stated is None or not training_data:
        message = (
            "say what stands behind this version: --evidence research (or site_validated) and --training-data '...'"
        )
        raise ExportRefused(message)
    return Evidence(stated), training_data
