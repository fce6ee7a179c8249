import json

import numpy as np
import pytest

from tests.support.training_answers import noisy_answers
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
