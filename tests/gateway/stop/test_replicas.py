"""Three gateways and one record: real processes (issue 5, bar 6)."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from gateway.stop.stop_switch import StopSwitch
from serving.repository import ModelRepository
from tests.support.gateway_process import PROJECT, GatewayProcess, wait_until
from tests.support.golden_server import GOLDEN_P, MODEL, GoldenServer, publish_golden_version

REPLICAS = 3
BAR_SECONDS = 10.0
INTERVAL_SECONDS = 1.0
LOOK_ALLOWANCE_SECONDS = 1.0
"""For a look itself on a busy machine; the bar speaks of intervals, which are a minute by default."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    publish_golden_version(root)
    return root


@pytest.fixture(scope="module")
def server():
    with GoldenServer(1) as server:
        yield server


@pytest.fixture(scope="module")
def gateways(root, server):
    settings = {"model_name": MODEL, "sentinel_interval_seconds": INTERVAL_SECONDS}
    with ExitStack() as stack, ThreadPoolExecutor(REPLICAS) as starting:
        processes = [GatewayProcess(root, f"127.0.0.1:{server.port}", **settings) for _ in range(REPLICAS)]
        yield list(starting.map(stack.enter_context, processes))


def order(root, server, *arguments):
    environment = {
        "SYMMETRA_MODEL_REPOSITORY": str(root),
        "SYMMETRA_MODEL_NAME": MODEL,
        "SYMMETRA_MODEL_SERVER": f"127.0.0.1:{server.port}",
    }
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def reason_of(gateway):
    return json.loads(gateway.request("GET", "/readyz")[2])["paused"]


def seconds_until(condition):
    began = time.monotonic()
    wait_until(condition)
    return time.monotonic() - began


def test_one_command_reaches_every_replica_and_survives_a_restart(root, server, gateways):
    wait_until(lambda: all(b'"right"' in gateway.request("GET", "/readyz/model")[2] for gateway in gateways))
    assert order(root, server, "pause", "--reason", "a test", "--by", "ada").returncode == 0
    seconds = seconds_until(lambda: all(reason_of(gateway) == "operator" for gateway in gateways))
    print(f"every replica refused {seconds:.3f} s after the command ended")
    assert seconds < BAR_SECONDS
    for gateway in gateways:
        status, problem = gateway.screen(b"no photo")
        assert (status, problem["code"]) == (503, "screening_paused")
        assert gateway.request("GET", "/readyz")[0] == 200
        assert gateway.request("GET", "/readyz/model")[0] == 503
    with GatewayProcess(root, f"127.0.0.1:{server.port}", model_name=MODEL) as late:
        assert reason_of(late) == "operator"
        assert 'symmetra_paused{reason="operator"} 1.0' in late.metrics()
    assert order(root, server, "resume", "--by", "ada").returncode == 0
    wait_until(lambda: all(reason_of(gateway) is None for gateway in gateways))
    assert {gateway.screen(b"no photo")[1]["code"] for gateway in gateways} == {"photo_unsupported"}


def test_a_swapped_polarity_pauses_every_replica_within_two_intervals_and_stays_until_it_is_mended(
    root, server, gateways
):
    wait_until(lambda: all(reason_of(gateway) is None for gateway in gateways))
    before = len(StopSwitch(ModelRepository(root, MODEL).directory).history()[0])
    server.p_no_depression = 1 - GOLDEN_P
    seconds = seconds_until(lambda: all(reason_of(gateway) == "polarity_reversed" for gateway in gateways))
    print(
        f"every replica refused {seconds:.3f} s after the polarity was swapped; the interval is {INTERVAL_SECONDS:g} s"
    )
    assert seconds < 2 * INTERVAL_SECONDS + LOOK_ALLOWANCE_SECONDS
    refused = order(root, server, "resume")
    assert refused.returncode == 1
    assert "still gives a polarity_reversed" in refused.stderr
    server.p_no_depression = GOLDEN_P.copy()
    resumed = order(root, server, "resume", "--by", "ada", "--reason", "the server was mended")
    assert resumed.returncode == 0, resumed.stderr
    wait_until(lambda: all(reason_of(gateway) is None for gateway in gateways))
    changes, unreadable = StopSwitch(ModelRepository(root, MODEL).directory).history()
    assert [change.action for change in changes[before:]] == ["pause", "resume"], "one pause, however many found it"
    assert unreadable == 0
    assert any('"result": "polarity_reversed"' in gateway.log() for gateway in gateways)
