"""The probe of the model needs no key, so it must cost the model server the same however often it is called."""

import gevent
import pytest

from gateway.errors import PredictorUnavailable
from gateway.health import SHARED_SECONDS, SharedCheck
from gateway.pin import PinReader
from tests.support.clock import Clock
from tests.support.gateway import VERSION, make_contract, make_repository, write_pin
from tests.support.stub_model_server import StubModelServer
from tests.support.upstream import Upstream


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def stub():
    with StubModelServer(VERSION) as server:
        yield server


@pytest.fixture
def check(stub, clock):
    with Upstream(stub.address) as upstream:
        yield SharedCheck(upstream.predictor, clock)


@pytest.fixture
def pins(tmp_path):
    make_repository(tmp_path)
    return PinReader(make_repository(tmp_path), allow_demo=True, on_change=lambda _: None)


def test_all_who_ask_within_a_second_share_one_call(check, stub, clock, pins):
    callers = [gevent.spawn(check.require_answering, pins.current()) for _ in range(20)]
    gevent.joinall(callers, raise_error=True)
    clock.seconds += 0.9 * SHARED_SECONDS
    check.require_answering(pins.current())
    assert stub.status_calls == 1
    clock.seconds += 0.1 * SHARED_SECONDS + 1e-6
    check.require_answering(pins.current())
    assert stub.status_calls == 2


def test_so_they_do_a_failure(check, stub, clock, pins):
    stub.version = VERSION + 1
    for _ in range(3):
        with pytest.raises(Exception, match="not loaded"):
            check.require_answering(pins.current())
    assert stub.status_calls == 1
    stub.version = VERSION
    clock.seconds += SHARED_SECONDS
    check.require_answering(pins.current())
    assert stub.status_calls == 2


def test_another_version_is_asked_about_at_once(check, stub, pins, tmp_path):
    check.require_answering(pins.current())
    write_pin(make_repository(tmp_path), make_contract(version=VERSION + 1))
    with pytest.raises(Exception, match="not loaded"):
        check.require_answering(pins.current())
    assert stub.status_calls == 2


def test_the_route_shares_too(gateway):
    assert gateway.client.get("/readyz/model").status_code == 200
    gateway.predictor.error = PredictorUnavailable()
    assert gateway.client.get("/readyz/model").status_code == 200
