import pytest

from tests.support.training_answers import jittered_answers, noisy_answers
from training.evaluation.bars import judge
from training.evaluation.evaluate import measure


@pytest.fixture(scope="module")
def evaluation():
    answers = jittered_answers(2.0, 400, groups={"sex": ("female", "female", "male", "male") * 100})
    return measure(answers, None, validation=noisy_answers(2.0, seed=5))


def met(evaluation):
    return {row["name"]: row["met"] for row in judge(evaluation)}


def changed(evaluation, section, **values):
    return evaluation | {section: evaluation[section] | values}


def figure(value):
    return {"value": value, "interval_95": [value, value]}


def test_bars_stand_in_the_evaluation_with_their_values(evaluation):
    assert evaluation["bars"] == judge(evaluation)
    assert {row["name"] for row in evaluation["bars"]} >= {
        "calibration error",
        "sensitivity gap by sex",
        "bands in order",
    }
    assert all(row["bar"] for row in evaluation["bars"])


def test_calibration_error_is_not_judged_on_few_photos(evaluation):
    good = changed(evaluation, "calibration", ece=figure(0.02))
    assert met(good)["calibration error"] is None
    assert met(good | {"photos": 2_000})["calibration error"] is True
    assert met(changed(good, "calibration", ece=figure(0.031)) | {"photos": 2_000})["calibration error"] is False


@pytest.mark.parametrize(("slope", "verdict"), [(0.8, True), (0.79, False), (1.26, False), (None, None)])
def test_slope_is_held_to_its_range(evaluation, slope, verdict):
    assert met(changed(evaluation, "calibration", slope=figure(slope)))["calibration slope"] is verdict


def test_each_missed_bar_is_missed_alone(evaluation):
    before = met(evaluation)
    faults = {
        "bands in order": changed(evaluation, "band_rule", monotone=False),
        "mirrored crops": changed(evaluation, "mirrored", flips_over_two_bands=1),
        "exchangeable splits": changed(evaluation, "exchangeable_splits", exchangeable=False),
    }
    for name, fault in faults.items():
        assert before[name] is True
        assert met(fault) == before | {name: False}


def test_gap_is_judged_by_the_upper_end_of_its_interval_and_groups_by_the_worst(evaluation):
    rows = [
        {"group": "a", "photos": 1_000, "figures": {"ece": figure(0.02)}},
        {"group": "b", "photos": 1_000, "figures": {"ece": figure(0.07)}},
        {"group": "c", "photos": 90, "figures": None},
    ]
    gap = {"value": 0.05, "interval_95": [0.0, 0.11]}
    faulty = evaluation | {"subgroups": {"columns": {"site": {"groups": rows, "sensitivity_gap": gap}}}}
    assert met(faulty)["sensitivity gap by site"] is False
    assert met(faulty)["calibration error by site"] is False
    rows[1]["photos"] = 999  # so few say nothing: a perfect model would be over the bar by chance
    assert met(faulty)["calibration error by site"] is True
    unknown = {"columns": {"site": {"groups": rows[2:], "sensitivity_gap": None}}}
    assert met(evaluation | {"subgroups": unknown})["sensitivity gap by site"] is None
    assert met(evaluation | {"subgroups": unknown})["calibration error by site"] is None
