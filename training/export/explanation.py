"""Where a crop pushes the severity, and how much its two halves differ: the `explain` signature.

**Attribution.** Gradient times activation at the last feature map of about 32x32: its backward pass covers only what lies
above that map. Positive where what the network saw there pushes severity up; in units of the logit, to first order.

**Asymmetry.** F are the network's own features of the crop at that map, G those of the mirrored crop at the same places, so
that each place is compared with its mirror image as the network would see it in its stead. In a region the measure is
sum |F - G| / sum (|F| + |G|), in [0, 1]: exactly 0 where the crop is its own mirror image.

Both are of the network, not of the person: an aid to see what it reacts to, neither evidence nor a finding. The measures
are exactly the same for the mirrored crop, whatever the network; the map of a mirror twin is exactly mirrored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from serving.contract.model import ASYMMETRY_TENSOR, ATTRIBUTION_CELLS, ATTRIBUTION_TENSOR
from serving.contract.regions import coverage
from training.errors import LayerUnsupported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serving.contract.regions import Region
    from training.export.inference_graph import InferenceGraph

WIDTH_AXIS = 2
_SMALLEST = 1e-12
"""Where the network sees nothing at all in a region of either crop, the measure is 0."""


@dataclass(frozen=True, slots=True)
class Taps:
    """Feature maps to explain at: names of steps that see the crop, and of those that see it mirrored."""

    upright: tuple[str, ...]
    mirrored: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Both."""
        return self.upright + self.mirrored

    @property
    def are_pairs(self) -> bool:
        """Whether the network itself looks at both crops with the same layers, as the twin does."""
        return bool(self.upright) and len(self.upright) == len(self.mirrored)


def explain(
    graph: InferenceGraph, crop: tf.Tensor, regions: Sequence[Region]
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Explain crops; call it inside a `tf.function`.

    Args:
        graph: Folded with its clamps before the pools.
        crop: uint8 [n, size, size, 3].
        regions: Of the asymmetry measures.

    Returns:
        The logit, float32 [n], and by tensor name the attribution, float32 [n, 32, 32], and the asymmetry,
        float32 [n, len(regions)].

    Raises:
        LayerUnsupported: the network has no feature map to explain at.
    """
    taps = find_taps(graph, crop)
    logit, values = graph.compute(crop, taps.all)
    gradients = dict(zip(taps.all, tf.gradients(logit, [values[name] for name in taps.all]), strict=True))
    upright = [_contribution(values[name], gradients[name]) for name in taps.upright]
    mirrored = [_mirror(_contribution(values[name], gradients[name])) for name in taps.mirrored]
    # Summed apart first: for the mirrored crop the two sums only change places, and a + b is b + a to the last bit.
    sums = [tf.add_n(maps) for maps in (upright, mirrored) if maps]
    attribution = sums[0] + sums[1] if len(sums) == 2 else sums[0]
    if attribution.shape[1] != ATTRIBUTION_CELLS:
        attribution = tf.image.resize(attribution, [ATTRIBUTION_CELLS, ATTRIBUTION_CELLS])
    if taps.are_pairs:
        pairs = [(values[one], values[other]) for one, other in zip(taps.upright, taps.mirrored, strict=True)]
    else:
        _, others = graph.compute(_mirror(crop), taps.all)
        pairs = [(values[name], others[name]) for name in taps.all]
    return logit, {
        ATTRIBUTION_TENSOR: tf.reshape(attribution, [-1, ATTRIBUTION_CELLS, ATTRIBUTION_CELLS], ATTRIBUTION_TENSOR),
        ASYMMETRY_TENSOR: tf.identity(_asymmetry(pairs, regions), ASYMMETRY_TENSOR),
    }


def find_taps(graph: InferenceGraph, crop: tf.Tensor) -> Taps:
    """The last feature maps of about 32x32 on every way from the crop to the answer.

    Raises:
        LayerUnsupported: there is none, as in a network that flattens the crop at once.
    """
    steps = graph.network.steps
    _, values = graph.compute(crop, steps)
    seen = _mirrorings(graph)
    sides = {
        name: int(values[name].shape[1])
        for name, step in steps.items()
        if seen[name] is not None and step.kind in ("relu", "clamp", "activation", "add", "plain", "max_pool")
        if len(values[name].shape) == 4 and values[name].shape[1] == values[name].shape[2]
    }
    if not sides:
        message = "explain needs a square feature map that sees the crop, which this network does not have"
        raise LayerUnsupported(message)
    side = min(set(sides.values()), key=lambda one: (abs(math.log2(one / ATTRIBUTION_CELLS)), one))
    level = [name for name in sides if sides[name] == side]
    last = [name for name in level if not any(_leads_to(graph, name, other) for other in level if other != name)]
    return Taps(
        upright=tuple(name for name in last if seen[name] is False),
        mirrored=tuple(name for name in last if seen[name] is True),
    )


def _mirrorings(graph: InferenceGraph) -> dict[str, bool | None]:
    """Whether each step sees the crop mirrored; None where it sees it both ways round."""
    seen: dict[str, bool | None] = {}
    for name, step in graph.network.steps.items():
        ways = {seen[read] for read in step.inputs} or {False}
        way = ways.pop() if len(ways) == 1 else None
        flips = step.kind == "flip" and step.options["axis"] == WIDTH_AXIS
        seen[name] = way if way is None else way is not flips
    return seen


def _leads_to(graph: InferenceGraph, name: str, other: str) -> bool:
    """Whether `other` is computed from `name`."""
    reached = {name}
    for later, step in graph.network.steps.items():
        if reached.intersection(step.inputs):
            reached.add(later)
    return other in reached


def _contribution(features: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    """How much each place pushes severity, whose logit is the negative of ours: float32 [n, h, w, 1]."""
    return -tf.reduce_sum(tf.cast(features, tf.float32) * tf.cast(gradient, tf.float32), 3, keepdims=True)


def _asymmetry(pairs: Sequence[tuple[tf.Tensor, tf.Tensor]], regions: Sequence[Region]) -> tf.Tensor:
    """Measure pairs of (features of the crop, features of the mirrored crop), each as the network saw them."""
    different, present = [], []
    for one, other in pairs:
        here, there = tf.cast(one, tf.float32), tf.cast(other, tf.float32)
        # For the mirrored crop the two change places: both maps, and every sum over them, stay the same bit for bit.
        different.append(tf.reduce_sum(tf.abs(here - there), 3))
        present.append(tf.reduce_sum(tf.abs(here) + tf.abs(there), 3))
    covers = np.stack([coverage(region, int(different[0].shape[1])) for region in regions], axis=-1).astype(np.float32)
    above, below = (tf.tensordot(tf.add_n(maps), tf.constant(covers), 2) for maps in (different, present))
    return above / tf.maximum(below, _SMALLEST)


def _mirror(pictures: tf.Tensor) -> tf.Tensor:
    return tf.reverse(pictures, [WIDTH_AXIS])
