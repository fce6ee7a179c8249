"""What a version must show in the model server before its figures count: golden answers, polarity, its own run's figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from serving.wire.errors import GoldenUnreadable
from serving.wire.golden_check import golden_tolerance, read_golden
from training.approval.rules import Finding, Verdict
from training.errors import PolarityReversed, RunInvalid
from training.evaluation.ranking import auroc
from training.export.gates import check_polarity
from training.polarity import DECISION_P, called_depressed

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from serving.contract.model import ModelContract
    from training.approval.comparison import HoldOut
    from training.approval.model_server import ServedVersions

_ROUNDING: Final = 1e-9


def check_golden(
    server: ServedVersions, contract: ModelContract, version_folder: Path
) -> tuple[Finding, dict[str, float]]:
    """Ask about the golden crops; the finding, and its figures.

    Raises:
        RunInvalid: the version holds no golden crops that can be read.
        ServingFailed: the server does not answer about this version.
    """
    try:
        golden = read_golden(version_folder)
    except GoldenUnreadable as error:
        message = f"version {contract.version} cannot be checked: {error}"
        raise RunInvalid(message) from error
    result = server.check_golden(contract, golden)
    finding = Finding(
        "golden crops in the model server",
        str(result),
        f"at most {result.tolerance:g}, no band and no polarity",
        Verdict.PASSED if result.passed else Verdict.FAILED,
    )
    return finding, result.as_dict()


def judge_polarity(hold_out: HoldOut, p_no_depression: NDArray[np.float32], *, chance_allowed: bool) -> Finding:
    """The depressed must get the lower p_no_depression."""
    labels = hold_out.depressed.astype(np.int_)
    verdict, measured = Verdict.PASSED, "p_no_depression is lower for the depressed"
    try:
        check_polarity(hold_out.subjects, labels, p_no_depression, chance_allowed=chance_allowed)
    except PolarityReversed as error:
        verdict, measured = Verdict.FAILED, str(error)
    else:
        if chance_allowed:
            measured = "not shown to be reversed; the version says that it knows nothing"
    return Finding("polarity in the model server", measured, "lower for the depressed", verdict)


def check_counts(contract: ModelContract, hold_out: HoldOut) -> None:
    """The version must have been measured on as many photos and people as the run's hold-out has.

    Raises:
        RunInvalid: it was not exported from this run.
    """
    for name, count in (("photos", len(hold_out.subjects)), ("subjects", len(set(hold_out.subjects)))):
        _require(contract, name, count, count)


def check_figures(contract: ModelContract, hold_out: HoldOut, p_no_depression: NDArray[np.float32]) -> None:
    """The version must answer this run's hold-out as its contract says that it did when it was exported.

    Each p may differ by the contract's tolerance. Where many lie that close to 0.5 or to each other (a model that learned
    nothing), accuracy and AUROC can move far, so that each is held against all that it could have been.

    Raises:
        RunInvalid: it was not exported from this run: this hold-out may be what it learned from.
    """
    depressed, tolerance = hold_out.depressed, golden_tolerance(contract)
    p = p_no_depression.astype(np.float64)
    unsure = np.abs(p - DECISION_P) <= tolerance
    right = called_depressed(p) == depressed
    _require(contract, "accuracy", float((right & ~unsure).mean()), float((right | unsure).mean()))
    if depressed.any() and not depressed.all():
        towards = 2.0 * tolerance * depressed
        _require(contract, "auroc", auroc(depressed, 1.0 - p - towards), auroc(depressed, 1.0 - p + towards))


def _require(contract: ModelContract, name: str, low: float, high: float) -> None:
    promised = contract.holdout.get(name)
    if promised is not None and not low - _ROUNDING <= promised <= high + _ROUNDING:
        found = f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"
        message = (
            f"version {contract.version} was not exported from this run: its contract says that its hold-out has "
            f"{name} {promised:.6g}, and with this run's hold-out it is {found}. Give the run that it was exported from, "
            "or export this run and approve the new version."
        )
        raise RunInvalid(message)
