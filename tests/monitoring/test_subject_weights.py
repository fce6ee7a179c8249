import math

import numpy as np
import pytest

from monitoring.drift.alternatives import log_ratios
from monitoring.drift.detector import Detector
from monitoring.drift.errors import CountsUnusable
from monitoring.drift.reference import Reference
from monitoring.subject_weights import chances_to_count, counts_people, photo_weight

COUNTS = [300, 250, 240, 220, 200, 190, 190, 180, 170, 171]
"""2,111 photos, as in the reference page's own measurements."""


@pytest.fixture(scope="module")
def reference():
    return Reference.from_counts(COUNTS)


@pytest.mark.parametrize(
    ("processes", "gateways", "pinned", "chances"),
    [(0, None, False, 1), (1, 1, False, 1), (8, 8, False, 8), (11, 8, False, 11), (8, 8, True, 1), (11, 8, True, 4), (0, 0, True, 1)],
)  # fmt: skip
def test_every_process_of_a_day_may_have_counted_a_person_unless_subjects_are_pinned(
    processes, gateways, pinned, chances
):
    assert chances_to_count(processes, gateways=gateways, subjects_pinned=pinned) == chances


def test_a_photo_weighs_one_over_the_chances_or_what_the_site_states_where_that_is_less():
    def weight(chances, **more):
        return photo_weight(chances, photos=50, photos_without_subject=10, **more)

    assert [weight(1), weight(8), weight(8, most_photos_per_person=3), weight(2, most_photos_per_person=3)] == [
        1, 1 / 8, 1 / 3, 1 / 2,
    ]  # fmt: skip


def test_without_any_subject_nothing_is_known_of_people_and_each_photo_counts_in_full():
    assert photo_weight(8, photos=50, photos_without_subject=50) == 1
    assert not counts_people(photos=50, photos_without_subject=50.2)
    assert not counts_people(photos=0, photos_without_subject=0)
    assert counts_people(photos=50, photos_without_subject=49)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: chances_to_count(-1),
        lambda: chances_to_count(3, gateways=4),
        lambda: chances_to_count(3, subjects_pinned=True),
        lambda: photo_weight(0, photos=1, photos_without_subject=0),
        lambda: photo_weight(1, photos=-1, photos_without_subject=0),
        lambda: photo_weight(1, photos=math.nan, photos_without_subject=0),
        lambda: photo_weight(1, photos=1, photos_without_subject=0, most_photos_per_person=0),
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(CountsUnusable):
        wrong()


@pytest.mark.parametrize(("chances", "counted"), [(1, 1), (2, 2), (3, 3), (8, 3), (8, 8), (8, 1)])
def test_a_persons_factor_is_one_or_less_in_expectation_where_all_photos_are_the_same(reference, chances, counted):
    """Equal photos are the worst case: E[L^(k w)] is largest there, by Hoelder's inequality."""
    ratios = log_ratios(reference, guard=0.0)
    weight = photo_weight(chances, photos=counted, photos_without_subject=0)
    assert ((reference.shares * np.exp(weight * counted * ratios)).sum(axis=1) <= 1 + 1e-12).all()
    if counted > 1:
        assert ((reference.shares * np.exp(counted * ratios)).sum(axis=1) > 1).all(), "unweighted it is above one"


PEOPLE_PER_DAY, PHOTOS_PER_PERSON, DAYS, GATEWAYS, UPDATES_PER_DAY = 667, 3, 25, 8, 40
ALARM_HEIGHT = 200
STREAMS = 30


def counted_photos(rng, shares):
    """One day of people with equal photos at any gateway and any time: the update and the bin of every photo that is counted."""
    bins = np.repeat(rng.choice(len(shares), PEOPLE_PER_DAY, p=shares), PHOTOS_PER_PERSON)
    people = np.repeat(np.arange(PEOPLE_PER_DAY), PHOTOS_PER_PERSON)
    gateways = rng.integers(GATEWAYS, size=len(people))
    times = rng.permutation(len(people))
    order = np.argsort(times)
    _, first = np.unique((people * GATEWAYS + gateways)[order], return_index=True)
    counted = order[first]
    return times[counted] * UPDATES_PER_DAY // len(people), bins[counted]


def shares_of_streams_with_a_false_alarm(weights):
    """For each weight, of the same streams."""
    rng = np.random.default_rng(20261128)
    truth = np.array(COUNTS) / sum(COUNTS)
    highest = np.full((STREAMS, len(weights)), -math.inf)
    for stream in range(STREAMS):
        reference = Reference.from_counts(rng.multinomial(sum(COUNTS), truth))
        detectors = [Detector(reference) for _ in weights]
        for _ in range(DAYS):
            updates, bins = counted_photos(rng, truth)
            day = np.zeros((UPDATES_PER_DAY, len(truth)))
            np.add.at(day, (updates, bins), 1.0)
            for number, (detector, weight) in enumerate(zip(detectors, weights, strict=True)):
                seen = max(detector.update(weight * counts) for counts in day)
                highest[stream, number] = max(highest[stream, number], seen)
    return (highest >= math.log(ALARM_HEIGHT)).mean(axis=0)


def test_three_equal_photos_over_eight_gateways_and_a_day_alarm_no_more_often_than_independent_ones_may():
    """50,000 photos, looked at 40 times a day; 0.25 is what independent photos may have (drift.md, 5d i)."""
    weight = photo_weight(chances_to_count(GATEWAYS), photos=50, photos_without_subject=0)
    stated = photo_weight(GATEWAYS, photos=50, photos_without_subject=0, most_photos_per_person=PHOTOS_PER_PERSON)
    weighted, as_stated, unweighted = shares_of_streams_with_a_false_alarm([weight, stated, 1.0])
    assert weighted <= 0.25
    assert as_stated <= 0.25
    assert unweighted >= 0.5, "without weights one person's photos are taken for several people's"
