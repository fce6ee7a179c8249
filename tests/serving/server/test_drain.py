"""The way to the end of a server: what is refused at once, what is waited for, and what is left to others."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from serving.local.ports import find_free_port, is_free
from serving.server.flags import Flags
from serving.server.process import ModelServer
from serving.server.rest_api.api import RestApi
from tests.support.fake_loading import WAIT_SECONDS, wait_until
from tests.support.rest_calls import call

pytestmark = pytest.mark.tensorflow
PATH = "/v1/models/nobody"


@pytest.fixture
def start(tmp_path):
    """Start servers without a model in this process; they are stopped at the end of the test."""
    config = tmp_path / "models.config"
    config.write_text("model_config_list {}")
    started = []

    def start_server(**flags):
        server = ModelServer(Flags(model_config_file=str(config), shutdown_grace_seconds=int(WAIT_SECONDS), **flags))
        started.append(server)
        server.start(threading.Event())
        return server

    yield start_server
    for server in started:
        server.stop()


def test_rest_takes_nothing_more_while_calls_of_both_kinds_are_waited_for(start, monkeypatch):
    is_asked, may_answer = threading.Event(), threading.Event()
    answer = RestApi.answer

    def answer_when_allowed(api, request, deadline):
        is_asked.set()
        assert may_answer.wait(WAIT_SECONDS)
        return answer(api, request, deadline)

    port = find_free_port()
    server = start(port=find_free_port(), rest_api_port=port)
    idle = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)
    idle.request("GET", PATH)
    assert idle.getresponse().read()
    monkeypatch.setattr(RestApi, "answer", answer_when_allowed)
    # A gRPC call in flight.
    server._grpc_api.gate.enter()
    with ThreadPoolExecutor(2) as pool:
        try:
            calling = pool.submit(call, port, "GET", PATH)
            assert is_asked.wait(WAIT_SECONDS)
            draining = pool.submit(server.drain)
            wait_until(lambda: is_free(port))
            assert idle.sock.recv(1) == b""
            assert not calling.done()
            may_answer.set()
            answered = calling.result(WAIT_SECONDS)
            assert (answered.status, answered.headers["connection"]) == (404, "close")
            assert not draining.done()
        finally:
            may_answer.set()
            server._grpc_api.gate.leave()
            server._grpc_api.gate.answered()
            idle.close()
        draining.result(WAIT_SECONDS)


def test_the_socket_of_another_server_stays(start, tmp_path):
    path = tmp_path / "socket"
    first, second = (start(port=0, grpc_socket_path=str(path)) for _ in range(2))
    first.drain()
    with grpc.insecure_channel(f"unix:{path}") as channel:
        grpc.channel_ready_future(channel).result(WAIT_SECONDS)
    second.drain()
    assert not path.exists()


def test_no_port_at_all_is_not_called_the_same_port(start, tmp_path, capsys):
    start(port=0, grpc_socket_path=str(tmp_path / "socket"))
    assert "cannot be same" not in capsys.readouterr().err
    port = find_free_port()
    start(port=port, rest_api_port=port)
    assert "--rest_api_port cannot be same as --port. Skipped exporting HTTP/REST API." in capsys.readouterr().err
