"""Probes on models and data whose answer is known beforehand."""

import json

import numpy as np
import pytest

from tests.support.probe_data import build_store, divide, noise_crops, plan_photos
from training.data.manifest import Photo
from training.evaluation.probes.background import background_pixels, face_oval, fill_faces, probe_background
from training.evaluation.probes.leakage import probe_leakage
from training.evaluation.probes.light import probe_light
from training.evaluation.probes.probes import run_probes
from training.evaluation.probes.sides import average_sides, probe_mirror_averaged, probe_mirrored
from training.evaluation.probes.streaming import BATCH_PHOTOS, ask, describe, thin_out


def squash(score):
    return (1 / (1 + np.exp(-np.asarray(score, float)))).astype(np.float32)


def read_corner(crops):
    """Reads nothing but the upper left corner: bright means depressed."""
    return squash((125 - crops[:, :6, :6].mean(axis=(1, 2, 3))) / 3)


def read_middle(crops):
    return squash((125 - crops[:, 28:36, 28:36].mean(axis=(1, 2, 3))) / 3)


def read_sides(crops):
    """Signed asymmetry: a brighter left side means depressed."""
    half = crops.shape[2] // 2
    return squash((crops[:, :, half:].mean(axis=(1, 2, 3)) - crops[:, :, :half].mean(axis=(1, 2, 3))) / 2)


def read_asymmetry(crops):
    """Its magnitude, so that mirroring changes nothing."""
    difference = np.abs(crops[:, 24:40].astype(float) - crops[:, 24:40, ::-1]).mean(axis=(1, 2, 3))
    return squash((30 - difference) / 2)


@pytest.fixture(scope="module")
def photos():
    return plan_photos(subjects=60, per_subject=2)


@pytest.fixture(scope="module")
def parts(photos):
    return divide(photos)


def paint(photos, where, lift=40):
    crops = noise_crops(len(photos))
    for crop, photo in zip(crops, photos, strict=True):
        if photo.label == 1:
            crop[where] = np.minimum(crop[where].astype(int) + lift, 255)
    return crops


@pytest.fixture(scope="module")
def corner_store(photos, tmp_path_factory):
    return build_store(tmp_path_factory.mktemp("corner"), photos, paint(photos, np.s_[:6, :6]))


@pytest.fixture(scope="module")
def middle_store(photos, tmp_path_factory):
    return build_store(tmp_path_factory.mktemp("middle"), photos, paint(photos, np.s_[28:36, 28:36]))


def test_model_and_data_that_give_the_label_away_in_the_background_are_exposed(corner_store, parts):
    found = probe_background(read_corner, corner_store, parts)
    assert found["model"]["auroc"]["value"] > 0.95
    assert found["learner"]["auroc"]["value"] > 0.95
    assert found["data_set_fails"] is True


def test_cue_inside_the_face_leaves_the_background_at_chance(middle_store, parts):
    assert ask(read_middle, middle_store, parts["test"]).std() > 0.2
    found = probe_background(read_middle, middle_store, parts)
    low, high = found["learner"]["auroc"]["interval_95"]
    assert low < 0.5 < high
    assert found["model"]["auroc"]["value"] < 0.7


def test_nothing_of_the_face_is_left_in_the_background():
    one, other = noise_crops(2, seed=1), noise_crops(2, seed=1)
    other[:, face_oval(64)] = 255
    np.testing.assert_array_equal(fill_faces(one), fill_faces(other))
    np.testing.assert_array_equal(background_pixels(one), background_pixels(other))


def test_mirror_invariant_model_flips_no_band_and_a_signed_one_does(middle_store, parts):
    test = parts["test"]
    none = probe_mirrored(read_asymmetry, middle_store, test, ask(read_asymmetry, middle_store, test))
    assert (none["band_flips"], none["largest_p_difference"]) == (0, 0.0)
    crops = noise_crops(len(test), seed=2)
    crops[:, :, :32] += 20
    assert (read_sides(crops) < 0.1).all()
    assert (read_sides(crops[:, :, ::-1]) > 0.9).all()


def test_signed_model_flips_over_two_bands(parts, tmp_path):
    test = parts["test"]
    crops = noise_crops(len(test))
    crops[:, :, :32] += 20
    store = build_store(tmp_path / "sides", test, crops)
    found = probe_mirrored(read_sides, store, test, ask(read_sides, store, test))
    assert found["band_flips"] == found["flips_over_two_bands"] == len(test)
    assert found["band_flip_share"]["value"] == 1.0


def test_asymmetry_reader_loses_everything_when_the_sides_are_averaged(photos, parts, tmp_path):
    store = build_store(tmp_path / "left", photos, paint(photos, np.s_[24:40, :32], lift=60))
    test = parts["test"]
    plain = ask(read_asymmetry, store, test)
    assert (plain < 0.5).tolist() == [photo.label == 1 for photo in test]
    found = probe_mirror_averaged(read_asymmetry, store, test, plain)
    assert found["auroc"]["value"] == 0.5
    assert found["accuracy_plain_minus_averaged"]["value"] == pytest.approx(0.5)


def test_averaged_crops_are_symmetric():
    averaged = average_sides(noise_crops(3))
    np.testing.assert_array_equal(averaged, averaged[:, :, ::-1])


def test_light_that_gives_the_label_away_is_found_and_other_light_is_not(photos, parts, tmp_path):
    crops = noise_crops(len(photos))
    bright = {"luminance": tuple(100.0 + 30 * photo.label for photo in photos)}
    told = probe_light(build_store(tmp_path / "told", photos, crops, bright), parts)
    silent = probe_light(build_store(tmp_path / "silent", photos, crops), parts)
    assert told["auroc"]["value"] == 1.0
    low, high = silent["auroc"]["interval_95"]
    assert low < 0.5 < high


def test_leakage_gap_is_large_where_the_face_of_a_person_is_all_there_is(tmp_path):
    photos = plan_photos(subjects=80, per_subject=4)
    own = noise_crops(80, seed=5)
    crops = np.stack([own[int(photo.subject_id[1:])] for photo in photos])
    crops += np.random.default_rng(6).integers(0, 8, crops.shape, dtype=np.uint8)
    found = probe_leakage(build_store(tmp_path / "met", photos, crops), divide(photos))
    gap = found["nearest_neighbour"]["accuracy_gap"]
    assert gap["value"] > 0.3
    assert gap["interval_95"][0] > 0.1
    assert found["nearest_neighbour"]["image_random"]["accuracy"]["value"] > 0.9


def test_one_photo_per_person_leaks_nothing(tmp_path):
    photos = plan_photos(subjects=320, per_subject=1)
    found = probe_leakage(build_store(tmp_path / "strangers", photos, noise_crops(320, seed=7)), divide(photos))
    for learner in ("nearest_neighbour", "logistic_regression"):
        low, high = found[learner]["accuracy_gap"]["interval_95"]
        assert low < 0.0 < high
    assert found["photos_per_subject"] == 1.0


def test_answers_do_not_depend_on_the_batch(middle_store, parts, monkeypatch):
    whole = describe(middle_store, parts["train"], background_pixels)
    monkeypatch.setattr("training.evaluation.probes.streaming.BATCH_PHOTOS", 7)
    assert len(parts["train"]) < BATCH_PHOTOS
    np.testing.assert_array_equal(describe(middle_store, parts["train"], background_pixels), whole)


def test_thinning_out_keeps_whole_subjects_and_the_order():
    photos = [Photo(f"{n}.jpg", f"s{n // 3}", 0) for n in range(30)]
    kept = thin_out(photos, 10, seed=0)
    assert len(kept) == 9
    assert len({photo.subject_id for photo in kept}) == 3
    assert list(kept) == sorted(kept, key=lambda photo: int(photo.path[:-4]))
    assert thin_out(photos, 30, seed=0) == tuple(photos)
    assert len(thin_out(photos, 1, seed=0)) == 3


def test_all_probes_together_are_json(middle_store, parts):
    said = []
    found = run_probes(read_middle, middle_store, parts, ask(read_middle, middle_store, parts["test"]), said.append)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert {"mirrored", "mirror_averaged", "background", "light", "leakage", "corruptions"} <= set(found)
    assert len(said) == 6
