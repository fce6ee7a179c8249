"""BatchingParameters: what one queue of waiting requests follows, and where a version's parameters come from.

Defaults and checks are those of tensorflow/core/kernels/batching_util/shared_batch_scheduler.h. Parameters of the shared
pool are checked when the server starts; those of a queue when a version is loaded, because each version may bring its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from serving.server.errors import InvalidArgument
from serving.server.logs import log
from serving.server.text_files import read_text_proto
from serving.wire.server_config_pb2 import BatchingParameters

if TYPE_CHECKING:
    from serving.server.flags import Flags

PER_MODEL_FILE_NAME: Final = "batching_params.pbtxt"
_DEFAULT_BATCH_SIZE: Final = 1000


@dataclass(frozen=True, slots=True)
class BatchingSettings:
    """One BatchingParameters message with its defaults filled in.

    Attributes:
        max_batch_size: Most rows of one request, and without splitting of one run.
        batch_timeout_micros: How long the oldest request of a batch may wait for company.
        max_enqueued_batches: How many batches may wait, the one that still fills included.
        num_batch_threads: How many batches of all queues together may run at the same time.
        allowed_batch_sizes: Sizes that runs are padded to; empty for any size.
        pad_variable_length_inputs: Grow dimensions after the first to the largest of the batch.
        enable_large_batch_splitting: Spread the rows of a request over several batches.
        max_execution_batch_size: Most rows of one run, where requests are split.
    """

    max_batch_size: int = _DEFAULT_BATCH_SIZE
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False
    enable_large_batch_splitting: bool = False
    max_execution_batch_size: int = _DEFAULT_BATCH_SIZE

    @property
    def largest_run(self) -> int:
        """Most rows that run together, padding not counted."""
        return self.max_execution_batch_size if self.enable_large_batch_splitting else self.max_batch_size

    @property
    def largest_queue(self) -> int:
        """How many batches may wait. 0 is read as 1: a queue that may hold nothing could never hand anything over."""
        return self.max_enqueued_batches or 1

    def check(self) -> None:
        """Refuse what no queue can follow, in the words of TensorFlow Serving.

        Raises:
            InvalidArgument: Naming the parameter.
        """
        sizes = self.allowed_batch_sizes
        if sizes and sizes[-1] != self.max_batch_size:
            message = (
                "Last entry in allowed_batch_sizes must match max_batch_size; last entry was "
                f"{sizes[-1]}; expected {self.max_batch_size}"
            )
            raise InvalidArgument(message)
        if list(sizes) != sorted(set(sizes)):
            # Accepted by theirs as well, which takes the first entry that is large enough.
            log("allowed_batch_sizes do not grow from entry to entry", allowed_batch_sizes=sizes)
        if self.max_batch_size <= 0:
            message = f"input_batch_size_limit must be positive; was {self.max_batch_size}"
            raise InvalidArgument(message)
        if self.batch_timeout_micros < 0:
            message = f"batch_timeout_micros must be non-negative; was {self.batch_timeout_micros}"
            raise InvalidArgument(message)
        if self.max_enqueued_batches < 0 or (self.enable_large_batch_splitting and not self.max_enqueued_batches):
            message = f"max_enqueued_batches must be positive; was {self.max_enqueued_batches}"
            raise InvalidArgument(message)
        if self.enable_large_batch_splitting and not 0 < self.max_execution_batch_size <= self.max_batch_size:
            message = (
                "When enable_large_batch_splitting is true, input_batch_size_limit must be greater than or equal to "
                # The three numbers stand there without anything between them, as theirs prints them.
                f"max_execution_batch_size.1{self.max_batch_size}{self.max_execution_batch_size}"
            )
            raise InvalidArgument(message)


@dataclass(frozen=True, slots=True)
class Batching:
    """How the server batches.

    Attributes:
        common: From --batching_parameters_file, or the defaults.
        is_per_model: Each version brings its parameters; of `common` only the threads count then.
    """

    common: BatchingSettings
    is_per_model: bool = False

    def settings_of(self, version_directory: Path) -> BatchingSettings | None:
        """What the queues of a version follow; None where the version is not batched.

        Raises:
            InvalidArgument: A file that cannot be parsed, or parameters that no queue can follow.
        """
        settings = self.common
        if self.is_per_model:
            path = version_directory / PER_MODEL_FILE_NAME
            if not path.exists():
                return None
            settings = read_settings(path)
        settings.check()
        return settings


def read_batching(flags: Flags) -> Batching | None:
    """How to batch; None where batching is off.

    Raises:
        InvalidArgument: A file without --enable_batching, one that cannot be parsed, or a pool without threads.
    """
    if not flags.enable_batching:
        if flags.batching_parameters_file:
            message = (
                "server_options.batching_parameters_file is set without setting server_options.enable_batching to true."
            )
            raise InvalidArgument(message)
        return None
    path = flags.batching_parameters_file
    common = read_settings(Path(path)) if path else BatchingSettings()
    if common.num_batch_threads < 1:
        message = f"num_batch_threads must be positive; was {common.num_batch_threads}"
        raise InvalidArgument(message)
    return Batching(common, flags.enable_per_model_batching_parameters)


def read_settings(path: Path) -> BatchingSettings:
    """The settings of a BatchingParameters file, not yet checked.

    Raises:
        InvalidArgument: The file cannot be parsed.
    """
    parameters = read_text_proto(path, BatchingParameters())
    names = {"max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads"}
    given = {field.name: wrapper.value for field, wrapper in parameters.ListFields() if field.name in names}
    longest = given.get("max_batch_size", _DEFAULT_BATCH_SIZE)
    if parameters.HasField("max_execution_batch_size"):
        longest = parameters.max_execution_batch_size.value
    return BatchingSettings(
        **given,
        allowed_batch_sizes=tuple(parameters.allowed_batch_sizes),
        pad_variable_length_inputs=parameters.pad_variable_length_inputs,
        enable_large_batch_splitting=parameters.enable_large_batch_splitting.value,
        max_execution_batch_size=longest,
    )
