"""Dynamic batching: requests that wait at the same time run as one, after tensorflow/core/kernels/batching_util.

One queue per version, signature and set of outputs. A batch is due when it is full, or when its oldest request has
waited `batch_timeout_micros`; due batches of all queues run in turn, at most `num_batch_threads` at the same time. With
a timeout of 0, the default, batching is greedy: what waits runs as soon as there is room, so batches grow exactly when
requests arrive faster than they are answered.

There are no threads here. The thread of the first request of a batch runs it, and the others sleep until it has: a
request that finds room runs at once in its own thread, where a handover to a pool and back would cost it 0.1 ms.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from serving.server.batch_rows import check_rows, join_rows
from serving.server.errors import (
    Internal,
    InvalidArgument,
    ResourceExhausted,
    StatusError,
    Unavailable,
    status_of,
)
from serving.wire.tensors import Array

if TYPE_CHECKING:
    from serving.server.config import BatchingSettings
    from serving.server.metrics import ServerMetrics

Run: TypeAlias = Callable[[Sequence[Array]], list[Array]]
"""Runs the model on one array per input and returns one array per output."""


class _Task:
    """One request while it waits. A lock that the other side opens is the cheapest signal between two threads."""

    __slots__ = ("batch_to_run", "deadline", "enqueued_at", "error", "inputs", "is_done", "outputs", "rows", "signal")

    def __init__(self, inputs: Sequence[Array], rows: int, deadline: float | None) -> None:
        self.inputs = inputs
        self.rows = rows
        self.deadline = deadline
        self.enqueued_at = time.monotonic()
        self.batch_to_run: _Batch | None = None
        self.outputs: list[Array] = []
        self.error: StatusError | None = None
        self.is_done = False
        self.signal = threading.Lock()
        self.signal.acquire()

    def succeed(self, outputs: list[Array]) -> None:
        self.outputs = outputs
        self.is_done = True
        self.signal.release()

    def fail(self, error: StatusError) -> None:
        self.error = error
        self.is_done = True
        self.signal.release()


class _Batch:
    """Requests that will run together; the first one's thread runs them."""

    __slots__ = ("rows", "tasks")

    def __init__(self) -> None:
        self.tasks: list[_Task] = []
        self.rows = 0

    def unfinished(self) -> list[_Task]:
        """Those whose callers still sleep. A signal may be given once only."""
        return [task for task in self.tasks if not task.is_done]


class BatchQueue:
    """What waits for one signature of one version. Made by `BatchScheduler.open_queue`."""

    def __init__(self, scheduler: BatchScheduler, run: Run, input_names: Sequence[str]) -> None:
        self._scheduler = scheduler
        self.run = run
        self.input_names = tuple(input_names)
        self.batches: deque[_Batch] = deque()

    def submit(self, inputs: Sequence[Array], deadline: float | None) -> list[Array]:
        """Run these inputs in a batch, and return this request's rows of the outputs.

        Args:
            inputs: One array per input, all with the same number of rows.
            deadline: On `time.monotonic`; a request that is still queued then is dropped.

        Raises:
            InvalidArgument: No batch dimension, unequal rows, or more rows than a batch may have.
            Unavailable: The queue is full.
            ResourceExhausted: The deadline passed while the request was queued.
            FailedPrecondition: Shapes within the batch, or of the outputs, cannot be put together.
            StatusError: What the model itself failed with; every request of the batch gets it.
        """
        if any(array.ndim == 0 for array in inputs):
            message = "Batching Run() input tensors must have at least one dimension"
            raise InvalidArgument(message)
        rows = len(inputs[0]) if inputs else 0
        if any(len(array) != rows for array in inputs):
            message = "Batching Run() input tensors must have equal 0th-dimension size"
            raise InvalidArgument(message)
        return self._scheduler.submit(self, _Task(inputs, rows, deadline))


class BatchScheduler:
    """Decides which batch runs when.

    Args:
        settings: Sizes, waiting time, and how many batches may run at the same time.
        metrics: Where queueing times and batch sizes are counted.
    """

    def __init__(self, settings: BatchingSettings, metrics: ServerMetrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._timeout_seconds = settings.batch_timeout_micros / 1e6
        # A queue that may hold nothing could never hand anything over; theirs rewrites 0 to 1 as well.
        self._max_enqueued_batches = max(1, settings.max_enqueued_batches)
        self._lock = threading.Lock()
        self._queues: deque[BatchQueue] = deque()
        self._free_slots = settings.num_batch_threads

    def open_queue(self, run: Run, input_names: Sequence[str]) -> BatchQueue:
        """A queue of its own for one signature of one version."""
        queue = BatchQueue(self, run, input_names)
        with self._lock:
            self._queues.append(queue)
        return queue

    def close_queue(self, queue: BatchQueue) -> None:
        """Forget a queue that nobody submits to any more."""
        with self._lock:
            self._queues.remove(queue)

    def submit(self, queue: BatchQueue, task: _Task) -> list[Array]:
        """See `BatchQueue.submit`."""
        for _ in queue.input_names:
            self._metrics.input_batch_size.observe(task.rows)
        with self._lock:
            leads = self._enqueue(queue, task)
            self._dispatch()
        due_at = task.enqueued_at + self._timeout_seconds if leads and self._timeout_seconds else None
        while True:
            # Only the first request of a batch watches the clock, and only until the batch is due.
            seconds = -1.0 if due_at is None else max(0.0, due_at - time.monotonic())
            if not task.signal.acquire(timeout=seconds):
                due_at = None
                with self._lock:
                    self._dispatch()
            elif task.batch_to_run is not None:
                batch, task.batch_to_run, due_at = task.batch_to_run, None, None
                self._run_in_turn(queue, batch)
            elif task.error is not None:
                raise task.error
            else:
                return task.outputs

    def _enqueue(self, queue: BatchQueue, task: _Task) -> bool:
        """Add a task to the open batch of its queue or to a new one; whether it is the first of it."""
        largest = self._settings.max_batch_size
        if task.rows > largest:
            message = f"Task size {task.rows} is larger than maximum input batch size {largest}"
            raise InvalidArgument(message)
        batches = queue.batches
        if not batches or batches[-1].rows + task.rows > largest:
            if len(batches) >= self._max_enqueued_batches:
                message = (
                    "The batch scheduling queue to which this task was submitted is full; currently "
                    f"{len(batches)} batches enqueued and max_enqueued_batches is {self._max_enqueued_batches}"
                )
                raise Unavailable(message)
            batches.append(_Batch())
        batches[-1].tasks.append(task)
        batches[-1].rows += task.rows
        return len(batches[-1].tasks) == 1

    def _dispatch(self) -> None:
        """Start due batches while there is room, one queue after the other. The caller holds the lock."""
        now = time.monotonic()
        for _ in range(len(self._queues)):
            if not self._free_slots:
                return
            queue = self._queues[0]
            self._queues.rotate(-1)
            while self._free_slots and queue.batches and self._is_due(queue, now):
                self._free_slots -= 1
                batch = queue.batches.popleft()
                batch.tasks[0].batch_to_run = batch
                batch.tasks[0].signal.release()

    def _is_due(self, queue: BatchQueue, now: float) -> bool:
        first = queue.batches[0]
        is_full = len(queue.batches) > 1 or first.rows >= self._settings.max_batch_size
        return is_full or first.tasks[0].enqueued_at + self._timeout_seconds <= now

    def _run_in_turn(self, queue: BatchQueue, batch: _Batch) -> None:
        try:
            self._run(queue, batch)
        finally:
            with self._lock:
                self._free_slots += 1
                self._dispatch()

    def _run(self, queue: BatchQueue, batch: _Batch) -> None:
        try:
            tasks = self._drop_expired(batch.tasks)
            outputs = self._run_together(queue, tasks) if tasks else []
            first = 0
            for task in tasks:
                task.succeed([array[first : first + task.rows] for array in outputs])
                first += task.rows
        except StatusError as error:
            for task in batch.unfinished():
                # One error per caller: a raised exception keeps the traceback of the thread that raised it.
                task.fail(status_of(error.code, error.message))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other callers must not wait for ever
            for task in batch.unfinished():
                task.fail(Internal(f"the batch could not be run: {type(error).__name__}"))

    def _drop_expired(self, tasks: Sequence[_Task]) -> list[_Task]:
        """Those that somebody still waits for; computing the others would only delay these."""
        waiting = []
        now = time.monotonic()
        for task in tasks:
            self._metrics.queuing_latency.observe((now - task.enqueued_at) * 1e6, "")
            if task.deadline is not None and task.deadline <= now:
                task.fail(ResourceExhausted("Run() timeout exceeded while waiting in batching queue"))
            else:
                waiting.append(task)
        return waiting

    def _run_together(self, queue: BatchQueue, tasks: Sequence[_Task]) -> list[Array]:
        rows = sum(task.rows for task in tasks)
        size = next((size for size in self._settings.allowed_batch_sizes if size >= rows), rows)
        inputs = [
            join_rows(
                name,
                [task.inputs[index] for task in tasks],
                padding_rows=size - rows,
                pad_sizes=self._settings.pad_variable_length_inputs,
            )
            for index, name in enumerate(queue.input_names)
        ]
        self._metrics.processed_batch_size.observe(size)
        self._metrics.padding_size.observe(size - rows, str(size))
        self._metrics.wrapped_run_count.increment()
        outputs = queue.run(inputs)
        check_rows(outputs, size)
        return outputs
