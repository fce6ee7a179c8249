"""The bins of severity that answers are counted in: ten, with edges every 0.1."""

from __future__ import annotations

from typing import Final

PARTS_PER_BIN: Final = 100_000
SEVERITY_BINS: Final = tuple(f"{number / 10:.1f}" for number in range(1, 11))
"""Label of a bin: its upper edge, inclusive, so that 0.3 and 0.6 coincide with the paper's band edges."""


def severity_bin(severity_ppm: int) -> str:
    """The bin of a severity in parts per million: its upper edge, inclusive; 0 belongs to the first bin.

    >>> severity_bin(0), severity_bin(300_000), severity_bin(300_001), severity_bin(1_000_000)
    ('0.1', '0.3', '0.4', '1.0')
    """
    return SEVERITY_BINS[max(0, -(-severity_ppm // PARTS_PER_BIN) - 1)]
