"""`golden.npz`: crops with their expected answers, half of them near the band edges, where an error shows first.

The crops come from drawn faces only. A data set of real people must not leave faces inside a version directory, which is
copied to every server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from serving.contract.severity import PAPER_THRESHOLDS, PARTS_PER_MILLION, band_of, severity_ppm
from training.evaluation.scoring import score, score_logits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import keras
    from numpy.typing import NDArray

GOLDEN_NAME = "golden.npz"
TOTAL = 64
PER_EDGE = 16
NEAR = 0.05
"""How far from an edge still counts as near, in probability."""
CLEAR = 0.002
"""Closer than this, a difference allowed across machines (1e-3) could change the band: not a fair expectation."""
CLEAR_BFLOAT16 = 0.006
"""The same for a bfloat16 version, which may differ from Keras by 0.005."""
BLEND_STEPS = 14
EDGES_P = tuple(1.0 - ppm / PARTS_PER_MILLION for ppm in (PAPER_THRESHOLDS.none_max_ppm, PAPER_THRESHOLDS.mild_max_ppm))
"""0.7 and 0.4."""


@dataclass(frozen=True, slots=True)
class Golden:
    """Crops uint8 [n, size, size, 3] and where each came from: "drawn", or "blended" of two drawn ones."""

    crops: NDArray[np.uint8]
    origins: tuple[str, ...]
    near_counts: dict[str, int]
    """Edge ("0.7", "0.4") -> crops within `NEAR` of it; under `PER_EDGE` where the model does not reach the edge."""

    def __str__(self) -> str:
        """A sentence for the card."""
        near = ", ".join(f"{count} within {NEAR} of p = {edge}" for edge, count in self.near_counts.items())
        blended = self.origins.count("blended")
        return f"`{GOLDEN_NAME}`: {len(self.crops)} crops of drawn faces, {blended} of them blended of two; {near}."


def choose_golden(model: keras.Model, pool: NDArray[np.uint8], clear: float = CLEAR) -> Golden:
    """Choose `TOTAL` crops: `PER_EDGE` near each band edge, the rest spread over the model's range.

    Where too few of the pool lie near an edge, two crops from either side of it are blended, by bisection of the mix.

    Args:
        model: The Keras model.
        pool: Crops of drawn faces, uint8 [n, size, size, 3], n >= 2.
        clear: How far from an edge a crop must be, in probability.
    """
    p = score(model, pool)
    crops: list[NDArray[np.uint8]] = []
    origins: list[str] = []
    taken: set[int] = set()
    for edge in EDGES_P:
        distance = np.abs(p - edge)
        found = [int(i) for i in np.argsort(distance, kind="stable") if clear < distance[i] < NEAR and i not in taken]
        for index in found[:PER_EDGE]:
            taken.add(index)
            crops.append(pool[index])
            origins.append("drawn")
        blended = blend_towards(model, pool, p, _targets(edge, PER_EDGE - len(found[:PER_EDGE]), clear))
        crops.extend(blended)
        origins.extend(["blended"] * len(blended))
    left = [int(i) for i in np.argsort(p, kind="stable") if i not in taken]
    spread = np.linspace(0, len(left) - 1, TOTAL - len(crops) if left else 0).round().astype(int)
    crops.extend(pool[left[place]] for place in spread)
    origins.extend(["drawn"] * len(spread))
    chosen = np.stack(crops)
    p_chosen = score(model, chosen)
    near = {f"{edge:.1f}": int((np.abs(p_chosen - edge) < NEAR).sum()) for edge in EDGES_P}
    return Golden(chosen, tuple(origins), near)


def blend_towards(
    model: keras.Model, pool: NDArray[np.uint8], p: NDArray[np.float32], targets: Sequence[float]
) -> list[NDArray[np.uint8]]:
    """One blend of two pool crops per target probability, as near to it as whole pixel levels allow.

    Empty where the model does not reach both sides of the targets.
    """
    if not targets or not p.min() < min(targets) <= max(targets) < p.max():
        return []
    below, above = np.flatnonzero(p < min(targets)), np.flatnonzero(p > max(targets))
    low = pool[[below[i % len(below)] for i in range(len(targets))]].astype(np.float32)
    high = pool[[above[i % len(above)] for i in range(len(targets))]].astype(np.float32)
    start, end = np.zeros(len(targets)), np.ones(len(targets))
    blend = np.empty(low.shape, np.uint8)
    for _ in range(BLEND_STEPS):
        share = (start + end) / 2.0
        weight = share[:, None, None, None].astype(np.float32)
        blend = np.rint(low * (1.0 - weight) + high * weight).astype(np.uint8)
        too_low = score(model, blend) < np.asarray(targets)
        start, end = np.where(too_low, share, start), np.where(too_low, end, share)
    return list(blend)


def write_golden(model: keras.Model, golden: Golden, path: Path) -> None:
    """Write crops, origins and the Keras model's answers: p_no_depression, logit, severity_ppm, band."""
    p = score(model, golden.crops)
    ppm = [severity_ppm(value) for value in p]
    np.savez_compressed(
        path,
        crops=golden.crops,
        origins=np.array(golden.origins),
        p_no_depression=p,
        logit=score_logits(model, golden.crops),
        severity_ppm=np.array(ppm, np.int64),
        band=np.array([str(band_of(value)) for value in ppm]),
    )


def _targets(edge: float, count: int, clear: float) -> list[float]:
    """Probabilities either side of the edge, between `clear` and `NEAR` away from it."""
    steps = np.linspace(3.0 * clear, 0.8 * NEAR, (count + 1) // 2)
    return [float(target) for step in steps for target in (edge - step, edge + step)][:count]
