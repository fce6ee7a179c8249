"""TensorFlow Serving's metrics, by its names, for Prometheus (tensorflow_serving/util/prometheus_exporter.cc).

Every character outside [a-zA-Z0-9_] of a name becomes ':', so `/tensorflow/serving/request_count` is scraped as
`:tensorflow:serving:request_count`. Latencies are in microseconds. All of TensorFlow Serving's own metrics are here; of
those that TensorFlow itself registers, only the few that can be measured from outside of it.
"""

from __future__ import annotations

import bisect
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTENT_TYPE: Final = "text/plain"
MAX_STRANGE_NAMES: Final = 100
MAX_STRANGE_NAME_CHARACTERS: Final = 1000


def exponential_bounds(scale: float, growth: float, count: int) -> tuple[float, ...]:
    """Upper bounds of `monitoring::Buckets::Exponential(scale, growth, count)`."""
    return tuple(scale * growth**index for index in range(count))


class Counter:
    """A count per combination of labels."""

    def __init__(self, name: str, labels: Sequence[str] = ()) -> None:
        self.name = name
        self._labels = tuple(labels)
        self._values: dict[tuple[str, ...], int] = {}
        self._lock = threading.Lock()

    def increment(self, *labels: str, by: int = 1) -> None:
        """Count one, or `by`."""
        with self._lock:
            self._values[labels] = self._values.get(labels, 0) + by

    def first_cell(self) -> int:
        """The count of the first combination of labels in their order; 0 where there is none yet."""
        with self._lock:
            return min(self._values.items(), default=((), 0))[1]

    def exposition(self) -> list[str]:
        """Lines of Prometheus' text format."""
        with self._lock:
            values = sorted(self._values.items())
        cells = [f"{self.name}{_braces(self._labels, labels)} {value}" for labels, value in values]
        return [f"# TYPE {self.name} counter", *cells]


class TextGauge:
    """Which combinations of labels were given a text; the page cannot show the text and prints 0, as theirs."""

    def __init__(self, name: str, labels: Sequence[str]) -> None:
        self.name = name
        self._labels = tuple(labels)
        self._cells: set[tuple[str, ...]] = set()
        self._lock = threading.Lock()

    def set(self, *labels: str) -> None:
        """Note that there is a text."""
        with self._lock:
            self._cells.add(labels)

    def exposition(self) -> list[str]:
        """Lines of Prometheus' text format."""
        with self._lock:
            values = sorted(self._cells)
        cells = [f"{self.name}{_braces(self._labels, labels)} 0" for labels in values]
        return [f"# TYPE {self.name} gauge", *cells]


class StrangeNames:
    """Names of models that no config ever held: the first of them label metrics, all others count as one without a name.

    Labels are kept for as long as the process lives, so callers could fill the memory with names that they make up.
    """

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._lock = threading.Lock()

    def label(self, name: str) -> str:
        """The name, or "" where it is too long or comes after too many others."""
        with self._lock:
            if name not in self._names:
                if len(self._names) >= MAX_STRANGE_NAMES or len(name) > MAX_STRANGE_NAME_CHARACTERS:
                    return ""
                self._names.add(name)
            return name


class Histogram:
    """Counts per bucket, and the sum, per combination of labels."""

    def __init__(self, name: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self.name = name
        self._labels = tuple(labels)
        self._bounds = tuple(bounds)
        self._cells: dict[tuple[str, ...], tuple[list[int], list[float]]] = {}
        self._lock = threading.Lock()

    def observe(self, value: float, *labels: str) -> None:
        """Count one value."""
        bucket = bisect.bisect_right(self._bounds, value)
        with self._lock:
            cell = self._cells.get(labels)
            if cell is None:
                cell = self._cells[labels] = ([0] * (len(self._bounds) + 1), [0.0])
            cell[0][bucket] += 1
            cell[1][0] += value

    def exposition(self) -> list[str]:
        """Lines of Prometheus' text format; buckets are cumulative."""
        with self._lock:
            cells = sorted((labels, list(counts), total[0]) for labels, (counts, total) in self._cells.items())
        lines = [f"# TYPE {self.name} histogram"]
        for labels, counts, total in cells:
            seen = 0
            for bound, count in zip([*(f"{bound:.6g}" for bound in self._bounds), "+Inf"], counts, strict=True):
                seen += count
                braces = _braces((*self._labels, "le"), (*labels, bound))
                lines.append(f"{self.name}_bucket{braces} {seen}")
            braces = _braces(self._labels, labels)
            lines += [f"{self.name}_sum{braces} {_number(total)}", f"{self.name}_count{braces} {seen}"]
        return lines


_LATENCY_BOUNDS: Final = exponential_bounds(10, 1.8, 33)
_QUEUE_BOUNDS: Final = exponential_bounds(100, 1.2, 52)
_SIZE_BOUNDS: Final = exponential_bounds(1, 2, 14)


_EXAMPLE_BOUNDS: Final = exponential_bounds(1, 2, 15)


class ServerMetrics:
    """Every metric of one server process.

    `graph_runs` and `graph_run_time` count what requests and warm-up run, without the runs that restore a version. Three
    never have a value: examples are counted by MultiInference only, and request logs need a logger that nobody has.
    """

    def __init__(self) -> None:
        serving, core = ":tensorflow:serving:", ":tensorflow:core:"
        batching, loading = f"{serving}batching_session:", ":tensorflow:cc:saved_model:"
        self.request_count = Counter(f"{serving}request_count", ("model_name", "status"))
        self.request_latency = Histogram(
            f"{serving}request_latency", ("model_name", "API", "entrypoint"), _LATENCY_BOUNDS
        )
        self.runtime_latency = Histogram(f"{serving}runtime_latency", ("model_name", "API", "runtime"), _LATENCY_BOUNDS)
        self.request_example_counts = Histogram(f"{serving}request_example_counts", ("model",), _EXAMPLE_BOUNDS)
        self.request_example_count_total = Counter(f"{serving}request_example_count_total", ("model",))
        self.request_log_count = Counter(f"{serving}request_log_count", ("model_name", "status_code"))
        self.warmup_latency = Histogram(f"{serving}model_warmup_latency", ("model_path", "status"), _LATENCY_BOUNDS)
        self.warmup_records_read = Counter(f"{serving}model_warmup_records_read", ("model_path", "status"))
        self.mlmd_map = TextGauge(f"{serving}mlmd_map", ("model_name", "version"))
        self.queuing_latency = Histogram(f"{batching}queuing_latency", ("thread_pool_name",), _QUEUE_BOUNDS)
        self.input_batch_size = Histogram(f"{batching}input_batch_size", (), _SIZE_BOUNDS)
        self.processed_batch_size = Histogram(f"{batching}processed_batch_size", (), _SIZE_BOUNDS)
        self.padding_size = Histogram(f"{batching}padding_size", ("execution_batch_size",), _SIZE_BOUNDS)
        self.wrapped_run_count = Counter(f"{batching}wrapped_run_count")
        self.load_attempt_count = Counter(f"{loading}load_attempt_count", ("model_path", "status"))
        self.load_latency = Counter(f"{loading}load_latency", ("model_path",))
        self.graph_runs = Counter(f"{core}graph_runs")
        self.graph_run_time = Counter(f"{core}graph_run_time_usecs")

    def exposition(self) -> str:
        """The whole page that Prometheus scrapes, sorted by name."""
        metrics: list[Counter | Histogram | TextGauge] = list(vars(self).values())
        metrics.sort(key=lambda metric: metric.name)
        return "\n".join(line for metric in metrics for line in metric.exposition()) + "\n"


def _braces(names: Sequence[str], values: Sequence[str]) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    # In full: theirs rounds sums to six digits, which makes the rate of a large sum jump.
    return repr(value) if value != int(value) else str(int(value))
