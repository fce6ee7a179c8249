"""One version that answers: a SavedModel, its signatures, and its batching queues where batching is on."""

from __future__ import annotations

import functools
import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from serving.server.errors import DeadlineExceeded, FailedPrecondition
from serving.server.signature import Signature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serving.server.batching import BatchQueue, BatchScheduler, Run
    from serving.server.batching_settings import BatchingSettings
    from serving.server.metrics import ServerMetrics
    from serving.server.savedmodel import SavedModel
    from serving.wire.tensors import Array

_SHORT_RUN_SECONDS = 0.01
_MAX_PLANS = 256
"""Kept per version: a caller can ask for the outputs of a signature in more orders than memory holds."""


class Servable:
    """A loaded version of a model.

    Args:
        name: Name of the model.
        version: Its number.
        model: The SavedModel; closed with the servable.
        batcher: Runs its calls in batches; None where it is not batched, and then each call runs in its own thread.
        metrics: Where runs and the time in the runtime are counted.
        checks_method_names: Whether signatures are refused whose method name is none of TensorFlow Serving's.
    """

    def __init__(
        self,
        name: str,
        version: int,
        model: SavedModel,
        batcher: Batcher | None,
        metrics: ServerMetrics,
        *,
        checks_method_names: bool = False,
    ) -> None:
        self.name = name
        self.version = version
        self.checks_method_names = checks_method_names
        self.signature_definitions = model.signatures
        self._model = model
        self._batcher = batcher
        self._metrics = metrics
        self._signatures: dict[str, Signature] = {}
        self._plans: dict[tuple[str, tuple[str, ...]], _Plan] = {}

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
        plan = self._plans.get((signature_name, aliases))
        if plan is None:
            plan = self._make_plan(signature_name, aliases)
            if len(self._plans) < _MAX_PLANS:
                self._plans[signature_name, aliases] = plan
        started = time.monotonic()
        given = [arrays[index] for index in plan.input_order]
        outputs = plan.queue.submit(given, deadline) if plan.queue else plan.run(given, deadline)
        self._metrics.runtime_latency.observe((time.monotonic() - started) * 1e6, self.name, "Predict", "TF1")
        return [outputs[index] for index in plan.output_order]

    def close(self) -> None:
        """Free the model. Nobody may run it any more."""
        self._model.close()

    def _make_plan(self, signature_name: str, aliases: tuple[str, ...]) -> _Plan:
        inputs = self.signature(signature_name).inputs
        infos = self.signature_definitions[signature_name].outputs
        # In the order of tensor names, each once: so signatures that share their tensors can share their batches.
        input_order = sorted(range(len(inputs)), key=lambda index: inputs[index].tensor_name)
        output_names = sorted({infos[alias].name for alias in aliases})
        run = functools.partial(
            self._run_now,
            _Pace(),
            [inputs[index].handle for index in input_order],
            [self._model.tensor(name) for name in output_names],
        )
        input_names = tuple(inputs[index].tensor_name for index in input_order)
        return _Plan(
            run,
            self._batcher.queue(run, input_names, tuple(output_names)) if self._batcher else None,
            input_order,
            [output_names.index(infos[alias].name) for alias in aliases],
        )

    def _run_now(
        self,
        pace: _Pace,
        handles: Sequence[Any],
        fetches: list[Any],
        arrays: Sequence[Array],
        deadline: float | None,
    ) -> list[Array]:
        # Giving up a run needs TensorFlow's pool, which costs each run 0.12 ms of CPU; short ones are let through.
        is_short = pace.seconds < _SHORT_RUN_SECONDS
        started = time.monotonic()
        try:
            outputs = self._model.run(dict(zip(handles, arrays, strict=True)), fetches, None if is_short else deadline)
        finally:
            ended = time.monotonic()
            pace.seconds = max(ended - started, min(pace.seconds, 1.0) * 0.9)
            self._metrics.graph_runs.increment()
            self._metrics.graph_run_time.increment(by=round((ended - started) * 1e6))
        if is_short and deadline is not None and started < deadline < ended:
            message = "Timed out waiting for notification"
            raise DeadlineExceeded(message)
        return outputs


class Batcher:
    """The queues of one version.

    Args:
        scheduler: Shared by all versions.
        settings: What the queues of this version follow.
    """

    def __init__(self, scheduler: BatchScheduler, settings: BatchingSettings) -> None:
        self._scheduler = scheduler
        self._settings = settings
        self._queues: dict[tuple[tuple[str, ...], tuple[str, ...]], BatchQueue] = {}
        self._lock = threading.Lock()

    def queue(self, run: Run, input_names: tuple[str, ...], output_names: tuple[str, ...]) -> BatchQueue:
        """The queue of these tensors, both sorted by name; `run` is used where there is none yet."""
        with self._lock:
            queue = self._queues.get((input_names, output_names))
            if queue is None:
                queue = self._scheduler.open_queue(run, input_names, self._settings)
                self._queues[input_names, output_names] = queue
            return queue


@dataclass(slots=True)
class _Pace:
    """About how long the slowest of the last runs took; nothing is known before the first."""

    seconds: float = math.inf


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a signature is run for some of its outputs.

    Attributes:
        run: Runs it alone, on arrays in the order of tensor names.
        queue: Runs it in batches; None where the version is not batched.
        input_order: Position in the request's arrays of each input, in the order of tensor names.
        output_order: Position in the run's outputs of each output asked for.
    """

    run: Run
    queue: BatchQueue | None
    input_order: list[int]
    output_order: list[int]
