"""Where eyes, brows, mouth and jaw lie in an aligned crop: boxes for the asymmetry measures of `explain`.

They follow from how the crop is cut (`CropSpec`: eye line and distance of the eyes) and from the usual proportions of a
face in multiples of that distance. They are the same for every face and not fitted to any: a turned or unusual face lies
partly beside them, so a measure is a hint where to look, not a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from serving.contract.model import CropSpec


@dataclass(frozen=True, slots=True)
class Region:
    """A box with both halves of the face in it, mirror-symmetric about the middle of the crop.

    Attributes:
        name: What it holds.
        left, top, right, bottom: In shares of the crop's side; left = 1 - right.
    """

    name: str
    left: float
    top: float
    right: float
    bottom: float


_FROM_EYE_LINE: Final = {
    "eyes": (0.92, -0.20, 0.24),
    "brows": (0.98, -0.56, -0.20),
    "mouth": (0.66, 0.84, 1.30),
    "jaw": (0.86, 1.30, 1.82),
}
"""Half width, upper and lower edge under the eye line, in distances between the eyes: checked on drawn faces."""
WHOLE_PHOTO: Final = Region("photo", 0.0, 0.0, 1.0, 1.0)


def regions_of(spec: CropSpec) -> tuple[Region, ...]:
    """The regions of a crop, in the order of the asymmetry measures. A `whole` crop has one, because nothing was aligned.

    >>> from serving.contract.model import CropSpec
    >>> [region.name for region in regions_of(CropSpec())]
    ['eyes', 'brows', 'mouth', 'jaw']
    """
    if spec.kind == "whole":
        return (WHOLE_PHOTO,)
    unit, eye_line = spec.inter_eye_fraction, spec.eye_line_fraction
    return tuple(
        Region(
            name,
            left=max(0.0, 0.5 - half_width * unit),
            top=min(1.0, max(0.0, eye_line + top * unit)),
            right=min(1.0, 0.5 + half_width * unit),
            bottom=min(1.0, max(0.0, eye_line + bottom * unit)),
        )
        for name, (half_width, top, bottom) in _FROM_EYE_LINE.items()
    )


def coverage(region: Region, cells: int) -> NDArray[np.float64]:
    """Share of each cell of a grid over the crop that the region covers, [cells, cells], exactly mirror-symmetric."""
    down = _covered(region.top, region.bottom, cells)
    across = _covered(region.left, region.right, cells)
    return np.asarray(down[:, None] * ((across + across[::-1]) / 2.0)[None, :], np.float64)


def _covered(start: float, end: float, cells: int) -> NDArray[np.float64]:
    edges = np.arange(cells + 1) / cells
    covered = np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], start), 0.0, None) * cells
    return np.asarray(covered, np.float64)
