"""The probe as a process beside a real model server process with a real network."""

import json
import shutil
import signal
import socket
import sys
import threading

import numpy as np
import pytest

from serving.contract.model import MODEL_NAME
from serving.local.ports import find_free_port
from serving.probe.program import run
from serving.repository import ModelRepository, Statement
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from serving.wire.errors import CallFailed
from serving.wire.golden_check import GOLDEN_PATH
from serving.wire.overload import is_busy
from tests.support.golden_server import MODEL, QUEUE_FULL, GoldenServer, publish_golden_version
from tests.support.model_server_process import PROJECT, ModelServerProcess
from tests.support.probe_process import ProbeProcess, run_probe
from tests.support.tiny_version import copy_tiny_repository

THREADS = 2
OVERLOAD_SECONDS = 2.0
CROPS_PER_CALL = 8
MODELS_CONFIG = """model_config_list {{ config {{
  name: "{name}" base_path: "{path}" model_platform: "tensorflow" model_version_policy {{ all {{}} }}
}} }}"""
BATCHING_CONFIG = """max_batch_size { value: 32 } num_batch_threads { value: 1 } max_enqueued_batches { value: 1 }"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Version 1 is pinned; version 2 is the same network and promises other answers than it gives."""
    root = copy_tiny_repository(tmp_path_factory.mktemp("probed") / "models")
    repository = ModelRepository(root)
    with repository.staging() as staging:
        shutil.copytree(repository.version_path(1), staging.path, dirs_exist_ok=True)
        contract_path = staging.path / "assets.extra" / "contract.json"
        contract_path.write_text(json.dumps({**json.loads(contract_path.read_text()), "version": staging.version}))
        with np.load(staging.path / GOLDEN_PATH) as golden:
            content = dict(golden)
        content["p_no_depression"] = np.clip(content["p_no_depression"] + np.float32(0.002), 0, 1)
        np.savez_compressed(staging.path / GOLDEN_PATH, **content)
        repository.publish(staging)
    repository.approve(2, Statement("a test", "it promises what it does not keep", {}))
    return root


@pytest.fixture(scope="module")
def start_server(root, tmp_path_factory):
    """Makes a server of few threads and a short queue on the given ports."""
    folder = tmp_path_factory.mktemp("probed-server")
    (folder / "models.config").write_text(MODELS_CONFIG.format(name=MODEL_NAME, path=root / MODEL_NAME))
    (folder / "batching.config").write_text(BATCHING_CONFIG)

    def start(ports):
        return ModelServerProcess(
            f"--model_config_file={folder / 'models.config'}",
            f"--monitoring_config_file={PROJECT / 'serving/deploy/monitoring.config'}",
            "--enable_batching",
            f"--batching_parameters_file={folder / 'batching.config'}",
            f"--grpc_max_threads={THREADS}",
            ports=ports,
        )

    return start


@pytest.fixture(scope="module")
def ports():
    return find_free_port(), find_free_port()


@pytest.fixture(scope="module")
def server(start_server, ports):
    with start_server(ports) as running:
        yield running


@pytest.fixture
def probe(root, ports):
    """A probe that looks ten times a second."""
    options = [f"--repository={root}", f"--server=127.0.0.1:{ports[0]}", f"--rest-port={ports[1]}"]
    with ProbeProcess(*options, "--interval=0.1") as running:
        yield running


def overload(server, callers, stop, counts):
    """Call from so many threads at once, each again as soon as it was answered or refused; count what came of it."""
    crops = np.zeros((CROPS_PER_CALL, 128, 128, 3), np.uint8)

    def call():
        with open_channel(f"127.0.0.1:{server.port}", [("grpc.use_local_subchannel_pool", 1)]) as channel:
            client = ModelServerClient(channel)
            while not stop.is_set():
                try:
                    client.predict(MODEL_NAME, 1, {"crop": crops}, 10.0)
                except CallFailed as error:
                    counts.append("busy" if is_busy(error) else str(error))
                else:
                    counts.append("answered")

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    return threads


def test_a_server_with_the_pinned_version_gets_ready_and_stays_so_at_five_times_its_load(server, probe):
    probe.wait_until(probe.is_ready)
    busy = 'symmetra_probe_looks_total{outcome="busy"}'
    before = probe.metrics()
    assert before["symmetra_probe_golden_largest_difference"] <= 1e-3
    stop, counts, ready = threading.Event(), [], []
    threads = overload(server, 5 * THREADS, stop, counts)
    try:
        ended = threading.Timer(OVERLOAD_SECONDS, stop.set)
        ended.start()
        while not stop.is_set():
            ready.append(probe.get("/readyz"))
    finally:
        stop.set()
        ended.cancel()
        for thread in threads:
            thread.join()
    assert {status for status, _ in ready} == {200}, "it never left the state ready"
    assert set(counts) == {"answered", "busy"}
    assert counts.count("busy") > counts.count("answered"), "the load was more than the server can take"
    after = probe.metrics()
    assert after[busy] > before[busy], "the probe itself was refused, and knew why"
    assert after['symmetra_probe_looks_total{outcome="unavailable"}'] == 0
    probe.wait_until(lambda: not probe.metrics()["symmetra_probe_busy"])
    assert [event["event"] for event in probe.events() if event["event"] == "not ready"] == []


def test_the_servers_own_metrics_are_on_the_probes_page(server, probe):
    probe.wait_until(probe.is_ready)
    found = probe.metrics()
    own = {line.rsplit(" ", 1)[0] for line in server.rest("GET", "/monitoring/prometheus/metrics")[2].splitlines()}
    own = {name for name in own if not name.startswith("#")}
    assert own
    assert own <= found.keys()
    assert found["symmetra_probe_server_metrics_up"] == 1
    assert found["symmetra_probe_ready"] == 1


@pytest.mark.usefixtures("server")
def test_a_pin_that_moves_to_a_version_with_other_answers_makes_it_unready_and_back_again_ready(probe, root):
    probe.wait_until(probe.is_ready)
    repository = ModelRepository(root)
    repository.set_pin(2)
    try:
        probe.wait_until(lambda: not probe.is_ready())
        found = json.loads(probe.get("/readyz")[1])
        assert found["pinned_version"] == 2
        assert "largest difference 2.0e-03 (allowed 0.001)" in found["reason"]
    finally:
        repository.set_pin(1)
    probe.wait_until(probe.is_ready)


@pytest.mark.usefixtures("server")
def test_asked_once_it_answers_with_one_line_and_an_exit_code(root, ports):
    options = [f"--repository={root}", f"--server=127.0.0.1:{ports[0]}"]
    code, out, err = run_probe("check", *options)
    line = json.loads(out)
    assert (code, line["outcome"], line["version"], line["golden"]["crops"], err) == (0, "right", 1, 2, "")
    code, out, _ = run_probe("check", *options, "--crops=64")
    assert (code, json.loads(out)["golden"]["crops"]) == (0, 64)


def test_a_server_that_is_killed_makes_it_unready_and_one_that_comes_back_ready(server, probe, start_server, ports):
    probe.wait_until(probe.is_ready)
    server.stop(signal.SIGKILL)
    probe.wait_until(lambda: not probe.is_ready())
    assert json.loads(probe.get("/readyz")[1])["busy"] is False
    assert probe.metrics()["symmetra_probe_server_metrics_up"] == 0
    with start_server(ports):
        probe.wait_until(probe.is_ready)
        assert probe.metrics()["symmetra_probe_golden_crops"] > 0


def test_sigterm_ends_it_cleanly(tmp_path):
    with ProbeProcess(f"--repository={tmp_path}", "--server=127.0.0.1:1") as probe:
        assert probe.stop() == 0
        assert [event["event"] for event in probe.events()][-1] == "stopped"


def test_it_listens_on_loopback_only_unless_told_otherwise(tmp_path):
    with ProbeProcess(f"--repository={tmp_path}", "--server=127.0.0.1:1") as probe:
        assert not probe.is_ready()
        with socket.create_server(("127.0.0.2", probe.port)):
            pass


def test_a_port_that_is_taken_is_said(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = run_probe(f"--repository={tmp_path}", f"--port={port}")
    assert code == 2
    assert json.loads(err)["event"] == "cannot listen"


def test_asked_once_a_missing_server_is_one_and_a_busy_one_has_a_code_of_its_own(tmp_path):
    publish_golden_version(tmp_path)
    with GoldenServer(1) as server:
        options = [f"--repository={tmp_path}", f"--model={MODEL}", f"--server=127.0.0.1:{server.port}"]
        server.failure = QUEUE_FULL
        code, out, _ = run_probe("check", *options)
        assert (code, json.loads(out)["outcome"]) == (75, "busy")
        server.failure = None
        server.p_no_depression += 0.01
        code, out, _ = run_probe("check", *options)
        assert (code, json.loads(out)["outcome"]) == (1, "wrong")
    code, out, _ = run_probe("check", *options)
    assert (code, json.loads(out)["outcome"]) == (1, "unavailable")


@pytest.mark.parametrize(
    "option",
    ["--port=0", "--port=65536", "--interval=0", "--interval=nan", "--deadline=x", "--crops=0", "--device=tpu"],
)
def test_a_mistake_on_the_command_line_is_said(option, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        run([f"--repository={tmp_path}", option], sys.stdout)
    assert ended.value.code == 2
    assert option.partition("=")[0] in capsys.readouterr().err
