import math

import numpy as np
import pytest

from gateway.languages import ENGLISH
from serving.contract.abstention import Doubt
from serving.contract.jitter import JITTER_COPIES
from serving.contract.policy import Abstention, Policy, QualityLimit
from tests.support.gateway import write_policy

STEADY = Abstention(instability_max_ppm=50_000, stated_coverage=0.9, measured_coverage=0.9)
DARK = Abstention(1_000_000, 0.9, 0.9, quality={"luminance": QualityLimit(min=0.6)})  # the fake crop's is 0.5


@pytest.fixture
def steady(gateway):
    write_policy(gateway.repository, Policy(number=2, abstention=STEADY))
    return gateway


def copies(*p):
    return (*p, *[0.5] * (JITTER_COPIES - len(p)))


def test_a_policy_without_abstention_asks_about_the_crop_alone(gateway):
    answer = gateway.screen().json
    assert gateway.predictor.rows == [1]
    assert (answer["abstained"], answer["reasons"], answer["severity_spread_ppm"]) == (False, [], None)
    assert "abstention" not in answer["policy"]


def test_a_policy_with_abstention_asks_about_the_copies_in_the_same_call(steady):
    answer = steady.screen().json
    assert steady.predictor.rows == [1 + JITTER_COPIES]
    assert (answer["band"], answer["abstained"], answer["severity_spread_ppm"]) == ("mild", False, 0)
    assert answer["policy"]["abstention"] == STEADY.as_dict()
    assert answer["timings_seconds"]["jitter"] > 0


@pytest.mark.parametrize(
    ("jittered", "spread", "abstains"),
    [
        (copies(0.55), 50_000, False),
        (copies(0.55 + 1e-6), 50_001, True),
        (copies(0.475, 0.525), 50_000, False),
        (copies(0.47, 0.53), 60_000, True),
        (copies(0.0), 500_000, True),
    ],
)
def test_an_answer_that_moves_further_than_the_limit_gets_no_band(steady, jittered, spread, abstains):
    steady.predictor.jittered_p = jittered
    response = steady.screen()
    answer = response.json
    assert response.status_code == 200
    assert answer["severity_spread_ppm"] == spread
    assert answer["abstained"] is abstains
    assert (answer["band"] is None) is abstains
    assert (answer["severity_percent"] is None) is abstains
    assert [reason["code"] for reason in answer["reasons"]] == (["unstable_answer"] if abstains else [])


@pytest.mark.parametrize("p", [0.0, 0.4, 0.5, 0.55, 0.7, 1.0])
def test_no_p_by_itself_raises_a_doubt(steady, p):
    steady.predictor.p_no_depression = p
    assert steady.screen().json["abstained"] is False


def test_a_changed_band_by_itself_raises_no_doubt(steady):
    steady.predictor.p_no_depression = 0.4
    steady.predictor.jittered_p = (0.4 - 1e-6,) * JITTER_COPIES
    assert steady.screen().json["band"] == "mild"


def test_a_photo_unlike_those_of_the_validation_gets_no_band(gateway):
    write_policy(gateway.repository, Policy(abstention=DARK))
    answer = gateway.screen().json
    (reason,) = answer["reasons"]
    told = ENGLISH.doubts[Doubt.UNUSUAL_PHOTO_QUALITY]
    assert reason == {"code": "unusual_photo_quality", "detail": told.detail, "advice": told.advice}
    assert answer["band"] is None


def test_every_doubt_is_told(gateway):
    both = Abstention(0, 0.9, 0.9, quality=DARK.quality)
    write_policy(gateway.repository, Policy(abstention=both))
    gateway.predictor.jittered_p = copies(0.6)
    assert [reason["code"] for reason in gateway.screen().json["reasons"]] == list(Doubt)


@pytest.mark.parametrize("p", [math.nan, math.inf, 1.5, -0.1])
@pytest.mark.parametrize("place", [0, JITTER_COPIES - 1])
def test_a_copy_that_is_answered_with_no_probability_is_an_error_and_no_doubt(steady, p, place):
    jittered = np.full(JITTER_COPIES, 0.5)
    jittered[place] = p
    steady.predictor.jittered_p = tuple(jittered.tolist())
    response = steady.screen()
    assert (response.status_code, response.json["code"]) == (500, "model_answer_invalid")
    assert steady.metric("symmetra_model_answers_invalid_total", model_version="3") == 1


def test_missing_copies_are_an_error_and_never_a_stable_answer(steady):
    steady.predictor.jittered_p = ()
    assert steady.screen().json["code"] == "model_answer_invalid"


def test_abstentions_are_counted_by_reason_with_their_severity_and_without_a_band(steady):
    steady.predictor.jittered_p = copies(0.9)
    steady.screen()
    assert steady.metric("symmetra_screenings_total", outcome="abstained", traffic="patient") == 1
    assert steady.metric("symmetra_screenings_total", outcome="answered", traffic="patient") == 0
    labels = {"model_version": "3", "traffic": "patient"}
    assert steady.metric("symmetra_abstentions_total", reason="unstable_answer", **labels) == 1
    assert steady.metric("symmetra_abstentions_total", reason="unusual_photo_quality", **labels) == 0
    assert steady.metric("symmetra_severity_total", bin="0.5", **labels) == 1
    assert steady.metric("symmetra_bands_total", band="mild", **labels) == 0


def test_a_policy_chosen_under_other_copies_is_not_applied(gateway):
    other = Abstention(50_000, 0.9, 0.9, jitter="jitter-0")
    write_policy(gateway.repository, Policy(abstention=other))
    response = gateway.screen()
    assert (response.status_code, response.json["code"]) == (503, "policy_incompatible")
    assert gateway.crops.photos == []
