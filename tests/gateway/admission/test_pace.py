import pytest

from gateway.admission.pace import Pace
from tests.support.clock import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pace(clock):
    return Pace(clock)


def leave_after(pace, clock, seconds, *, still_full=True):
    clock.seconds += seconds
    pace.leave(still_full=still_full)


def test_nothing_is_known_until_somebody_left_while_all_places_were_taken(pace, clock):
    leave_after(pace, clock, 5.0, still_full=False)
    leave_after(pace, clock, 5.0, still_full=False)
    assert pace.seconds_per_photo == 0.0


def test_the_time_when_places_were_free_does_not_count(pace, clock):
    pace.fill()
    leave_after(pace, clock, 0.5, still_full=False)
    clock.seconds += 60.0
    assert pace.seconds_per_photo == 0.5
    pace.fill()
    leave_after(pace, clock, 0.5)
    assert pace.seconds_per_photo == pytest.approx(0.5)


def test_a_new_pace_is_known_after_some_photos(pace, clock):
    pace.fill()
    for _ in range(50):
        leave_after(pace, clock, 0.1)
    assert pace.seconds_per_photo == pytest.approx(0.1)
    for _ in range(30):
        leave_after(pace, clock, 0.4)
    assert 0.35 < pace.seconds_per_photo < 0.4


def test_photos_that_leave_together_count_with_the_wait_before_them(pace, clock):
    pace.fill()
    for _ in range(50):
        leave_after(pace, clock, 0.8)
        for _ in range(7):
            leave_after(pace, clock, 0.0)
    assert 0.05 < pace.seconds_per_photo < 0.15


def test_of_a_model_that_hangs_is_known_while_it_hangs(pace, clock):
    pace.fill()
    for _ in range(50):
        leave_after(pace, clock, 0.1)
    clock.seconds += 10.0
    assert pace.seconds_per_photo > 1.0
    leave_after(pace, clock, 0.0)
    for _ in range(40):
        leave_after(pace, clock, 0.1)
    assert pace.seconds_per_photo < 0.2
