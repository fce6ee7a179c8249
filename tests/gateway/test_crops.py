import gc
import threading
import weakref

import gevent
import numpy as np
import pytest

from gateway.crops import CropPool
from gateway.deadline import Deadline
from gateway.errors import DeadlinePassed
from serving.contract.errors import NoFace
from serving.contract.jitter import JITTER_COPIES, jitter_crops
from serving.contract.model import CropSpec
from serving.contract.photo import PhotoLimits
from tests.support.gateway import make_prepared_crop

SPEC = CropSpec()
LIMITS = PhotoLimits(max_photo_bytes=77)


class Work:
    """Stands in for `make_crop`; waits where told, and notes which detector it was given."""

    def __init__(self):
        self.go_on = threading.Event()
        self.go_on.set()
        self.running = 0
        self.most_running = 0
        self.detectors = set()
        self.photos = []
        self._lock = threading.Lock()

    def __call__(self, photo, spec, detector, limits):
        assert (spec, limits) == (SPEC, LIMITS)
        with self._lock:
            assert detector not in self.detectors, "two threads share a detector"
            self.detectors.add(detector)
            self.photos.append(photo)
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        self.go_on.wait()
        with self._lock:
            self.detectors.remove(detector)
            self.running -= 1
        if photo == b"cup":
            raise NoFace
        return make_prepared_crop()


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def pool(work):
    made = iter(range(100))
    pool = CropPool(2, lambda: next(made), work, LIMITS)
    assert next(made) == 2, "one detector per core, no more"
    yield pool
    work.go_on.set()
    pool.close()


def test_a_crop_is_made_in_a_thread(pool, work):
    assert pool.make(b"face", SPEC, Deadline.after(30)).crop.shape == (128, 128, 3)
    assert work.photos == [b"face"]


def test_the_reason_why_not_reaches_the_request_and_the_detector_is_used_again(pool):
    for _ in range(5):
        with pytest.raises(NoFace):
            pool.make(b"cup", SPEC, Deadline.after(30))


def test_no_more_photos_at_once_than_cores_and_never_a_shared_detector(pool, work):
    greenlets = [gevent.spawn(pool.make, b"face", SPEC, Deadline.after(30)) for _ in range(20)]
    gevent.joinall(greenlets, raise_error=True)
    assert len(work.photos) == 20
    assert work.most_running <= 2


def test_a_photo_that_waited_past_its_deadline_costs_no_cpu(pool, work):
    work.go_on.clear()
    busy = [gevent.spawn(pool.make, b"busy", SPEC, Deadline.after(30)) for _ in range(2)]
    gevent.idle()
    with pytest.raises(DeadlinePassed):
        pool.make(b"late", SPEC, Deadline.after(0.02))
    work.go_on.set()
    gevent.joinall(busy, raise_error=True)
    pool.make(b"next", SPEC, Deadline.after(30))
    assert b"late" not in work.photos


def test_work_whose_deadline_passed_before_its_thread_began_is_not_begun(pool, work):
    with pytest.raises(DeadlinePassed):
        pool._run([b"late"], SPEC, Deadline.after(0))
    assert work.photos == []


def test_a_photo_that_was_given_up_while_waiting_is_held_by_nobody(pool, work):
    class Photo:
        """Stands in for bytes, which cannot be referred to weakly."""

    def give_up():
        photo = Photo()
        with pytest.raises(DeadlinePassed):
            pool.make(photo, SPEC, Deadline.after(0.02))
        return weakref.ref(photo)

    work.go_on.clear()
    busy = [gevent.spawn(pool.make, b"busy", SPEC, Deadline.after(30)) for _ in range(2)]
    gevent.idle()
    photo = give_up()
    gc.collect()
    assert photo() is None
    work.go_on.set()
    gevent.joinall(busy, raise_error=True)


def test_jittered_copies_are_made_on_request_by_the_thread_that_made_the_crop(pool):
    plain = pool.make(b"face", SPEC, Deadline.after(30))
    assert len(plain.rows) == 1
    prepared = pool.make(b"face", SPEC, Deadline.after(30), with_copies=True)
    assert prepared.rows.shape == (1 + JITTER_COPIES, 128, 128, 3)
    np.testing.assert_array_equal(prepared.rows[0], prepared.crop)
    np.testing.assert_array_equal(prepared.rows[1:], jitter_crops(prepared.crop[np.newaxis])[0])
    assert prepared.timings.jitter > 0 == plain.timings.jitter
