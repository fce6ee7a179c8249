"""The paper's own test figures, recomputed from its confusion matrix (section IV, `seed` items 5 and 16).

They are of the paper's photos and labels, which nobody else has: they stand beside ours as a landmark, never as a comparison.
"""

from __future__ import annotations

from typing import Final

from training.evaluation.rates import Confusion

PAPER_CONFUSION: Final = Confusion(tp=898, fp=101, fn=182, tn=930)
PAPER_TEST_PHOTOS: Final = 2_111
PAPER_EPOCHS: Final = 20
PAPER_TRAINING_ACCURACY: Final = (0.56, 0.86)
"""First and last epoch, read off its figure 3."""
PAPER_VALIDATION_ACCURACY: Final = (0.82, 0.83)
"""Where it settles, as the paper says."""
