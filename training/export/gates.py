"""What must hold before a version becomes visible. Each gate raises; the staging directory is then removed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from serving.contract.severity import band_of, severity_ppm
from training.errors import ExportRefused, ParityBroken, PolarityReversed
from training.evaluation.ranking import auroc, auroc_interval
from training.export import reload
from training.polarity import DEPRESSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from serving.contract.model import ModelContract

    Arrays = dict[str, NDArray[Any]]

LOGIT_TOLERANCE = 1e-3
"""float32 logits of some tens carry about 1e-5 of rounding; p is what has to agree closely."""


def check_polarity(
    subjects: Sequence[str],
    labels: NDArray[np.int_],
    p_no_depression: NDArray[np.float32],
    *,
    chance_allowed: bool = False,
) -> None:
    """On held-out photos the depressed must get the lower p_no_depression, on the mean and by rank (AUROC >= 0.5).

    A model at chance falls below 0.5 half of the time. Where `chance_allowed`, it is refused only if the AUROC is below
    0.5 by more than chance explains: if the upper end of its 95 % interval (bootstrap of subjects) is.

    Args:
        subjects: Whose photo each is.
        labels: 1 where depressed, [n].
        p_no_depression: The model's answers, [n].
        chance_allowed: The version will say that it knows nothing.

    Raises:
        PolarityReversed: they do not; or there are no photos of one label to tell by.
    """
    depressed = labels == DEPRESSED
    if depressed.all() or not depressed.any():
        message = "polarity cannot be checked: the held-out photos are all of one label"
        raise PolarityReversed(message)
    mean_depressed, mean_not = float(p_no_depression[depressed].mean()), float(p_no_depression[~depressed].mean())
    area = auroc(depressed, 1.0 - p_no_depression.astype(np.float64))
    low, high = auroc_interval(subjects, depressed, p_no_depression)
    wrong = not high >= 0.5 if chance_allowed else mean_depressed >= mean_not or area < 0.5
    if wrong:
        message = (
            f"held-out p_no_depression is {mean_depressed:.3f} for label 1 (depressed) and {mean_not:.3f} for label 0, "
            f"AUROC {area:.3f} (95 % {low:.3f} to {high:.3f}): the polarity is reversed, or the model learned nothing. "
            "Check the labels or train longer."
        )
        raise PolarityReversed(message)


def check_reloaded(version_folder: Path, contract: ModelContract, golden_path: Path) -> float:
    """Reload the graph in a fresh process without Keras and hold its answers against the golden crops.

    Returns:
        Largest difference in probability.

    Raises:
        ExportRefused: the fresh process failed.
        ParityBroken: see `check_answers`.
    """
    with np.load(golden_path) as content:
        golden = dict(content)
    return check_answers(answer_in_fresh_process(version_folder, golden["crops"]), golden, contract)


def answer_in_fresh_process(version_folder: Path, crops: NDArray[np.uint8]) -> Arrays:
    """What the exported graph answers (`training.export.reload`).

    Raises:
        ExportRefused: it cannot be loaded and run.
    """
    with tempfile.TemporaryDirectory() as temporary:
        crops_path, answers_path = Path(temporary, "crops.npy"), Path(temporary, "answers.npz")
        np.save(crops_path, crops)
        program = [sys.executable, reload.__file__, str(version_folder), str(crops_path), str(answers_path)]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        finished = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
        if finished.returncode != 0:
            reason = (finished.stderr.strip().splitlines() or ["no message"])[-1]
            message = f"the exported graph cannot be loaded and run in a fresh process: {reason}"
            raise ExportRefused(message)
        with np.load(answers_path) as answers:
            return dict(answers)


def check_answers(answers: Arrays, golden: Arrays, contract: ModelContract) -> float:
    """Hold the graph's answers against the golden ones.

    Returns:
        Largest difference in probability.

    Raises:
        ParityBroken: a probability differs by more than the contract's float32 tolerance, a logit by more than
            `LOGIT_TOLERANCE`, a band differs, or the metadata signature does not answer the contract.
    """
    together = _largest_difference(answers["p_no_depression"], golden["p_no_depression"])
    alone = _largest_difference(answers["p_alone"], golden["p_no_depression"][:1])
    largest, tolerance = max(together, alone), contract.tolerances.float32_same_machine
    if not largest <= tolerance:
        message = f"the exported graph differs from Keras by {largest:.2e} in probability (allowed {tolerance:g})"
        raise ParityBroken(message)
    largest_logit = _largest_difference(answers["logit"], golden["logit"])
    if not largest_logit <= LOGIT_TOLERANCE:
        message = f"the exported logit differs from Keras by {largest_logit:.2e} (allowed {LOGIT_TOLERANCE:g})"
        raise ParityBroken(message)
    if [str(band_of(severity_ppm(p))) for p in answers["p_no_depression"]] != golden["band"].tolist():
        message = "a golden crop falls into another band with the exported graph than with Keras"
        raise ParityBroken(message)
    if set(answers["metadata"].tolist()) != {contract.to_json()}:
        message = "the metadata signature does not answer the contract that stands in contract.json"
        raise ParityBroken(message)
    return largest


def _largest_difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one.astype(np.float64) - other).max())
