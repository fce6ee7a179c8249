"""What a release is held to, as data: each bar with the value it was held against and whether it is met.

Whether a missed bar stops a release is the change policy's business; here is only what was measured. Bars are those of
`seed` ("Protocol to implement") and of issue 3. None means that it cannot be said: too few photos, or not measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ECE_MAX: Final = 0.03
ECE_PHOTOS_MIN: Final = 2_000
"""With fewer photos even a calibrated model can show more than `ECE_MAX`."""
SLOPE_RANGE: Final = (0.8, 1.25)
GROUP_ECE_MAX: Final = 0.06
GROUP_ECE_PHOTOS_MIN: Final = 1_000
"""With fewer photos a perfectly calibrated model shows more than `GROUP_ECE_MAX`: 0.11 on average with 100, 0.07 with 300."""
SENSITIVITY_GAP_MAX: Final = 0.10
"""Of the upper end of the gap's interval: a gap that is merely not proven does not pass."""


def judge(evaluation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The section "bars": name, bar in words, value, and whether it is met.

    Args:
        evaluation: Every other section of `measure`.
    """
    return [
        {"name": name, "bar": bar, "value": value, "met": met}
        for name, bar, value, met in (*_whole(evaluation), *_groups(evaluation["subgroups"]))
    ]


def _whole(evaluation: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, bool | None]]:
    calibration = evaluation["calibration"]
    ece, slope = calibration["ece"]["value"], calibration["slope"]["value"]
    enough = evaluation["photos"] >= ECE_PHOTOS_MIN
    yield (
        "calibration error",
        f"ECE at most {ECE_MAX} on at least {ECE_PHOTOS_MIN} photos",
        ece,
        None if ece is None or not enough else ece <= ECE_MAX,
    )
    low, high = SLOPE_RANGE
    yield (
        "calibration slope",
        f"from {low} to {high}",
        slope,
        None if slope is None else low <= slope <= high,
    )
    rises = evaluation["band_rule"]["monotone"]
    yield "bands in order", "share of depressed rises from none over mild to high", rises, rises
    jumps = evaluation["mirrored"]["flips_over_two_bands"]
    yield "mirrored crops", "none changes over two bands", jumps, jumps == 0
    compared = evaluation["exchangeable_splits"]
    yield (
        "exchangeable splits",
        "accuracies of test and validation within 3 standard errors",
        None if compared is None else compared["standard_errors"],
        None if compared is None else compared["exchangeable"],
    )


def _groups(subgroups: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, bool | None]]:
    for column, found in subgroups["columns"].items():
        gap = None if found["sensitivity_gap"] is None else found["sensitivity_gap"]["interval_95"][1]
        yield (
            f"sensitivity gap by {column.replace('_', ' ')}",
            f"upper end of the interval at most {SENSITIVITY_GAP_MAX:.2f}",
            gap,
            None if gap is None else gap <= SENSITIVITY_GAP_MAX,
        )
        errors = [
            row["figures"]["ece"]["value"]
            for row in found["groups"]
            if row["figures"] is not None and row["photos"] >= GROUP_ECE_PHOTOS_MIN
        ]
        worst = max(errors, default=None)
        yield (
            f"calibration error by {column.replace('_', ' ')}",
            f"ECE at most {GROUP_ECE_MAX} of every group with at least {GROUP_ECE_PHOTOS_MIN} photos",
            worst,
            None if worst is None else worst <= GROUP_ECE_MAX,
        )
