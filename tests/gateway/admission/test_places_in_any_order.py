"""Places under load in any order: photos come, leave, give up and are ended, and no place is lost or given twice."""

import gevent
from gevent.event import Event
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.admission.places import PlaceLimits, Places
from gateway.deadline import Deadline
from gateway.errors import Overloaded

LIMITS = PlaceLimits(in_flight=2, least_in_flight=1, work_seconds=60.0, queue=2, wait_seconds=60.0, reserved=1)
MOST_AT_WORK = LIMITS.in_flight + LIMITS.reserved

come = st.tuples(st.just("come"), st.booleans())
others = st.tuples(st.sampled_from(["leave", "end", "run out", "look"]), st.integers(0, 9))


class Load:
    """Photos as greenlets, each at work until it is told to leave."""

    def __init__(self):
        self.told = (0, 0)
        self.places = Places(LIMITS, self.tell)
        self.at_work = {}
        self.waiting = {}

    def tell(self, in_flight, queued):
        self.told = in_flight, queued

    def come(self, reserved):
        leave, deadline = Event(), Deadline.after(60.0)

        def visit():
            try:
                with self.places.place(deadline, reserved=reserved):
                    self.waiting.pop(gevent.getcurrent(), None)
                    self.at_work[gevent.getcurrent()] = leave
                    leave.wait()
            except Overloaded:
                pass
            finally:
                self.waiting.pop(gevent.getcurrent(), None)
                self.at_work.pop(gevent.getcurrent(), None)

        photo = gevent.spawn(visit)
        self.waiting[photo] = leave
        gevent.idle()

    def leave(self, number):
        for leave in list(self.at_work.values())[number:][:1]:
            leave.set()

    def end(self, number):
        gevent.killall([*self.at_work, *self.waiting][number:][:1], block=False)

    def run_out(self, number):
        """The deadline of one that waits passes."""
        for photo in list(self.waiting)[number:][:1]:
            photo.kill(Overloaded(), block=False)

    def look(self, _number):
        self.places.has_room(10.0)


@given(st.lists(come | others, max_size=40))
@settings(max_examples=60, deadline=None)
def test_in_any_order_no_place_is_lost_or_given_twice(steps):
    load = Load()
    for name, argument in steps:
        getattr(load, name.replace(" ", "_"))(argument)
        if argument != 9:  # otherwise the next one comes in the same moment
            gevent.idle()
            assert len(load.at_work) <= MOST_AT_WORK
            assert len(load.waiting) <= LIMITS.queue
            assert load.told == (len(load.at_work), len(load.waiting))
    while load.at_work or load.waiting:
        load.leave(0)
        gevent.idle()
    assert load.told == (0, 0)
    for _ in range(LIMITS.in_flight):
        load.come(reserved=False)
    assert len(load.at_work) == LIMITS.in_flight
    assert load.told == (LIMITS.in_flight, 0)
    load.leave(0)
    load.leave(1)
    gevent.idle()
