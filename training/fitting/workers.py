"""Several processes train one model: TensorFlow's collectives between them, and the optimizer that uses them.

Each worker holds the whole model and reads its share of each batch. Once per batch all of them add up one vector: the
gradients, and what the chief says (its learning rate, and whether to stop). So all take the same step at the same rate and
stop after the same batch, whatever their clocks say.

A worker that is gone is noticed by the next sum: its connection is closed, or `TIMEOUT_SECONDS` pass.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from training.errors import WorkersFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

TIMEOUT_VARIABLE = "SYMMETRA_WORKER_TIMEOUT_SECONDS"
TIMEOUT_SECONDS = 600.0
"""A worker may be this much behind the others: its crops lie on a slow disk, or the chief writes a checkpoint."""
EAGER_GROUP, GRAPH_GROUP = 1, 2
RESTART = "start all workers again with the same command; the training goes on after the last whole epoch"


class Workers:
    """This process and the others, joined.

    Args:
        index: Of this worker; 0 is the chief.
        addresses: host:port of each, the chief first; `TF_CONFIG` names the same.

    Raises:
        WorkersFailed: TensorFlow was used before in this process, so that it cannot join any more.
    """

    def __init__(self, index: int, addresses: Sequence[str]) -> None:
        self.index = index
        self.count = len(addresses)
        self._timeout_seconds = float(os.environ.get(TIMEOUT_VARIABLE, TIMEOUT_SECONDS))
        self._sums_done = 0
        sys.stderr.write(
            f"worker {index + 1} of {self.count} waits for the others ({', '.join(addresses)}); if they do not all come within "
            f"{self._timeout_seconds:g} seconds ({TIMEOUT_VARIABLE}), it ends with status 1: look at their output, then {RESTART}\n"
        )
        sys.stderr.flush()
        with _ending_after(self._timeout_seconds):
            try:
                # Makes this process a server of the cluster and waits for the others; kept, because it ends with it.
                self._strategy = tf.distribute.MultiWorkerMirroredStrategy()
            except (RuntimeError, ValueError, tf.errors.OpError) as error:
                message = f"the workers {', '.join(addresses)} cannot be joined: {error}"
                raise WorkersFailed(message) from error

    def sum_in_graph(self, vector: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        """The sum over all workers, inside a function; `number` must be another one each time, the same for all."""
        return self._sum(vector, GRAPH_GROUP, number)

    def sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum over all workers; all of them must ask for it.

        Raises:
            WorkersFailed: one of them is gone.
        """
        self._sums_done += 1
        with naming_lost_workers():
            total = self._sum(tf.constant(values, tf.float64), EAGER_GROUP, tf.constant(self._sums_done))
        result: NDArray[np.float64] = total.numpy()
        return result

    def tell(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the chief says; the values of the others only give the shape.

        Raises:
            WorkersFailed: one of them is gone.
        """
        return self.sum(values if self.index == 0 else np.zeros_like(values))

    def _sum(self, vector: tf.Tensor, group: int, number: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.CollectiveReduceV2(
            input=vector,
            group_size=self.count,
            group_key=group,
            instance_key=number,
            ordering_token=[],
            merge_op="Add",
            final_op="Id",
            communication_hint="auto",
            timeout_seconds=self._timeout_seconds,
        )


class ChiefSays:
    """What travels with the gradients from the chief to all."""

    def __init__(self) -> None:
        self.stop_wanted = tf.Variable(0.0, trainable=False)
        """The chief sets it."""
        self.stop_heard = tf.Variable(0.0, trainable=False)
        """Everybody reads it."""
        self.sums_done = tf.Variable(0, trainable=False, dtype=tf.int32)


class _Averaged:
    """Before the step: the mean of the workers' gradients, and the chief's learning rate."""

    workers: Workers
    says: ChiefSays

    def apply(self, grads: Sequence[tf.Tensor], trainable_variables: Sequence[keras.Variable] | None = None) -> None:
        """Average, then do what the optimizer does."""
        optimizer: Any = self
        is_chief = float(self.workers.index == 0)
        said = tf.stack([self.says.stop_wanted, tf.cast(optimizer.learning_rate, tf.float32)]) * is_chief
        flat = tf.concat([said, *(tf.reshape(grad, [-1]) for grad in grads)], axis=0)
        total = self.workers.sum_in_graph(flat, self.says.sums_done.assign_add(1))
        self.says.stop_heard.assign(total[0])
        optimizer.learning_rate = total[1]
        parts = tf.split(total[2:] / self.workers.count, [grad.shape.num_elements() for grad in grads])
        means = [tf.reshape(part, grad.shape) for part, grad in zip(parts, grads, strict=True)]
        super().apply(means, trainable_variables)  # type: ignore[misc]  # the optimizer it is mixed into


class AveragedAdam(_Averaged, keras.optimizers.Adam):  # type: ignore[misc]  # Keras has no types
    """Adam over several workers."""


class AveragedLossScale(_Averaged, keras.optimizers.LossScaleOptimizer):  # type: ignore[misc]
    """Loss scaling over several workers: all see the same sum, so all skip the same steps."""


def make_optimizer(learning_rate: float, workers: Workers | None, *, scale_loss: bool) -> keras.optimizers.Optimizer:
    """Adam, over several workers where there are some.

    Args:
        learning_rate: To start with.
        workers: The other processes, or None.
        scale_loss: For float16, whose small gradients would be 0.
    """
    if workers is None:
        return keras.optimizers.Adam(learning_rate)  # Keras adds the scaling by itself
    optimizer: Any = AveragedAdam(learning_rate)
    if scale_loss:
        optimizer = AveragedLossScale(keras.optimizers.Adam(learning_rate))
    optimizer.workers, optimizer.says = workers, ChiefSays()
    return optimizer


@contextmanager
def naming_lost_workers() -> Iterator[None]:
    """Turn TensorFlow's errors about a connection into a sentence.

    Raises:
        WorkersFailed: another worker is gone.
    """
    try:
        yield
    except (
        tf.errors.UnavailableError,
        tf.errors.DeadlineExceededError,
        tf.errors.AbortedError,
        tf.errors.CancelledError,
    ) as error:
        message = f"another worker of this training is gone ({type(error).__name__}); {RESTART}"
        raise WorkersFailed(message) from error


@contextmanager
def _ending_after(seconds: float) -> Iterator[None]:
    """End the process with status 1 when the block takes longer.

    TensorFlow waits for the others in C++ and holds Python's lock meanwhile: no other thread and no signal handler runs, so
    nothing can be said any more. `faulthandler` has a thread that needs no lock.
    """
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
