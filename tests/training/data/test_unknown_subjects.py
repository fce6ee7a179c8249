"""Where nobody says whose the photos are: near-duplicates count as one subject, and a source stays in one split."""

import dataclasses

import pytest

from training.data.manifest import Photo
from training.data.split import SPLIT_NAMES, draw_split
from training.data.subjects import SOURCES_MIN, link_subjects, name_subjects, pair_sources

SOURCES, PER_SOURCE = 50, 4


@pytest.fixture
def photos():
    """Sources of one label each, as of a folder layout, and photos that are nobody's."""
    made = []
    for source in range(SOURCES):
        for number in range(PER_SOURCE):
            path = f"{'no_' if source % 2 else ''}depression/clinic{source:02d}/{number}.jpg"
            made.append(Photo(path, path, 1 - source % 2, source=f"clinic{source:02d}"))
    return tuple(made)


def sides_of_sources(photos, links):
    split = draw_split(photos, 3, links)
    sides = {}
    for name in SPLIT_NAMES:
        for photo in split.photos(photos, name):
            sides.setdefault(photo.source, set()).add(name)
    return sides


def test_a_source_stays_in_one_split_where_subjects_are_not_known(photos):
    assert any(len(sides) > 1 for sides in sides_of_sources(photos, {}).values())
    sides = sides_of_sources(photos, link_subjects(photos, pair_sources(photos)))
    assert all(len(found) == 1 for found in sides.values())
    assert set().union(*sides.values()) == set(SPLIT_NAMES)


def test_near_duplicates_tie_their_sources_together(photos):
    pair = (photos[0].path, photos[-2].path)
    named = name_subjects(photos, [pair])
    assert named[0].subject_id == named[-2].subject_id
    sides = sides_of_sources(named, link_subjects(named, [pair, *pair_sources(named)]))
    assert sides[photos[0].source] == sides[photos[-2].source]
    assert len(sides[photos[0].source]) == 1


def test_known_subjects_are_divided_without_their_sources(photos):
    known = tuple(dataclasses.replace(photo, subject_id=f"s{number}") for number, photo in enumerate(photos))
    assert pair_sources(known) == []


def test_too_few_sources_cannot_be_divided(photos):
    assert pair_sources(photos[: 2 * (SOURCES_MIN - 1) * PER_SOURCE]) == []
    assert pair_sources(photos[: 2 * SOURCES_MIN * PER_SOURCE]) != []


def test_a_source_with_much_of_the_data_cannot_be_divided(photos):
    more = tuple(Photo(f"more/{number}.jpg", f"more/{number}.jpg", 1, source="clinic00") for number in range(40))
    assert pair_sources(photos + more) == []


def test_a_photo_without_a_source_leaves_all_of_them_to_their_pictures(photos):
    assert pair_sources((*photos, Photo("loose.jpg", "loose.jpg", 1))) == []
