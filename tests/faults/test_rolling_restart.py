"""Restarts under load: what hospital systems see of them, and that no photo that was accepted is lost.

The load comes from clients that send the next photo to a gateway whose `/readyz` says so, each on a connection of its own: what
a balancer or a Kubernetes service does for them.
"""

from contextlib import ExitStack

import pytest

from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import GatewayProcess, wait_until
from tests.support.photo_load import PhotoLoad
from tests.support.stub_model_server import StubModelServer

CLIENTS = 4
NOTICE_SECONDS = 1.0


@pytest.fixture(scope="module")
def stub():
    with StubModelServer(VERSION) as server:
        yield server


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    make_repository(root)
    return root


def test_at_sigterm_under_load_no_accepted_photo_is_lost(root, stub):
    """Also where nobody looks at `/readyz`: a photo is answered, or its connection was never taken."""
    with GatewayProcess(root, stub.address) as gateway:
        with PhotoLoad([gateway.port], drawn_face(), CLIENTS, follows_readiness=False) as load:
            load.wait_for_answers(20)
            assert gateway.stop() == 0
        outcomes = load.outcomes
        # A connection in the kernel's queue when the socket closes is reset, and the gateway never saw it.
        assert set(outcomes) <= {"200", "ConnectionRefusedError", "ConnectionResetError"}
        assert gateway.count_logged(200) == outcomes["200"] >= 20


@pytest.fixture
def started():
    """Ends whatever a test started, in reverse order."""
    with ExitStack() as stack:
        yield stack.enter_context


def test_a_rolling_restart_of_the_gateways_is_not_seen_by_anyone(root, stub, started):
    def start():
        return started(GatewayProcess(root, stub.address, stop_notice_seconds=NOTICE_SECONDS))

    gateways = [start(), start()]
    ports = [gateway.port for gateway in gateways]
    with PhotoLoad(ports, drawn_face(), CLIENTS, pause_seconds=0.02) as load:
        for place, old in enumerate(gateways):
            load.wait_for_answers(5, old.port)
            assert old.stop() == 0
            assert old.count_logged(200) == load.answered_by(old.port)
            ports[place] = start().port
            load.wait_for_answers(5, ports[place])
    assert set(load.outcomes) == {"200"}


def test_a_rolling_restart_of_the_model_servers_is_not_seen_by_anyone(root, started):
    servers = [started(StubModelServer(VERSION)) for _ in range(2)]
    address = "ipv4:" + ",".join(server.address for server in servers)
    gateway = started(GatewayProcess(root, address))
    with PhotoLoad([gateway.port], drawn_face(), CLIENTS, pause_seconds=0.02) as load:
        for old in servers:
            assert old.asked.wait(60)
            old.stop_gracefully()
            load.wait_for_answers(5)
            new = started(StubModelServer(VERSION, port=old.port))
            assert new.asked.wait(60), "the new one is never asked"
    assert set(load.outcomes) == {"200"}


def test_clients_that_hang_up_leave_no_memory_held_and_no_noise(root, stub):
    """Halfway through an upload, and while their photo is being looked at."""
    photo = drawn_face()
    head = (
        b"POST /v1/screenings HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
        % len(photo)
    )
    with GatewayProcess(root, stub.address) as gateway:
        for sent in (head + photo[: len(photo) // 2], head + photo):
            for _ in range(50):
                with gateway.connect() as connection:
                    connection.sendall(sent)
        held = ("symmetra_upload_memory_bytes 0.0", "symmetra_in_flight 0.0", "symmetra_queue_length 0.0")
        wait_until(lambda: all(line in gateway.metrics() for line in held))
        assert gateway.screen(photo)[0] == 200
        assert gateway.count_logged(400) == 50
        errors = [line for line in gateway.log().splitlines() if '"level": "error"' in line or "Traceback" in line]
        assert errors == []
