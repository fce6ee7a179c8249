"""The health service by itself: how many may watch, and what they see at the end."""

from concurrent import futures

import grpc
import pytest

from serving.server.health import CHECK_PATH, WATCH_PATH, HealthService
from serving.wire.health_pb2 import HealthCheckRequest, HealthCheckResponse

WAIT_SECONDS = 20.0


class Handlers(grpc.GenericRpcHandler):
    def __init__(self, health):
        self._health = health

    def service(self, handler_call_details):
        return self._health.handlers.get(handler_call_details.method)


@pytest.fixture
def health():
    return HealthService()


@pytest.fixture
def channel(health):
    server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[Handlers(health)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as opened:
        yield opened
    health.stop()
    server.stop(None).wait()


def watch(channel):
    call = channel.unary_stream(WATCH_PATH, HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString)
    return call(HealthCheckRequest(), timeout=WAIT_SECONDS)


def test_a_watcher_is_told_of_the_end_and_let_go(channel, health):
    watching = watch(channel)
    assert next(watching).status == HealthCheckResponse.SERVING
    health.stop()
    assert [answer.status for answer in watching] == [HealthCheckResponse.NOT_SERVING]


def test_a_third_watcher_is_refused_and_check_still_answers(channel):
    watching = [watch(channel), watch(channel)]
    assert [next(one).status for one in watching] == [HealthCheckResponse.SERVING] * 2
    with pytest.raises(grpc.RpcError) as error:
        next(watch(channel))
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    check = channel.unary_unary(CHECK_PATH, HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString)
    assert check(HealthCheckRequest(), timeout=WAIT_SECONDS).status == HealthCheckResponse.SERVING
    for one in watching:
        one.cancel()


def test_bytes_that_are_no_message_are_refused_as_grpcs_own_service_refuses_them(channel):
    with pytest.raises(grpc.RpcError) as checked:
        channel.unary_unary(CHECK_PATH)(b"\x0a\xff", timeout=WAIT_SECONDS)
    with pytest.raises(grpc.RpcError) as watched:
        next(channel.unary_stream(WATCH_PATH)(b"\x0a\xff", timeout=WAIT_SECONDS))
    for error, code in ((checked, grpc.StatusCode.INVALID_ARGUMENT), (watched, grpc.StatusCode.INTERNAL)):
        assert (error.value.code(), error.value.details()) == (code, "could not parse request")
