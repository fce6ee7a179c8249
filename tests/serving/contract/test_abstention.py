import pytest

from serving.contract.abstention import Doubt, doubts_about, spread_ppm
from serving.contract.policy import Abstention, QualityLimit
from training.evaluation.instability import instability_ppm


def abstention(limit=30_000, **quality):
    return Abstention(limit, 0.9, 0.9, quality=quality)


@pytest.mark.parametrize("p", [(0.5, 0.49, 0.52), (0.0, 1.0, 0.5), (0.7, 0.7, 0.7)])
def test_the_spread_is_the_one_that_limits_are_chosen_with(p):
    severities = [round((1 - each) * 1_000_000) for each in p]
    assert spread_ppm(severities) == instability_ppm([p[0]], [p[1:]])[0]


def test_the_limit_itself_is_allowed():
    assert doubts_about(abstention(), [500_000, 530_000], {}) == ()
    assert doubts_about(abstention(), [500_000, 530_001], {}) == (Doubt.UNSTABLE_ANSWER,)


@pytest.mark.parametrize(("luminance", "allowed"), [(40.0, True), (39.9, False), (200.1, False), (float("nan"), False)])
def test_a_quality_outside_its_limits_raises_a_doubt(luminance, allowed):
    limits = abstention(luminance=QualityLimit(40.0, 200.0))
    doubts = doubts_about(limits, [500_000], {"luminance": luminance, "contrast": 0.0})
    assert doubts == (() if allowed else (Doubt.UNUSUAL_PHOTO_QUALITY,))


def test_a_measure_that_is_limited_must_be_there():
    with pytest.raises(KeyError):
        doubts_about(abstention(turn=QualityLimit(max=0.3)), [500_000], {})
