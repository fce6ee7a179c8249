"""What is counted of every answered photo beside its band: its measures, its person, and the reference that both are held against."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry

from monitoring.image_metrics import IMAGE_DECLARATIONS, MEASURES, ImageBins, ImageMetrics
from monitoring.profile import ProfileReading
from monitoring.reference_metrics import REFERENCE_DECLARATIONS, ReferenceMetrics
from monitoring.severity_bins import severity_bin
from monitoring.subject_memory import SubjectMemory
from monitoring.subject_metrics import SUBJECT_DECLARATIONS, SubjectMetrics

PHOTO_DECLARATIONS: Final = (*IMAGE_DECLARATIONS, *SUBJECT_DECLARATIONS, *REFERENCE_DECLARATIONS)


class PhotoMetrics:
    """These metrics in one registry.

    Args:
        registry: A registry of its own, also per test.
        on_non_finite: Told of every measure that is no finite number; it is dropped.
        memory: Tells which people were counted today.
    """

    def __init__(
        self, registry: CollectorRegistry, on_non_finite: Callable[[], None], memory: SubjectMemory | None = None
    ) -> None:
        self._images = ImageMetrics(registry)
        self._subjects = SubjectMetrics(registry, memory or SubjectMemory())
        self._references = ReferenceMetrics(registry)
        self._on_non_finite = on_non_finite
        self._bins: dict[str, ImageBins] = {}

    def start_version(self, version: str) -> None:
        """Create the version's series with zero, but for those that need its profile."""
        self._subjects.start_version(version)

    def set_reference(self, version: str, reading: ProfileReading) -> None:
        """Show what a version's profile expects, or why there is none, and count in its bins from now on."""
        self._references.show(version, reading)
        if reading.profile is not None and version not in self._bins:
            bins = ImageBins.of(reading.profile)
            self._images.start_version(version, bins)
            self._subjects.start_bins(version, bins)
            self._bins[version] = bins

    def forget_version(self, version: str) -> None:
        """Remove the version's series."""
        self._bins.pop(version, None)
        for each in (self._images, self._subjects, self._references):
            each.forget_version(version)

    def count(
        self, version: str, severity_ppm: int, measures: Mapping[str, float], subject_digest: str | None, traffic: str
    ) -> None:
        """One answered photo, with a band or without: the reference holds every photo too.

        Args:
            version: That answered; one that was started.
            severity_ppm: Of the answer.
            measures: Of the photo, by the names of `serving.contract.quality.Quality`.
            subject_digest: Keyed digest of the person's pseudonym; None where none was given.
            traffic: Class of the caller.
        """
        bins = self._bins.get(version)
        places: dict[str, str] = {}
        if bins is not None:
            places = bins.places_of(self._finite(measures))
            self._images.count(version, places, traffic)
        self._subjects.count(version, severity_bin(severity_ppm), places, subject_digest, traffic)

    def _finite(self, measures: Mapping[str, float]) -> dict[str, float]:
        finite = {}
        for name in MEASURES.values():
            value = measures.get(name)
            if value is None:
                continue
            if math.isfinite(value):
                finite[name] = value
            else:
                self._on_non_finite()
        return finite
