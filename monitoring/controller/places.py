"""Which photos are compared with which reference: those of one site, answered by one version."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """One site and one version.

    Attributes:
        site: Value of the site's label; "" where sites are not told apart.
        version: The model's version, as the label says it.
    """

    site: str
    version: str

    def __str__(self) -> str:
        """For people."""
        return f"version {self.version} at {self.site}" if self.site else f"version {self.version}"


class CounterKey(NamedTuple):
    """What one counter counts.

    Attributes:
        place: Whose photos.
        signal: `severity`, a measure of photos, or `WITHOUT_SUBJECT`.
        bin: Number of the bin, from 0.
    """

    place: Place
    signal: str
    bin: int


WITHOUT_SUBJECT = "without_subject"
