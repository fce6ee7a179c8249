"""What one training run does, as plain values: the paper's rules (section II), with the numbers it leaves open."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from training.fitting.ranges import Augmentation

if TYPE_CHECKING:
    from collections.abc import Sequence


Schedule = Literal["plateau", "cosine"]
SCHEDULES: tuple[Schedule, ...] = ("plateau", "cosine")
Precision = Literal["float32", "bfloat16", "float16"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "float16")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Adam, binary cross-entropy, EarlyStopping, weights of the lowest validation loss, ReduceLROnPlateau, class weights.

    The paper states these and 20 epochs, but no patience or factor. With few steps per epoch the first validation losses
    mean little (batch-norm statistics are still settling), so early stopping ignores the first five epochs, and the
    learning rate waits five epochs before it falls, with a floor.
    """

    architecture: str = "paper"
    epochs: int = 20
    minutes: float | None = None
    """Time budget; training stops cleanly when it is used up. None: no limit."""
    batch_size: int = 32
    learning_rate: float = 1e-3
    warm_up_epochs: float = 2.0
    """The rate rises linearly over these epochs. Adam's first steps move each of the 16,384 weights of a dense unit of the
    paper's CNN by the full rate, whatever their gradient's size: without warm-up 73 % of the units are dead after two epochs
    and the network answers every photo alike (measured; the paper says nothing of a start). `cosine` has its own."""
    schedule: Schedule = "plateau"
    """`plateau` is the paper's rule. `cosine` (`training.fitting.callbacks.cosine_rate`) gets further in few epochs, but wants
    their number, or the time budget, known beforehand."""
    stop_patience_epochs: int = 8
    stop_min_delta: float = 1e-3
    stop_start_epoch: int = 5
    plateau_patience_epochs: int = 5
    plateau_factor: float = 0.5
    learning_rate_floor: float = 1e-5
    precision: Precision = "float32"
    """Of layers while training; weights, loss and the saved model are float32 always (mixed precision)."""
    initial_model: str | None = None
    """A `.keras` file to start from (transfer learning); None starts from random weights."""
    frozen_layers: tuple[str, ...] = ()
    """Layers, by name, that keep the weights they start with."""
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 1

    def as_dict(self) -> dict[str, Any]:
        """For `run.json` and the model card; JSON values only."""
        return dataclasses.asdict(self) | {"frozen_layers": list(self.frozen_layers)}


def class_weights(targets: Sequence[float]) -> dict[int, float]:
    """Weight of target 0 (depressed) and 1 (not depressed): n / (2 n_class), so that both classes weigh the same.

    >>> class_weights([0.0, 1.0, 1.0, 1.0])
    {0: 2.0, 1: 0.6666666666666666}
    """
    count = len(targets)
    positive = sum(targets)
    return {0: count / (2.0 * (count - positive)), 1: count / (2.0 * positive)}


def batches_per_epoch(photos: int, batch_size: int) -> int:
    """The last one may be smaller."""
    return math.ceil(photos / batch_size)
