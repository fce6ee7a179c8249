"""Percentiles against a brute-force sort, merging, and the file."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.errors import HistogramUnreadable
from loadtests.histogram import LARGEST_MICROSECONDS, PRECISION, Histogram, read_histograms, write_histograms

REFERENCE_WORD = "HISTFAAAADF4nJNpmSzMwMAgyAABzFCaEURcm7yEwf4DVIDpMTvLTW+mlclMt12ZpucxAQDO7Qnm"
"""Written by HdrHistogram's Python library, release 0.10.8."""
PERCENTS = (0, 1, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100)


def brute_force(seconds: list[float], percent: float) -> float:
    """The observation that so many percent do not exceed."""
    return sorted(seconds)[max(math.ceil(percent / 100 * len(seconds) - 1e-9), 1) - 1]


def filled(seconds: list[float]) -> Histogram:
    histogram = Histogram()
    for each in seconds:
        histogram.record(each)
    return histogram


@given(st.lists(st.integers(0, LARGEST_MICROSECONDS), min_size=1, max_size=300))
def test_a_percentile_is_the_observation_of_its_rank_to_the_stated_precision(microseconds: list[int]) -> None:
    seconds = [each / 1e6 for each in microseconds]
    histogram = filled(seconds)
    for percent in PERCENTS:
        true = brute_force(seconds, percent)
        assert true <= histogram.percentile(percent) + 1e-12
        assert histogram.percentile(percent) <= true * (1 + PRECISION) + 1e-12


@pytest.mark.parametrize("spread", [0.3, 1.0, 2.5])
def test_percentiles_of_a_hundred_thousand_latencies_agree_with_a_sort(spread: float) -> None:
    rng = np.random.default_rng(3)
    seconds = np.exp(rng.normal(-3.0, spread, 100_000)).round(6).tolist()
    histogram = filled(seconds)
    for percent in PERCENTS:
        assert histogram.percentile(percent) == pytest.approx(brute_force(seconds, percent), rel=PRECISION, abs=1e-9)
    assert histogram.mean == pytest.approx(float(np.mean(seconds)), rel=PRECISION)
    assert histogram.count == 100_000


@given(st.lists(st.lists(st.floats(0, 100), max_size=50), min_size=1, max_size=5))
def test_merged_histograms_are_the_histogram_of_the_union(parts: list[list[float]]) -> None:
    merged = Histogram()
    for part in parts:
        merged.add(filled(part))
    union = filled([each for part in parts for each in part])
    assert merged == union
    assert [merged.percentile(percent) for percent in PERCENTS] == [union.percentile(percent) for percent in PERCENTS]
    assert (merged.count, merged.max, merged.mean) == (union.count, union.max, union.mean)


@given(st.dictionaries(st.floats(0, 4000), st.integers(1, 2**40), max_size=40))
def test_an_encoded_histogram_is_read_as_it_was(counts: dict[float, int]) -> None:
    histogram = Histogram()
    for seconds, times in counts.items():
        one = filled([seconds])
        histogram.add(Histogram(dict.fromkeys(one._counts, times)))
    again = Histogram.decode(histogram.encode())
    assert again == histogram
    assert (again.count, again.max, again.mean) == (histogram.count, histogram.max, histogram.mean)


def test_what_the_reference_implementation_wrote_is_read() -> None:
    histogram = filled([0.000001, 0.0005, 0.0005, 0.02, 1.5, 30.0, 3600.0])
    assert Histogram.decode(REFERENCE_WORD) == histogram


def test_a_file_holds_each_histogram_under_its_tag(tmp_path: Path) -> None:
    histograms = {"photo": filled([0.1, 0.2]), "page": filled([3.0]), "direct": Histogram()}
    write_histograms(tmp_path / "latency.hgrm", histograms)
    assert read_histograms(tmp_path / "latency.hgrm") == histograms


@pytest.mark.parametrize("word", ["", "AAAA", "no base64!", Histogram().encode()[:30]])
def test_what_is_no_histogram_is_refused(word: str) -> None:
    with pytest.raises(HistogramUnreadable):
        Histogram.decode(word)


def test_what_takes_longer_than_an_hour_counts_as_an_hour() -> None:
    assert filled([7200.0]).percentile(50) == pytest.approx(3600, rel=PRECISION)


def test_how_many_were_at_most_so_long() -> None:
    assert filled([0.1, 0.2, 0.3]).count_at_most(0.2) == 2
