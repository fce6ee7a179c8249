"""Callbacks of a training by several workers (`training.fitting.workers`): one history, one set of decisions, the chief's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.fitting.workers import Workers


class PooledFigures(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """First of the callbacks: what the others see is the mean over all workers, weighted by their photos.

    Before validation it averages the running statistics of batch normalisation, so that all validate the same model.

    Args:
        workers: All of them.
        photos: That this worker validates on.
    """

    def __init__(self, workers: Workers, photos: int) -> None:
        super().__init__()
        self._workers = workers
        self._photos = photos

    def on_test_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Average the running statistics."""
        del logs
        statistics = [
            variable
            for variable in self.model.non_trainable_variables
            if np.issubdtype(np.dtype(variable.dtype), np.floating)
        ]
        if statistics:  # TensorFlow's collectives end the process over an empty vector
            total = self._workers.sum(_pack(statistics))
            _unpack(total / self._workers.count, statistics)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Average the figures."""
        del epoch
        figures = logs if logs is not None else {}
        names = sorted(figures)
        mine = np.array([float(figures[name]) * self._photos for name in names] + [self._photos], np.float64)
        total = self._workers.sum(mine)
        figures.update({name: float(value / total[-1]) for name, value in zip(names, total, strict=False)})


class ChiefDecides(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Last of the callbacks: all start from the chief's state, go on at its learning rate and stop when it does.

    Args:
        workers: All of them.
    """

    def __init__(self, workers: Workers) -> None:
        super().__init__()
        self._workers = workers
        self._asked = False

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Take over the chief's variables, which it may have read from a checkpoint."""
        del logs
        share_state(self._workers, [*self.model.variables, *self.model.optimizer.variables])

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Stop one batch after the chief asked for it, all at the same one."""
        del batch, logs
        says = self.model.optimizer.says
        if self.model.stop_training:  # a callback of the chief wants it
            self._asked = True
            says.stop_wanted.assign(1.0)
        self.model.stop_training = float(says.stop_heard) > 0.0

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Hear whether the chief goes on, and at what rate."""
        del epoch, logs
        optimizer = self.model.optimizer
        wanted = float(self._asked or self.model.stop_training)
        stop, rate = self._workers.tell(np.array([wanted, float(optimizer.learning_rate)]))
        self.model.stop_training = stop > 0.0
        optimizer.learning_rate = rate


def share_state(workers: Workers, variables: Sequence[keras.Variable]) -> None:
    """Give all workers the chief's values.

    Raises:
        WorkersFailed: one of them is gone.
    """
    _unpack(workers.tell(_pack(variables)), variables)


def _pack(variables: Sequence[keras.Variable]) -> NDArray[np.float64]:
    """One vector; float64 holds float32 and the counters, below 2^53, exactly."""
    return np.concatenate([np.asarray(variable, np.float64).ravel() for variable in variables])


def _unpack(vector: NDArray[np.float64], variables: Sequence[keras.Variable]) -> None:
    first = 0
    for variable in variables:
        size = int(np.prod(variable.shape))
        values: Any = vector[first : first + size].reshape(variable.shape)
        variable.assign(values.astype(variable.dtype))
        first += size
