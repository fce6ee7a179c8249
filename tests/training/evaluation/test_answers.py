import dataclasses

import keras
import numpy as np
import pytest

from serving.contract.jitter import JITTER_COPIES, jitter_crops
from training.data.shards import CropStore
from training.evaluation.answers import answer
from training.evaluation.scoring import BATCH_SIZE, Scorer, mirror_crops, score, score_logits


@pytest.fixture(scope="module")
def lopsided_model():
    """Looks at the left half more than at the right, so that mirroring changes its answers."""
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((128, 128, 3), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.AveragePooling2D(32),
            keras.layers.Flatten(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


def test_answers_are_those_of_one_large_batch(lopsided_model, easy_store, easy_photos):
    found = answer(lopsided_model, easy_store, easy_photos, jittered=True)
    crops = easy_store.read([photo.path for photo in easy_photos])
    assert len(crops) > BATCH_SIZE
    np.testing.assert_allclose(found.p, np.asarray(lopsided_model(crops)).ravel(), atol=1e-6)
    np.testing.assert_allclose(found.p_mirrored, score(lopsided_model, mirror_crops(crops)), atol=1e-6)
    np.testing.assert_allclose(found.logits, score_logits(lopsided_model, crops), atol=1e-5)
    copies = jitter_crops(crops[70:71])[0]
    assert found.p_jittered.shape == (len(crops), JITTER_COPIES)
    np.testing.assert_allclose(found.p_jittered[70], score(lopsided_model, copies), atol=1e-6)
    assert found.depressed.tolist() == [photo.label == 1 for photo in easy_photos]
    assert found.subjects == tuple(photo.subject_id for photo in easy_photos)
    assert np.abs(found.p - found.p_mirrored).max() > 1e-4


def test_p_is_the_sigmoid_of_the_logit(lopsided_model, easy_store, easy_photos):
    p, logits = Scorer(lopsided_model).score(easy_store.read([photo.path for photo in easy_photos]))
    np.testing.assert_allclose(p, 1 / (1 + np.exp(-logits)), atol=1e-6)


def test_only_a_batch_of_crops_is_in_memory_at_a_time(lopsided_model, easy_store, easy_photos):
    class Counting(CropStore):
        def __init__(self):
            self.largest = 0

        def read(self, paths):
            self.largest = max(self.largest, len(paths))
            return easy_store.read(paths)

    store = Counting()
    answer(lopsided_model, store, easy_photos)
    assert store.largest == BATCH_SIZE < len(easy_photos)


def test_nothing_is_jittered_or_judged_unless_asked_for(lopsided_model, easy_store, easy_photos):
    found = answer(lopsided_model, easy_store, easy_photos[:2])
    assert found.p_jittered is None
    assert found.quality == {}


def test_groups_come_from_the_manifest_and_quality_from_the_crop(lopsided_model, easy_store, easy_photos):
    photos = [dataclasses.replace(photo, site="A") for photo in easy_photos[:4]]
    found = answer(lopsided_model, easy_store, photos, jittered=True)
    assert found.groups["site"] == ("A",) * 4
    assert found.groups["sex"] == ("",) * 4
    assert (found.quality["luminance"] > 0).all()
    assert {len(values) for values in found.quality.values()} == {4}


def test_an_empty_split_has_no_answers(lopsided_model, easy_store):
    assert len(answer(lopsided_model, easy_store, ()).p) == 0
