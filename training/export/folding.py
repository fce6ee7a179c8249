"""Exact rewrites of a `Network` for inference: scaling and batch normalisation vanish into the kernels beside them.

The paper's block is conv, ReLU, batch norm, max-pool. Its normalisation y = a r + c of r = relu(u) cannot fold backwards
through the ReLU as it stands, is exact behind the pool only where a >= 0, and is wrong at zero-padded borders when folded
forwards into the next kernel. But a relu(u) is relu(a u) where a >= 0 and min(a u, 0) where a < 0, and a u is the convolution
with its kernel and bias times a. Both forms rise with a u, and so does adding c, so all of it commutes with the pool:

    maxpool(a relu(conv(x; k, b)) + c)  =  clamp(maxpool(conv(x; a k, a b))) + c

with clamp = max(., 0) where a > 0, min(., 0) where a < 0, and 0 where a = 0. No sign is left out and no border is touched:
the next convolution still pads with zeros what it always padded. Where no a is negative (usual after training) the clamp is
a ReLU, which TensorFlow fuses with the convolution, so all that is left is adding c to a quarter of the pixels.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from training.export.network import LINEAR, Network, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Steps = dict[str, Step]


def fold(network: Network, *, clamps_behind_pools: bool = True) -> Network:
    """Apply every rewrite until none fits any more. The answer differs by rounding only.

    Args:
        network: As it was read.
        clamps_behind_pools: False leaves clamps before pools, where an explanation looks at what they let through.
    """
    steps = dict(network.steps)
    rules: tuple[Callable[[Steps, str], bool], ...] = (
        _scale_into_next,
        _affine_into_previous,
        _affine_through_relu,
        partial(_behind_pool, clamps=clamps_behind_pools),
        _shift_into_dense,
    )
    while any(rule(steps, name) for name in list(steps) for rule in rules if name in steps):
        pass
    return dataclasses.replace(network, steps=_in_order(steps, network.output))


def _scale_into_next(steps: Steps, name: str) -> bool:
    """A scale before kernels, also through a mirror, becomes part of them; a shift would not, for they pad with zeros."""
    step = steps[name]
    if step.kind != "affine" or step.arrays["shift"].any():
        return False
    readers: list[str] = [name]
    found: list[str] = []
    while readers:
        for reader in _readers(steps, readers.pop()):
            (readers if steps[reader].kind == "flip" else found).append(reader)
    if not found or any(steps[reader].kind not in LINEAR for reader in found):
        return False
    for reader in found:
        kernel = steps[reader].arrays["kernel"]
        axis = kernel.ndim - 2  # of the input channels, in every layout
        scale = np.broadcast_to(step.arrays["scale"], kernel.shape[axis : axis + 1])
        steps[reader] = steps[reader].changed(kernel=kernel * scale[:, None])
    _remove(steps, name)
    return True


def _affine_into_previous(steps: Steps, name: str) -> bool:
    """Batch norm straight behind a convolution."""
    step = steps[name]
    if step.kind != "affine" or not _only_reader(steps, step.inputs[0], LINEAR):
        return False
    before = step.inputs[0]
    scaled = _scaled(steps[before], step.arrays["scale"])
    steps[before] = scaled.changed(bias=scaled.arrays["bias"] + step.arrays["shift"])
    _remove(steps, name)
    return True


def _affine_through_relu(steps: Steps, name: str) -> bool:
    """Batch norm behind a convolution and its ReLU: see the top of this file."""
    step = steps[name]
    if step.kind != "affine" or _is_shift(step) or not _only_reader(steps, step.inputs[0], ("relu",)):
        return False
    relu = step.inputs[0]
    linear = steps[relu].inputs[0]
    if not _only_reader(steps, linear, LINEAR):
        return False
    steps[linear] = _scaled(steps[linear], step.arrays["scale"])
    scale = np.broadcast_to(step.arrays["scale"], steps[linear].arrays["bias"].shape)
    if (scale < 0).any():
        low, high = np.where(scale < 0, -np.inf, 0.0), np.where(scale > 0, np.inf, 0.0)
        steps[relu] = Step("clamp", steps[relu].inputs, {"low": low, "high": high})
    steps[name] = step.changed(scale=np.array(1.0))
    return True


def _behind_pool(steps: Steps, name: str, *, clamps: bool) -> bool:
    """A clamp or a shift before a max-pool does the same behind it, on a quarter of the pixels."""
    step = steps[name]
    if step.kind != "max_pool" or not _only_reader(steps, step.inputs[0], ("clamp", "affine")):
        return False
    before = step.inputs[0]
    moved = steps[before]
    if not (clamps if moved.kind == "clamp" else _is_shift(moved)):
        return False
    # The names change places: whoever reads the pool now reads what stands behind it.
    steps[before] = dataclasses.replace(step, inputs=moved.inputs)
    steps[name] = dataclasses.replace(moved, inputs=(before,))
    return True


def _shift_into_dense(steps: Steps, name: str) -> bool:
    """X + c before a dense layer, also through flattening or a mean over the picture: c becomes part of its bias."""
    step = steps[name]
    if step.kind != "dense":
        return False
    before, through = step.inputs[0], [name]
    while steps[before].kind in ("flatten", "mean") and _is_only_reader(steps, before):
        through.append(before)
        before = steps[before].inputs[0]
    shift = steps[before]
    if shift.kind != "affine" or not _is_shift(shift) or not _is_only_reader(steps, before):
        return False
    kernel = step.arrays["kernel"]
    values = np.atleast_1d(shift.arrays["shift"])
    if kernel.shape[0] % values.size:
        return False
    # Flattening puts the channels last, so their shifts repeat once per place.
    repeated = np.tile(values, kernel.shape[0] // values.size)
    steps[name] = step.changed(bias=step.arrays["bias"] + repeated @ kernel)
    _remove(steps, before)
    return True


def _scaled(step: Step, scale: NDArray[np.float64]) -> Step:
    """Kernel and bias of a linear step times `scale`, by output channel."""
    kernel, bias = step.arrays["kernel"], step.arrays["bias"]
    by_output = np.broadcast_to(scale, bias.shape)
    shape = kernel.shape[2:] if step.kind == "depthwise" else kernel.shape[-1:]
    return step.changed(kernel=kernel * by_output.reshape(shape), bias=bias * by_output)


def _is_shift(step: Step) -> bool:
    return bool((step.arrays["scale"] == 1.0).all())


def _readers(steps: Steps, name: str) -> list[str]:
    return [reader for reader, step in steps.items() if name in step.inputs]


def _is_only_reader(steps: Steps, name: str) -> bool:
    """Whether one step alone reads this one, once."""
    return sum(step.inputs.count(name) for step in steps.values()) == 1


def _only_reader(steps: Steps, name: str, kinds: tuple[str, ...]) -> bool:
    """Whether the step is of one of these kinds and nobody else needs what it gives now."""
    return steps[name].kind in kinds and _is_only_reader(steps, name)


def _remove(steps: Steps, name: str) -> None:
    """Let the readers of a step read its input instead."""
    (before,) = steps.pop(name).inputs
    for reader in _readers(steps, name):
        inputs = tuple(before if read == name else read for read in steps[reader].inputs)
        steps[reader] = dataclasses.replace(steps[reader], inputs=inputs)


def _in_order(steps: Steps, output: str) -> Steps:
    """What the output needs, every step behind those it reads."""
    ordered: Steps = {}

    def place(name: str) -> None:
        if name not in ordered:
            for read in steps[name].inputs:
                place(read)
            ordered[name] = steps[name]

    place(output)
    return ordered
