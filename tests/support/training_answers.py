"""Answers of an imagined model, for tests of what is computed from answers."""

import dataclasses

import numpy as np

from training.evaluation.answers import Answers


def noisy_answers(separation: float, photos: int = 200, seed: int = 0) -> Answers:
    """Two photos per subject; the logit of p_no_depression is `separation` apart between the labels, noise has SD 1."""
    rng = np.random.default_rng(seed)
    depressed = np.arange(photos) // 2 % 2 == 0
    logit = np.where(depressed, -separation, separation) / 2 + rng.normal(size=photos)
    p = (1 / (1 + np.exp(-logit))).astype(np.float32)
    return Answers(depressed, tuple(f"s{number // 2}" for number in range(photos)), p, p)


def jittered_answers(
    separation: float, photos: int = 200, seed: int = 0, groups: dict[str, tuple[str, ...]] | None = None
) -> Answers:
    """`noisy_answers`, with eight jittered copies whose logits move by 0 to 0.4 (SD), differently from photo to photo."""
    answers = noisy_answers(separation, photos, seed)
    rng = np.random.default_rng((seed, 1))
    p = answers.p.astype(np.float64)
    logit = np.log(p / (1 - p))
    moves = rng.uniform(0, 0.4, (photos, 1)) * rng.normal(size=(photos, 8))
    p_jittered = (1 / (1 + np.exp(-(logit[:, None] + moves)))).astype(np.float32)
    quality = {name: rng.normal(100, 10, photos) for name in ("luminance", "contrast", "sharpness")}
    return dataclasses.replace(
        answers, logits=logit.astype(np.float32), p_jittered=p_jittered, quality=quality, groups=groups or {}
    )
