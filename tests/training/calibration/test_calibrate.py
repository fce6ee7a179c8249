import dataclasses
import json

import keras
import numpy as np
import pytest

from training.calibration.calibrate import calibrate, read_abstention
from training.errors import CalibrationImpossible
from training.evaluation.answers import answer


def brightness_model(steepness):
    """p_no_depression rises with the mean brightness of the crop; 0.5 lies between the two halves of `easy_store`."""
    model = keras.Sequential(
        [
            keras.Input((128, 128, 3), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.layers[-1].set_weights([np.full((3, 1), steepness / 3), np.array([-0.45 * steepness])])
    return model


@pytest.fixture(scope="module")
def noisy_photos(easy_photos):
    """A fifth of the subjects has the wrong label, so that no steepness is right for all."""
    return tuple(
        dataclasses.replace(photo, label=1 - photo.label) if photo.subject_id[-1] in "05" else photo
        for photo in easy_photos
    )


@pytest.fixture(scope="module")
def calibrated(easy_store, noisy_photos):
    return calibrate(brightness_model(40.0), easy_store, noisy_photos)


def test_overconfident_model_becomes_as_sure_as_it_is_right(calibrated, easy_store, noisy_photos):
    model, found = calibrated
    wrong = np.mean([photo.subject_id[-1] in "05" for photo in noisy_photos])
    p = answer(model, easy_store, noisy_photos).p
    assert np.minimum(p, 1 - p).mean() == pytest.approx(wrong, abs=0.02)
    assert found["method"] == "temperature"
    assert found["temperature"] > 3.0
    assert found["after"]["nll"] < found["before"]["nll"]
    assert found["after"]["ece"] < found["before"]["ece"]
    assert found["after"]["brier"] < found["before"]["brier"]


def test_p_is_the_sigmoid_of_the_logit_after_the_temperature(calibrated, easy_store, noisy_photos):
    model, found = calibrated
    raw, after = (answer(one, easy_store, noisy_photos) for one in (brightness_model(40.0), model))
    np.testing.assert_allclose(after.logits, raw.logits / found["temperature"], rtol=1e-4)
    np.testing.assert_allclose(after.p, 1 / (1 + np.exp(-after.logits)), atol=1e-6)


def test_result_is_json_and_holds_an_abstention_that_can_be_read(calibrated, noisy_photos):
    found = calibrated[1]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert read_abstention(found).stated_coverage == 0.9
    assert read_abstention(found).measured_coverage >= 0.9
    assert (found["photos"], found["subjects"]) == (len(noisy_photos), 24)


def test_photos_that_do_not_determine_a_temperature_leave_the_model_as_it_was(easy_store, easy_photos):
    model, found = calibrate(brightness_model(10.0), easy_store, easy_photos)
    assert (found["method"], found["temperature"], found["temperature_is_determined"]) == ("none", 1.0, False)
    np.testing.assert_array_equal(model.layers[-1].get_weights()[0], brightness_model(10.0).layers[-1].get_weights()[0])
    assert found["before"] == found["after"]


def test_what_class_weights_did_to_p_is_taken_back_even_where_no_temperature_is_determined(easy_store, easy_photos):
    model, found = calibrate(brightness_model(10.0), easy_store, easy_photos, class_weights={0: 3.0, 1: 1.0})
    assert not found["temperature_is_determined"]
    assert found["class_weight_shift"]["subtracted_from_logit"] == pytest.approx(-np.log(3.0))
    raised = model.layers[-1].get_weights()[1] - brightness_model(10.0).layers[-1].get_weights()[1]
    np.testing.assert_allclose(raised, np.log(3.0), rtol=1e-5)


def test_one_label_only_is_refused(easy_store, easy_photos):
    with pytest.raises(CalibrationImpossible, match="both labels"):
        calibrate(brightness_model(10.0), easy_store, [photo for photo in easy_photos if photo.label])


def test_calibration_of_another_schema_is_refused():
    with pytest.raises(CalibrationImpossible, match="schema"):
        read_abstention({"schema": "symmetra.calibration/0"})


def test_without_abstention_no_copy_is_asked_about_and_none_is_found(easy_store, noisy_photos):
    _, found = calibrate(brightness_model(40.0), easy_store, noisy_photos, abstains=False)
    assert found["abstention"] is None
    with pytest.raises(CalibrationImpossible):
        read_abstention(found)
