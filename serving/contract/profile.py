"""`profile.json`: the reference distribution inside a version, against which monitoring measures drift.

Counts over fixed bins, because counts add up over replicas and divergences do not. Scores are binned by severity, every
0.1, so that the band edges 0.3 and 0.6 are bin edges; measures of the crop by the deciles of the reference, so that every
bin holds a tenth of it. Bins include their upper edge, as severity's bands do. No digest, no photo and no name in it.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from serving.contract.errors import ContractInvalid
from serving.contract.severity import PARTS_PER_MILLION
from serving.contract.typed_json import read_object, require_types

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

PROFILE_NAME: Final = "profile.json"
PROFILE_SCHEMA: Final = "symmetra.profile/1"
SCORE_EDGES_PPM: Final = tuple(range(0, PARTS_PER_MILLION + 1, PARTS_PER_MILLION // 10))
IMAGE_STATS: Final = ("luminance", "contrast", "sharpness", "face_fraction")
"""Measures of `serving.contract.quality.Quality` that the profile holds."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of values between edges.

    Attributes:
        edges: Rising. Values at or under the first inner edge fall into the first bin, above the last into the last; the
            outer edges are left out where the range is open.
        counts: One more than there are inner edges.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins of equal mass of p_no_depression: its mean, and the share of photos that show nobody depressed."""

    p: tuple[float, ...]
    observed: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """The content of `profile.json`, of held-out photos scored by this version.

    Attributes:
        model_version: The version it stands in.
        created: When, UTC, ISO 8601.
        split: Which photos: never those that the network learned from.
        n_images, n_subjects: How many.
        temperature: In the graph; 1.0 where not calibrated.
        thresholds_ppm: Upper ends of the bands none and mild.
        preprocessing_version: Of the crops.
        score: Severity, in parts per million, edges every 100,000; inner edges only.
        bands: Photos by band.
        image_stats: Measure -> histogram over the reference's deciles; only measures that the crops were kept with.
        reliability: Of p_no_depression.
        brier, ece: Of p_no_depression.
        prevalence: Share of photos of the depressed.
        limits: What the figures do not say.
        slope, intercept: Of the line that would calibrate the logit (1 and 0: it is calibrated); None where one label only
            was seen, or in a profile of an earlier release.
    """

    model_version: int
    created: str
    split: str
    n_images: int
    n_subjects: int
    temperature: float
    thresholds_ppm: tuple[int, ...]
    preprocessing_version: str
    score: Histogram
    bands: dict[str, int]
    image_stats: dict[str, Histogram]
    reliability: Reliability
    brier: float
    ece: float
    prevalence: float
    limits: tuple[str, ...]
    slope: float | None = None
    intercept: float | None = None
    positive: str = "no_depression"
    schema: str = PROFILE_SCHEMA

    def to_json(self) -> str:
        """Sorted keys, so that equal profiles have equal bytes."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True, indent=2, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read and check a profile.

        Raises:
            ContractInvalid: not JSON, another schema, a missing or unknown field, a value of another type, edges that do
                not rise, counts that do not fit the edges or do not add up to the photos.
        """
        fields = read_object(text, "profile", PROFILE_SCHEMA)
        try:
            fields["score"] = _histogram(fields["score"])
            fields["image_stats"] = {name: _histogram(value) for name, value in fields["image_stats"].items()}
            fields["reliability"] = Reliability(**{name: tuple(v) for name, v in fields["reliability"].items()})
            for name in ("thresholds_ppm", "limits"):
                fields[name] = tuple(fields[name])
            profile = cls(**fields)
            require_types(profile)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            message = f"profile.json cannot be read: {error}"
            raise ContractInvalid(message) from error
        profile.check()
        return profile

    def check(self) -> None:
        """Hold the counts against each other.

        Raises:
            ContractInvalid: edges that do not rise, counts that do not fit the edges or do not add up to the photos.
        """
        totals = {"bands": sum(self.bands.values()), "reliability": sum(self.reliability.counts)}
        for name, histogram in {"score": self.score, **self.image_stats}.items():
            rising = all(low < high for low, high in zip(histogram.edges, histogram.edges[1:], strict=False))
            if not rising or len(histogram.counts) != len(histogram.edges) + 1 or min(histogram.counts) < 0:
                message = f"profile.json: the edges of {name} must rise, with one count more than there are edges"
                raise ContractInvalid(message)
            totals[name] = sum(histogram.counts)
        wrong = [name for name, total in totals.items() if total != self.n_images]
        if wrong:
            message = f"profile.json: the counts of {', '.join(wrong)} do not add up to {self.n_images} photos"
            raise ContractInvalid(message)


def count_values(values: ArrayLike, inner_edges: tuple[float, ...]) -> Histogram:
    """Count values between inner edges, upper edge inclusive.

    >>> count_values([300_000, 300_001], (300_000, 600_000)).counts
    (1, 1, 0)
    """
    places = np.searchsorted(np.asarray(inner_edges, np.float64), np.asarray(values, np.float64), side="left")
    counts = np.bincount(places, minlength=len(inner_edges) + 1)
    return Histogram(tuple(inner_edges), tuple(int(count) for count in counts))


def _histogram(fields: dict[str, list[float]]) -> Histogram:
    return Histogram(**{name: tuple(values) for name, values in fields.items()})  # type: ignore[arg-type]
