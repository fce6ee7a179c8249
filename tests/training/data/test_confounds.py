import numpy as np
import pytest

from training.data.inspection.confounds import separate_all, separate_by_names, separate_by_numbers
from training.data.inspection.findings import Weight
from training.data.manifest import Photo


def people(subjects, photos=1):
    return [Photo(f"{s}-{n}.jpg", f"s{s}", s % 2) for s in range(subjects) for n in range(photos)]


def test_one_name_per_label_is_everything():
    photos = people(60)
    found = separate_by_names("site", ["north" if photo.label else "south" for photo in photos], photos)
    assert found.strength == pytest.approx(1.0)
    assert found.weight is Weight.FORBIDS
    assert found.only_in_one_class == ("north", "south")


@pytest.mark.parametrize("names", [2, 20, 150])
def test_names_by_chance_are_nothing_however_many(names):
    photos = people(300)
    values = np.random.default_rng(names).integers(0, names, 300).astype(str).tolist()
    assert separate_by_names("device", values, photos).weight is Weight.NOTES


def test_names_that_are_missing_in_one_class_count():
    photos = people(60)
    found = separate_by_names("camera", ["" if photo.label else "phone" for photo in photos], photos)
    assert found.only_in_one_class == ("(not given)", "phone")


def test_numbers_are_judged_by_subject_not_by_photo():
    photos = people(14, photos=50)
    lucky = np.random.default_rng(3).normal(size=14)
    values = np.array([lucky[int(photo.subject_id[1:])] for photo in photos])
    assert separate_by_numbers("luminance", values, photos).strength == 0.0


def test_higher_numbers_among_the_depressed_are_an_auroc_above_a_half():
    photos = people(100)
    values = np.array([photo.label + 0.2 * number / 100 for number, photo in enumerate(photos)])
    found = separate_by_numbers("sharpness", values, photos)
    assert (found.value, found.weight) == (1.0, Weight.FORBIDS)
    assert separate_by_numbers("sharpness", -values, photos).value == 0.0


def test_columns_that_say_nothing_are_left_out_and_the_strongest_comes_first():
    photos = people(40)
    labels = np.array([float(photo.label) for photo in photos])
    found = separate_all(
        {"constant": ["x"] * 40, "site": [str(number % 4) for number in range(40)]},
        {"absent": np.full(40, np.nan), "same": np.ones(40), "leak": labels + np.arange(40)},
        photos,
    )
    assert [column.column for column in found] == ["site", "leak"]


def test_too_few_subjects_are_not_judged():
    photos = people(8)
    assert separate_by_names("site", ["a", "b"] * 4, photos) is None
    assert separate_by_numbers("size", np.arange(8.0), photos) is None
