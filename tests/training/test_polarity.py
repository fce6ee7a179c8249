import numpy as np

from serving.contract.severity import Band, band_of, severity_ppm
from training.polarity import called_depressed, targets_from_labels


def test_depressed_photos_have_target_zero():
    assert targets_from_labels([1, 0]).tolist() == [0.0, 1.0]
    assert targets_from_labels(np.array([1])).dtype == np.float32


def test_perfect_target_of_a_depressed_photo_is_the_high_band():
    assert band_of(severity_ppm(targets_from_labels([1])[0])) is Band.HIGH
    assert band_of(severity_ppm(targets_from_labels([0])[0])) is Band.NONE


def test_low_probability_of_no_depression_is_called_depressed():
    assert called_depressed([0.49, 0.5]).tolist() == [True, False]
