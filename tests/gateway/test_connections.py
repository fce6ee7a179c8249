"""Connections at their limit, refusals while the photo is still being sent, and the time between SIGTERM and the end."""

import http.client
import json
import socket
import threading

import pytest

from gateway.connections import HEALTH_PATHS
from gateway.observing import QUIET_ROUTES
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import GatewayProcess, wait_until
from tests.support.stub_model_server import StubModelServer

CONNECTIONS = 64
MEBIBYTE = 1024 * 1024
STALLED_UPLOAD = b"POST /v1/screenings HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 100000\r\n\r\n\xff\xd8\xff"


@pytest.fixture(scope="module")
def stub():
    with StubModelServer(VERSION) as server:
        yield server


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return make_repository(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def gateway(repository, stub):
    limits = {"connections": CONNECTIONS, "cores": 1, "max_in_flight": 1, "max_queue": 0, "reserved_places": 0}
    with GatewayProcess(repository.directory.parent, stub.address, **limits) as process:
        yield process


def test_health_is_what_probes_ask():
    assert HEALTH_PATHS == QUIET_ROUTES


def test_with_every_connection_taken_probes_are_answered_and_the_others_told_when_to_come_back(gateway):
    stalled = [gateway.connect() for _ in range(CONNECTIONS)]
    try:
        for connection in stalled:
            connection.sendall(STALLED_UPLOAD)
        wait_until(lambda: gateway.screen(drawn_face())[1].get("code") == "connections_full")
        for path in HEALTH_PATHS:
            status, headers, _ = gateway.request("GET", path)
            assert (status, headers["Connection"]) == (200, "close")
        for photo in (drawn_face(), bytes(9 * MEBIBYTE)):
            status, headers, body = gateway.request("POST", "/v1/screenings", photo, {"Content-Type": "image/jpeg"})
            assert (status, headers["Retry-After"], json.loads(body)["code"]) == (503, "1", "connections_full")
            assert headers["Connection"] == "close"
        assert 'symmetra_shed_total{reason="connections_full"}' in gateway.metrics()
    finally:
        for connection in stalled:
            connection.close()
    wait_until(lambda: gateway.screen(drawn_face())[0] == 200)


def test_the_connection_that_is_idle_longest_makes_room_for_a_new_one(gateway):
    idle = [http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60) for _ in range(CONNECTIONS)]
    try:
        for connection in idle:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        # The first of them is the one to make room; so the others stay.
        wait_until(lambda: gateway.screen(drawn_face())[0] == 200 and is_ended(idle[0].sock))
        assert not is_ended(idle[-1].sock)
    finally:
        for connection in idle:
            connection.close()


def is_ended(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False


@pytest.mark.parametrize("size", [80_000, 9 * MEBIBYTE])
def test_a_refusal_reaches_a_client_that_is_still_sending_and_the_connection_stays(gateway, stub, size):
    stub.go_on.clear()
    stub.asked.clear()
    first = threading.Thread(target=gateway.screen, args=(drawn_face(),))
    first.start()
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
    try:
        assert stub.asked.wait(30)
        sockets = set()
        for _ in range(3):
            connection.request("POST", "/v1/screenings", bytes(size), {"Content-Type": "image/jpeg"})
            sockets.add(connection.sock)
            response = connection.getresponse()
            assert (response.status, json.loads(response.read())["code"]) == (503, "gateway_overloaded")
            assert int(response.getheader("Retry-After")) >= 1
        assert len(sockets) == 1
    finally:
        connection.close()
        stub.go_on.set()
        first.join(60)


def test_a_body_far_larger_than_any_photo_is_not_read_to_its_end(gateway):
    with gateway.connect() as connection:
        head = (
            b"POST /v1/screenings HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
        )
        connection.sendall(head % (1024 * MEBIBYTE))
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
        with pytest.raises(OSError):  # noqa: PT011 - reset, or a broken pipe
            for _ in range(1024):
                connection.sendall(bytes(MEBIBYTE))


def test_between_sigterm_and_the_end_it_answers_but_is_not_ready(repository, stub):
    with GatewayProcess(repository.directory.parent, stub.address, stop_notice_seconds=30) as gateway:
        kept = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
        kept.request("GET", "/readyz")
        assert kept.getresponse().read()
        gateway.worker().terminate()
        wait_until(lambda: gateway.request("GET", "/readyz")[0] == 503)
        _, headers, body = gateway.request("GET", "/readyz")
        assert (json.loads(body)["code"], headers["Retry-After"]) == ("gateway_stopping", "1")
        assert gateway.request("GET", "/healthz")[0] == 200
        assert gateway.screen(drawn_face())[0] == 200
        kept.request("POST", "/v1/screenings", drawn_face(), {"Content-Type": "image/jpeg"})
        response = kept.getresponse()
        assert (response.status, response.getheader("Connection")) == (200, "close")
        kept.close()
        gateway.kill()
