"""Does a model server answer a version's golden crops as the version promises? The one place that decides it.

`promote` asks every server before a version goes live, the probe beside each server keeps asking afterwards: both must mean the
same by "right", so both call `check_golden`. The crops and answers are those of `assets.extra/golden.npz` inside the version.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from serving.contract.model import ModelContract
from serving.contract.severity import band_of, severity_ppm
from serving.wire.client import ModelServerClient
from serving.wire.errors import AnswerMalformed, GoldenUnreadable

GOLDEN_PATH: Final = "assets.extra/golden.npz"
BATCH_SIZE: Final = 32
"""Of one call: the largest batch that every server here allows (`serving/deploy/batching.config`)."""


@dataclass(frozen=True, slots=True)
class GoldenCrops:
    """Crops with the answers that the exported model gave.

    Attributes:
        crops: uint8 [n, size, size, 3].
        p_no_depression: float64 [n].
        bands: The band of each, under the paper's thresholds.
    """

    crops: npt.NDArray[np.uint8]
    p_no_depression: npt.NDArray[np.float64]
    bands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """What a server answered, beside what the version promises.

    Attributes:
        crops: How many were asked about.
        largest_p_difference: Largest |p - expected|.
        tolerance: How large it may be.
        bands_moved: How many crops got another band than expected.
        polarity_reversed: Whether the answers are nearer to 1 - expected than to what is expected.
    """

    crops: int
    largest_p_difference: float
    tolerance: float
    bands_moved: int
    polarity_reversed: bool

    @property
    def passed(self) -> bool:
        """Whether the version may answer people through this server."""
        return self.largest_p_difference <= self.tolerance and not self.bands_moved and not self.polarity_reversed

    def __str__(self) -> str:
        """What was found, as the middle of a sentence."""
        said = f"largest difference {self.largest_p_difference:.1e} (allowed {self.tolerance:g}), "
        said += f"{self.bands_moved} of {self.crops} bands moved"
        return said + (", and the polarity is reversed" if self.polarity_reversed else "")

    def as_dict(self) -> dict[str, Any]:
        """The fields as JSON."""
        return {
            "crops": self.crops,
            "largest_p_difference": self.largest_p_difference,
            "tolerance": self.tolerance,
            "bands_moved": self.bands_moved,
            "polarity_reversed": self.polarity_reversed,
        }


def read_golden(version_directory: Path) -> GoldenCrops:
    """The golden crops of a version.

    Raises:
        GoldenUnreadable: The file is missing, or holds something else.
    """
    try:
        # Opened here: np.load leaves a file that is no archive open.
        with (
            (version_directory / GOLDEN_PATH).open("rb") as file,
            np.load(file, allow_pickle=False) as content,
        ):
            crops, p, bands = content["crops"], content["p_no_depression"], content["band"]
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        message = f"{GOLDEN_PATH} of version {version_directory.name} cannot be read: {error}"
        raise GoldenUnreadable(message) from error
    if crops.ndim != 4 or crops.dtype != np.uint8 or not len(crops) or not p.shape == bands.shape == crops.shape[:1]:
        message = f"{GOLDEN_PATH} of version {version_directory.name} does not hold crops with one answer each"
        raise GoldenUnreadable(message)
    return GoldenCrops(crops, p.astype(np.float64), tuple(map(str, bands)))


def check_golden(
    client: ModelServerClient, contract: ModelContract, golden: GoldenCrops, deadline_seconds: float
) -> GoldenResult:
    """Ask a server about golden crops of exactly this version.

    Args:
        client: The server.
        contract: The version's own; names tensors, signature and tolerances.
        golden: From `read_golden`.
        deadline_seconds: For each call of at most `BATCH_SIZE` crops.

    Raises:
        CallFailed: A call ended with another status than OK; whether the server was merely busy is for the caller to say.
        AnswerMalformed: Another version answered, or not one probability per crop.
    """
    crops = golden.crops
    starts = range(0, len(crops), BATCH_SIZE)
    batches = [_ask(client, contract, crops[start : start + BATCH_SIZE], deadline_seconds) for start in starts]
    return compare_with_golden(np.concatenate(batches), golden, contract)


def compare_with_golden(
    p_no_depression: npt.NDArray[np.float64], golden: GoldenCrops, contract: ModelContract
) -> GoldenResult:
    """Hold answers against the golden ones: the rule itself, for whoever asked.

    Args:
        p_no_depression: float64 [n], one probability per golden crop, in their order.
        golden: The crops that were asked about.
        contract: The version's own; names the tolerance.

    Raises:
        ModelAnswerInvalid: One of them is no probability.
    """
    p, expected = p_no_depression, golden.p_no_depression
    moved = sum(str(band_of(severity_ppm(value))) != band for value, band in zip(p, golden.bands, strict=True))
    return GoldenResult(
        crops=len(p),
        largest_p_difference=float(np.abs(p - expected).max()),
        tolerance=golden_tolerance(contract),
        bands_moved=moved,
        polarity_reversed=bool(np.abs(p - (1.0 - expected)).mean() < np.abs(p - expected).mean()),
    )


def golden_tolerance(contract: ModelContract) -> float:
    """How far an answer may be from the golden one: the server is rarely the machine that exported the version."""
    tolerances = contract.tolerances
    return tolerances.bfloat16 if contract.precision == "bfloat16" else tolerances.float32_across_machines


def _ask(
    client: ModelServerClient, contract: ModelContract, crops: npt.NDArray[np.uint8], deadline_seconds: float
) -> npt.NDArray[np.float64]:
    answer = client.predict(
        contract.model_name,
        contract.version,
        {contract.input_tensor: crops},
        deadline_seconds,
        signature=contract.signature,
        output_filter=(contract.probability_tensor,),
    )
    if answer.version != contract.version:
        message = f"version {answer.version} answered in place of version {contract.version}"
        raise AnswerMalformed(message)
    # Widened before anything is calculated, as the rounding rule of the severity demands.
    p = np.asarray(answer.outputs.get(contract.probability_tensor, ()), np.float64).reshape(-1)
    if p.shape != (len(crops),) or not ((p >= 0.0) & (p <= 1.0)).all():
        message = f"version {contract.version} does not answer one probability per crop"
        raise AnswerMalformed(message)
    return p
