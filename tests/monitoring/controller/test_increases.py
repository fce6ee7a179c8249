"""Exact increases from raw samples: restarts, resets, gaps, rollouts, and nothing twice."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.controller.increases import CounterMemory, CounterSamples
from monitoring.controller.places import CounterKey, Place

KEY = CounterKey(Place("", "7"), "severity", 3)
OTHER = CounterKey(Place("", "8"), "severity", 3)


def samples(*points, target="gateway a:9108", key=KEY):
    return CounterSamples(target, key, tuple(points))


class Looks:
    """A memory, and looks at it one after another."""

    def __init__(self):
        self.memory, self.since = CounterMemory(), None

    def look(self, until, *series, **starts):
        named = {f"gateway {name}:9108": at for name, at in starts.items()}
        found = self.memory.take(series, starts=named, since=self.since)
        self.memory.end_look()
        self.since = until
        return found.get(KEY, 0.0) if set(found) <= {KEY} else found


def test_the_first_look_only_sets_where_counting_begins():
    looks = Looks()
    assert looks.look(100, samples((70, 5000), (85, 5004))) == 4
    assert looks.look(200, samples((85, 5004), (100, 5010))) == 6


def test_asking_twice_for_the_same_time_counts_nothing_twice():
    looks = Looks()
    looks.look(100, samples((85, 0), (100, 3)))
    assert looks.look(200, samples((85, 0), (100, 3))) == 0
    assert looks.look(200, samples((100, 3), (115, 4))) == 1


def test_a_lower_value_is_a_restart_and_counts_from_zero():
    looks = Looks()
    looks.look(100, samples((85, 40)))
    assert looks.look(200, samples((100, 42), (115, 1), (130, 5))) == 2 + 1 + 4


def test_a_restart_in_a_gap_that_has_overtaken_the_old_count_is_told_by_its_start():
    looks = Looks()
    looks.look(100, samples((85, 40)))
    assert looks.look(4000, samples((3900, 60)), a=(1000.0,)) == 60
    looks = Looks()
    looks.look(100, samples((85, 40)))
    assert looks.look(4000, samples((3900, 60)), a=(50.0,)) == 20


def test_a_start_that_is_a_little_late_by_its_clock_does_not_count_a_restart_twice():
    looks = Looks()
    looks.look(100, samples((85, 40)))
    assert looks.look(200, samples((100, 2), (115, 3)), a=(101.0,)) == 3


def test_a_new_pod_counts_in_full_and_one_that_is_only_new_to_us_does_not():
    looks = Looks()
    looks.look(1000, samples((985, 40)))
    young, old = (
        samples((1045, 7), target="gateway young:9108"),
        samples((1045, 9000), target="gateway old:9108"),
    )
    assert looks.look(1060, young, old, young=(1010.0,), old=(20.0,)) == 7


def test_a_target_or_a_site_with_another_name_counts_nothing_again():
    looks = Looks()
    looks.look(1000, samples((985, 40)), a=(10.0,))
    assert looks.look(1060, samples((1045, 41), target="gateway b:9108"), b=(10.0,)) == 0
    moved = KEY._replace(place=Place("north", "7"))
    assert looks.look(1120, samples((1105, 45), key=moved), a=(10.0,)) == 0


def test_a_version_that_comes_into_service_counts_in_full_at_a_known_gateway():
    looks = Looks()
    looks.look(1000, samples((985, 40)))
    assert looks.look(1060, samples((1045, 40)), samples((1045, 6), key=OTHER)) == {OTHER: 6}


def test_a_gap_loses_nothing_of_a_process_that_goes_on():
    looks = Looks()
    looks.look(1000, samples((985, 40)))
    assert looks.look(90_000, samples((89_990, 940)), a=(10.0,)) == 900


def test_values_that_are_no_counts_are_passed_over():
    looks = Looks()
    looks.look(100, samples((85, 4)))
    assert looks.look(200, samples((100, float("nan")), (115, -1), (130, 6))) == 2


def test_it_goes_on_where_it_was_kept():
    looks = Looks()
    looks.look(100, samples((85, 4)), samples((85, 3), key=OTHER))
    kept = json.loads(json.dumps(looks.memory.state()))
    again = CounterMemory.resumed(kept["series"], kept["targets"])
    assert again == looks.memory


def test_what_was_not_seen_for_long_is_forgotten():
    looks = Looks()
    looks.look(100, samples((85, 4)), samples((99, 3), target="gateway b:9108"))
    looks.memory.forget_before(90)
    assert set(looks.memory.targets) == {"gateway b:9108"}
    assert len(looks.memory.last) == 1


@given(
    restarts=st.lists(st.integers(1, 199), max_size=6, unique=True),
    scrapes=st.sets(st.integers(0, 199), min_size=2),
    look_every=st.integers(1, 60),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=200, deadline=None)
def test_never_more_than_was_counted_and_all_of_it_but_for_what_no_scrape_saw(restarts, scrapes, look_every, seed):
    """A process counts, restarts and is scraped at any moments; a photo is lost only between a last scrape and a restart."""
    rng, value, start, starts = np.random.default_rng(seed), 0, 0.0, [0.0]
    truth, points = [], []
    for step in range(200):
        at = step * 15.0
        if step in restarts:
            value, start = 0, at - 1.0
            starts.append(start)
        grown = int(rng.integers(0, 4))
        value += grown
        truth.append((at, grown))
        if step in scrapes:
            points.append((at, value, start))
    seen_by_a_scrape = sum(
        grown
        for at, grown in truth
        # The next scrape at or after it is of the same process.
        if (after := next((point for point in points if point[0] >= at), None)) is not None and after[2] <= at and at > points[0][0]
    )  # fmt: skip
    looks = Looks()
    looks.look(points[0][0], samples(points[0][:2]), a=(0.0,))
    total, until = 0.0, points[0][0]
    while until < 200 * 15.0:
        until += look_every * 15.0
        window = [point[:2] for point in points if until - look_every * 15.0 - 120 < point[0] <= until]
        known = tuple(at for at in starts if at <= until)
        total += looks.look(until, *([samples(*window)] if window else []), a=known)
    # A restart that no lower value and no long gap shows loses what the old process had; it never adds.
    assert total <= seen_by_a_scrape
    if all(late[1] < early[1] for early, late in itertools.pairwise(points) if late[2] != early[2]):
        assert total == pytest.approx(seen_by_a_scrape)
