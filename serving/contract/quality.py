"""What was measured on a face, and whether it is good enough for an honest score."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Thresholds of the reasons why a photo gets no score."""

    inter_eye_pixels_min: float = 24.0


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one face in one photo, all of them numbers; nothing here can rebuild the photo."""

    luminance: float
    contrast: float
    sharpness: float
    face_fraction: float
    inter_eye_pixels: float
    detector_score: float
    turn: float
    roll_degrees: float

    def as_dict(self) -> dict[str, float]:
        """The measures by name."""
        return dataclasses.asdict(self)
