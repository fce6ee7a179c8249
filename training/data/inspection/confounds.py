"""Does one column alone tell the depressed from the others? Then a model learns the column, not the face.

A column of names is judged by Cramer's V with Bergsma's correction for chance, a column of numbers by its AUROC. The unit is
the subject: photos of one person agree, and would make chance look like a finding. The classic fault is one source per
class, where V is 1 (`seed`, "Classical flaws").
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.data.inspection.findings import Weight
from training.data.manifest import Photo

FORBIDDEN_STRENGTH: Final = 0.8
"""V from here on, or |2 AUROC - 1| (an AUROC of 0.9), forbids training: hardly anything is left to learn from faces."""
NOTED_STRENGTH: Final = 0.3
"""V, or an AUROC of 0.65: the report must be read with it in mind."""
STANDARD_ERRORS: Final = 4.0
"""An AUROC nearer to 0.5 than this is chance, with some 25 columns looked at."""
SUBJECTS_MIN: Final = 5
"""Of each label; with fewer, nothing can be told."""
NOT_GIVEN: Final = "(not given)"


@dataclass(frozen=True, slots=True)
class Separation:
    """How far one column tells the labels apart.

    Attributes:
        column: Its name.
        measure: "cramers_v" or "auroc".
        value: V from 0 to 1, or the AUROC (above 0.5: higher values among the depressed).
        strength: V, or |2 AUROC - 1|: 0 nothing, 1 everything. 0 where it is within chance.
        weight: What that means for a training.
        only_in_one_class: Names that at least 5 subjects of one label have and none of the other.
    """

    column: str
    measure: str
    value: float
    strength: float
    weight: Weight
    only_in_one_class: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For `inspection.json`."""
        return dataclasses.asdict(self)


def separate_by_names(column: str, names: Sequence[str], photos: Sequence[Photo]) -> Separation | None:
    """Judge a column of names, one for each photo; None where it has one name only, or there are too few subjects."""
    units: dict[tuple[str, int], Counter[str]] = {}
    for name, photo in zip(names, photos, strict=True):
        units.setdefault((photo.subject_id, photo.label), Counter())[name or NOT_GIVEN] += 1
    labels = np.array([label for _, label in units])
    if not _are_enough(labels):
        return None
    values, place = np.unique(
        [min(found, key=lambda name: (-found[name], name)) for found in units.values()], return_inverse=True
    )
    if len(values) < 2:
        return None
    table = np.stack([np.bincount(place[labels == label], minlength=len(values)) for label in (0, 1)])
    strength = _corrected_v(table)
    one_sided = (table.min(axis=0) == 0) & (table.max(axis=0) >= SUBJECTS_MIN)
    only = tuple(str(value) for value in values[one_sided])
    return Separation(column, "cramers_v", strength, strength, _weigh(strength), only)


def separate_by_numbers(column: str, numbers: NDArray[np.float64], photos: Sequence[Photo]) -> Separation | None:
    """Judge a column of numbers, one for each photo, NaN where there is none; None where there are too few subjects."""
    units: dict[tuple[str, int], list[float]] = {}
    for number, photo in zip(numbers.tolist(), photos, strict=True):
        if number == number:  # noqa: PLR0124 - not NaN
            units.setdefault((photo.subject_id, photo.label), []).append(number)
    labels = np.array([label for _, label in units])
    means = np.array([np.mean(found) for found in units.values()])
    if not _are_enough(labels) or np.ptp(means) == 0:
        return None
    levels, place = np.unique(means, return_inverse=True)
    depressed, others = (np.bincount(place[labels == label], minlength=len(levels)) for label in (1, 0))
    pairs = float(depressed.sum() * others.sum())
    auroc = float((depressed * (np.cumsum(others) - 0.5 * others)).sum() / pairs)
    chance = STANDARD_ERRORS * float(np.sqrt((len(labels) + 1) / (12 * pairs)))
    strength = abs(2 * auroc - 1) if abs(auroc - 0.5) > chance else 0.0
    return Separation(column, "auroc", auroc, strength, _weigh(strength))


def separate_all(
    names: Mapping[str, Sequence[str]], numbers: Mapping[str, NDArray[np.float64]], photos: Sequence[Photo]
) -> list[Separation]:
    """Every column that can be judged, the strongest first."""
    found = [separate_by_names(column, values, photos) for column, values in names.items()]
    found += [separate_by_numbers(column, values, photos) for column, values in numbers.items()]
    return sorted((one for one in found if one is not None), key=lambda one: (-one.strength, one.column))


def _are_enough(labels: NDArray[np.int64]) -> bool:
    return min(int((labels == 0).sum()), int((labels == 1).sum())) >= SUBJECTS_MIN


def _corrected_v(table: NDArray[np.int64]) -> float:
    """Cramer's V of a [2, names] table of counts with Bergsma's correction (2013): near 0, not above it, by chance."""
    total = int(table.sum())
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / total
    columns = table.shape[1]
    phi_squared = max(0.0, float(((table - expected) ** 2 / expected).sum()) / total - (columns - 1) / (total - 1))
    rows_corrected = 2 - 1 / (total - 1)
    columns_corrected = columns - (columns - 1) ** 2 / (total - 1)
    smaller = min(rows_corrected, columns_corrected) - 1
    return min(1.0, float(np.sqrt(phi_squared / smaller))) if smaller > 0 else 0.0


def _weigh(strength: float) -> Weight:
    if strength >= FORBIDDEN_STRENGTH:
        return Weight.FORBIDS
    return Weight.WARNS if strength >= NOTED_STRENGTH else Weight.NOTES
