"""The paper's boundaries hold in every precision, and what is no probability never becomes a band."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.contract.errors import ContractInvalid, ModelAnswerInvalid
from serving.contract.severity import (
    PAPER_THRESHOLDS,
    Band,
    Thresholds,
    band_of,
    severity_ppm,
)

PRECISIONS = (float, np.float64, np.float32)


def neighbours(p: float, precision: type) -> tuple[float, float]:
    """The next smaller and larger number of that precision."""
    kind = np.float32 if precision is np.float32 else np.float64
    return np.nextafter(kind(p), kind(0)), np.nextafter(kind(p), kind(1))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("p", "ppm", "band"), [(0.7, 300_000, Band.NONE), (0.4, 600_000, Band.MILD)])
def test_the_papers_boundaries_belong_to_the_milder_band(precision: type, p: float, ppm: int, band: Band) -> None:
    assert severity_ppm(precision(p)) == ppm
    assert band_of(severity_ppm(precision(p))) is band


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("p", "ppm", "band"), [(0.7, 300_000, Band.NONE), (0.4, 600_000, Band.MILD)])
def test_one_ulp_beside_a_boundary_is_the_boundary(precision: type, p: float, ppm: int, band: Band) -> None:
    for neighbour in neighbours(p, precision):
        assert neighbour != precision(p)
        assert severity_ppm(neighbour) == ppm
        assert band_of(severity_ppm(neighbour)) is band


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    ("p", "ppm", "band"),
    [
        (0.7 + 1e-6, 299_999, Band.NONE),
        (0.7 - 1e-6, 300_001, Band.MILD),
        (0.4 + 1e-6, 599_999, Band.MILD),
        (0.4 - 1e-6, 600_001, Band.HIGH),
        (0.0, 1_000_000, Band.HIGH),
        (1.0, 0, Band.NONE),
    ],
)
def test_a_millionth_beside_a_boundary_decides(precision: type, p: float, ppm: int, band: Band) -> None:
    assert severity_ppm(precision(p)) == ppm
    assert band_of(severity_ppm(precision(p))) is band


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("p", [math.nan, math.inf, -math.inf, -0.001, 1.001, np.nextafter(1, 2), -5e-324])
def test_what_is_no_probability_is_an_error(precision: type, p: float) -> None:
    value = precision(p)
    if 0 <= value <= 1:
        # float32 cannot hold the numbers just outside: there they are 0 and 1, which are probabilities.
        assert precision is np.float32
        return
    with pytest.raises(ModelAnswerInvalid):
        severity_ppm(value)


@given(st.floats(0, 1), st.floats(0, 1))
def test_severity_falls_as_the_probability_rises(one: float, other: float) -> None:
    lower, higher = sorted((one, other))
    assert severity_ppm(lower) >= severity_ppm(higher)
    assert 0 <= severity_ppm(lower) <= 1_000_000


@given(st.floats(0, 1, width=32))
def test_float32_is_widened_and_rounded_to_the_nearest_millionth(p: float) -> None:
    exact = (1 - Fraction(float(np.float32(p)))) * 1_000_000
    assert abs(severity_ppm(np.float32(p)) - exact) <= Fraction(1, 2) + Fraction(1, 10**6)


def test_halves_go_to_the_even_millionth() -> None:
    assert severity_ppm(1 - 2**-7) == 7812  # 7812.5
    assert severity_ppm(1 - 3 * 2**-7) == 23_438  # 23437.5


@given(st.integers(0, 1_000_000))
def test_bands_follow_each_other_without_gaps(ppm: int) -> None:
    expected = Band.NONE if ppm <= 300_000 else Band.MILD if ppm <= 600_000 else Band.HIGH
    assert band_of(ppm) is expected


def test_a_site_may_set_other_thresholds() -> None:
    strict = Thresholds(none_max_ppm=100_000, mild_max_ppm=200_000)
    assert [band_of(ppm, strict) for ppm in (100_000, 100_001, 200_000, 200_001)] == [
        Band.NONE,
        Band.MILD,
        Band.MILD,
        Band.HIGH,
    ]


@pytest.mark.parametrize(
    ("none", "mild"), [(0, 600_000), (600_000, 300_000), (300_000, 300_000), (300_000, 1_000_000), (-1, 5)]
)
def test_thresholds_that_leave_a_band_empty_are_refused(none: int, mild: int) -> None:
    with pytest.raises(ContractInvalid, match="thresholds must rise"):
        Thresholds(none_max_ppm=none, mild_max_ppm=mild)


@pytest.mark.parametrize(("none", "mild"), [(300_000, 309_999), (1, 2), (999_000, 999_999)])
def test_a_band_without_a_whole_percent_is_refused(none: int, mild: int) -> None:
    with pytest.raises(ContractInvalid, match="no whole percent"):
        Thresholds(none_max_ppm=none, mild_max_ppm=mild)


def test_the_papers_thresholds_are_the_default() -> None:
    assert Thresholds() == PAPER_THRESHOLDS == Thresholds(300_000, 600_000)
