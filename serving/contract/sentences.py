"""Sentences with figures of one occurrence: the words and the figures stay apart, so that other languages can say them too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def fill(template: str, figures: Mapping[str, str | int], *, thousands: str = ",") -> str:
    """The sentence with its figures, whole numbers in groups of three digits.

    Args:
        template: Words with the figures' names in braces; taken as it stands where there are no figures.
        figures: By name.
        thousands: What stands between the groups.

    >>> fill("{pixels} pixels as {format}", {"pixels": 50_000_000, "format": "JPEG"})
    '50,000,000 pixels as JPEG'
    """
    if not figures:
        return template
    return template.format_map(
        {name: f"{each:,}".replace(",", thousands) if isinstance(each, int) else each for name, each in figures.items()}
    )
