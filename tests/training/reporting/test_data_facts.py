import dataclasses

from tests.support.probe_data import divide, plan_photos
from training.data.split import SPLIT_NAMES, Split
from training.reporting.data_facts import GROUPS_MAX, NOT_STATED, describe_parts

PHOTOS = plan_photos(subjects=40, per_subject=2)


def describe(photos, refused=None):
    parts = divide(photos)
    split = Split(3, {name: tuple({p.subject_id for p in parts[name]}) for name in SPLIT_NAMES}, "digest")
    return describe_parts(parts, split, refused or {})


def test_photos_subjects_and_labels_are_counted_by_split():
    found = describe(PHOTOS, {"x.jpg": "no_face", "y.jpg": "no_face", "z.jpg": "too_dark"})
    assert found["splits"]["train"] == {
        "photos": 48,
        "subjects": 24,
        "depressed_photos": 24,
        "depressed_share": 0.5,
        "subjects_depressed": 12,
        "photos_per_subject": 2.0,
    }
    assert found["refused"] == {"no_face": 2, "too_dark": 1}
    assert found["groups"] == {}


def test_groups_are_counted_with_those_that_say_nothing():
    people = plan_photos(subjects=60, per_subject=2)
    photos = [dataclasses.replace(photo, site="A" if place < 100 else "", sex="") for place, photo in enumerate(people)]
    groups = describe(photos)["groups"]
    assert set(groups) == {"site"}
    assert {row["group"]: row["photos"] for row in groups["site"]["groups"]} == {"A": 100, NOT_STATED: 20}
    assert groups["site"]["unnamed"] == {"groups": 0, "photos": 0}


def test_small_group_is_counted_and_not_named_because_a_folder_can_be_a_person():
    photos = [dataclasses.replace(photo, source="Ann" if place < 8 else "Ben") for place, photo in enumerate(PHOTOS)]
    found = describe(photos)["groups"]["source"]
    assert found == {"values": 2, "groups": [], "unnamed": {"groups": 2, "photos": 80}}


def test_column_that_could_name_people_is_only_counted():
    photos = [dataclasses.replace(photo, device=f"phone of {photo.subject_id}") for photo in PHOTOS]
    assert len({photo.device for photo in photos}) > GROUPS_MAX
    assert describe(photos)["groups"]["device"] == {"values": 40, "groups": []}
