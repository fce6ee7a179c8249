import gevent
import pytest
from gevent.event import Event

from gateway.admission import Admission, UploadMemory
from gateway.deadline import Deadline
from gateway.errors import DeadlinePassed, QueueFull, UploadMemoryFull


class Guests:
    """Greenlets that hold a place until told to go."""

    def __init__(self, admission):
        self.admission = admission
        self.entered = []

    def send(self, name, seconds=30.0):
        leave = Event()

        def visit():
            with self.admission.place(Deadline.after(seconds)):
                self.entered.append(name)
                leave.wait()

        greenlet = gevent.spawn(visit)
        gevent.idle()
        return greenlet, leave


@pytest.fixture
def states():
    return []


@pytest.fixture
def guests(states):
    return Guests(Admission(2, 2, lambda in_flight, queued: states.append((in_flight, queued))))


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
    admission = Admission(1, 0, lambda in_flight, queued: states.append((in_flight, queued)))
    with pytest.raises(ZeroDivisionError), admission.place(Deadline.after(1)):
        _ = 1 / 0
    with admission.place(Deadline.after(1)):
        assert states[-1] == (1, 0)
    assert states[-1] == (0, 0)


def test_uploads_share_a_bounded_memory_counted_as_it_arrives():
    held = []
    memory = UploadMemory(100, held.append)
    with memory.share() as one, memory.share() as other:
        one.grow(60)
        other.grow(40)
        with pytest.raises(UploadMemoryFull):
            other.grow(1)
        assert held[-1] == 100
        assert other.held_bytes == 40
    assert held[-1] == 0
