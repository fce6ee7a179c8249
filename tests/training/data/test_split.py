import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.manifest import Photo
from training.data.split import SPLIT_NAMES, Split, digest_subjects, draw_split
from training.errors import RunInvalid, SplitImpossible, SplitLeaks


def people(healthy, depressed, photos=3):
    labels = [0] * healthy + [1] * depressed
    return [Photo(f"{s}-{n}.jpg", f"s{s}", label) for s, label in enumerate(labels) for n in range(photos)]


@given(st.integers(3, 60), st.integers(3, 60), st.integers(0, 2**31))
def test_every_subject_is_in_exactly_one_split_and_every_split_has_both_labels(healthy, depressed, seed):
    photos = people(healthy, depressed)
    split = draw_split(photos, seed)
    members = [subject for name in SPLIT_NAMES for subject in split.subjects[name]]
    assert sorted(members) == sorted({photo.subject_id for photo in photos})
    for name in SPLIT_NAMES:
        assert {photo.label for photo in split.photos(photos, name)} == {0, 1}


def test_shares_are_70_15_15_of_the_subjects_of_each_label():
    photos = people(200, 100)
    split = draw_split(photos, seed=5)
    for label, total in ((0, 200), (1, 100)):
        counts = {
            name: sum(photo.label == label for photo in split.photos(photos, name)) / 3 / total for name in SPLIT_NAMES
        }
        assert counts == pytest.approx({"train": 0.70, "validation": 0.15, "test": 0.15})


def test_same_seed_gives_the_same_split_and_another_seed_another():
    photos = people(40, 40)
    assert draw_split(photos, 1) == draw_split(list(reversed(photos)), 1)
    assert draw_split(photos, 1) != draw_split(photos, 2)


def test_too_few_subjects_of_a_label_are_refused():
    with pytest.raises(SplitImpossible, match="label 1 has 2 subject"):
        draw_split(people(10, 2), 1)


def test_stored_split_comes_back(tmp_path):
    split = draw_split(people(10, 10), 1)
    split.save(tmp_path / "split.json")
    assert Split.load(tmp_path / "split.json") == split


def test_digest_tells_other_subjects_and_labels_but_not_order_or_further_photos():
    photos = people(10, 10)
    digest = draw_split(photos, 1).data_digest
    assert digest == digest_subjects(list(reversed(photos))) == digest_subjects(people(10, 10, photos=5))
    assert digest != digest_subjects(people(9, 11))
    assert digest != digest_subjects(people(10, 11))


def test_split_of_an_earlier_release_has_no_digest(tmp_path):
    path = tmp_path / "split.json"
    draw_split(people(10, 10), 1).save(path)
    content = json.loads(path.read_text())
    del content["data_digest"]
    path.write_text(json.dumps(content))
    assert Split.load(path).data_digest is None


def test_stored_split_with_a_subject_twice_is_refused_by_name(tmp_path):
    path = tmp_path / "split.json"
    draw_split(people(10, 10), 1).save(path)
    content = json.loads(path.read_text())
    planted = content["subjects"]["train"][0]
    content["subjects"]["test"].append(planted)
    path.write_text(json.dumps(content))
    with pytest.raises(SplitLeaks, match=f"train and test.*{planted}"):
        Split.load(path)


def test_subjects_that_share_a_picture_are_kept_on_one_side():
    photos = people(30, 30)
    links = {f"s{number}": f"s{number - number % 5}" for number in range(30)}
    split = draw_split(photos, 4, links)
    for members in split.subjects.values():
        groups = [links[subject] for subject in members if subject in links]
        assert all(groups.count(group) == 5 for group in groups)
    assert draw_split(photos, 4, {}) == draw_split(photos, 4)


def test_photos_left_out_are_in_no_split():
    photos = people(4, 4)
    split = draw_split(photos, 1)
    gone = split.photos(photos, "test")[0].path
    smaller = dataclasses.replace(split, left_out=(gone,))
    assert gone not in {photo.path for name in SPLIT_NAMES for photo in smaller.photos(photos, name)}
    assert len(smaller.photos(photos, "test")) == len(split.photos(photos, "test")) - 1


def test_file_that_is_no_split_is_refused(tmp_path):
    path = tmp_path / "split.json"
    path.write_text("{}")
    with pytest.raises(RunInvalid):
        Split.load(path)
