"""From photos a day to cores: the formula, in one place.

peak = photos a day x PEAK_FACTOR / BUSY_SECONDS                        photos a second in the busiest hour
gateway cores = peak x (gateway + receipt milliseconds) / 1000 / UTILISATION
model cores = peak x model milliseconds of a photo / 1000 / UTILISATION
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

BUSY_HOURS: Final = 8
BUSY_SECONDS: Final = BUSY_HOURS * 3600
PEAK_FACTOR: Final = 3
"""The busiest hour beside the average of the busy hours; an assumption."""
UTILISATION: Final = 0.6
"""Of the cores, that is planned for; beyond it, waiting grows fast."""
CORES_OF_A_GATEWAY: Final = 2
LEAST_GATEWAYS: Final = 2
"""So that one may go."""
CROPS_OF_ABSTENTION: Final = 9
"""A photo's crop and eight jittered copies, where the policy abstains from unstable answers."""
PHOTOS_A_DAY: Final = (50, 500, 5_000, 50_000, 500_000)


@dataclass(frozen=True, slots=True)
class Need:
    """What a site needs at its peak; cores are fractions, not rounded up.

    Attributes:
        peak_per_second: Photos.
        gateway_cores: None where the cost was not measured.
        gateways: Of `CORES_OF_A_GATEWAY` each, at least `LEAST_GATEWAYS`; None as well.
        model_cores: For one crop a photo; None as well.
        model_cores_of_abstention: For `CROPS_OF_ABSTENTION`.
    """

    peak_per_second: float
    gateway_cores: float | None
    gateways: int | None
    model_cores: float | None
    model_cores_of_abstention: float | None


def need(
    photos_a_day: int,
    gateway_milliseconds: float | None,
    single_milliseconds: float | None,
    nine_milliseconds: float | None,
) -> Need:
    """The formula above: of a photo, the gateway's time with the receipt, the model server's for one crop and for nine."""
    peak = photos_a_day * PEAK_FACTOR / BUSY_SECONDS
    gateway = cores_for(peak, gateway_milliseconds)
    return Need(
        peak_per_second=peak,
        gateway_cores=gateway,
        gateways=None if gateway is None else max(LEAST_GATEWAYS, math.ceil(gateway / CORES_OF_A_GATEWAY)),
        model_cores=cores_for(peak, single_milliseconds),
        model_cores_of_abstention=cores_for(peak, nine_milliseconds),
    )


def cores_for(per_second: float, milliseconds: float | None) -> float | None:
    """Cores for so many of something a second, at `UTILISATION`."""
    return None if milliseconds is None else per_second * milliseconds / 1000 / UTILISATION


def model_share(gateway_milliseconds: float, model_milliseconds: float) -> float:
    """Of all processor time of a photo, what the model server takes: the most that a GPU could take away."""
    return model_milliseconds / (gateway_milliseconds + model_milliseconds)
