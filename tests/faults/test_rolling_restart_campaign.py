"""Rolling restarts at 80 % of what two gateways and two embedded model servers can do, again and again.

Restarts SYMMETRA_ROLLING_ROUNDS times (5) each of the four, one after the other, and writes
loadtests/results/rolling_restarts.json.
"""

import json
import os
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from serving.local.ports import find_free_port
from serving.repository import ModelRepository
from serving.repository.promotion import write_first_config
from serving.repository.repository import SERVED_NAME
from tests.support.drawn_faces import drawn_face
from tests.support.gateway_process import GatewayProcess
from tests.support.model_server_process import ModelServerProcess
from tests.support.photo_load import PhotoLoad
from tests.support.tiny_version import copy_tiny_repository

FULL_ROUNDS = 5
ROUNDS = int(os.environ.get("SYMMETRA_ROLLING_ROUNDS", FULL_ROUNDS))
RESULTS = Path(__file__).resolve().parents[2] / "loadtests" / "results" / "rolling_restarts.json"
CLIENTS = 8
LOAD = 0.8
NOTICE_SECONDS = 2.0
MEASURED_PHOTOS = 100
MIN_READY_SECONDS = 12.0
"""Between a model server that is ready and the end of the next one, as `minReadySeconds` of a Kubernetes rollout has it: gateways
look for replicas that are new, or back, every ten seconds (`gateway.upstream.connections`)."""


@pytest.mark.long
def test_rolling_restarts_at_four_fifths_of_the_load_are_not_seen_by_anyone(tmp_path):
    root = copy_tiny_repository(tmp_path / "models")
    models = ModelRepository(root)
    write_first_config(models, served_from=str(models.directory))
    config = f"--model_config_file={models.directory / SERVED_NAME}"
    server_ports = [(find_free_port(), find_free_port()) for _ in range(2)]
    address = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port, _ in server_ports)
    photo = drawn_face()
    with ExitStack() as stack:

        def start_server(ports):
            return stack.enter_context(ModelServerProcess(config, "--grpc_max_threads=64", ports=ports))

        def start_gateway():
            return stack.enter_context(GatewayProcess(root, address, stop_notice_seconds=NOTICE_SECONDS))

        servers = [start_server(ports) for ports in server_ports]
        gateways = [start_gateway() for _ in range(2)]
        ports = [gateway.port for gateway in gateways]
        pause_seconds = pause_for_share(ports, photo)
        # What was answered while the load was measured is no part of the campaign.
        lost = -sum(gateway.count_logged(200) for gateway in gateways)
        rollout = threading.Event()
        began = time.monotonic()
        with PhotoLoad(ports, photo, CLIENTS, pause_seconds) as load:
            for _ in range(ROUNDS):
                for place, old in enumerate(gateways):
                    load.wait_for_answers(CLIENTS, old.port)
                    assert old.stop() == 0
                    lost += old.count_logged(200) - load.answered_by(old.port)
                    gateways[place] = start_gateway()
                    ports[place] = gateways[place].port
                    load.wait_for_answers(CLIENTS, ports[place])
                for place, old in enumerate(servers):
                    old.stop()
                    load.wait_for_answers(CLIENTS)
                    servers[place] = start_server(server_ports[place])
                    rollout.wait(MIN_READY_SECONDS)
        seconds = time.monotonic() - began
    report = {
        "restarts_of_gateways": 2 * ROUNDS,
        "restarts_of_model_servers": 2 * ROUNDS,
        "clients": CLIENTS,
        "load": LOAD,
        "seconds": round(seconds, 1),
        "outcomes": dict(load.outcomes),
        "answered_but_not_received": lost,
    }
    print(report)
    if ROUNDS >= FULL_ROUNDS:
        RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    assert set(load.outcomes) == {"200"}
    assert lost == 0


def pause_for_share(ports, photo):
    """The pause of each client that makes the load `LOAD` of what the same clients do without one."""
    with PhotoLoad(ports, photo, CLIENTS) as warming:
        warming.wait_for_answers(CLIENTS)
    began = time.monotonic()
    with PhotoLoad(ports, photo, CLIENTS) as full:
        full.wait_for_answers(MEASURED_PHOTOS)
        rate = full.outcomes["200"] / (time.monotonic() - began)
    return CLIENTS / rate * (1 / LOAD - 1)
