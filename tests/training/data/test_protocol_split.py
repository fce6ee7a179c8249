import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.manifest import Photo
from training.data.protocol_split import PAPER_PHOTOS, draw_protocol_split
from training.data.split import SPLIT_NAMES, Split
from training.errors import SplitImpossible


def people(counts_by_label):
    """Photos of subjects that have so many photos each."""
    return [
        Photo(f"{label}-{subject}-{number}.jpg", f"{label}-{subject}", label)
        for label, counts in counts_by_label.items()
        for subject, count in enumerate(counts)
        for number in range(count)
    ]


@given(
    st.lists(st.integers(1, 7), min_size=12, max_size=40),
    st.lists(st.integers(1, 7), min_size=12, max_size=40),
    st.integers(0, 1000),
)
def test_test_split_has_exactly_the_wanted_photos_and_every_photo_is_somewhere(healthy, depressed, seed):
    photos = people({0: healthy, 1: depressed})
    split = draw_protocol_split(photos, seed, test_not_depressed=5, test_depressed=9)
    labels = [photo.label for photo in split.photos(photos, "test")]
    assert (labels.count(0), labels.count(1)) == (5, 9)
    placed = [photo.path for name in SPLIT_NAMES for photo in split.photos(photos, name)]
    assert sorted([*placed, *split.left_out]) == sorted(photo.path for photo in photos)
    assert {path[:-6] for path in split.left_out} <= set(split.subjects["test"])
    assert len(split.left_out) <= 12


def test_paper_counts_are_met_by_subjects_of_four_photos(tmp_path):
    subjects = PAPER_PHOTOS // 8
    photos = people({0: [4] * subjects, 1: [4] * subjects})
    split = draw_protocol_split(photos, 1)
    labels = [photo.label for photo in split.photos(photos, "test")]
    assert (labels.count(0), labels.count(1)) == (1031, 1080)
    assert len(split.left_out) == 1
    split.save(tmp_path / "split.json")
    assert Split.load(tmp_path / "split.json") == split
    assert draw_protocol_split(photos[::-1], 1) == split != draw_protocol_split(photos, 2)


def test_subject_of_both_labels_is_never_tested_and_linked_subjects_stay_together():
    photos = [*people({0: [2] * 30, 1: [2] * 30}), Photo("x0.jpg", "x", 0), Photo("x1.jpg", "x", 1)]
    links = {f"1-{subject}": f"1-{subject - subject % 3}" for subject in range(30)}
    split = draw_protocol_split(photos, 3, test_not_depressed=20, test_depressed=20, links=links)
    assert "x" not in split.subjects["test"]
    for members in split.subjects.values():
        groups = [links[subject] for subject in members if subject in links]
        assert all(groups.count(group) == 3 for group in groups)


@pytest.mark.parametrize("counts", [{0: [4] * 5, 1: [4] * 5}, {0: [4] * 60, 1: [1] * 4}])
def test_counts_that_cannot_be_met_are_refused_with_what_to_do(counts):
    with pytest.raises(SplitImpossible, match=r"python -m training synthesize"):
        draw_protocol_split(people(counts), 1, test_not_depressed=18, test_depressed=18)
