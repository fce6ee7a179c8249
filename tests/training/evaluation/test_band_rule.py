import numpy as np
import pytest

from serving.contract.errors import ModelAnswerInvalid
from serving.contract.severity import Band, Thresholds, band_of, severity_ppm
from training.evaluation.band_rule import BANDS, band_section, band_statistic, bands_of, count_subjects, severities_ppm
from training.evaluation.bootstrap import bootstrap


def section(depressed, p):
    depressed, bands = np.asarray(depressed, bool), bands_of(np.asarray(p))
    subjects = [str(number) for number in range(len(p))]
    return band_section(bootstrap(subjects, {"": band_statistic(depressed, bands)})[""], depressed, bands)


def test_arrays_are_banded_exactly_as_the_gateway_bands_one_photo():
    rng = np.random.default_rng(0)
    p = np.concatenate([rng.random(500), [0.0, 1.0, 0.7, 0.4, 0.6999995, 0.4000005]]).astype(np.float32)
    p = np.concatenate([p, np.nextafter(p, np.float32(0)), np.float32([0.7, 0.4])])
    assert severities_ppm(p).tolist() == [severity_ppm(value) for value in p]
    assert [BANDS[place] for place in bands_of(p)] == [band_of(severity_ppm(value)) for value in p]
    strict = Thresholds(100_000, 200_000)
    assert [BANDS[place] for place in bands_of(p, strict)] == [band_of(severity_ppm(value), strict) for value in p]
    assert bands_of(np.full((2, 3), 0.5)).shape == (2, 3)


@pytest.mark.parametrize("p", [float("nan"), -0.1, 1.1, float("inf")])
def test_what_is_no_probability_gets_no_band(p):
    with pytest.raises(ModelAnswerInvalid):
        bands_of([0.5, p])


def test_bands_are_counted_by_label_with_the_share_of_depressed_in_each():
    found = section([0, 0, 1, 1, 1, 0], [0.9, 0.8, 0.5, 0.1, 0.2, 0.5])
    assert found["confusion"]["not_depressed"] == {"none": 2, "mild": 1, "high": 0}
    assert found["confusion"]["depressed"] == {"none": 0, "mild": 1, "high": 2}
    shares = {band: row["depressed_share"]["value"] for band, row in found["bands"].items()}
    assert shares == {"none": 0.0, "mild": 0.5, "high": 1.0}
    assert found["monotone"] is True
    assert sum(row["share"]["value"] for row in found["bands"].values()) == pytest.approx(1.0)


def test_a_subject_counts_once_whatever_many_photos_there_are():
    subjects = ["a"] * 4 + ["b", "c", "c"]
    depressed = np.array([True] * 5 + [False] * 2)
    counts = count_subjects(subjects, depressed, [0.9, 0.9, 0.9, 0.1, 0.5, 0.8, 0.5])
    assert counts.depressed == {"none": 0.75, "mild": 1.0, "high": 0.25}
    assert counts.not_depressed == {"none": 0.5, "mild": 0.5, "high": 0.0}
    assert (counts.depressed_subjects, counts.not_depressed_subjects) == (2, 1)


def test_a_group_of_nobody_is_counted_as_nobody():
    counts = count_subjects(["a", "b"], np.array([True, True]), [0.9, 0.1], Thresholds(100_000, 200_000))
    assert counts.not_depressed == {"none": 0.0, "mild": 0.0, "high": 0.0}
    assert counts.not_depressed_subjects == 0
    assert counts.thresholds == Thresholds(100_000, 200_000)


def test_bands_that_do_not_rise_are_said_not_to_and_an_empty_band_leaves_it_open():
    assert section([1, 0, 1], [0.9, 0.5, 0.1])["monotone"] is False
    found = section([0, 1], [0.9, 0.1])
    assert found["monotone"] is None
    assert found["bands"][Band.MILD]["depressed_share"] == {"value": None, "interval_95": [None, None]}


def test_share_of_resamples_tells_how_sure_the_rise_is():
    rng = np.random.default_rng(2)
    p = rng.random(300)
    clear, vague = section(rng.random(300) > p, p), section(rng.random(300) > 0.5, p)
    assert 0.99 < clear["monotone_share_of_resamples"] <= 1.0
    assert vague["monotone_share_of_resamples"] < 0.9
