"""Requests while they wait to be batched, their parts where they are split, and the batches they wait in."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serving.server.errors import StatusError
    from serving.wire.tensors import Array


class Request:
    """One caller's inputs. A lock that the other side opens is the cheapest signal between two threads.

    Attributes:
        inputs: One array per input of its queue.
        rows: First dimension of each of them.
        deadline: On `time.monotonic`; None where the caller waits for ever.
        enqueued_at: On `time.monotonic`.
        batch_to_run: The batch that this caller's thread is asked to run.
        signal: Opened when there is a batch to run, and when the request is done.
    """

    __slots__ = (
        "_done",
        "_error",
        "_lock",
        "_parts",
        "batch_to_run",
        "deadline",
        "enqueued_at",
        "inputs",
        "rows",
        "signal",
    )

    def __init__(self, inputs: Sequence[Array], rows: int, deadline: float | None) -> None:
        self.inputs = inputs
        self.rows = rows
        self.deadline = deadline
        self.enqueued_at = time.monotonic()
        self.batch_to_run: Batch | None = None
        self.signal = threading.Lock()
        self.signal.acquire()
        self._parts: list[Part] = []
        self._done = 0
        self._error: StatusError | None = None
        self._lock = threading.Lock()

    @property
    def is_split(self) -> bool:
        """Whether its rows are in several batches, so that its own thread cannot run all of them at once."""
        return len(self._parts) > 1

    def split(self, sizes: Sequence[int]) -> list[Part]:
        """Its parts, in order, with so many rows each; they must add up to `rows`."""
        if len(sizes) == 1:
            self._parts = [Part(self, self.inputs, self.rows)]
            return self._parts
        first = 0
        for size in sizes:
            self._parts.append(Part(self, [array[first : first + size] for array in self.inputs], size))
            first += size
        return self._parts

    def note_done(self, error: StatusError | None) -> None:
        """Count one part as done; the caller wakes with the last of them. The first error is the request's."""
        with self._lock:
            self._done += 1
            self._error = self._error or error
            is_last = self._done == len(self._parts)
        if is_last:
            self.signal.release()

    def result(self) -> list[Array]:
        """One array per output.

        Raises:
            StatusError: What the first part that failed, failed with.
        """
        if self._error is not None:
            raise self._error
        if len(self._parts) == 1:
            return self._parts[0].outputs
        return [np.concatenate(arrays) for arrays in zip(*(part.outputs for part in self._parts), strict=True)]


class Part:
    """The rows of one request that run in one batch: all of them, unless the request was split."""

    __slots__ = ("inputs", "is_done", "outputs", "request", "rows")

    def __init__(self, request: Request, inputs: Sequence[Array], rows: int) -> None:
        self.request = request
        self.inputs = inputs
        self.rows = rows
        self.outputs: list[Array] = []
        self.is_done = False

    def succeed(self, outputs: list[Array]) -> None:
        """Hand over the outputs."""
        self.outputs = outputs
        self.is_done = True
        self.request.note_done(None)

    def fail(self, error: StatusError) -> None:
        """Hand over what went wrong."""
        self.is_done = True
        self.request.note_done(error)


class Batch:
    """Parts that will run together; `opened_at` is when the first of them came, on `time.monotonic`."""

    __slots__ = ("opened_at", "parts", "rows")

    def __init__(self, opened_at: float) -> None:
        self.parts: list[Part] = []
        self.rows = 0
        self.opened_at = opened_at

    def add(self, part: Part) -> None:
        """Put a part behind the others."""
        self.parts.append(part)
        self.rows += part.rows

    def unfinished(self) -> list[Part]:
        """Those whose callers do not have their answer yet. A part may be answered once only."""
        return [part for part in self.parts if not part.is_done]

    def deadline(self) -> float | None:
        """When the last of its callers gives up, on `time.monotonic`; None where one waits for ever."""
        latest = 0.0
        for part in self.parts:
            if part.request.deadline is None:
                return None
            latest = max(latest, part.request.deadline)
        return latest
