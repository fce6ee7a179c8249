"""People instead of photos: each person's first photo of a day, counted apart, because drift assumes independent answers.

Three photos of one person are nearly one answer, and a detector that takes them for three raises false alarms (drift.md, 4c). Where
a screening gives a `subject`, only that person's first answered photo per day, version and gateway process counts here; a photo without
a subject counts as if it were somebody else's, and is counted a second time by itself, so that a display can say "photos, not
people". Only patient traffic is here. What several gateways make of it: `monitoring.subject_weights`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry

from monitoring.declaring import Declaration, counter, gauge, initialise
from monitoring.image_metrics import ImageBins
from monitoring.severity_bins import SEVERITY_BINS
from monitoring.subject_memory import Counted, SubjectMemory
from monitoring.traffic import PATIENT

LEFT_OUT_REASONS: Final = ("repeat", "memory_full")

SUBJECT_SEVERITY: Final = Declaration(
    "symmetra_subject_severity",
    "counter",
    "Patients' answers by severity bin, one per subject, day and gateway process; a photo without a subject counts by itself.",
    ("model_version", "bin"),
)
SUBJECT_IMAGE_QUALITY: Final = Declaration(
    "symmetra_subject_image_quality",
    "counter",
    "Patients' photos by measure and tenth of the reference, one per subject, day and gateway process; one without a subject counts by itself.",
    ("model_version", "statistic", "bin"),
)
WITHOUT_SUBJECT: Final = Declaration(
    "symmetra_photos_without_subject",
    "counter",
    "Patients' answered photos that no subject was given for; they are among the subjects' counts too.",
    ("model_version",),
)
LEFT_OUT: Final = Declaration(
    "symmetra_subject_photos_left_out",
    "counter",
    "Patients' answered photos that the subjects' counts leave out: of a subject counted today, or of one there was no room to remember.",
    ("model_version", "reason"),
)
REMEMBERED: Final = Declaration(
    "symmetra_subjects_remembered",
    "gauge",
    "Subjects that this process counted today and remembers, as keyed digests in memory, until the day ends (UTC).",
)
SUBJECT_DECLARATIONS: Final = (SUBJECT_SEVERITY, SUBJECT_IMAGE_QUALITY, WITHOUT_SUBJECT, LEFT_OUT, REMEMBERED)


class SubjectMetrics:
    """Counts people.

    Args:
        registry: To count in.
        memory: Tells who was counted today.
    """

    def __init__(self, registry: CollectorRegistry, memory: SubjectMemory) -> None:
        self._memory = memory
        self._severity = counter(SUBJECT_SEVERITY, registry)
        self._quality = counter(SUBJECT_IMAGE_QUALITY, registry)
        self._without = counter(WITHOUT_SUBJECT, registry)
        self._left_out = counter(LEFT_OUT, registry)
        # Asked at every scrape, so a day's people are forgotten though nobody comes after it.
        gauge(REMEMBERED, registry).set_function(lambda: float(memory.remembered))

    def start_version(self, version: str) -> None:
        """Create the version's series with zero, but for those that need its bins."""
        initialise(self._severity, (version,), SEVERITY_BINS)
        initialise(self._without, (version,))
        initialise(self._left_out, (version,), LEFT_OUT_REASONS)

    def start_bins(self, version: str, bins: ImageBins) -> None:
        """Create the series of its bins with zero."""
        for statistic in bins.edges:
            initialise(self._quality, (version,), (statistic,), bins.names_of(statistic))

    def forget_version(self, version: str) -> None:
        """Remove the version's series."""
        for each in (self._severity, self._quality, self._without, self._left_out):
            each.remove_by_labels({"model_version": version})

    def count(
        self, version: str, severity_bin: str, places: Mapping[str, str], subject_digest: str | None, traffic: str
    ) -> None:
        """One answered photo.

        Args:
            version: That answered.
            severity_bin: Of the answer.
            places: Statistic to bin, of the photo (`ImageBins.places_of`).
            subject_digest: Keyed digest of the person's pseudonym; None where none was given.
            traffic: Class of the caller; anything but a patient's counts for nothing here.
        """
        if traffic != PATIENT:
            return
        if subject_digest is None:
            self._without.labels(version).inc()
        else:
            counted = self._memory.see(version, subject_digest)
            if counted is not Counted.FIRST:
                self._left_out.labels(version, "repeat" if counted is Counted.REPEAT else "memory_full").inc()
                return
        self._severity.labels(version, severity_bin).inc()
        for statistic, name in places.items():
            self._quality.labels(version, statistic, name).inc()
