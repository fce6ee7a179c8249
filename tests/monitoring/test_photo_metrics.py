"""What is counted of every photo, in one registry of its own."""

import math

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from monitoring.drift.reference import Reference
from monitoring.image_metrics import IMAGE_BINS, MEASURES, STATISTICS
from monitoring.metrics import VERSIONS_KEPT, Metrics
from monitoring.profile import ProfileReading, ProfileState
from monitoring.reference_metrics import SIGNALS
from monitoring.severity_bins import SEVERITY_BINS
from monitoring.traffic import TRAFFIC_CLASSES
from serving.contract.profile import IMAGE_STATS, Histogram, count_values
from serving.contract.quality import Quality
from tests.support.profiles import DECILES, SEVERITY_COUNTS, make_profile, without_stat

VERSION = 3
MIDDLE = {"luminance": 115.0, "contrast": 31.0, "sharpness": 0.41, "face_fraction": 0.3}


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def metrics(registry):
    found = Metrics(registry, routes=("/",), outcomes=("answered",))
    found.set_model("m", VERSION, "d", "demo")
    return found


def loaded(version=VERSION, **changes):
    return ProfileReading(ProfileState.LOADED, profile=make_profile(version, **changes))


def series(registry, start="symmetra_"):
    lines = generate_latest(registry).decode().splitlines()
    return {line.rsplit(" ", 1)[0] for line in lines if line.startswith(start)}


def quality(registry, statistic, name, traffic="patient", version=VERSION):
    labels = {"model_version": str(version), "statistic": statistic, "bin": name, "traffic": traffic}
    return registry.get_sample_value("symmetra_image_quality_total", labels)


def count(metrics, measures=MIDDLE, *, subject_digest=None, traffic="patient", ppm=450_000):
    metrics.count_photo(VERSION, ppm, measures, subject_digest=subject_digest, traffic=traffic)


def test_the_measures_are_those_of_the_profile_and_of_photos():
    assert tuple(MEASURES.values()) == IMAGE_STATS
    assert set(MEASURES.values()) <= set(Quality().as_dict())


def test_every_bin_of_the_profile_is_there_with_zero_before_the_first_photo(registry, metrics):
    metrics.set_reference(VERSION, loaded())
    for statistic in STATISTICS:
        for name in IMAGE_BINS:
            assert [quality(registry, statistic, name, traffic) for traffic in TRAFFIC_CLASSES] == [0, 0, 0]
    assert len(series(registry, "symmetra_image_quality_total")) == 4 * 10 * 3
    assert len(series(registry, "symmetra_subject_image_quality_total")) == 4 * 10


def test_photos_fall_where_the_profile_counted_its_own(registry, metrics):
    """The reference's own edges and rounding: what training counts, the gateway counts alike."""
    metrics.set_reference(VERSION, loaded())
    rng = np.random.default_rng(5)
    values = rng.uniform(40, 200, 500).round(1)
    values[:9] = DECILES["luminance"]  # exactly on an edge: below it
    for value in values:
        count(metrics, MIDDLE | {"luminance": float(value)})
    expected = count_values(values, DECILES["luminance"]).counts
    assert [quality(registry, "luminance", name) for name in IMAGE_BINS] == list(expected)
    assert [quality(registry, "contrast", name) for name in IMAGE_BINS] == [500 * (name == "5") for name in IMAGE_BINS]


def test_a_measure_that_the_profile_leaves_out_or_has_few_values_of_has_only_the_bins_that_are_known(registry, metrics):
    stats = without_stat("face_fraction") | {"contrast": Histogram((20.0, 30.0), (500, 300, 200))}
    metrics.set_reference(VERSION, loaded(image_stats=stats))
    count(metrics)
    found = series(registry, "symmetra_image_quality_total")
    assert not any("face_size" in each for each in found)
    assert [quality(registry, "contrast", name) for name in IMAGE_BINS] == [0, 0, 1] + [None] * 7
    share = {"model_version": str(VERSION), "signal": "contrast", "bin": "4"}
    assert registry.get_sample_value("symmetra_reference_share", share) is None


@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf])
def test_a_measure_that_is_no_finite_number_is_counted_apart_and_dropped_alone(registry, metrics, poison):
    metrics.set_reference(VERSION, loaded())
    before = series(registry)
    count(metrics, MIDDLE | {"sharpness": poison})
    assert registry.get_sample_value("symmetra_non_finite_observations_total") == 1
    assert sum(quality(registry, "sharpness", name) for name in IMAGE_BINS) == 0
    assert sum(quality(registry, "luminance", name) for name in IMAGE_BINS) == 1
    assert series(registry) == before


def test_classes_of_traffic_are_counted_apart(registry, metrics):
    metrics.set_reference(VERSION, loaded())
    count(metrics, traffic="loadtest")
    count(metrics, traffic="sentinel")
    assert [quality(registry, "luminance", "5", each) for each in TRAFFIC_CLASSES] == [0, 1, 1]
    assert (
        registry.get_sample_value("symmetra_subject_severity_total", {"model_version": str(VERSION), "bin": "0.5"}) == 0
    )


def reference_share(registry, signal, bins):
    return [
        registry.get_sample_value("symmetra_reference_share", {"model_version": str(VERSION), "signal": signal, "bin": name})
        for name in bins
    ]  # fmt: skip


def test_the_reference_is_what_the_detector_expects(registry, metrics):
    metrics.set_reference(VERSION, loaded())
    expected = Reference.from_counts(SEVERITY_COUNTS)
    assert reference_share(registry, "severity", SEVERITY_BINS) == pytest.approx(expected.shares, abs=1e-15)
    assert reference_share(registry, "face_size", IMAGE_BINS) == pytest.approx([0.1] * 10)
    for signal in SIGNALS:
        labels = {"model_version": str(VERSION), "signal": signal}
        assert registry.get_sample_value("symmetra_reference_photos", labels) == 1000


@pytest.mark.parametrize("state", [each for each in ProfileState if each is not ProfileState.LOADED])
def test_a_version_without_a_reference_says_so_and_counts_its_answers_all_the_same(registry, metrics, state):
    metrics.set_reference(VERSION, ProfileReading(state, "why"))
    count(metrics)
    for each in ProfileState:
        labels = {"model_version": str(VERSION), "state": each.value}
        assert registry.get_sample_value("symmetra_reference_state", labels) == float(each is state)
    for signal in SIGNALS:
        labels = {"model_version": str(VERSION), "signal": signal}
        assert registry.get_sample_value("symmetra_reference_photos", labels) == 0
    assert not series(registry, "symmetra_reference_share")
    assert not series(registry, "symmetra_image_quality_total")
    labels = {"model_version": str(VERSION), "bin": "0.5"}
    assert registry.get_sample_value("symmetra_subject_severity_total", labels) == 1


def test_a_profile_that_comes_later_is_counted_from_then_on(registry, metrics):
    metrics.set_reference(VERSION, ProfileReading(ProfileState.UNREADABLE, "why"))
    count(metrics)
    metrics.set_reference(VERSION, loaded())
    count(metrics)
    assert quality(registry, "luminance", "5") == 1


def test_a_process_that_sees_many_versions_has_no_more_series_than_one_that_sees_two(registry, metrics):
    sizes = []
    for version in range(VERSION, VERSION + 6):
        metrics.set_model("m", version, "d", "demo")
        metrics.set_reference(version, loaded(version))
        metrics.count_answer(version, 450_000, "mild", "patient")
        metrics.count_photo(version, 450_000, MIDDLE, subject_digest="aa", traffic="patient")
        metrics.model.set_state(str(version), "ok")
        sizes.append(len(series(registry)))
    assert len(set(sizes[VERSIONS_KEPT - 1 :])) == 1
    text = generate_latest(registry).decode()
    for version in range(VERSION, VERSION + 6):
        assert (f'model_version="{version}"' in text) == (version >= VERSION + 4)
    # An answer of a version that was forgotten meanwhile still counts, from zero, and another makes room.
    metrics.count_answer(VERSION, 450_000, "mild", "patient")
    labels = {"model_version": str(VERSION), "bin": "0.5", "traffic": "patient"}
    assert registry.get_sample_value("symmetra_severity_total", labels) == 1
    assert len(series(registry)) <= sizes[-1]
