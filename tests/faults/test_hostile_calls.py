"""Calls that no well-meaning caller makes: each is told what was wrong, and nobody else notices (issue 4, bar 4)."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress

import grpc
import numpy as np
import psutil
import pytest

from serving.wire import predict_pb2 as pb
from serving.wire.channel import open_channel
from serving.wire.client import PREDICT_PATH
from serving.wire.errors import CallFailed
from serving.wire.tensors import fill_tensor_proto
from tests.support.model_server_process import ModelServerProcess

pytestmark = pytest.mark.tensorflow
MIB = 2**20
UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


@pytest.fixture(scope="module")
def server(toy_files):
    with ModelServerProcess("--model_name=toys", f"--model_base_path={toy_files / 'toys'}") as running:
        yield running


def still_answers(server: ModelServerProcess) -> bool:
    return server.client.predict("toys", None, {"x": np.float32([1])}, 5.0).outputs["y"][0] == 20.5


@pytest.mark.parametrize(
    ("what", "signature", "inputs"),
    [
        ("wrong dtype", "serving_default", {"x": np.float64([1])}),
        ("wrong rank", "crops", {"crop": np.zeros((8, 8, 3), np.uint8)}),
        ("wrong channels", "crops", {"crop": np.zeros((1, 8, 8, 5), np.uint8)}),
        ("text for numbers", "crops", {"crop": np.array([b"photo"])}),
        ("an input nobody asked for", "serving_default", {"x": np.float32([1]), "y": np.float32([1])}),
        ("no input", "serving_default", {}),
    ],
)
def test_a_wrong_tensor_is_the_callers_fault_and_says_why(server, findings, what, signature, inputs):
    with pytest.raises(CallFailed) as caught:
        server.client.predict("toys", None, inputs, 5.0, signature=signature)
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details
    assert still_answers(server)
    findings.note(what, f"INVALID_ARGUMENT: {caught.value.details.splitlines()[0][:90]}")


@pytest.mark.parametrize("large_bytes", [64 * MIB, pytest.param(200 * MIB, marks=pytest.mark.long)])
def test_large_messages_are_answered_and_do_not_add_up_in_memory(server, findings, large_bytes):
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    request = pb.PredictRequest(model_spec=pb.ModelSpec(name="toys"))
    fill_tensor_proto(request.inputs["x"], np.ones(large_bytes // 4, np.float32))
    message = request.SerializeToString()
    resident = []
    for _ in range(5):
        with open_channel(f"127.0.0.1:{server.port}", UNLIMITED) as channel:
            answer = channel.unary_unary(PREDICT_PATH, bytes, bytes)(message, timeout=60.0)
        assert len(pb.PredictResponse.FromString(answer).outputs["y"].float_val) == large_bytes // 4
        resident.append(process.memory_info().rss)
    assert still_answers(server)
    # What the allocator keeps of the first ones is used for the next: three more would otherwise leave three times as much, once for
    # each copy. Less than two, not than one: now and then the allocator takes another arena after the second message.
    kept, added = max(resident[:2]) - before, max(resident[2:]) - max(resident[:2])
    assert added < 2 * large_bytes
    findings.note(
        f"messages of {large_bytes // MIB} MiB",
        f"the answer; two leave {kept / MIB:.0f} MiB resident, three more {added / MIB:+.0f}",
    )


def test_an_undecodable_message_gets_an_error_and_no_detail(server, findings):
    with open_channel(f"127.0.0.1:{server.port}") as channel:
        call = channel.unary_unary(PREDICT_PATH, bytes, bytes)
        with pytest.raises(grpc.RpcError) as caught:
            call(b"\xff" * 1000, timeout=5.0)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert still_answers(server)
    findings.note("bytes that are no message", "INTERNAL")


def test_garbage_on_both_ports_disturbs_nobody(server, findings):
    garbage = [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 4096,
        bytes(range(256)) * 64,
        b"POST /v1/models/toys:predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n{",
        b"\x16\x03\x01" + ssl.RAND_bytes(512),
    ]
    for port in (server.port, server.rest_port):
        for content in garbage:
            with socket.create_connection(("127.0.0.1", port), timeout=5.0) as connection:
                connection.sendall(content)
                with suppress(OSError):  # The server may have hung up already.
                    connection.shutdown(socket.SHUT_WR)
    assert still_answers(server)
    assert server.rest("GET", "/v1/models/toys")[0] == 200
    assert server.process.poll() is None
    findings.note("garbage on the gRPC and the REST port", "a closed connection")
