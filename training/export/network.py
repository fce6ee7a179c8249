"""A network as a list of plain steps: what an inference graph is folded and built from, without Keras or TensorFlow.

Keras models are read into it (`network_reading`), rewritten in it (`folding`), and run from it (`inference_graph`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Kind = Literal[
    "input",
    "conv",
    "depthwise",
    "dense",
    "affine",
    "relu",
    "clamp",
    "activation",
    "max_pool",
    "mean",
    "flatten",
    "flip",
    "absolute",
    "add",
    "subtract",
    "multiply",
    "concatenate",
    "plain",
]
"""What a step does.

affine       x * scale + shift, by channel or with one number
clamp        min(max(x, low), high), by channel
plain        a Keras operation that no rule knows: called as it is, its weights as variables
"""
LINEAR: tuple[Kind, ...] = ("conv", "depthwise", "dense")
"""Steps with a kernel: scales before and behind them can become part of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation.

    Attributes:
        kind: What it does.
        inputs: Names of the steps it reads, in order.
        arrays: Weights by name (kernel, bias, scale, shift, low, high), float64 so that folding rounds once, at the end.
        options: Strides, padding, axis and the like.
        call: Of a `plain` step: its inputs -> its output.
        variables: Of a `plain` step: what must be saved with the graph.
    """

    kind: Kind
    inputs: tuple[str, ...] = ()
    arrays: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    call: Callable[..., Any] | None = None
    variables: tuple[Any, ...] = ()

    def changed(self, **arrays: NDArray[np.float64]) -> Step:
        """The same step with other weights."""
        return dataclasses.replace(self, arrays={**self.arrays, **arrays})


@dataclass(frozen=True, slots=True)
class Network:
    """Steps by name, every step behind those it reads.

    Attributes:
        steps: The first is the input.
        output: Name of the step whose output is the logit, [n, 1].
        crop_size: Height and width of a crop, in pixels.
    """

    steps: dict[str, Step]
    output: str
    crop_size: int

    @property
    def plain_steps(self) -> tuple[str, ...]:
        """Names of the operations that run as Keras has them."""
        return tuple(name for name, step in self.steps.items() if step.kind == "plain")


def shuffle_kernels(network: Network, seed: int) -> Network:
    """The same network with the entries of every kernel in random order: as large as before, but knowing nothing."""
    rng = np.random.default_rng(seed)
    steps = {
        name: step.changed(kernel=rng.permutation(step.arrays["kernel"].ravel()).reshape(step.arrays["kernel"].shape))
        if "kernel" in step.arrays
        else step
        for name, step in network.steps.items()
    }
    return dataclasses.replace(network, steps=steps)
