"""One version that answers: a SavedModel, its signatures, and its batching queues where batching is on."""

from __future__ import annotations

import functools
import threading
import time
from typing import TYPE_CHECKING

from serving.server.errors import FailedPrecondition
from serving.server.signature import Signature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serving.server.batching import BatchQueue, BatchScheduler
    from serving.server.metrics import ServerMetrics
    from serving.server.savedmodel import SavedModel
    from serving.wire.tensors import Array

DEFAULT_SIGNATURE = "serving_default"


class Servable:
    """A loaded version of a model.

    Args:
        name: Name of the model.
        version: Its number.
        model: The SavedModel; closed with the servable.
        scheduler: Runs its batches; None where batching is off, and then each call runs in its own thread.
        metrics: Where the time in the runtime is counted.
    """

    def __init__(
        self, name: str, version: int, model: SavedModel, scheduler: BatchScheduler | None, metrics: ServerMetrics
    ) -> None:
        self.name = name
        self.version = version
        self.signature_definitions = model.signatures
        self._model = model
        self._scheduler = scheduler
        self._metrics = metrics
        self._signatures: dict[str, Signature] = {}
        self._queues: dict[tuple[str, tuple[str, ...]], BatchQueue] = {}
        self._lock = threading.Lock()

    def signature(self, name: str) -> Signature:
        """A signature by its name.

        Raises:
            FailedPrecondition: The version has none of this name.
            Unimplemented: It has one that this server cannot run.
        """
        signature = self._signatures.get(name)
        if signature is None:
            if name not in self.signature_definitions:
                message = f'Serving signature key "{name}" not found.'
                raise FailedPrecondition(message)
            signature = self._signatures[name] = Signature(self.signature_definitions[name], self._model)
        return signature

    def run(
        self, signature_name: str, arrays: Sequence[Array], aliases: tuple[str, ...], deadline: float | None
    ) -> list[Array]:
        """Run a signature on checked arrays, alone or in a batch with others.

        Args:
            signature_name: Which signature.
            arrays: One per input, as from `Signature.read_inputs`.
            aliases: Which outputs.
            deadline: On `time.monotonic`, after which nobody waits.

        Raises:
            StatusError: What batching or the model failed with.
        """
        started = time.monotonic()
        if self._scheduler is None:
            outputs = self._run_now(signature_name, aliases, arrays)
        else:
            outputs = self._queue(self._scheduler, signature_name, aliases).submit(arrays, deadline)
        self._metrics.runtime_latency.observe((time.monotonic() - started) * 1e6, self.name, "Predict", "TF1")
        return outputs

    def close(self) -> None:
        """Free the model. Nobody may run it any more."""
        if self._scheduler is not None:
            for queue in self._queues.values():
                self._scheduler.close_queue(queue)
        self._model.close()

    def _run_now(self, signature_name: str, aliases: tuple[str, ...], arrays: Sequence[Array]) -> list[Array]:
        signature = self.signature(signature_name)
        feeds = {spec.handle: array for spec, array in zip(signature.inputs, arrays, strict=True)}
        return self._model.run(feeds, signature.fetches(aliases))

    def _queue(self, scheduler: BatchScheduler, signature_name: str, aliases: tuple[str, ...]) -> BatchQueue:
        key = signature_name, aliases
        queue = self._queues.get(key)
        if queue is None:
            with self._lock:
                queue = self._queues.get(key)
                if queue is None:
                    run = functools.partial(self._run_now, signature_name, aliases)
                    names = [spec.tensor_name for spec in self.signature(signature_name).inputs]
                    queue = self._queues[key] = scheduler.open_queue(run, names)
        return queue
