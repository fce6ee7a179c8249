"""Photos are sent when they are due, through a front door that shares them out and passes by a gateway that is gone."""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from loadtests.errors import ScenarioFailed
from loadtests.scenarios.front_door import FrontDoor
from loadtests.scenarios.sending import EvenTraffic, PhotoSender
from tests.support.gateway_process import wait_until


class StandIn:
    """A gateway that answers 200, as soon as it may."""

    def __init__(self):
        self.answered = Counter()
        self.may_answer = threading.Event()
        self.may_answer.set()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                stand_in.may_answer.wait(30)
                stand_in.answered[self.headers["X-API-Key"]] += 1
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self):
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def gateways():
    pair = [StandIn(), StandIn()]
    yield pair
    for each in pair:
        each.stop()


def test_the_front_door_takes_turns_and_passes_by_what_is_gone(gateways):
    with FrontDoor([each.port for each in gateways]) as door:
        sender = PhotoSender(door.port, "key")
        for _ in range(6):
            assert sender.send(b"photo")[0] == 200
        assert [each.answered["key"] for each in gateways] == [3, 3]
        gateways[1].stop()
        for _ in range(4):
            assert sender.send(b"photo")[0] == 200
        assert gateways[0].answered["key"] == 7


def test_no_gateway_at_all_is_no_answer(gateways):
    for each in gateways:
        each.stop()
    with FrontDoor([each.port for each in gateways]) as door:
        sender = PhotoSender(door.port, "key")
        assert sender.send(b"photo") == (0, b"")
        assert sender.sending().by_status == {"none": 1}


def test_a_photo_that_cannot_be_made_ends_a_scenario_in_a_sentence(gateways):
    tried = threading.Event()

    def take():
        tried.set()
        raise ValueError("no such face")

    with (
        pytest.raises(ScenarioFailed, match="could not be made or sent \\(ValueError: no such face\\)"),
        EvenTraffic(PhotoSender(gateways[0].port, "key"), 50.0, take),
    ):
        assert tried.wait(30)


def test_photos_are_sent_when_due_whatever_becomes_of_the_others(gateways):
    for each in gateways:
        each.may_answer.clear()
    with FrontDoor([each.port for each in gateways]) as door:
        sender = PhotoSender(door.port, "key")
        with EvenTraffic(sender, 50.0, lambda: (b"photo", "image/jpeg")):
            wait_until(lambda: sender.sending().due >= 10)
            assert sender.sending().by_status == {}
            for each in gateways:
                each.may_answer.set()
        sending = sender.sending()
    assert sum(sending.by_status.values()) >= 10
    assert set(sending.by_status) == {"200"}
