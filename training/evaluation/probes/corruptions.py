"""Worse photos: blur, JPEG, exposure, rotation, occlusion and noise in three severities, applied to the crops.

The crops have passed the quality checks, the corrupted ones have not: in production some of them would be refused.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, ImageFilter

from serving.contract.alignment import Alignment, warp
from training.evaluation.probes.figures import gain, moves, worth
from training.evaluation.probes.streaming import ask, labels_of, subjects_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.evaluation.probes.streaming import Scorer

    Spoil = Callable[[NDArray[np.uint8], float, np.random.Generator], NDArray[np.uint8]]

SEED: Final = 7
"""Each photo's corruption depends on this and on its place in the split, never on the batch."""


@dataclass(frozen=True, slots=True)
class Corruption:
    """One way to spoil a crop, and how much of it, mildest first."""

    spoil: Spoil
    amounts: tuple[float, float, float]
    unit: str


def probe_corruptions(
    scorer: Scorer, store: CropStore, photos: Sequence[Photo], p_plain: NDArray[np.float32]
) -> dict[str, Any]:
    """Accuracy, AUROC and band flips against the clean answers, by corruption and severity."""
    subjects, depressed = subjects_of(photos), labels_of(photos)
    found: dict[str, Any] = {}
    for name, corruption in CORRUPTIONS.items():
        rows = []
        for amount in corruption.amounts:
            p = ask(scorer, store, photos, partial(spoil_crops, corruption=corruption, amount=amount))
            rows.append(
                {
                    "amount": amount,
                    **worth(subjects, depressed, p),
                    "accuracy_minus_clean": gain(subjects, depressed, p, p_plain),
                    **moves(subjects, p_plain, p),
                }
            )
        found[name] = {"unit": corruption.unit, "severities": rows}
    return found


def spoil_crops(crops: NDArray[np.uint8], first: int, corruption: Corruption, amount: float) -> NDArray[np.uint8]:
    """Every crop spoiled, `first` being the place of the first of them in the split."""
    return np.stack(
        [
            corruption.spoil(crop, amount, np.random.default_rng((SEED, first + place)))
            for place, crop in enumerate(crops)
        ]
    )


def _blur(crop: NDArray[np.uint8], sigma_pixels: float, _rng: np.random.Generator) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(crop).filter(ImageFilter.GaussianBlur(sigma_pixels)))


def _compress(crop: NDArray[np.uint8], quality: float, _rng: np.random.Generator) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(crop).save(file, "JPEG", quality=round(quality))
    return np.asarray(Image.open(file).convert("RGB"))


def _expose(crop: NDArray[np.uint8], stops: float, _rng: np.random.Generator) -> NDArray[np.uint8]:
    """More or less light, in linear light: a gain on sRGB levels is not what a lens does."""
    levels = np.arange(256) / 255.0
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4) * 2.0**stops
    linear = linear.clip(0.0, 1.0)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(curve * 255.0).astype(np.uint8)[crop])


def _rotate(crop: NDArray[np.uint8], degrees: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """About the middle, to a random side; the edge repeats, as it does where a photo ends."""
    size = len(crop)
    angle = math.radians(degrees) * rng.choice((-1.0, 1.0))
    right_x, right_y = size * math.cos(angle), size * math.sin(angle)
    return warp(crop, Alignment((size - right_x + right_y) / 2, (size - right_y - right_x) / 2, right_x, right_y), size)


def _cover(crop: NDArray[np.uint8], share: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A grey square over this share of the crop, anywhere in it: a hand, a cup, a mask's edge."""
    size = len(crop)
    side = round(size * math.sqrt(share))
    top, left = rng.integers(0, size - side + 1, 2)
    covered = crop.copy()
    covered[top : top + side, left : left + side] = 128
    return covered


def _add_noise(crop: NDArray[np.uint8], levels: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    return np.asarray((crop + rng.normal(0.0, levels, crop.shape)).clip(0, 255).round().astype(np.uint8))


CORRUPTIONS: Final = {
    "blur": Corruption(_blur, (0.7, 1.5, 3.0), "pixels (sigma)"),
    "jpeg": Corruption(_compress, (60.0, 30.0, 10.0), "quality"),
    "darker": Corruption(_expose, (-0.5, -1.0, -2.0), "stops"),
    "brighter": Corruption(_expose, (0.5, 1.0, 1.5), "stops"),
    "rotation": Corruption(_rotate, (3.0, 6.0, 12.0), "degrees"),
    "occlusion": Corruption(_cover, (0.03, 0.08, 0.2), "share of the crop"),
    "noise": Corruption(_add_noise, (5.0, 12.0, 25.0), "levels of 255 (SD)"),
}
"""By name; severities span what a careful clinic, an ordinary phone and a bad webcam deliver."""
