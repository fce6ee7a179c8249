import numpy as np
import pytest

from tests.support.probe_data import build_store, divide, noise_crops, plan_photos
from training.evaluation.probes.corruptions import CORRUPTIONS, probe_corruptions, spoil_crops
from training.evaluation.probes.streaming import ask


@pytest.fixture(scope="module")
def crops():
    """Smooth, so that what a corruption does can be seen beside the noise of nothing."""
    ramp = np.linspace(40, 200, 64)
    picture = np.stack([np.add.outer(ramp, ramp) / 2] * 3, axis=-1)
    return np.stack([picture, picture[::-1]]).astype(np.uint8)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_each_severity_changes_more_than_the_one_before(name, crops):
    noisy = (crops + np.random.default_rng(0).integers(-30, 30, crops.shape)).clip(0, 255).astype(np.uint8)
    changed = [
        np.abs(spoil_crops(noisy, 0, CORRUPTIONS[name], amount).astype(float) - noisy).mean()
        for amount in CORRUPTIONS[name].amounts
    ]
    assert 0.5 < changed[0] < changed[1] < changed[2]


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_photo_is_spoiled_the_same_in_any_batch(name, crops):
    amount = CORRUPTIONS[name].amounts[1]
    together = spoil_crops(crops, 5, CORRUPTIONS[name], amount)
    assert together.dtype == np.uint8
    np.testing.assert_array_equal(spoil_crops(crops[1:], 6, CORRUPTIONS[name], amount), together[1:])


def test_a_stop_of_light_halves_and_doubles_it():
    grey = np.full((1, 8, 8, 3), 128, np.uint8)
    assert spoil_crops(grey, 0, CORRUPTIONS["darker"], -1.0)[0, 0, 0, 0] == 92
    assert spoil_crops(grey, 0, CORRUPTIONS["brighter"], 1.0)[0, 0, 0, 0] == 176


def test_covered_share_is_what_is_said():
    covered = spoil_crops(np.zeros((1, 100, 100, 3), np.uint8), 3, CORRUPTIONS["occlusion"], 0.09)
    assert (covered == 128).mean() == pytest.approx(0.09)


def test_brightness_reader_calls_everybody_depressed_in_the_dark(tmp_path):
    photos = plan_photos(subjects=40, per_subject=2)
    crops = noise_crops(len(photos))
    crops[[photo.label == 0 for photo in photos]] += 60
    store, test = build_store(tmp_path / "light", photos, crops), divide(photos)["test"]

    def read_brightness(batch):
        return (1 / (1 + np.exp((155 - batch.mean(axis=(1, 2, 3))) / 5))).astype(np.float32)

    plain = ask(read_brightness, store, test)
    found = probe_corruptions(read_brightness, store, test, plain)
    worst = found["darker"]["severities"][-1]
    assert worst["accuracy"]["value"] == 0.5
    assert worst["accuracy_minus_clean"]["value"] == -0.5
    assert worst["band_flips"] >= len(test) // 2
    assert found["blur"]["severities"][-1]["accuracy"]["value"] == 1.0
