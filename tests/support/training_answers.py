"""Answers of an imagined model, for tests of what is computed from answers."""

import numpy as np

from training.evaluation.evaluate import Answers


def noisy_answers(separation: float, photos: int = 200, seed: int = 0) -> Answers:
    """Two photos per subject; the logit of p_no_depression is `separation` apart between the labels, noise has SD 1."""
    rng = np.random.default_rng(seed)
    depressed = np.arange(photos) // 2 % 2 == 0
    logit = np.where(depressed, -separation, separation) / 2 + rng.normal(size=photos)
    p = (1 / (1 + np.exp(-logit))).astype(np.float32)
    return Answers(depressed, tuple(f"s{number // 2}" for number in range(photos)), p, p)
