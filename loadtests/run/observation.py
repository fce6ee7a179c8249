"""What the target says of itself: its metrics pages, read before, during and after a run, and how they changed.

The pages are those of the gateway's replicas (`--metrics`, one address each). Nothing but the text that Prometheus reads is
needed, so nothing of the gateway is imported.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from loadtests.errors import TargetUnreadable
from loadtests.run.format import StageChange, TargetChange

READ_SECONDS: Final = 10.0
"""For one page; a gateway under load answers its scrapes late."""
STARTED: Final = "process_start_time_seconds"
CPU: Final = "process_cpu_seconds_total"
STAGES: Final = "symmetra_stage_seconds"
SCREENINGS: Final = "symmetra_screenings_total"
SHED: Final = "symmetra_shed_total"
MODEL_CALLS: Final = "symmetra_model_calls_total"
IN_FLIGHT: Final = "symmetra_in_flight"
QUEUE_LENGTH: Final = "symmetra_queue_length"
MODEL_INFO: Final = "symmetra_model_info"

Labels: TypeAlias = tuple[tuple[str, str], ...]
Samples: TypeAlias = dict[tuple[str, Labels], float]

_LINE: Final = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL: Final = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Observation:
    """The pages of all replicas at one moment.

    Attributes:
        processes: Address to the moment at which its process started; another moment is another process.
        model_version: Which is pinned; None where the pages do not say, or say several.
        samples: Series to value, replicas added up.
    """

    processes: dict[str, float]
    model_version: str | None
    samples: Samples

    def value(self, name: str, **labels: str) -> float:
        """The sum of the series with this name and at least these labels."""
        wanted = set(labels.items())
        return sum(value for (each, has), value in self.samples.items() if each == name and wanted <= set(has))

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """The sums of the series with this name and at least these labels, by the value of another label."""
        wanted = set(labels.items())
        sums: dict[str, float] = {}
        for (each, has), value in self.samples.items():
            if each == name and wanted <= set(has):
                key = dict(has).get(label, "")
                sums[key] = sums.get(key, 0.0) + value
        return sums


@dataclass(slots=True)
class Observations:
    """Of one run.

    Attributes:
        replicas: Addresses of the metrics pages.
        traffic_class: Under which the gateway counts what this run sends.
        first: Before the first request; None where the target could not be read.
        last: After the last answer.
        in_flight_max: Seen meanwhile.
        queue_length_max: Seen meanwhile.
    """

    replicas: tuple[str, ...]
    traffic_class: str
    first: Observation | None = None
    last: Observation | None = None
    in_flight_max: float = 0.0
    queue_length_max: float = 0.0

    def look(self) -> Observation | None:
        """Read the pages now; None where one cannot be read, which is only said of the first and the last look."""
        try:
            seen = observe(self.replicas)
        except TargetUnreadable:
            return None
        self.in_flight_max = max(self.in_flight_max, seen.value(IN_FLIGHT))
        self.queue_length_max = max(self.queue_length_max, seen.value(QUEUE_LENGTH))
        return seen

    def change(self) -> TargetChange:
        """What happened between the first look and the last; without figures where one is missing."""
        first, last = self.first, self.last
        if first is None or last is None:
            return TargetChange(self.replicas, self.traffic_class)

        def grown(name: str, label: str, **labels: str) -> dict[str, float]:
            before = first.by(name, label, **labels)
            return {key: value - before.get(key, 0.0) for key, value in last.by(name, label, **labels).items()}

        traffic = self.traffic_class
        stages = {
            stage: StageChange(
                count=count,
                sum_seconds=grown(f"{STAGES}_sum", "stage", traffic=traffic).get(stage, 0.0),
                buckets=grown(f"{STAGES}_bucket", "le", traffic=traffic, stage=stage),
            )
            for stage, count in grown(f"{STAGES}_count", "stage", traffic=traffic).items()
        }
        classes = sorted(last.by(SCREENINGS, "traffic"))
        cpu = sum(grown(CPU, "").values())
        return TargetChange(
            replicas=self.replicas,
            traffic_class=traffic,
            stages=stages,
            shed=_some(grown(SHED, "reason")),
            model_calls=_some(grown(MODEL_CALLS, "result")),
            screenings={
                each: counts for each in classes if (counts := _some(grown(SCREENINGS, "outcome", traffic=each)))
            },
            in_flight_max=self.in_flight_max,
            queue_length_max=self.queue_length_max,
            cpu_seconds=cpu if last.by(CPU, "") else None,
        )


def observe(replicas: Sequence[str], read: Callable[[str], str] | None = None) -> Observation:
    """Read the metrics pages of all replicas.

    Args:
        replicas: Their addresses.
        read: How one is read; over HTTP unless told.

    Raises:
        TargetUnreadable: One of them cannot be read.
    """
    read = read_page if read is None else read
    processes: dict[str, float] = {}
    samples: Samples = {}
    for address in replicas:
        page = dict(read_samples(read(address)))
        processes[address] = page.get((STARTED, ()), 0.0)
        for series, value in page.items():
            samples[series] = samples.get(series, 0.0) + value
    versions = {dict(labels).get("model_version", "") for name, labels in samples if name == MODEL_INFO}
    return Observation(processes, next(iter(versions)) if len(versions) == 1 else None, samples)


def read_page(address: str) -> str:
    """One metrics page.

    Raises:
        TargetUnreadable: It cannot be read.
    """
    try:
        with urllib.request.urlopen(address, timeout=READ_SECONDS) as answer:  # noqa: S310 - HTTP, named by who runs this
            content: bytes = answer.read()
    except (OSError, ValueError) as error:
        message = f"the metrics at {address} cannot be read: {error}"
        raise TargetUnreadable(message) from error
    return content.decode(errors="replace")


def read_samples(page: str) -> Iterator[tuple[tuple[str, Labels], float]]:
    """The series of a page with their values; lines that are none are passed over."""
    for line in page.splitlines():
        found = _LINE.match(line)
        if found and not line.startswith("#"):
            labels = tuple(sorted(_LABEL.findall(found["labels"] or "")))
            yield (found["name"], labels), float(found["value"])


def _some(counts: Mapping[str, float]) -> dict[str, float]:
    return {key: value for key, value in counts.items() if value}
