"""Planted fault: a flipped polarity at export, in the head or in the labels, and what a killed export leaves."""

import dataclasses

import keras
import numpy as np
import pytest

from serving.contract.model import CropSpec, Evidence
from serving.repository import ModelRepository
from tests.support.tiny_version import tiny_repository
from training.errors import PolarityReversed
from training.evaluation.scoring import score
from training.export.version import Candidate, publish_version
from training.export.witnesses import check_witnesses, draw_witnesses

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def witnesses():
    return draw_witnesses(CropSpec())


@pytest.fixture
def flipped():
    """The tiny version's own model with its last layer turned round: what training on swapped labels gives."""
    model = keras.saving.load_model(ModelRepository(tiny_repository()).version_path(1) / "assets.extra" / "model.keras")
    model.layers[-1].set_weights([-weights for weights in model.layers[-1].get_weights()])
    return model


def candidate_of(model, witnesses, *, swapped_labels):
    crops, severe = witnesses
    labels = severe.astype(int)
    return Candidate(
        model=model,
        architecture="twin",
        evidence=Evidence.DEMO,
        training_data="Drawn faces.",
        evaluation={"knows_nothing": False},
        held_out_p=score(model, crops),
        held_out_labels=1 - labels if swapped_labels else labels,
        held_out_subjects=tuple(map(str, range(len(crops)))),
        golden_pool=crops,
    )


def test_flipped_head_is_refused_by_the_held_out_photos(flipped, witnesses, tmp_path):
    repository = ModelRepository(tmp_path)
    with pytest.raises(PolarityReversed, match="held-out p_no_depression"):
        publish_version(candidate_of(flipped, witnesses, swapped_labels=False), repository)
    assert repository.versions() == ()


def test_swapped_class_folders_agree_with_themselves_and_are_refused_by_the_witnesses(flipped, witnesses, tmp_path):
    candidate = candidate_of(flipped, witnesses, swapped_labels=True)
    for knows_nothing in (False, True):
        with pytest.raises(PolarityReversed, match=r"faces drawn with severity 1 .* swapped class folders"):
            publish_version(
                dataclasses.replace(candidate, evaluation={"knows_nothing": knows_nothing}), ModelRepository(tmp_path)
            )


def test_what_a_killed_export_left_is_removed_before_the_next_one(flipped, witnesses, tmp_path):
    repository = ModelRepository(tmp_path)
    left = repository.directory / "tmp-1"
    left.mkdir(parents=True)
    (left / "saved_model.pb").write_bytes(b"half")
    (repository.directory / "tmp-1.lock").touch()
    with pytest.raises(PolarityReversed):
        publish_version(candidate_of(flipped, witnesses, swapped_labels=False), repository)
    assert not left.exists()


def test_witnesses_refuse_a_model_at_chance_only_where_it_claims_to_know(witnesses):
    _, severe = witnesses
    slightly = np.where(severe, 0.51, 0.49).astype(np.float32) + np.linspace(-0.2, 0.2, len(severe), dtype=np.float32)
    check_witnesses(slightly, severe, chance_allowed=True)
    with pytest.raises(PolarityReversed):
        check_witnesses(slightly, severe, chance_allowed=False)
