"""From a capacity that was measured to forecasts: measures what the model server alone sustains, so far as they need it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtests.capacity.answer import UNKNOWN, Capacity
from loadtests.capacity.forecast import Forecast, MeasuredParts, forecast
from loadtests.capacity.measuring import CapacityQuestion, search_capacity
from loadtests.capacity.search import BRACKETED
from loadtests.errors import CapacityUnusable

DIRECT: Final = "direct"
DIRECT_FOLDER: Final = "direct"
DIRECT_WIDTH: Final = 0.1
"""How narrow the model server's limit is looked for: it is one of three limits of a forecast."""


@dataclass(frozen=True, slots=True)
class _ModelServer:
    """Its own limit, as `loadtests.capacity.forecast.MeasuredParts` has it."""

    rate: float | None = None
    is_limit: bool = False


def look_ahead(
    question: CapacityQuestion, capacity: Capacity, gateways: Sequence[int], folder: Path, tell: Callable[[str], None]
) -> tuple[Forecast, ...]:
    """A forecast for each number of gateways; none where nothing is sustained.

    Args:
        question: That was searched.
        capacity: What was found.
        gateways: Numbers to calculate.
        folder: Of the search; that of the model server goes into one within.
        tell: Takes one line for each run.

    Raises:
        CapacityUnusable: Nobody knows how many gateways the capacity is of.
        LoadTestError: A run could not be made.
    """
    if not gateways or not capacity.rate:
        return ()
    if capacity.site.replicas == UNKNOWN:
        message = "a forecast starts from a number of gateways; give --metrics for each, or --replicas"
        raise CapacityUnusable(message)
    replicas = int(capacity.site.replicas)
    server = _measure_model_server(question, capacity, max(gateways) / replicas, folder, tell)
    parts = MeasuredParts(
        gateways=replicas,
        rate=capacity.rate,
        gateway_cores_busy=capacity.gateway_cores_busy,
        machine_cores_busy=capacity.machine_cores_busy,
        machine_cores=capacity.machine_cores,
        model_server_rate=server.rate,
        model_server_is_limit=server.is_limit,
    )
    return tuple(forecast(parts, count) for count in gateways)


def _measure_model_server(
    question: CapacityQuestion, capacity: Capacity, times: float, folder: Path, tell: Callable[[str], None]
) -> _ModelServer:
    """What it sustains by itself, up to what the gateways together could ask of it."""
    if question.request.model_server is None:
        return _ModelServer()
    if capacity.asks_for_jitter:
        tell(
            "A photo asks the model server for several crops here, and a direct call for one: its own limit is left out."
        )
        return _ModelServer()
    enough = capacity.rate * times
    tell(f"the model server alone, up to {enough:.2f}/s")
    direct = CapacityQuestion(
        dataclasses.replace(question.request, mix=DIRECT, metrics=()),
        question.objectives,
        dataclasses.replace(
            question.settings, first_rate=min(capacity.rate, enough), width=DIRECT_WIDTH, enough_rate=enough
        ),
        DIRECT,
    )
    found, _ = search_capacity(direct, folder / DIRECT_FOLDER, tell)
    if found.sustained is None:
        tell(f"The model server's own limit is not known. {found.why}")
        return _ModelServer()
    return _ModelServer(found.sustained.rate, found.kind == BRACKETED)
