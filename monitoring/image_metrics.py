"""Four measures of the photos themselves, counted in the bins of the pinned version's profile.

A camera, a lamp or a lens changes photos before it changes scores. The bins are the deciles of the photos that the reference was
made of, so each holds a tenth of it and none is blind; they are of this version, so the counts of two versions never mix. Deciles
are the same on any rising scale: a measure that is best seen in logarithms (sharpness) needs none of them here.

A measure that the profile leaves out is not counted: there is nothing to compare it with.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from prometheus_client import CollectorRegistry, Counter

from monitoring.declaring import Declaration, counter
from monitoring.traffic import TRAFFIC_CLASSES
from serving.contract.profile import Profile

MEASURES: Final = {
    "luminance": "luminance",
    "contrast": "contrast",
    "sharpness": "sharpness",
    "face_size": "face_fraction",
}
"""Statistic, as the label says it -> the measure of `serving.contract.quality.Quality` and of the profile."""
STATISTICS: Final = tuple(MEASURES)
IMAGE_BINS: Final = tuple(str(number) for number in range(1, 11))
"""The tenths of the reference, lowest first. A measure with few values has fewer, and only those that it has are series."""

IMAGE_QUALITY: Final = Declaration(
    "symmetra_image_quality",
    "counter",
    "Answered photos by measure and by the tenth of the version's reference that its value falls into.",
    ("model_version", "statistic", "bin", "traffic"),
)
IMAGE_DECLARATIONS: Final = (IMAGE_QUALITY,)


@dataclass(frozen=True, slots=True)
class ImageBins:
    """The bins of one version's reference.

    Attributes:
        edges: Statistic -> inner edges, rising; a value on an edge belongs below it. Only statistics that the profile holds.
    """

    edges: Mapping[str, tuple[float, ...]]

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """Those of a profile."""
        stats = profile.image_stats
        return cls({name: stats[measure].edges for name, measure in MEASURES.items() if measure in stats})

    def names_of(self, statistic: str) -> tuple[str, ...]:
        """The labels of a statistic's bins."""
        return IMAGE_BINS[: len(self.edges[statistic]) + 1]

    def places_of(self, measures: Mapping[str, float]) -> dict[str, str]:
        """Statistic -> bin, for what a photo was measured to be.

        Args:
            measures: Of one photo by the names of `Quality`, finite; what is missing has no place.
        """
        return {
            statistic: IMAGE_BINS[bisect_left(edges, measures[MEASURES[statistic]])]
            for statistic, edges in self.edges.items()
            if MEASURES[statistic] in measures
        }


class ImageMetrics:
    """Counts photos in bins.

    Args:
        registry: To count in.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counter = counter(IMAGE_QUALITY, registry)
        # Four a photo: looking a series up by its labels costs more than counting.
        self._series: dict[tuple[str, str, str, str], Counter] = {}

    def start_version(self, version: str, bins: ImageBins) -> None:
        """Create the version's series with zero."""
        for statistic in bins.edges:
            for name in bins.names_of(statistic):
                for traffic in TRAFFIC_CLASSES:
                    key = (version, statistic, name, traffic)
                    self._series[key] = self._counter.labels(*key)

    def forget_version(self, version: str) -> None:
        """Remove the version's series."""
        self._counter.remove_by_labels({"model_version": version})
        self._series = {key: series for key, series in self._series.items() if key[0] != version}

    def count(self, version: str, places: Mapping[str, str], traffic: str) -> None:
        """One photo, by the places of `ImageBins.places_of`."""
        for statistic, name in places.items():
            self._series[version, statistic, name, traffic].inc()
