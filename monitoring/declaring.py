"""How a metric is declared, and how its series come to be: with zero, and from closed sets."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from prometheus_client.metrics import MetricWrapperBase

OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One metric. `name` is without the `_total` that the exposition adds to counters."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: Sequence[float] = ()


def counter(declaration: Declaration, registry: CollectorRegistry) -> Counter:
    """The counter in a registry."""
    return Counter(declaration.name, declaration.help, declaration.labels, registry=registry)


def gauge(declaration: Declaration, registry: CollectorRegistry) -> Gauge:
    """The gauge in a registry."""
    return Gauge(declaration.name, declaration.help, declaration.labels, registry=registry)


def histogram(declaration: Declaration, registry: CollectorRegistry) -> Histogram:
    """The histogram in a registry."""
    return Histogram(
        declaration.name, declaration.help, declaration.labels, registry=registry, buckets=declaration.buckets
    )


def closed(value: str, allowed: Sequence[str]) -> str:
    """The value where it is one of those that a label may have, `OTHER` otherwise."""
    return value if value in allowed else OTHER


def initialise(metric: MetricWrapperBase, *label_values: Sequence[str]) -> None:
    """Create every combination of label values, so that each series starts at zero."""
    for combination in itertools.product(*label_values):
        metric.labels(*combination)
