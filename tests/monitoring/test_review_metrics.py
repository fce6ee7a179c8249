import itertools

from prometheus_client import CollectorRegistry

from gateway.reviews.outcome import Instrument
from gateway.reviews.review import Verdict
from monitoring.metrics import BANDS, TRAFFIC_CLASSES, Metrics
from monitoring.review_metrics import INSTRUMENTS, OUTCOME_KINDS, REVIEW_KINDS, VERDICTS


def sample(registry, name, **labels):
    return registry.get_sample_value(name, labels)


def test_every_verdict_band_and_outcome_is_there_with_zero_from_the_start():
    registry = CollectorRegistry()
    Metrics(registry, routes=("/",), outcomes=("answered",))
    for verdict, band, kind, traffic in itertools.product(
        VERDICTS, (*BANDS, "abstained"), REVIEW_KINDS, TRAFFIC_CLASSES
    ):
        assert sample(registry, "symmetra_reviews_total", verdict=verdict, band=band, kind=kind, traffic=traffic) == 0
    for instrument, kind, traffic in itertools.product(INSTRUMENTS, OUTCOME_KINDS, TRAFFIC_CLASSES):
        assert sample(registry, "symmetra_outcomes_total", instrument=instrument, kind=kind, traffic=traffic) == 0


def test_the_closed_sets_are_those_that_may_be_said():
    assert set(VERDICTS) == set(Verdict)
    assert set(INSTRUMENTS) == set(Instrument)


def test_an_answer_without_a_band_is_no_answer_of_the_band_none():
    registry = CollectorRegistry()
    metrics = Metrics(registry, routes=("/",), outcomes=("answered",))
    metrics.reviews.count_review("agree", None, "first", "patient")
    labels = {"verdict": "agree", "kind": "first", "traffic": "patient"}
    assert sample(registry, "symmetra_reviews_total", band="abstained", **labels) == 1
    assert sample(registry, "symmetra_reviews_total", band="none", **labels) == 0
