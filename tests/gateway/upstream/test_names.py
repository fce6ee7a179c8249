"""Replicas behind a name: shared out evenly, found when they appear, and used on when nobody resolves the name."""

from contextlib import ExitStack

import pytest

from gateway.errors import PredictorUnavailable
from serving.local.ports import find_free_port
from tests.support.dns_server import DnsServer
from tests.support.gateway import VERSION
from tests.support.gateway_process import wait_until
from tests.support.stub_model_server import StubModelServer

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
RENEW_SECONDS = 0.3


@pytest.fixture
def port():
    return find_free_port()


@pytest.fixture
def replicas(port):
    """Three model servers at the same port of three addresses."""
    with ExitStack() as stack:
        yield [stack.enter_context(StubModelServer(VERSION, host=host, port=port)) for host in HOSTS]


@pytest.fixture
def names():
    with DnsServer() as server:
        yield server


def test_replicas_behind_a_name_are_asked_in_equal_shares(connect, replicas, names, port, model):
    names.addresses = list(HOSTS[:2])
    upstream = connect(names.target(port))
    while not all(replica.calls for replica in replicas[:2]):
        upstream.predict(model)
    before = [replica.calls for replica in replicas]
    for _ in range(40):
        upstream.predict(model)
    calls = [replica.calls - count for replica, count in zip(replicas, before, strict=True)]
    assert calls == [20, 20, 0]


def test_a_replica_that_appears_is_asked_without_any_connection_ending(connect, replicas, names, port, model):
    names.addresses = list(HOSTS[:2])
    upstream = connect(names.target(port), renew_seconds=RENEW_SECONDS)
    upstream.predict(model)
    names.addresses = list(HOSTS)

    def is_asked():
        upstream.predict(model)
        return replicas[2].calls > 0

    wait_until(is_asked)


def test_a_replica_that_is_taken_out_of_the_name_is_asked_no_more(connect, replicas, names, port, model):
    names.addresses = list(HOSTS)
    upstream = connect(names.target(port), renew_seconds=RENEW_SECONDS)
    upstream.predict(model)
    names.addresses = list(HOSTS[:1])

    def is_alone():
        before = [replica.calls for replica in replicas[1:]]
        for _ in range(6):
            upstream.predict(model)
        return [replica.calls for replica in replicas[1:]] == before

    wait_until(is_alone)


def test_servers_that_moved_to_another_address_are_found_when_the_old_connection_ends(
    connect, replicas, names, port, model
):
    names.addresses = [HOSTS[0]]
    upstream = connect(names.target(port))
    upstream.predict(model)
    names.addresses = [HOSTS[2]]
    replicas[0].__exit__()

    def is_answered():
        try:
            upstream.predict(model, seconds=10)
        except PredictorUnavailable:
            return False
        return True

    wait_until(is_answered)
    assert replicas[2].calls > 0


@pytest.mark.usefixtures("replicas")
def test_while_nobody_resolves_the_name_the_known_addresses_are_used_on(connect, names, port, model, results):
    names.addresses = list(HOSTS[:2])
    upstream = connect(names.target(port), renew_seconds=RENEW_SECONDS)
    upstream.predict(model)
    names.answers = False
    asked = names.questions

    def was_asked_in_vain():
        upstream.predict(model)
        return names.questions >= asked + 2

    wait_until(was_asked_in_vain)
    for _ in range(10):
        upstream.predict(model)
    assert set(results) == {"ok"}


def test_renewed_channels_share_the_connections_that_are_there(connect, replicas, names, port, model):
    names.addresses = [HOSTS[0]]
    upstream = connect(names.target(port), renew_seconds=0.0)
    for _ in range(30):
        upstream.predict(model)
    wait_until(lambda: upstream.predict(model) and names.questions >= 6)
    assert len(replicas[0].peers) == 1
