"""Our detector and those of others, each as a function from a reference and a stream to the photos at which it alarmed."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from river.drift import ADWIN
from scipy import stats

from monitoring.drift.detector import Detector
from monitoring.drift.distances import population_stability_index
from monitoring.drift.reference import Reference
from tests.bench.drift.streams import BINS, Detect, count_bins

BATCH: Final = 50
WINDOW: Final = 500
KS_CHANCE: Final = 0.001
PSI_LIMIT: Final = 0.2
EVIDENTLY_LIMIT: Final = 0.1
"""Evidently's default for a number where the reference has more than 1,000 rows: Wasserstein distance over its standard deviation."""
ADWIN_DELTA: Final = 0.002
MIDDLES: Final = tuple((number + 0.5) / BINS for number in range(BINS))


def reference_of(severities: NDArray[np.float64]) -> Reference:
    """What a profile would hold of these."""
    return Reference.from_counts([int(count) for count in count_bins(severities)], MIDDLES)


def ours(log_height: float) -> Detect:
    """Our detector with an alarm at this height."""

    def detect(reference: NDArray[np.float64], stream: NDArray[np.float64]) -> list[int]:
        detector, alarms = Detector(reference_of(reference)), []
        for number, batch in enumerate(_parts(stream, BATCH), start=1):
            if detector.update(count_bins(batch)) >= log_height:
                alarms.append(number * BATCH)
                detector.restart()
        return alarms

    return detect


def kolmogorov_smirnov(reference: NDArray[np.float64], stream: NDArray[np.float64]) -> list[int]:
    """SciPy's two-sample test on windows that do not overlap."""
    return [
        end for end, window in _windows(stream) if stats.ks_2samp(reference, window, method="asymp").pvalue < KS_CHANCE
    ]


def psi_02(reference: NDArray[np.float64], stream: NDArray[np.float64]) -> list[int]:
    """PSI above the folklore's 0.2, fixed bins."""
    expected = reference_of(reference)
    return [
        end for end, window in _windows(stream) if population_stability_index(count_bins(window), expected) > PSI_LIMIT
    ]


def evidently_default(reference: NDArray[np.float64], stream: NDArray[np.float64]) -> list[int]:
    """Evidently's rule, computed with SciPy; the package itself is not installed."""
    scale = max(float(np.std(reference)), 0.001)
    return [
        end
        for end, window in _windows(stream)
        if stats.wasserstein_distance(reference, window) / scale >= EVIDENTLY_LIMIT
    ]


def adwin(_reference: NDArray[np.float64], stream: NDArray[np.float64]) -> list[int]:
    """river's ADWIN with its default; it has no reference, and starts anew after an alarm by itself."""
    detector, alarms = ADWIN(delta=ADWIN_DELTA), []
    for number, value in enumerate(stream.tolist(), start=1):
        detector.update(value)
        if detector.drift_detected:
            alarms.append(number)
    return alarms


def _parts(stream: NDArray[np.float64], size: int) -> list[NDArray[np.float64]]:
    return [stream[start : start + size] for start in range(0, len(stream) - size + 1, size)]


def _windows(stream: NDArray[np.float64]) -> list[tuple[int, NDArray[np.float64]]]:
    return [((number + 1) * WINDOW, window) for number, window in enumerate(_parts(stream, WINDOW))]
