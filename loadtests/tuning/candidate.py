"""One way to run a model server: its batching and its threads, as the flags and the file that say so.

The defaults are those of `tensorflow_model_server`: no batching, threads chosen by TensorFlow, and 4 gRPC threads a core, beyond which
a call is refused at once (tensorflow_serving/model_servers/main.cc and server.h, 2.20).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEFAULT_GRPC_THREADS_PER_CORE: Final = 4
ROOMY_GRPC_THREADS: Final = 128
"""A waiting call holds one: with the default of two cores, 8, no batch could ever be longer than 8 (observed of TensorFlow Serving)."""
LEAST_ENQUEUED_BATCHES: Final = 8
MOST_ROWS_WAITING: Final = 256
"""Room in the queue for every level of load that is tried, whatever the length of a batch: a refused call would be no answer."""


@dataclass(frozen=True, slots=True)
class Batching:
    """A `BatchingParameters` file.

    Attributes:
        max_batch_size: Most rows that run together.
        num_batch_threads: Batches that run at the same time.
        batch_timeout_micros: How long the oldest row may wait for company once a thread is free.
        is_padded: Runs are padded to the next power of two (`allowed_batch_sizes`); such rows are calculated and thrown away.
    """

    max_batch_size: int
    num_batch_threads: int
    batch_timeout_micros: int = 0
    is_padded: bool = False

    @property
    def allowed_batch_sizes(self) -> tuple[int, ...]:
        """The powers of two, and `max_batch_size`, which must be the last; none where runs may have any length."""
        if not self.is_padded:
            return ()
        powers = [2**power for power in range(self.max_batch_size.bit_length()) if 2**power < self.max_batch_size]
        return (*powers, self.max_batch_size)

    def as_text(self) -> str:
        """The file."""
        lines = [
            f"max_batch_size {{ value: {self.max_batch_size} }}",
            f"batch_timeout_micros {{ value: {self.batch_timeout_micros} }}",
            f"max_enqueued_batches {{ value: {max(LEAST_ENQUEUED_BATCHES, math.ceil(MOST_ROWS_WAITING / self.max_batch_size))} }}",
            f"num_batch_threads {{ value: {self.num_batch_threads} }}",
            *(f"allowed_batch_sizes: {size}" for size in self.allowed_batch_sizes),
        ]
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to run a model server.

    Attributes:
        batching: None for no batching.
        grpc_max_threads: Calls that the server takes at once; None for its default.
        intra_op_threads: Threads inside an op; 0 for TensorFlow's choice.
        inter_op_threads: Threads between ops; 0 for TensorFlow's choice.
    """

    batching: Batching | None = None
    grpc_max_threads: int | None = None
    intra_op_threads: int = 0
    inter_op_threads: int = 0

    @property
    def name(self) -> str:
        """Everything that differs from the defaults; unique."""
        parts = []
        if self.batching is not None:
            each = self.batching
            parts.append(f"batches of {each.max_batch_size} on {each.num_batch_threads} threads")
            parts += [f"wait {each.batch_timeout_micros} us"] if each.batch_timeout_micros else []
            parts += ["padded"] if each.is_padded else []
        parts += [f"intra {self.intra_op_threads}"] if self.intra_op_threads else []
        parts += [f"inter {self.inter_op_threads}"] if self.inter_op_threads else []
        parts += [f"{self.grpc_max_threads} gRPC threads"] if self.grpc_max_threads is not None else []
        return ", ".join(parts) or "defaults"

    def flags(self, batching_file: Path) -> list[str]:
        """Of the server, where its batching stands in that file."""
        flags = []
        if self.batching is not None:
            flags += ["--enable_batching=true", f"--batching_parameters_file={batching_file}"]
        if self.grpc_max_threads is not None:
            flags.append(f"--grpc_max_threads={self.grpc_max_threads}")
        if self.intra_op_threads:
            flags.append(f"--tensorflow_intra_op_parallelism={self.intra_op_threads}")
        if self.inter_op_threads:
            flags.append(f"--tensorflow_inter_op_parallelism={self.inter_op_threads}")
        return flags


DEFAULTS: Final = Candidate()
"""TensorFlow Serving's own; of what each candidate is measured beside."""


def more_threads() -> Candidate:
    """The defaults, and no more than room for more calls: what batching must beat to be worth its file."""
    return Candidate(grpc_max_threads=ROOMY_GRPC_THREADS)


def usual_batching(cores: int) -> Candidate:
    """Where the search begins: greedy batches of up to 32, one at a time a core (serving/deploy/batching.config)."""
    return Candidate(Batching(32, cores), ROOMY_GRPC_THREADS)
