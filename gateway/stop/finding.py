"""What one look at the pinned version found."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.stop.pause_change import PauseReason
from serving.contract.errors import ModelAnswerInvalid
from serving.contract.model import ModelContract
from serving.wire.golden_check import GoldenCrops, compare_with_golden


class LookResult(enum.StrEnum):
    """How a look ended; the metrics' names too."""

    RIGHT = "right"
    UNCONFIRMED = "unconfirmed"
    """A mismatch that a closer look did not find again."""
    GOLDEN_MISMATCH = "golden_mismatch"
    POLARITY_REVERSED = "polarity_reversed"
    DIGEST_MISMATCH = "digest_mismatch"
    UNAVAILABLE = "unavailable"
    """No answer: nothing was learned, and nobody got a wrong answer either."""
    NO_MODEL = "no_model"
    """The pin names no version that may be asked."""
    OFF = "off"
    """Nothing to compare with."""
    FAILED = "failed"
    """A fault of the sentinel itself."""


PAUSE_REASONS: Final = {
    LookResult.GOLDEN_MISMATCH: PauseReason.GOLDEN_MISMATCH,
    LookResult.POLARITY_REVERSED: PauseReason.POLARITY_REVERSED,
    LookResult.DIGEST_MISMATCH: PauseReason.DIGEST_MISMATCH,
}
"""What stops the system. Nothing else does."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found.

    Attributes:
        result: How it ended.
        says: The same for a person who runs this.
        details: Figures.
    """

    result: LookResult
    says: str
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def pause_reason(self) -> PauseReason | None:
        """Why screening must stop; None where it need not."""
        return PAUSE_REASONS.get(self.result)


def judge_answers(p_no_depression: NDArray[np.float64], golden: GoldenCrops, contract: ModelContract) -> Finding:
    """Hold answers to golden crops against what the version promises, by the same rule as promotions and probes."""
    try:
        result = compare_with_golden(p_no_depression, golden, contract)
    except ModelAnswerInvalid:
        return Finding(LookResult.GOLDEN_MISMATCH, "an answer to a golden crop is no probability")
    if result.passed:
        return Finding(LookResult.RIGHT, str(result), result.as_dict())
    kind = LookResult.POLARITY_REVERSED if result.polarity_reversed else LookResult.GOLDEN_MISMATCH
    return Finding(kind, str(result), result.as_dict())
