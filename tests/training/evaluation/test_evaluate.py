import dataclasses
import json

import numpy as np
import pytest

from serving.contract.policy import Abstention
from tests.support.training_answers import jittered_answers, noisy_answers
from training.evaluation.answers import Answers
from training.evaluation.evaluate import measure, read_bayes_accuracy


def test_figures_of_a_model_with_known_errors():
    p = np.array([0.1, 0.45, 0.6, 0.9, 0.9, 0.35], np.float32)
    depressed = np.array([True, True, True, False, False, False])
    found = measure(Answers(depressed, tuple("abcdef"), p, p), 0.9)
    assert found["confusion"] == {"tp": 2, "fp": 1, "fn": 1, "tn": 2}
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["share_of_bayes"] == pytest.approx((4 / 6 - 0.5) / 0.4)
    assert found["bands"] == {"none": 2, "mild": 2, "high": 2}
    assert found["depressed_by_band"] == {"none": 0.0, "mild": 1.0, "high": 0.5}
    assert found["baseline_accuracy"] == 0.5
    assert (found["photos"], found["subjects"]) == (6, 6)


def test_band_flips_count_photos_whose_mirror_image_falls_into_another_band():
    p = np.array([0.71, 0.69, 0.41, 0.1], np.float32)
    mirrored = np.array([0.69, 0.68, 0.39, 0.2], np.float32)
    found = measure(Answers(np.array([False, False, True, True]), tuple("abcd"), p, mirrored), None)
    assert found["band_flips_mirrored"] == 2
    assert found["largest_p_difference_mirrored"] == pytest.approx(0.1, abs=1e-6)
    assert found["share_of_bayes"] is None


def test_model_under_the_mark_knows_nothing_and_a_good_one_does_not():
    assert measure(noisy_answers(separation=0.0), None)["knows_nothing"] is True
    assert measure(noisy_answers(separation=3.0), None)["knows_nothing"] is False


def test_every_figure_is_json_even_where_undefined():
    nobody_called = Answers(
        np.array([True, False]), ("a", "b"), np.array([0.9, 0.9], np.float32), np.ones(2, np.float32)
    )
    found = measure(nobody_called, None)
    assert found["precision"] is None
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_bayes_accuracy_comes_from_the_drawn_data_and_is_none_elsewhere(tmp_path):
    assert read_bayes_accuracy(tmp_path) is None
    (tmp_path / "synthesis.json").write_text('{"bayes_accuracy": 0.9}')
    assert read_bayes_accuracy(tmp_path) == 0.9


def test_every_number_of_the_first_schema_is_still_there_beside_the_sections():
    found = measure(noisy_answers(2.0), 0.9)
    assert found["schema"] == "symmetra.evaluation/2"
    assert found["accuracy"] == found["class_report"]["weighted_average"]["recall"]["value"]
    assert found["intervals_95"]["recall"] == found["operating_points"][0]["sensitivity"]["interval_95"]
    assert found["brier"] == found["calibration"]["brier"]["value"]
    assert found["bands"] == {band: row["photos"] for band, row in found["band_rule"]["bands"].items()}
    assert [row["prevalence"] for row in found["prevalence_table"]] == [0.05, 0.1, 0.2, 0.5]
    assert found["subgroups"]["columns"] == {}
    assert found["abstention"] is None
    assert found["exchangeable_splits"] is None


def test_abstention_groups_and_validation_fill_their_sections():
    answers = jittered_answers(2.0, 400, groups={"sex": ("female", "female", "male", "male") * 100})
    found = measure(answers, None, abstention=Abstention(100_000, 0.9, 0.9), validation=noisy_answers(2.0, seed=5))
    assert 0 < found["abstention"]["abstained"] < 400
    assert found["abstention"]["coverage"]["value"] == 1 - found["abstention"]["abstained"] / 400
    assert found["exchangeable_splits"]["exchangeable"] is True
    assert set(found["subgroups"]["columns"]) == {"sex"}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_order_of_the_photos_changes_no_figure():
    answers = jittered_answers(1.5, 200)
    order = np.random.default_rng(0).permutation(200)
    shuffled = dataclasses.replace(
        answers,
        depressed=answers.depressed[order],
        subjects=tuple(answers.subjects[place] for place in order),
        p=answers.p[order],
        p_mirrored=answers.p_mirrored[order],
        p_jittered=answers.p_jittered[order],
        quality={},
    )
    one, other = measure(answers, None), measure(shuffled, None)
    for name in ("accuracy", "auroc", "auprc", "brier", "ece", "mcc"):
        assert one[name] == pytest.approx(other[name], abs=1e-12)
        assert one["intervals_95"][name] == pytest.approx(other["intervals_95"][name], abs=1e-12)
    assert one["risk_coverage"]["aurc"]["value"] == pytest.approx(other["risk_coverage"]["aurc"]["value"])
