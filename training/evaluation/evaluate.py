"""Every figure of a model on its held-out test split, as one JSON object (`evaluation.json`)."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from serving.contract.severity import Band, band_of, severity_ppm
from training.evaluation.measures import (
    RATE_NAMES,
    RESAMPLES,
    auroc,
    bootstrap_intervals,
    confusion,
    rates,
    share_of_bayes,
)
from training.evaluation.scoring import mirror_crops, score
from training.polarity import DEPRESSED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import keras
    from numpy.typing import NDArray

    from training.data.manifest import Photo
    from training.data.shards import CropStore

KNOWS_NOTHING_BELOW_AUROC = 0.80
"""Under this the version says that the model knows nothing (issue 2)."""
SYNTHESIS_NAME = "synthesis.json"
EVALUATION_SCHEMA = "symmetra.evaluation/1"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model answered on the photos of a split, in order."""

    depressed: NDArray[np.bool_]
    subjects: tuple[str, ...]
    p: NDArray[np.float32]
    """p_no_depression."""
    p_mirrored: NDArray[np.float32]
    """The same for the mirrored crops."""


def answer(model: keras.Model, store: CropStore, photos: Sequence[Photo]) -> Answers:
    """Ask a model about photos and about their mirror images."""
    crops = store.read([photo.path for photo in photos])
    return Answers(
        depressed=np.array([photo.label == DEPRESSED for photo in photos]),
        subjects=tuple(photo.subject_id for photo in photos),
        p=score(model, crops),
        p_mirrored=score(model, mirror_crops(crops)),
    )


def measure(answers: Answers, bayes_accuracy: float | None) -> dict[str, Any]:
    """Every figure; an undefined rate (nobody called depressed) is None.

    Args:
        answers: On the held-out test split.
        bayes_accuracy: Of the best possible reader, where the data are drawn; else None.
    """
    depressed, subjects, p, p_mirrored = answers.depressed, answers.subjects, answers.p, answers.p_mirrored
    counts = confusion(depressed, p)
    values = {name: float(value) for name, value in rates(**dataclasses.asdict(counts)).items()}
    values["auroc"] = auroc(depressed, 1.0 - p.astype(np.float64))
    intervals = bootstrap_intervals(subjects, depressed, p)
    bands = [band_of(severity_ppm(value)) for value in p]
    bands_mirrored = [band_of(severity_ppm(value)) for value in p_mirrored]
    share = float(depressed.mean())
    return {
        "schema": EVALUATION_SCHEMA,
        "positive": "depressed (label 1), called where p_no_depression < 0.5",
        "photos": len(p),
        "subjects": len(set(subjects)),
        "depressed_share": share,
        "confusion": dataclasses.asdict(counts),
        **{name: _defined(values[name]) for name in (*RATE_NAMES, "auroc")},
        "intervals_95": {name: [_defined(end) for end in intervals[name]] for name in intervals},
        "interval_method": f"percentiles of {RESAMPLES} bootstrap resamples of subjects",
        "bayes_accuracy": bayes_accuracy,
        "share_of_bayes": None if bayes_accuracy is None else share_of_bayes(values["accuracy"], bayes_accuracy),
        "baseline_accuracy": max(share, 1.0 - share),
        "baseline": "always the more frequent label",
        "bands": {str(band): bands.count(band) for band in Band},
        "depressed_by_band": {str(band): _depressed_share(depressed, bands, band) for band in Band},
        "band_flips_mirrored": sum(one is not other for one, other in zip(bands, bands_mirrored, strict=True)),
        "largest_p_difference_mirrored": float(np.abs(p.astype(np.float64) - p_mirrored).max()),
        "knows_nothing": not values["auroc"] >= KNOWS_NOTHING_BELOW_AUROC,
    }


def read_bayes_accuracy(data_dir: Path) -> float | None:
    """Accuracy of the best possible reader of a drawn data set; None where the data are not drawn."""
    path = data_dir / SYNTHESIS_NAME
    return float(json.loads(path.read_text(encoding="utf-8"))["bayes_accuracy"]) if path.exists() else None


def _depressed_share(depressed: NDArray[np.bool_], bands: Sequence[Band], band: Band) -> float | None:
    inside = [bool(truth) for truth, found in zip(depressed, bands, strict=True) if found is band]
    return sum(inside) / len(inside) if inside else None


def _defined(value: float) -> float | None:
    return value if math.isfinite(value) else None
