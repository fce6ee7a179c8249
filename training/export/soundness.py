"""The sanity gate of `explain`: a map that stays the same when the weights are random explains nothing.

Parameter randomisation after Adebayo et al., "Sanity Checks for Saliency Maps" (2018): every kernel's entries are put in
random order, so the network knows nothing but its weights are as large as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from serving.contract.model import ATTRIBUTION_TENSOR
from training.errors import ExplanationUnsound
from training.export.graph import ServedModel
from training.export.network import shuffle_kernels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from serving.contract.regions import Region
    from training.export.network import Network

LARGEST_CORRELATION = 0.3
SHUFFLES = 3
"""One random network can resemble the trained one by chance."""


def check_explanation(
    network: Network, regions: Sequence[Region], crops: NDArray[np.uint8], maps: NDArray[np.float32]
) -> float:
    """Hold attribution maps against those of networks with shuffled kernels.

    Args:
        network: As it was read from Keras.
        regions: Of the asymmetry measures.
        crops: uint8 [n, size, size, 3].
        maps: The exported graph's attribution for them, float32 [n, 32, 32].

    Returns:
        Absolute value of the correlation of each crop's maps, averaged over crops and shuffles.

    Raises:
        ExplanationUnsound: a map is not finite or constant, or they resemble those of random weights.
    """
    check_maps(maps)
    found = []
    for seed in range(SHUFFLES):
        random = ServedModel(shuffle_kernels(network, seed), regions).explain(crops)[ATTRIBUTION_TENSOR].numpy()
        found.append(float(np.abs(correlate_maps(maps, random)).mean()))
    correlation = float(np.mean(found))
    if not correlation < LARGEST_CORRELATION:
        message = (
            f"the attribution map hardly changes when the weights are randomised: correlation {correlation:.2f}, allowed "
            f"{LARGEST_CORRELATION}. The model answers by something else than what it learned; train longer."
        )
        raise ExplanationUnsound(message)
    return correlation


def check_maps(maps: NDArray[np.float32]) -> None:
    """Refuse maps that say nothing.

    Raises:
        ExplanationUnsound: a value is not finite, or all values of a map are the same.
    """
    if not np.isfinite(maps).all():
        message = "the attribution map holds values that are not finite; look at the weights of the model"
        raise ExplanationUnsound(message)
    constant = np.flatnonzero(maps.reshape(len(maps), -1).std(axis=1) == 0.0)
    if len(constant):
        message = f"the attribution map is constant for {len(constant)} of {len(maps)} crops: the model ignores them"
        raise ExplanationUnsound(message)


def correlate_maps(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Pearson correlation of each pair of maps, [n]; 0 where one of them is constant."""
    flat = [maps.reshape(len(maps), -1).astype(np.float64) for maps in (one, other)]
    first, second = (maps - maps.mean(axis=1, keepdims=True) for maps in flat)
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    products = (first * second).sum(axis=1)
    return np.asarray(np.divide(products, lengths, out=np.zeros(len(one)), where=lengths > 0), np.float64)
