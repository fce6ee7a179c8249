"""What must hold before a version becomes visible. Each gate raises; the staging directory is then removed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from serving.contract.model import ASYMMETRY_TENSOR, ATTRIBUTION_TENSOR
from serving.contract.severity import band_of, severity_ppm
from training.errors import ExportRefused, ParityBroken, PolarityReversed, PrecisionRefused
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
SIGMOID_TOLERANCE = 1e-6
EXPLANATION_TOLERANCES = {"float32": 1e-3, "bfloat16": 5e-2}
"""Shares of the largest value. A map is looked at, never compared with a threshold."""


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
    """Hold the reloaded graph's answers against the golden ones, which are Keras'.

    Returns:
        Largest difference in probability.

    Raises:
        ParityBroken: see `check_probabilities`; or the metadata signature does not answer the contract.
        PrecisionRefused: see `check_probabilities`.
    """
    largest = check_probabilities(answers, golden, contract, "the exported graph")
    alone = {name: answers[f"{short}_alone"] for name, short in (("p_no_depression", "p"), ("logit", "logit"))}
    first = {name: values[:1] for name, values in golden.items()}
    largest = max(largest, check_probabilities(alone, first, contract, "the exported graph, asked about one crop,"))
    if set(answers["metadata"].tolist()) != {contract.to_json()}:
        message = "the metadata signature does not answer the contract that stands in contract.json"
        raise ParityBroken(message)
    return largest


def check_probabilities(answers: Arrays, golden: Arrays, contract: ModelContract, who: str) -> float:
    """Hold probabilities, logits and bands against the golden ones.

    Args:
        answers: p_no_depression and logit, [n].
        golden: The same of Keras, and the band.
        contract: Says precision and tolerances.
        who: Answered, for the message.

    Returns:
        Largest difference in probability.

    Raises:
        ParityBroken: a probability differs by more than the contract's float32 tolerance, a logit by more than
            `LOGIT_TOLERANCE`, p is not sigmoid(logit), or a band differs.
        PrecisionRefused: in bfloat16 a probability differs by as much as the contract's tolerance, or a band differs.
    """
    p = answers["p_no_depression"]
    largest, tolerances = _largest_difference(p, golden["p_no_depression"]), contract.tolerances
    moved = [str(band_of(severity_ppm(value))) for value in p if np.isfinite(value)] != golden["band"].tolist()
    if contract.precision == "bfloat16":
        if not largest < tolerances.bfloat16 or moved:
            message = (
                f"bfloat16 moves a golden crop by {largest:.4f} in probability (allowed: less than "
                f"{tolerances.bfloat16:g}){' and into another band' if moved else ''}; export in float32"
            )
            raise PrecisionRefused(message)
    elif not largest <= tolerances.float32_same_machine:
        message = (
            f"{who} differs from Keras by {largest:.2e} in probability (allowed {tolerances.float32_same_machine:g})"
        )
        raise ParityBroken(message)
    largest_logit = _largest_difference(answers["logit"], golden["logit"])
    if contract.precision == "float32" and not largest_logit <= LOGIT_TOLERANCE:
        message = f"the logit of {who} differs from Keras by {largest_logit:.2e} (allowed {LOGIT_TOLERANCE:g})"
        raise ParityBroken(message)
    if moved:
        message = f"{who} puts a golden crop into another band than Keras"
        raise ParityBroken(message)
    if not _largest_difference(1.0 / (1.0 + np.exp(-answers["logit"].astype(np.float64))), p) <= SIGMOID_TOLERANCE:
        message = f"p_no_depression of {who} is not the sigmoid of its logit"
        raise ParityBroken(message)
    return largest


def check_explanations(answers: Arrays, expected: Arrays, contract: ModelContract, who: str) -> None:
    """Hold attribution maps and asymmetry measures against those of the graph before it was saved.

    Raises:
        ParityBroken: they differ by more than a share of the largest value (`EXPLANATION_TOLERANCES`).
    """
    for name in (ATTRIBUTION_TENSOR, ASYMMETRY_TENSOR):
        scale = float(np.abs(expected[name]).max())
        largest, allowed = (
            _largest_difference(answers[name], expected[name]),
            EXPLANATION_TOLERANCES[contract.precision],
        )
        if not largest <= allowed * scale:
            message = f"the {name} of {who} differs by {largest:.2e} from the graph before saving (largest {scale:.2e})"
            raise ParityBroken(message)


def _largest_difference(one: NDArray[np.floating[Any]], other: NDArray[np.floating[Any]]) -> float:
    return float(np.abs(one.astype(np.float64) - other).max())
