"""The process: how it starts, what it prints, how it ends, and versions that come while it runs."""

import importlib.metadata
import io
import shutil
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import psutil
import pytest

from serving.local.ports import find_free_port, is_free
from serving.server import process
from serving.server.errors import InvalidArgument
from serving.server.flags import Flags
from serving.server.grpc_api import GrpcApi, read_channel_arguments, start_grpc_server
from serving.server.loader import ServableLoader
from serving.server.metrics import ServerMetrics
from serving.server.process import UNINSTALLED_VERSION, ModelServer, _symmetra_version, run
from serving.server.registry import ModelRegistry
from serving.server.rest_api.api import RestApi
from serving.server.rest_api.http_server import RestServer
from serving.wire import predict_pb2 as pb
from serving.wire.client import PREDICT_PATH
from serving.wire.errors import CallFailed
from serving.wire.tensors import to_tensor_proto
from tests.support.model_server_process import ModelServerProcess, run_server_to_its_end

WAIT_SECONDS = 60.0
X = {"x": np.float32([1, 4])}


def wait_until(condition):
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_malformed_value_prints_usage_and_exits_255():
    code, out, err = run_server_to_its_end("--port=abc", fresh=True)
    assert (code, err) == (255, "")
    assert out.startswith("Couldn't interpret value abc for flag port.\nusage: python -m serving.server\nFlags:\n")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            ["--use_alts_credentials"],
            "--use_alts_credentials=true is a flag of TensorFlow Serving that is not supported",
        ),
        ([], "Failed to start server. Error: INVALID_ARGUMENT: Both server_options.model_base_path and"),
        (["--model_base_path=models/m"], "Failed to start server. Error: INVALID_ARGUMENT: Expected model default to"),
        (
            ["--model_config_file=/nowhere"],
            "Failed to start server. Error: INVALID_ARGUMENT: Invalid protobuf file: '/",
        ),
        (
            ["--model_base_path=/m", "--batching_parameters_file=/a"],
            "Failed to start server. Error: INVALID_ARGUMENT: server_options.batching_parameters_file is set without",
        ),
        (["--model_base_path=/m", "--port=0"], "Failed to start server. Error: INVALID_ARGUMENT: At least one of"),
        (["--model_base_path=/m", "--port=70000"], "Failed to start server. Error: INVALID_ARGUMENT: --port=70000: "),
        (
            ["--model_base_path=/m", "--rest_api_port=70000"],
            "Failed to start server. Error: INVALID_ARGUMENT: --rest_api_port=70000: ports are between 1 and 65535",
        ),
        (["--model_base_path=/m", "--rest_api_port=-1"], "Failed to start server. Error: INVALID_ARGUMENT: --rest_api"),
        (
            ["--model_base_path=/m", "--grpc_channel_arguments=x"],
            "Failed to start server. Error: INVALID_ARGUMENT: --grpc",
        ),
    ],
)
def test_what_keeps_it_from_starting_is_one_sentence_on_stdout_and_255(flags, words):
    code, out, err = run_server_to_its_end(*flags, fresh=True)
    assert code == 255
    assert "Traceback" not in err
    assert out.startswith(words)
    assert out.count("\n") == 1


def test_a_fault_of_ours_at_the_start_is_one_line_and_255_too(monkeypatch, capsys):
    def fail(_flags):
        message = "a bug\nof two lines"
        raise RuntimeError(message)

    monkeypatch.setattr(process, "_serve_until_stopped", fail)
    out = io.StringIO()
    assert run(["--model_base_path=/m"], {}, out) == 255
    assert out.getvalue() == "Failed to start server. Error: INTERNAL: RuntimeError: a bug of two lines\n"
    assert "start failed" in capsys.readouterr().err


def test_help_is_usage():
    code, out, _ = run_server_to_its_end("--help", fresh=True)
    assert code == 0
    assert out.startswith("usage: ")


@pytest.mark.tensorflow
def test_version_is_that_of_the_installed_package():
    out = io.StringIO()
    assert run(["--version"], {}, out) == 0
    assert out.getvalue().startswith(
        f"TensorFlow ModelServer: 2.20.0+symmetra.{_symmetra_version()}\nTensorFlow Library: 2."
    )


def test_the_version_comes_from_the_package_or_says_that_there_is_none(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", {"symmetra": "7.8.9"}.__getitem__)
    assert _symmetra_version() == "7.8.9"

    def find_nothing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", find_nothing)
    assert _symmetra_version() == UNINSTALLED_VERSION


def test_channel_arguments_are_read_as_theirs():
    text = "grpc.max_connection_age_ms=1000,grpc.primary_user_agent=a=b,x=-1"
    assert read_channel_arguments(text) == [
        ("grpc.max_connection_age_ms", 1000),
        ("grpc.primary_user_agent", "a=b"),
        ("x", -1),
    ]
    assert read_channel_arguments("") == []


def test_a_taken_port_is_named_and_never_shared():
    registry, metrics = ModelRegistry(), ServerMetrics()
    api = GrpcApi(None, None, None, 2)
    address = f"127.0.0.1:{find_free_port()}"
    server = start_grpc_server(api, [address], [])
    try:
        with pytest.raises(InvalidArgument, match=f"Cannot listen on {address}"):
            start_grpc_server(api, [address], [])
    finally:
        server.stop(None).wait()
    rest = RestServer(RestApi(registry, metrics, None), "127.0.0.1", 0)
    try:
        with pytest.raises(InvalidArgument, match=f"Cannot listen on 127.0.0.1:{rest.port}"):
            RestServer(RestApi(registry, metrics, None), "127.0.0.1", rest.port)
    finally:
        rest.close()


@pytest.mark.tensorflow
def test_an_unknown_argument_is_named_and_the_server_still_starts(toy_server):
    assert toy_server.stdout().startswith("unknown argument: --never_heard_of=1\nusage: ")


@pytest.mark.tensorflow
def test_it_listens_on_loopback_only(toy_server):
    connections = psutil.Process(toy_server.process.pid).net_connections(kind="tcp")
    listening = [connection.laddr for connection in connections if connection.status == psutil.CONN_LISTEN]
    # gRPC listens through IPv6 on the address of IPv4.
    addresses = {(address.ip.removeprefix("::ffff:"), address.port) for address in listening}
    assert addresses == {("127.0.0.1", toy_server.port), ("127.0.0.1", toy_server.rest_port)}


@pytest.mark.tensorflow
def test_it_logs_events_as_json_lines(toy_server):
    events = [(event["event"], event.get("model"), event.get("version")) for event in toy_server.events()]
    assert ("available", "toys", 1) in events
    assert events.index(("available", "old", 7)) < events.index(("gRPC is served", None, None))


@pytest.mark.tensorflow
def test_a_version_that_cannot_be_loaded_ends_the_start_with_their_words(tmp_path):
    (tmp_path / "toys" / "3").mkdir(parents=True)
    flags = ["--model_name=toys", f"--model_base_path={tmp_path / 'toys'}", "--max_num_load_retries=0"]
    code, out, _ = run_server_to_its_end(f"--port={find_free_port()}", *flags, fresh=True)
    assert code == 255
    assert out.startswith(
        "Failed to start server. Error: UNKNOWN: 1 servable(s) did not become available: {{{name: toys version: 3} due "
        "to error: NOT_FOUND: Specified file path does not appear to contain a SavedModel bundle"
    )


@pytest.mark.tensorflow
def test_versions_come_and_go_under_load_and_sigterm_loses_no_call(toy_models, tmp_path):
    base = tmp_path / "toys"
    server = ModelServerProcess("--model_name=toys", f"--model_base_path={base}", "--max_num_load_retries=0")
    arriving = threading.Thread(target=add_first_version_once_it_waits, args=(server, base, toy_models))
    arriving.start()
    with server:
        arriving.join()
        assert_swap_loses_no_call(server, base, toy_models)
        assert_broken_version_changes_nothing(server, base)
        assert_sigterm_lets_calls_finish(server)


def add_first_version_once_it_waits(server, base, toy_models):
    wait_until(lambda: server._err.exists() and "base path missing" in server.stderr())
    assert is_free(server.port), "no port opens before a version answers"
    shutil.copytree(toy_models / "toys" / "1", base / "tmp-1")
    (base / "tmp-1").rename(base / "1")


def assert_swap_loses_no_call(server, base, toy_models):
    answers, stop = [], threading.Event()

    def call():
        while not stop.is_set():
            prediction = server.client.predict("toys", None, X, WAIT_SECONDS)
            answers.append((prediction.version, prediction.outputs["y"].tolist()))

    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(call) for _ in range(4)]
        shutil.copytree(toy_models / "toys" / "2", base / "tmp-2")
        (base / "tmp-2").rename(base / "2")
        wait_until(lambda: (2, "AVAILABLE") in versions(server) and (1, "END") in versions(server))
        stop.set()
        for one in calls:
            one.result()
    assert {version for version, _ in answers} == {1, 2}
    assert {tuple(values) for version, values in answers if version == 1} == {(2.5, 4.0)}
    assert {tuple(values) for version, values in answers if version == 2} == {(20.5, 22.0)}


def assert_broken_version_changes_nothing(server, base):
    (base / "3").mkdir()
    wait_until(lambda: versions(server)[0] == (3, "END"))
    assert versions(server) == [(3, "END"), (2, "AVAILABLE"), (1, "END")]
    status = server.client.model_status("toys", 3, WAIT_SECONDS)[0]
    assert status.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert server.client.predict("toys", None, X, WAIT_SECONDS).version == 2


def assert_sigterm_lets_calls_finish(server):
    request = pb.PredictRequest(model_spec=pb.ModelSpec(name="toys", signature_name="slow"))
    request.inputs["seconds"].CopyFrom(to_tensor_proto(np.float64([1.0])))
    method = server.channel.unary_unary(PREDICT_PATH, bytes, bytes)
    calls = [method.future(request.SerializeToString(), timeout=WAIT_SECONDS) for _ in range(5)]
    # Sent last on the same connection, so its answer says that the others have arrived.
    server.client.model_status("toys", 2, WAIT_SECONDS)
    server.process.send_signal(signal.SIGTERM)
    assert [one.code() for one in calls] == [grpc.StatusCode.OK] * 5
    assert server.process.wait(WAIT_SECONDS) == 0
    assert server.events()[-1]["event"] == "stopped"
    with pytest.raises(CallFailed) as failure:
        server.client.predict("toys", 2, X, WAIT_SECONDS)
    assert failure.value.code is grpc.StatusCode.UNAVAILABLE


def versions(server):
    return [(status.version, status.state) for status in server.client.model_status("toys", None, WAIT_SECONDS)]


@pytest.mark.tensorflow
def test_a_start_that_waits_for_versions_can_be_stopped(tmp_path, capsys):
    stopping = threading.Event()
    server = ModelServer(Flags(model_base_path=str(tmp_path / "later"), port=find_free_port()))
    starting = threading.Thread(target=server.start, args=(stopping,))
    starting.start()
    stopping.set()
    starting.join(WAIT_SECONDS)
    assert not starting.is_alive()
    server.stop()
    assert "gRPC is served" not in capsys.readouterr().err


@pytest.mark.tensorflow
def test_the_ports_are_closed_before_a_load_that_runs_is_waited_for(toy_models, tmp_path, monkeypatch):
    base = tmp_path / "toys"
    shutil.copytree(toy_models / "toys" / "1", base / "1")
    is_loading, may_load = threading.Event(), threading.Event()
    load = ServableLoader.__call__

    def load_second_version_when_allowed(loader, name, version, directory):
        if version == 2:
            is_loading.set()
            assert may_load.wait(WAIT_SECONDS)
        return load(loader, name, version, directory)

    monkeypatch.setattr(ServableLoader, "__call__", load_second_version_when_allowed)
    port, rest_port = find_free_port(), find_free_port()
    grace_seconds = int(2 * WAIT_SECONDS)
    server = ModelServer(
        Flags(model_base_path=str(base), port=port, rest_api_port=rest_port, shutdown_grace_seconds=grace_seconds)
    )
    server.start(threading.Event())
    stopping = threading.Thread(target=server.stop)
    try:
        assert not is_free(port)
        shutil.copytree(toy_models / "toys" / "1", base / "2")
        assert is_loading.wait(WAIT_SECONDS)
        stopping.start()
        wait_until(lambda: is_free(port) and is_free(rest_port))
        assert stopping.is_alive()
    finally:
        may_load.set()
        # Again, because the lines above may have failed before it was begun.
        server.stop()
    stopping.join(WAIT_SECONDS)
    assert not stopping.is_alive()
