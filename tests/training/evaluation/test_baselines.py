import json

import numpy as np
import pytest

from tests.support.probe_data import build_store, divide, noise_crops, plan_photos
from training.evaluation.baselines import BEATEN, NOT_BEATEN, NOT_GIVEN, NOT_SHOWN, compare_with_baselines
from training.evaluation.probes.streaming import labels_of


@pytest.fixture(scope="module")
def photos():
    return plan_photos(subjects=80, per_subject=2)


@pytest.fixture(scope="module")
def blind_store(photos, tmp_path_factory):
    return build_store(tmp_path_factory.mktemp("blind"), photos, noise_crops(len(photos)))


@pytest.fixture(scope="module")
def red_store(photos, tmp_path_factory):
    """Depressed photos are redder and less green, equally bright: colour tells, grey does not."""
    crops = noise_crops(len(photos))
    for crop, photo in zip(crops, photos, strict=True):
        if photo.label == 1:
            crop[..., 0] += 40
            crop[..., 1] -= 20
    return build_store(tmp_path_factory.mktemp("red"), photos, crops)


def perfect(part):
    return np.where(labels_of(part), 0.1, 0.9).astype(np.float32)


def test_perfect_model_beats_what_reads_nothing(blind_store, photos):
    parts = divide(photos)
    found = compare_with_baselines(blind_store, parts, perfect(parts["test"]), None)
    rows = found["baselines"]
    assert [rows[name]["verdict"] for name in ("prevalence", "logistic_grey", "logistic_colour")] == [BEATEN] * 3
    assert rows["prevalence"]["accuracy"]["value"] == 0.5
    assert rows["paper_cnn"] == {"name": rows["paper_cnn"]["name"], "verdict": NOT_GIVEN}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_colour_is_read_where_it_tells_and_then_the_model_is_not_shown_to_be_better(red_store, photos):
    parts = divide(photos)
    rows = compare_with_baselines(red_store, parts, perfect(parts["test"]), perfect(parts["test"]))["baselines"]
    assert rows["logistic_colour"]["accuracy"]["value"] == 1.0
    assert rows["logistic_colour"]["verdict"] == NOT_SHOWN
    assert rows["paper_cnn"]["verdict"] == NOT_SHOWN
    assert rows["logistic_grey"]["auroc"]["value"] < rows["logistic_colour"]["auroc"]["value"]


def test_worse_model_is_said_to_be_not_beating(red_store, photos):
    parts = divide(photos)
    p = 1 - perfect(parts["test"])
    rows = compare_with_baselines(red_store, parts, p, perfect(parts["test"]))["baselines"]
    assert rows["paper_cnn"]["verdict"] == NOT_BEATEN
    assert rows["paper_cnn"]["accuracy_gain"]["value"] == -1.0
