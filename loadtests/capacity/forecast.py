"""What more gateways would sustain, calculated from what one was measured to: the smallest of three limits, with its assumptions.

| limit | how it grows |
| --- | --- |
| gateways | with their number: each does the same work again, and nothing is shared but the model server |
| model server | not at all: its own limit, measured by `direct` users past the gateway; unknown where nobody measured it |
| cores | not at all: where everything runs on one machine, the rate at which its cores are all busy |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GATEWAYS: Final = "gateways"
MODEL_SERVER: Final = "model server"
CORES: Final = "cores"


@dataclass(frozen=True, slots=True)
class MeasuredParts:
    """What was measured.

    Attributes:
        gateways: Of the measurement.
        rate: That they sustained, requests per second.
        gateway_cores_busy: At that rate, all gateways together; None where nobody counted.
        machine_cores_busy: Of the machine that everything ran on, generator included; None where it is not one machine.
        machine_cores: Of that machine.
        model_server_rate: Crops per second that the model server alone sustained; None where nobody measured it.
        model_server_is_limit: Whether more than that was tried and not sustained.
    """

    gateways: int
    rate: float
    gateway_cores_busy: float | None = None
    machine_cores_busy: float | None = None
    machine_cores: int | None = None
    model_server_rate: float | None = None
    model_server_is_limit: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected.

    Attributes:
        gateways: So many.
        rate: Requests per second that they should sustain.
        limited_by: `GATEWAYS`, `MODEL_SERVER` or `CORES`.
        limits: Each limit in requests per second, those that are known.
        cores_needed: On one machine, to use the gateways fully; None where it is not one machine.
        has_the_cores: Whether the machine has as many; None where nobody knows.
        assumptions: Under which it holds, in sentences.
        says: All of it in a sentence.
    """

    gateways: int
    rate: float
    limited_by: str
    limits: dict[str, float]
    cores_needed: float | None
    has_the_cores: bool | None
    assumptions: tuple[str, ...]
    says: str


def forecast(parts: MeasuredParts, gateways: int) -> Forecast:
    """Calculate it."""
    times = gateways / parts.gateways
    limits = {GATEWAYS: parts.rate * times}
    assumptions = ["Every gateway does the same work for a photo and gets the same share of them."]
    wanted = (
        min(parts.rate * times, parts.model_server_rate or float("inf"))
        if parts.model_server_is_limit
        else parts.rate * times
    )
    if parts.model_server_rate is None:
        assumptions.append(f"The model server sustains {wanted:.2f} per second; its own limit was not measured.")
    elif parts.model_server_is_limit:
        limits[MODEL_SERVER] = parts.model_server_rate
        assumptions.append("A photo costs the model server what a direct call costs it: one crop.")
    elif parts.model_server_rate < wanted:
        assumptions.append(
            f"The model server sustains {wanted:.2f} per second; {parts.model_server_rate:.2f} were measured, and no limit was found."
        )
    needed = has_the_cores = None
    if parts.machine_cores_busy and parts.machine_cores:
        limits[CORES] = parts.rate * parts.machine_cores / parts.machine_cores_busy
        needed = parts.machine_cores_busy * wanted / parts.rate
        has_the_cores = needed <= parts.machine_cores
        assumptions.append(
            "CPU for each photo stays what it was, generator included, and all cores of the machine can be used."
        )
    else:
        assumptions.append("Each gateway and the model server get the cores that they had.")
    if parts.gateway_cores_busy is not None:
        each = parts.gateway_cores_busy / parts.gateways
        assumptions.append(f"A gateway that is used fully keeps {each:.2f} cores busy, as it did.")
    limited_by = min(limits, key=lambda name: limits[name])
    says = f"{_gateways(gateways)} should sustain {limits[limited_by]:.2f} per second, limited by the {limited_by}; {_gateways(parts.gateways)} sustained {parts.rate:.2f}."
    if needed is not None and parts.machine_cores is not None:
        verb = "has" if has_the_cores else "has only"
        says += f" To use them fully {needed:.1f} cores would be busy; this machine {verb} {parts.machine_cores}."
    return Forecast(gateways, limits[limited_by], limited_by, limits, needed, has_the_cores, tuple(assumptions), says)


def _gateways(count: int) -> str:
    return f"{count} gateway{'' if count == 1 else 's'}"
