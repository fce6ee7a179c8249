"""`python -m training export`: a finished run becomes the next version of a model repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from serving.contract.model import MODEL_NAME, Calibration, Evidence
from serving.repository import ModelRepository
from training.commands.evaluate import load_run_model, open_data
from training.commands.report import PROBES_NAME, read_probes
from training.commands.shared import run_safely, say
from training.data.dataset import DataOptions
from training.errors import ExportRefused
from training.evaluation.scoring import BATCH_SIZE, scorer_of
from training.export.drawn import draw_crops
from training.export.version import Candidate, publish_version
from training.reporting.report import without_folders
from training.runs import Run, read_json
from training.synthetic.corpus import SYNTHESIS_NAME

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.data.shards import CropStore

POOL_CROPS = 400
"""Golden crops are chosen from at most this many held-out crops: enough to find some near each band edge."""
TOLD = ("photos", "recipe", "epochs_run", "training_seconds", "photos_per_second")
"""Entries of `run.json` that the version's card tells."""
TOLD_WHERE_THERE = ("start_model", "despite_inspection")
"""Entries that only some runs have: what the weights started from, and what was insisted on against inspection."""
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
    parser.add_argument(
        "--precision",
        choices=["float32", "bfloat16"],
        default="float32",
        help="of the served graph: float32 runs anywhere; bfloat16 is faster where the processor has it, is published as "
        "a version of its own that names this device, and is refused where a golden crop moves by 0.005 (default float32)",
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
    spec = DataOptions.from_dict(description.get("data_options", {})).crop_spec
    test, model = parts["test"], load_run_model(run)
    probes_path = run.folder / PROBES_NAME
    measured = read_probes(probes_path, run) if probes_path.exists() else {}
    paths = [photo.path for photo in test]
    candidate = Candidate(
        model=model,
        architecture=description["recipe"]["architecture"],
        evidence=evidence,
        training_data=training_data,
        evaluation=evaluation,
        held_out_p=score_stored(model, store, paths),
        held_out_labels=np.array([photo.label for photo in test]),
        held_out_subjects=tuple(photo.subject_id for photo in test),
        held_out_quality=store.quality(paths),
        golden_pool=store.read(paths[:POOL_CROPS]) if drawn else draw_crops(POOL_CROPS // 4, spec),
        calibration=_calibration(run),
        precision=arguments.precision,
        training=without_folders(
            {name: description[name] for name in (*TOLD, *(name for name in TOLD_WHERE_THERE if name in description))}
        ),
        crop=spec,
        probes=measured.get("probes"),
        baselines=measured.get("baselines"),
    )
    published = publish_version(candidate, repository)
    say(f"published {repository.model_name} version {published.version}, digest {published.digest}")
    say(f"largest difference to Keras in a fresh process: {published.largest_p_difference:.1e}")


def score_stored(model: keras.Model, store: CropStore, paths: Sequence[str]) -> NDArray[np.float32]:
    """p_no_depression of stored crops, [n]; only a batch of them is in memory at a time."""
    scorer = scorer_of(model)
    starts = range(0, len(paths), BATCH_SIZE)
    return np.concatenate([scorer.score(store.read(paths[start : start + BATCH_SIZE]))[0] for start in starts])


def _calibration(run: Run) -> Calibration:
    """What `fit` folded into the last layer; runs of an earlier release have nothing there."""
    if not run.calibration.exists():
        return Calibration()
    content = read_json(run.calibration, "python -m training fit")
    return Calibration(content["method"], float(content["temperature"]))


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
