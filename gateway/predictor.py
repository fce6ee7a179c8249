"""What the gateway asks of a model: a protocol with one real implementation (`upstream.model_server`) and fakes in tests."""

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
        version: The version that answered.
        jittered_p: p_no_depression of the crop's jittered copies, in their order; empty where none were asked. Unchecked too.
    """

    p_no_depression: float
    version: int
    jittered_p: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model version says about where one crop pushed its severity: of the network, not of the person.

    Attributes:
        attribution: float32, shape (32, 32), over the whole crop: positive where severity was pushed up, in units of the
            logit, to first order; finite.
        asymmetry: Region of the face (`serving.contract.regions`) to how much its two halves differ, 0 to 1.
    """

    attribution: NDArray[np.float32]
    asymmetry: dict[str, float]


class Mirror(Protocol):
    """Sees what callers were answered for, and changes nothing about it."""

    def mirror(self, crop: NDArray[np.uint8], scores: Scores, model: PinnedModel, traffic: str) -> None:
        """Take a crop along, in microseconds; never waits and never fails.

        Args:
            crop: uint8 RGB, shape (size, size, 3).
            scores: Of the pinned version, checked to be a probability.
            model: The pinned version and the policy.
            traffic: Class of the caller.
        """
        ...


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

    def explain(self, crop: NDArray[np.uint8], model: PinnedModel, deadline: Deadline) -> Explanation:
        """Why one crop got its score.

        Args:
            crop: uint8 RGB, shape (size, size, 3).
            model: The version to ask; no other may answer.
            deadline: For everything, retries included.

        Raises:
            ExplanationMissing: the version has no explanation.
            PredictorError: no usable answer.
        """
        ...

    def require_reachable(self) -> None:
        """Refuse at once, and at no cost, while the model server is known to be away.

        To be asked before work that would be in vain. Passing promises nothing: `predict` may still fail.

        Raises:
            PredictorUnavailable: it is.
        """
        ...

    def check(self, model: PinnedModel, deadline: Deadline) -> None:
        """Find out whether the version can be asked right now.

        Raises:
            PredictorError: it cannot.
        """
        ...
