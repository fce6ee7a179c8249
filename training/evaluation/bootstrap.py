"""95 % intervals of any figure, by drawing SUBJECTS with replacement: the one bootstrap of every table and picture.

Photos of one person agree with each other; drawing photos would make the intervals far too narrow (`seed`, protocol: with
five photos per subject that agree at 0.5, the effective number of photos is a third). A figure is written once, as a
function of how often each photo counts, for many resamples at a time: with ones it gives the figure itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

RESAMPLES: Final = 2_000
CONFIDENCE: Final = 0.95
INTERVAL_METHOD: Final = f"percentiles of {RESAMPLES} bootstrap resamples of subjects"
CHUNK_NUMBERS: Final = 1 << 18
"""Weights held at a time: 2 MB, which stays in the cache and keeps memory flat however many photos there are."""

Weights = NDArray[np.float64]
"""How often each photo counts, [resamples, photos]."""
Statistic = Callable[[Weights], Mapping[str, NDArray[np.float64]]]
"""Weights [b, n] -> figures by name, each [b, ...]; NaN where a figure is undefined."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, or an array of figures, and over its resamples: ends of the interval, mean, standard deviation.

    NaN where undefined.
    """

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: NDArray[np.float64]
    standard_error: NDArray[np.float64]

    def figure(self, *place: int) -> dict[str, Any]:
        """One figure as JSON: `{"value": v, "interval_95": [low, high]}`, None where undefined."""
        return {"value": defined(self.value[place]), "interval_95": self.interval(*place)}

    def interval(self, *place: int) -> list[float | None]:
        """Low and high end, None where undefined."""
        return [defined(self.low[place]), defined(self.high[place])]


def bootstrap(
    subjects: Sequence[str], statistics: Mapping[str, Statistic], resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, dict[str, Estimate]]:
    """Every figure of every statistic with its interval, all from the same resamples.

    Args:
        subjects: Whose each photo is, [n].
        statistics: By the name under which their figures are returned.
        resamples: How many.
        seed: Equal seeds give equal intervals.
    """
    once = np.ones((1, len(subjects)))
    values = {name: statistic(once) for name, statistic in statistics.items()}
    drawn: dict[str, dict[str, list[NDArray[np.float64]]]] = {
        name: {figure: [] for figure in figures} for name, figures in values.items()
    }
    for weights in resample_subjects(subjects, resamples, seed):
        for name, statistic in statistics.items():
            for figure, found in statistic(weights).items():
                drawn[name][figure].append(found)
    return {
        name: {
            figure: _estimate(np.asarray(value)[0], np.concatenate(drawn[name][figure]))
            for figure, value in figures.items()
        }
        for name, figures in values.items()
    }


def resample_subjects(subjects: Sequence[str], resamples: int = RESAMPLES, seed: int = 0) -> Iterator[Weights]:
    """Yield how often each photo counts, some resamples [b, n] at a time."""
    names, owner = np.unique(np.asarray(subjects), return_inverse=True)
    rng = np.random.default_rng(seed)
    chunk = max(1, CHUNK_NUMBERS // max(1, len(owner)))
    for start in range(0, resamples, chunk):
        count = min(chunk, resamples - start)
        times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), count)
        yield times.astype(np.float64)[:, owner]


def defined(value: float) -> float | None:
    """The number for JSON, or None where it is NaN or infinite."""
    return float(value) if math.isfinite(value) else None


def divide(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quotient, NaN where the denominator is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator == 0, np.nan, numerator / denominator)


def _estimate(value: NDArray[np.float64], resampled: NDArray[np.float64]) -> Estimate:
    columns = resampled.reshape(len(resampled), -1)
    always = np.isfinite(columns).all(axis=0)
    ends = np.full((columns.shape[1], 4), math.nan)
    ends[always] = _spread(columns[:, always]).T
    for place in np.flatnonzero(~always):
        drawn = columns[np.isfinite(columns[:, place]), place]
        if len(drawn):
            ends[place] = _spread(drawn)
    return Estimate(value, *(ends[:, place].reshape(value.shape) for place in range(4)))


def _spread(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ends of the interval, mean and standard deviation, [4, ...], over the resamples in which the figure is defined."""
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(drawn, [tail, 1.0 - tail], axis=0)
    return np.stack([low, high, drawn.mean(axis=0), drawn.std(axis=0)])
