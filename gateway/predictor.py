"""What the gateway asks of a model: a protocol with one real implementation (`model_server`) and fakes in tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.deadline import Deadline
from gateway.pin import PinnedModel


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model version says about one crop.

    Attributes:
        p_no_depression: Probability of NOT being depressed, widened to float64 and not yet checked: may be NaN.
        logit: Its logit, after calibration.
        version: The version that answered.
        jittered_p: p_no_depression of the crop's jittered copies, in their order; empty where none were asked. Unchecked too.
    """

    p_no_depression: float
    logit: float
    version: int
    jittered_p: tuple[float, ...] = ()


class Predictor(Protocol):
    """Asks one pinned version."""

    def predict(self, crops: NDArray[np.uint8], model: PinnedModel, deadline: Deadline) -> Scores:
        """Scores of one photo.

        Args:
            crops: uint8 RGB, shape (n, size, size, 3), as the model's contract says: the crop, then its jittered copies where
                the policy asks for them.
            model: The version to ask; no other may answer.
            deadline: For everything, retries included.

        Raises:
            PredictorError: no usable answer.
        """
        ...

    def check(self, model: PinnedModel, deadline: Deadline) -> None:
        """Find out whether the version can be asked right now.

        Raises:
            PredictorError: it cannot.
        """
        ...
