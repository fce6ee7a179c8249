"""What `fit` refuses to train on, and what is kept where a person insists."""

import dataclasses

import pytest

from training.commands.forbidding import check_forbidding
from training.errors import TrainingForbidden


def of_two_clinics(photos):
    return [dataclasses.replace(photo, source=f"clinic-{photo.label}") for photo in photos]


def test_data_without_a_finding_are_trained_on_and_nothing_is_noted(easy_photos, easy_store):
    assert check_forbidding(easy_photos, easy_store, None) == {}
    assert check_forbidding(easy_photos, easy_store, "for a test") == {}


def test_source_for_each_label_is_refused_without_naming_it(easy_photos, easy_store):
    with pytest.raises(TrainingForbidden, match=r"1 finding.* confound_source: .* --despite-inspection WHY") as refused:
        check_forbidding(of_two_clinics(easy_photos), easy_store, None)
    assert "clinic" not in str(refused.value)


def test_reason_to_train_nevertheless_is_kept_with_what_forbade_it(easy_photos, easy_store):
    noted = check_forbidding(of_two_clinics(easy_photos), easy_store, "for a test")
    assert noted == {"despite_inspection": {"why": "for a test", "findings": ["confound_source"]}}


def test_one_picture_with_two_labels_is_refused(easy_photos, easy_store, monkeypatch):
    one, other = (next(photo.path for photo in easy_photos if photo.label == label) for label in (0, 1))
    monkeypatch.setattr("training.commands.forbidding.find_near_duplicates", lambda *_: [(one, other)])
    with pytest.raises(TrainingForbidden, match="one_picture_two_labels"):
        check_forbidding(easy_photos, easy_store, None)
