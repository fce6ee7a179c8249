import threading
from concurrent.futures import Future, ThreadPoolExecutor

import gevent
import pytest

from gateway.greenlets import time_limit, wait_for


@pytest.fixture
def threads():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_a_thread_that_works_lets_other_greenlets_run(threads):
    go_on = threading.Event()
    waiting = gevent.spawn(lambda: wait_for(threads.submit(go_on.wait, 30), 30))
    ran = gevent.spawn(go_on.set)
    gevent.joinall([waiting, ran])
    assert waiting.get() is True


def test_the_error_of_the_work_is_raised_where_it_is_waited_for(threads):
    with pytest.raises(ZeroDivisionError):
        wait_for(threads.submit(lambda: 1 / 0), 30)


def test_waiting_ends_at_the_timeout():
    with pytest.raises(TimeoutError):
        wait_for(Future(), 0.01)


def test_a_result_that_is_there_is_returned_even_without_time():
    done = Future()
    done.set_result(7)
    assert wait_for(done, 0) == 7


def test_a_time_limit_raises_the_given_error_where_the_block_waits():
    with pytest.raises(KeyError, match="slow"), time_limit(0.01, KeyError("slow")):
        gevent.sleep(30)


def test_a_time_limit_that_was_kept_leaves_nothing_behind():
    with time_limit(0.01, KeyError("slow")):
        pass
    gevent.sleep(0.02)
