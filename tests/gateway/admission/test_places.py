import gevent
import pytest
from gevent.event import Event

from gateway.admission.pace import Pace
from gateway.admission.places import EXPECTED_SHARE, PlaceLimits, Places
from gateway.deadline import Deadline
from gateway.errors import DeadlinePassed, QueueFull, WaitTooLong

WAIT_SECONDS = 20.0


class Guests:
    """Greenlets that hold a place until told to go."""

    def __init__(self, places):
        self.places = places
        self.entered = []

    def send(self, name, seconds=30.0, *, reserved=False):
        leave = Event()

        def visit():
            with self.places.place(Deadline.after(seconds), reserved=reserved):
                self.entered.append(name)
                leave.wait()

        greenlet = gevent.spawn(visit)
        gevent.idle()
        return greenlet, leave


def make_limits(**changes):
    limits = {"in_flight": 1, "least_in_flight": 1, "work_seconds": 5.0, "queue": 0, "wait_seconds": WAIT_SECONDS}
    return PlaceLimits(**(limits | changes))


@pytest.fixture
def states():
    return []


@pytest.fixture
def guests(states):
    limits = make_limits(in_flight=2, queue=2, reserved=1)
    return Guests(Places(limits, lambda in_flight, queued: states.append((in_flight, queued))))


def test_places_are_given_up_to_the_limit_then_in_order_of_arrival(guests, states):
    visits = [guests.send(name) for name in "abcd"]
    assert guests.entered == ["a", "b"]
    assert states[-1] == (2, 2)
    for greenlet, leave in visits:
        leave.set()
        greenlet.join()
    assert guests.entered == ["a", "b", "c", "d"]
    assert states[-1] == (0, 0)


def test_a_full_queue_refuses_at_once(guests):
    visits = [guests.send(name) for name in "abcd"]
    refused, _ = guests.send("e")
    with pytest.raises(QueueFull):
        refused.get()
    for greenlet, leave in visits:
        leave.set()
        greenlet.join()
    assert "e" not in guests.entered


def test_who_waits_past_the_deadline_never_gets_a_place(guests, states):
    holders = [guests.send(name) for name in "ab"]
    late, _ = guests.send("late", seconds=0.01)
    with pytest.raises(DeadlinePassed):
        late.get()
    assert states[-1] == (2, 0)
    for greenlet, leave in holders:
        leave.set()
        greenlet.join()
    assert guests.entered == ["a", "b"]
    assert states[-1] == (0, 0)


def test_a_place_handed_to_someone_who_is_just_being_ended_is_not_lost(guests, states):
    holders = [guests.send(name) for name in "ab"]
    waiting, _ = guests.send("c")
    holders[0][1].set()
    waiting.kill(block=False)
    gevent.joinall([holders[0][0], waiting])
    holders[1][1].set()
    holders[1][0].join()
    assert states[-1] == (0, 0)


def test_whoever_is_ended_while_waiting_leaves_the_queue(guests, states):
    holders = [guests.send(name) for name in "ab"]
    waiting, _ = guests.send("c")
    waiting.kill()
    assert states[-1] == (2, 0)
    for greenlet, leave in holders:
        leave.set()
        greenlet.join()
    assert states[-1] == (0, 0)


def test_a_failure_inside_gives_the_place_back(states):
    places = Places(make_limits(), lambda in_flight, queued: states.append((in_flight, queued)))
    with pytest.raises(ZeroDivisionError), places.place(Deadline.after(1)):
        _ = 1 / 0
    with places.place(Deadline.after(1)):
        assert states[-1] == (1, 0)
    assert states[-1] == (0, 0)


def let_go(visits):
    for greenlet, leave in visits:
        leave.set()
        greenlet.join()


def test_who_would_be_refused_after_the_upload_is_refused_before_it(guests):
    guests.places.require_room(1.0)
    visits = [guests.send(name) for name in "abcd"]
    with pytest.raises(QueueFull):
        guests.places.require_room(1.0)
    let_go(visits)
    guests.places.require_room(1.0)


@pytest.fixture
def busy_guests(guests, monkeypatch):
    """Both places taken, and one photo leaves every 2 seconds: the next waits 2 and is at work for 4."""
    monkeypatch.setattr(Pace, "seconds_per_photo", 2.0)
    visits = [guests.send(name) for name in "ab"]
    yield guests
    let_go(visits)


def test_who_would_get_a_place_too_late_for_an_answer_is_refused_at_once(busy_guests):
    expected = 2.0 + 4.0
    busy_guests.places.require_room(expected / EXPECTED_SHARE + 0.1)
    with pytest.raises(WaitTooLong) as refused:
        busy_guests.places.require_room(expected / EXPECTED_SHARE - 0.1)
    assert refused.value.retry_after_seconds == 2
    late, _ = busy_guests.send("late", seconds=expected)
    with pytest.raises(WaitTooLong):
        late.get()


def test_a_full_queue_says_when_to_come_back(busy_guests):
    waiting = [busy_guests.send(name, seconds=60.0)[0] for name in "cd"]
    with pytest.raises(QueueFull) as refused:
        busy_guests.places.require_room(60.0)
    assert refused.value.retry_after_seconds == 6
    gevent.killall(waiting)


def test_nobody_waits_longer_than_the_limit_however_late_the_deadline(guests, monkeypatch):
    monkeypatch.setattr(Pace, "seconds_per_photo", WAIT_SECONDS + 1)
    visits = [guests.send(name) for name in "ab"]
    with pytest.raises(WaitTooLong):
        guests.places.require_room(3600.0)
    let_go(visits)


def test_a_free_place_is_given_whatever_was_measured_before(guests, monkeypatch):
    monkeypatch.setattr(Pace, "seconds_per_photo", 3600.0)
    guests.places.require_room(1.0)
    let_go([guests.send("a", seconds=1.0)])
    assert guests.entered == ["a"]


def test_reserved_callers_pass_the_queue_and_have_their_own_limit(guests, states):
    visits = [guests.send(name) for name in "abcd"]
    guests.places.require_room(1.0, reserved=True)
    watching = guests.send("watching", reserved=True)
    assert guests.entered == ["a", "b", "watching"]
    assert states[-1] == (3, 2)
    for ask in (lambda: guests.places.require_room(1.0, reserved=True), guests.send("another", reserved=True)[0].get):
        with pytest.raises(QueueFull):
            ask()
    let_go([watching])
    assert states[-1] == (2, 2)
    let_go(visits)
    assert states[-1] == (0, 0)


def test_on_a_slow_machine_fewer_photos_are_at_work_at_once(states, monkeypatch):
    limits = make_limits(in_flight=8, least_in_flight=2, work_seconds=5.0, queue=8)
    guests = Guests(Places(limits, lambda in_flight, queued: states.append((in_flight, queued))))
    seconds = {"per photo": 0.1}
    monkeypatch.setattr(Pace, "seconds_per_photo", property(lambda _: seconds["per photo"]))
    visits = [guests.send(number, seconds=3600.0) for number in range(10)]
    assert states[-1] == (8, 2)
    for per_photo, left, at_work in ((1.0, 4, (5, 1)), (60.0, 2, (3, 1)), (60.0, 2, (2, 0))):
        seconds["per photo"] = per_photo
        let_go(visits[:left])
        del visits[:left]
        assert states[-1] == at_work
    let_go(visits)
    assert states[-1] == (0, 0)
