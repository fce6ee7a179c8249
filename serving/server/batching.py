"""Dynamic batching: requests that wait at the same time run as one, after tensorflow/core/kernels/batching_util.

One queue per version and set of input and output tensors. A batch is due when it is full, or when its oldest request has
waited `batch_timeout_micros`; due batches of all queues run in turn, at most `num_batch_threads` at the same time. With
a timeout of 0, the default, batching is greedy: what waits runs as soon as there is room, so batches grow exactly when
requests arrive faster than they are answered.

The thread of the first request of a batch runs it, and the others sleep until it has: a request that finds room runs at
once in its own thread, where a handover to a pool and back would cost it 0.1 ms. Only a request that is split over
several batches needs threads that are nobody's, because its own cannot run two of them at once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias

from serving.server.batch_rows import check_rows, join_rows
from serving.server.batch_tasks import Batch, Request
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
    from serving.server.batching_settings import Batching, BatchingSettings
    from serving.server.metrics import ServerMetrics

Run: TypeAlias = Callable[[Sequence[Array], float | None], list[Array]]
"""Runs the model on one array per input, until a deadline on `time.monotonic`; returns one array per output."""


class BatchQueue:
    """What waits for one set of tensors of one version. Made by `BatchScheduler.open_queue`.

    Attributes:
        run: Runs a batch.
        input_names: Names of the tensors, in the order of the inputs.
        settings: Sizes and waiting times.
        batches: The last one is open to more requests, the others are full.
        is_listed: Whether the scheduler knows that something waits here.
    """

    def __init__(
        self, scheduler: BatchScheduler, run: Run, input_names: Sequence[str], settings: BatchingSettings
    ) -> None:
        self._scheduler = scheduler
        self.run = run
        self.input_names = tuple(input_names)
        self.settings = settings
        self.timeout_seconds = settings.batch_timeout_micros / 1e6
        self.batches: deque[Batch] = deque()
        self.is_listed = False

    def submit(self, inputs: Sequence[Array], deadline: float | None) -> list[Array]:
        """Run these inputs in a batch, and return this request's rows of the outputs.

        Args:
            inputs: One array per input, all with the same number of rows.
            deadline: On `time.monotonic`; a batch whose callers have all given up before it runs is not run.

        Raises:
            InvalidArgument: No batch dimension, unequal rows, or more rows than a request may have.
            Unavailable: The queue is full.
            ResourceExhausted: The deadline passed while the request was queued.
            FailedPrecondition: Shapes within the batch, or of the outputs, cannot be put together.
            StatusError: What the model itself failed with; every request of the batch gets it.
        """
        rows = 0
        for index, array in enumerate(inputs):
            if array.ndim == 0:
                message = "Batching Run() input tensors must have at least one dimension"
                raise InvalidArgument(message)
            if index and len(array) != rows:
                message = "Batching Run() input tensors must have equal 0th-dimension size"
                raise InvalidArgument(message)
            rows = len(array)
        return self._scheduler.submit(self, Request(inputs, rows, deadline))

    def enqueue(self, request: Request) -> bool:
        """Put a request into the open batch, new ones, or both; whether it is the first of one. Not thread-safe.

        Raises:
            InvalidArgument: More rows than a request may have.
            Unavailable: The queue is full.
        """
        settings, rows, batches = self.settings, request.rows, self.batches
        largest = settings.largest_run
        if rows > settings.max_batch_size:
            message = f"Task size {rows} is larger than maximum input batch size {settings.max_batch_size}"
            raise InvalidArgument(message)
        open_rows = batches[-1].rows if batches else 0
        if settings.enable_large_batch_splitting:
            sizes = self._split_sizes(rows, open_rows)
        elif open_rows + rows > largest and len(batches) >= settings.largest_queue:
            message = (
                "The batch scheduling queue to which this task was submitted is full; currently "
                f"{len(batches)} batches enqueued and max_enqueued_batches is {settings.largest_queue}"
            )
            raise Unavailable(message)
        else:
            sizes = [rows]
        leads = False
        for part in request.split(sizes):
            if not batches or batches[-1].rows + part.rows > largest:
                batches.append(Batch(request.enqueued_at))
                leads = True
            batches[-1].add(part)
        return leads

    def _split_sizes(self, rows: int, open_rows: int) -> list[int]:
        largest, most = self.settings.largest_run, self.settings.max_enqueued_batches
        # The open batch counts also while it is empty, as theirs, where there always is one.
        waiting = max(1, len(self.batches))
        left = largest - open_rows
        capacity = (most - waiting) * largest + left
        if rows > capacity:
            message = (
                "The batch scheduling queue to which this task was submitted is full; task size is "
                f"{rows} but scheduling capacity is only {capacity} (num_enqueued_batches={waiting}, "
                f"max_enqueued_batches={most}, open_batch_size={open_rows}, max_execution_batch_size={largest})"
            )
            raise Unavailable(message)
        if rows <= left:
            return [rows]
        first = [left] if left else []
        whole, rest = divmod(rows - left, largest)
        return first + [largest] * whole + ([rest] if rest else [])

    def take_due(self, now: float) -> Batch | None:
        """The next batch that should run now, or None. Not thread-safe."""
        if not self.batches:
            return None
        first = self.batches[0]
        is_full = len(self.batches) > 1 or first.rows >= self.settings.largest_run
        if is_full or first.opened_at + self.timeout_seconds <= now:
            return self.batches.popleft()
        return None


class BatchScheduler:
    """Decides which batch runs when.

    Args:
        batching: Of which the number of batches that may run at the same time; queues bring their own settings.
        metrics: Where queueing times and batch sizes are counted.
    """

    def __init__(self, batching: Batching, metrics: ServerMetrics) -> None:
        self.batching = batching
        self._metrics = metrics
        self._lock = threading.Lock()
        # Only queues in which something waits: callers can make a queue per set of outputs, and each call looks through these.
        self._waiting: deque[BatchQueue] = deque()
        self._free_slots = batching.common.num_batch_threads
        # Starts its threads when it is given work, so a server that splits no requests has none of them.
        self._pool = ThreadPoolExecutor(self._free_slots, thread_name_prefix="batch")

    def open_queue(self, run: Run, input_names: Sequence[str], settings: BatchingSettings) -> BatchQueue:
        """A queue of its own for one set of tensors of one version. It may be dropped when nobody submits any more."""
        return BatchQueue(self, run, input_names, settings)

    def submit(self, queue: BatchQueue, request: Request) -> list[Array]:
        """See `BatchQueue.submit`."""
        for _ in queue.input_names:
            self._metrics.input_batch_size.observe(request.rows)
        with self._lock:
            leads = queue.enqueue(request)
            if not queue.is_listed:
                queue.is_listed = True
                self._waiting.append(queue)
            self._dispatch()
        due_at = request.enqueued_at + queue.timeout_seconds if leads and queue.timeout_seconds else None
        while True:
            # Only the first request of a batch watches the clock, and only until the batch is due.
            seconds = -1.0 if due_at is None else max(0.0, due_at - time.monotonic())
            if not request.signal.acquire(timeout=seconds):
                if due_at is not None and time.monotonic() >= due_at:
                    due_at = None
                with self._lock:
                    self._dispatch()
            elif request.batch_to_run is not None:
                batch, request.batch_to_run, due_at = request.batch_to_run, None, None
                self._run_in_turn(queue, batch)
            else:
                return request.result()

    def _dispatch(self) -> None:
        """Start due batches while there is room, one of each queue in turn. The caller holds the lock."""
        now = time.monotonic()
        passed_over = 0
        while self._free_slots and passed_over < len(self._waiting):
            queue = self._waiting.popleft()
            batch = queue.take_due(now)
            queue.is_listed = bool(queue.batches)
            if queue.is_listed:
                self._waiting.append(queue)
            if batch is None:
                passed_over += 1
                continue
            passed_over = 0
            self._free_slots -= 1
            leader = next((part.request for part in batch.parts if not part.request.is_split), None)
            if leader is None:
                self._pool.submit(self._run_in_turn, queue, batch)
            else:
                leader.batch_to_run = batch
                leader.signal.release()

    def _run_in_turn(self, queue: BatchQueue, batch: Batch) -> None:
        try:
            self._run(queue, batch)
        finally:
            with self._lock:
                self._free_slots += 1
                self._dispatch()

    def _run(self, queue: BatchQueue, batch: Batch) -> None:
        try:
            outputs, first = self._run_together(queue, batch), 0
            for part in batch.parts:
                part.succeed([array[first : first + part.rows] for array in outputs])
                first += part.rows
        except StatusError as error:
            for part in batch.unfinished():
                # One error per caller: a raised exception keeps the traceback of the thread that raised it.
                part.fail(status_of(error.code, error.message))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other callers must not wait for ever
            for part in batch.unfinished():
                part.fail(Internal(f"the batch could not be run: {type(error).__name__}"))

    def _run_together(self, queue: BatchQueue, batch: Batch) -> list[Array]:
        now = time.monotonic()
        for part in batch.parts:
            self._metrics.queuing_latency.observe((now - part.request.enqueued_at) * 1e6, "")
        deadline = batch.deadline()
        if deadline is not None and deadline <= now:
            message = "Run() timeout exceeded while waiting in batching queue"
            raise ResourceExhausted(message)
        size = next((size for size in queue.settings.allowed_batch_sizes if size >= batch.rows), batch.rows)
        self._metrics.padding_size.observe(size - batch.rows, str(size))
        self._metrics.processed_batch_size.observe(size)
        inputs = [
            join_rows(
                name,
                [part.inputs[index] for part in batch.parts],
                padding_rows=size - batch.rows,
                pad_sizes=queue.settings.pad_variable_length_inputs,
            )
            for index, name in enumerate(queue.input_names)
        ]
        self._metrics.wrapped_run_count.increment()
        outputs = queue.run(inputs, deadline)
        check_rows(outputs, size)
        return outputs
