"""Places under load in any order: photos come, leave, give up and are ended, and no place is lost or given twice."""

import contextlib

import gevent
from gevent.event import Event
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.admission.places import PlaceLimits, Places
from gateway.deadline import Deadline
from gateway.errors import Overloaded

LIMITS = PlaceLimits(in_flight=1, least_in_flight=1, work_seconds=60.0, queue=2, wait_seconds=60.0, reserved=1)
MOST_AT_WORK = LIMITS.in_flight + LIMITS.reserved

STEPS = st.tuples(
    st.sampled_from(["come", "come first", "leave", "end", "run out", "look"]), st.integers(0, 2), st.booleans()
)
"""What happens, to which photo, and whether the next thing happens in the same moment."""


class Load:
    """Photos as greenlets, each at work until it is told to leave."""

    def __init__(self):
        self.told = (0, 0)
        self.places = Places(LIMITS, self.tell)
        self.photos = []
        self.at_work = {}

    @property
    def waiting(self):
        return [photo for photo in self.photos if not photo.dead and photo not in self.at_work]

    def tell(self, in_flight, queued):
        self.told = in_flight, queued

    def come(self, _number=0, *, reserved=False):
        def visit():
            leave = Event()
            with contextlib.suppress(Overloaded), self.places.place(Deadline.after(60.0), reserved=reserved):
                self.at_work[gevent.getcurrent()] = leave
                try:
                    leave.wait()
                finally:
                    del self.at_work[gevent.getcurrent()]

        self.photos.append(gevent.spawn(visit))

    def come_first(self, _number):
        self.come(reserved=True)

    def leave(self, number):
        for leave in list(self.at_work.values())[number:][:1]:
            leave.set()

    def end(self, number):
        gevent.killall([*self.at_work, *self.waiting][number:][:1], block=False)

    def run_out(self, number):
        """The deadline of one that waits passes."""
        for photo in self.waiting[number:][:1]:
            photo.kill(Overloaded(), block=False)

    def look(self, _number):
        self.places.has_room(10.0)


@example([("leave", 0, True), ("end", 1, False)])  # ended in the moment in which a place is given to it
@example([("leave", 0, True), ("run out", 0, False)])
@given(st.lists(STEPS, max_size=25))
@settings(max_examples=100, deadline=None)
def test_in_any_order_no_place_is_lost_or_given_twice(steps):
    load = Load()
    for _ in range(LIMITS.in_flight + LIMITS.queue):
        load.come()
    gevent.idle()
    for name, number, at_once in steps:
        getattr(load, name.replace(" ", "_"))(number)
        if not at_once:
            gevent.idle()
            assert len(load.at_work) <= MOST_AT_WORK
            assert len(load.waiting) <= LIMITS.queue
    for _ in load.photos:
        load.leave(0)
        gevent.idle()
    assert load.told == (0, 0)
    for _ in range(LIMITS.in_flight):
        load.come()
    gevent.idle()
    assert load.told == (len(load.at_work), 0) == (LIMITS.in_flight, 0)
    gevent.killall(list(load.at_work))
