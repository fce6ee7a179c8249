"""Where a training runs, by what is there: one device, several GPUs of this machine, or several machines.

    TF_CONFIG with several workers   `tf.distribute.MultiWorkerMirroredStrategy`, one device per worker
    several GPUs                     `tf.distribute.MirroredStrategy`
    else                             the default strategy

The recipe stays the same: its batch is divided between the replicas, the loss of a batch is the mean over the whole of it,
and gradients are added up before the step. What differs: batch normalisation uses the statistics of a replica's own rows
(it is not synchronised; the running statistics are averaged), and all replicas draw the same dropout masks, each for its
own rows.

Keras 3.15's `Model.fit` fails under `MultiWorkerMirroredStrategy` in two places (it reduces a first batch that has one
replica, and averages scalars over an axis that they lack). So that strategy only joins the workers and carries their sums
here (`training.fitting.workers`), and each worker is a plain Keras program on its own device.
"""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import tensorflow as tf

from training.errors import WorkersFailed
from training.fitting.pipeline import Share
from training.fitting.workers import Workers

_joined: list[Workers] = []
"""At most one: TensorFlow can join a cluster once in the life of a process."""


@dataclass(frozen=True, slots=True)
class Devices:
    """The replicas that share each batch, and which of them this process feeds."""

    strategy: tf.distribute.Strategy
    workers: Workers | None = None
    """The others, where there are several machines."""

    @property
    def chief(self) -> bool:
        """Whether this process decides, and writes the run directory."""
        return self.workers is None or self.workers.index == 0

    @property
    def shares(self) -> tuple[Share, ...]:
        """The rows of each batch that this process reads; empty where there is one replica, which reads all of them."""
        if self.workers is not None:
            return (Share(self.workers.index, self.workers.count),)
        replicas = self.strategy.num_replicas_in_sync
        return tuple(Share(index, replicas) for index in range(replicas)) if replicas > 1 else ()

    def scope(self) -> AbstractContextManager[object]:
        """Around the building of a model."""
        return self.strategy.scope() if self.workers is None else nullcontext()

    def distribute(self, batches: tf.data.Dataset) -> object:
        """For `Model.fit`: where one process has several replicas, consecutive batches go to one after the other."""
        if self.workers is not None or self.strategy.num_replicas_in_sync == 1:
            return batches
        return self.strategy.distribute_datasets_from_function(lambda _: batches)


def find_devices() -> Devices:
    """Look at `TF_CONFIG` and the GPUs; the first call in a process joins the other workers.

    Raises:
        WorkersFailed: `TF_CONFIG` cannot be used, or the other workers do not come.
    """
    cluster = read_tf_config(os.environ.get("TF_CONFIG", ""))
    gpus = tf.config.list_physical_devices("GPU")  # logical ones would start TensorFlow, after which nobody can join
    if cluster is None:
        return Devices(tf.distribute.MirroredStrategy() if len(gpus) > 1 else tf.distribute.get_strategy())
    if len(gpus) > 1:
        message = (
            f"this worker sees {len(gpus)} GPUs and would use one; start a worker for each, with CUDA_VISIBLE_DEVICES "
            "set to its number and all of them named in TF_CONFIG"
        )
        raise WorkersFailed(message)
    if not _joined:
        _joined.append(Workers(*cluster))
    return Devices(tf.distribute.get_strategy(), _joined[0])


def is_chief() -> bool:
    """Whether this process is the only one or the first of the workers; joins nobody.

    Raises:
        WorkersFailed: `TF_CONFIG` cannot be used.
    """
    cluster = read_tf_config(os.environ.get("TF_CONFIG", ""))
    return cluster is None or cluster[0] == 0


def read_tf_config(text: str) -> tuple[int, tuple[str, ...]] | None:
    """Number and addresses of the workers, the chief first; None where there is one process only.

    >>> read_tf_config('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}')
    (1, ('a:1', 'b:1'))

    Raises:
        WorkersFailed: it is not JSON, or does not say which of the workers this is.
    """
    if not text.strip():
        return None
    try:
        content = json.loads(text)
        chief, others = tuple(content["cluster"].get("chief", ())), tuple(content["cluster"].get("worker", ()))
        kind, index = content["task"]["type"], int(content["task"]["index"])
        number = {"chief": 0, "worker": len(chief)}[kind] + index
        addresses = (*chief, *others)
        addresses[number]  # an IndexError where it is none of them
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        message = (
            f"TF_CONFIG cannot be used ({type(error).__name__}: {error}); it must look like "
            '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}, '
            "with its own index on each machine"
        )
        raise WorkersFailed(message) from error
    return (number, addresses) if len(addresses) > 1 else None
