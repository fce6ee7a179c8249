"""Cheap learners that show what can be read from little: pixels at 32x32, the background alone, the light alone.

Fixed settings or one choice on the validation split; fitted anew on the training split, deterministic.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.evaluation.ranking import auroc

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALL_PIXELS: Final = 32
LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
PHOTOS_MAX: Final = 8_000
"""To fit a learner on, or to test a comparison of learners on: 8,000 x 3,072 float32 are 98 MB, whatever the data set."""
STRENGTHS: Final = (1e-4, 1e-3, 1e-2)
"""Of scikit-learn's C: under 1, because there are more pixels than people."""
_ITERATIONS: Final = 300


def shrink(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Crops at 32x32 in [0, 1] by area average, float32 [n, 32, 32, 3]."""
    small = [
        np.asarray(Image.fromarray(crop).resize((SMALL_PIXELS, SMALL_PIXELS), Image.Resampling.BOX)) for crop in crops
    ]
    return np.stack(small).astype(np.float32) / 255.0


def colour_pixels(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """32x32 in colour, float32 [n, 3072]."""
    return shrink(crops).reshape(len(crops), -1)


def grey_pixels(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """32x32 in grey (luma), float32 [n, 1024]."""
    return (shrink(crops) @ LUMA).reshape(len(crops), -1)


class LinearReader:
    """Logistic regression on standardised features; how strongly it is held back is chosen on validation photos.

    Args:
        features: [n, d].
        depressed: [n], both labels.
        validation_features: [m, d]; without any, or with one label only, the middle strength is taken.
        validation_depressed: [m].
    """

    def __init__(
        self,
        features: NDArray[np.float32],
        depressed: NDArray[np.bool_],
        validation_features: NDArray[np.float32],
        validation_depressed: NDArray[np.bool_],
    ) -> None:
        choosable = 0 < int(validation_depressed.sum()) < len(validation_depressed)
        strengths = STRENGTHS if choosable else STRENGTHS[1:2]
        fitted = {strength: self._fit(features, depressed, strength) for strength in strengths}
        self.strength = max(
            strengths,
            key=lambda strength: (
                auroc(validation_depressed, fitted[strength].decision_function(validation_features)) if choosable else 0
            ),
        )
        self._model = fitted[self.strength]

    def p_no_depression(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Its answers, float32 [n]."""
        return np.asarray(1.0 - self._model.predict_proba(features)[:, 1], np.float32)

    @staticmethod
    def _fit(features: NDArray[np.float32], depressed: NDArray[np.bool_], strength: float) -> StandardScaler:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=_ITERATIONS))
        with warnings.catch_warnings():
            # A fit stopped at the limit reads a little less well than it could; it is still an honest baseline.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(features, depressed)


def read_with_trees(
    features: NDArray[np.float32], depressed: NDArray[np.bool_], asked: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Small gradient boosting for a handful of features: finds what is not monotone; p_no_depression of `asked`."""
    trees = HistGradientBoostingClassifier(
        max_iter=60, max_depth=3, learning_rate=0.1, min_samples_leaf=20, early_stopping=False, random_state=0
    )
    return np.asarray(1.0 - trees.fit(features, depressed).predict_proba(asked)[:, 1], np.float32)


def copy_nearest(
    features: NDArray[np.float32], depressed: NDArray[np.bool_], asked: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The label of the most similar photo: what recognising people gives. p_no_depression, 0 or 1."""
    nearest = KNeighborsClassifier(n_neighbors=1, algorithm="brute").fit(features, depressed)
    return np.asarray(~nearest.predict(asked), np.float32)
