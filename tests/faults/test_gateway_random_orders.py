"""Gateway and model servers are killed and started again in random orders (issue 5, bar 4): what clients see meanwhile, and how
soon a right answer comes back without anybody's help. Real parts: the gateway, two embedded model servers, an exported model.

pytest -m long tests/faults/test_gateway_random_orders.py    # writes loadtests/results/gateway_random_orders.json
"""

import contextlib
import http.client
import json
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from serving.local.ports import find_free_port
from tests.support.client_view import ClientView
from tests.support.drawn_faces import drawn_face
from tests.support.gateway_process import GatewayProcess
from tests.support.model_server_process import ModelServerProcess
from tests.support.tiny_version import copy_tiny_repository

pytestmark = [pytest.mark.long, pytest.mark.tensorflow]
RESULTS = Path(__file__).resolve().parents[2] / "loadtests" / "results" / "gateway_random_orders.json"
ORDERS = 20
LONGEST_PAUSE_SECONDS = 1.5
HONEST = {"200", "503 model_unavailable", "504 model_timeout", "0 no answer"}
"""The last where the gateway itself is gone."""
TOLERANCE = 1e-5
"""Float32 on one machine (the contract's)."""


class ModelServer:
    """One that is started again at the same ports each time."""

    def __init__(self, repository):
        self.ports = (find_free_port(), find_free_port())
        self._flags = ["--model_name=depression_severity", f"--model_base_path={repository / 'depression_severity'}"]
        self._process = None

    def start(self):
        self._process = ModelServerProcess(*self._flags, ports=self.ports).__enter__()

    def kill(self):
        self._process.process.kill()
        self._process.__exit__()
        self._process = None

    def end(self):
        if self._process is not None:
            self.kill()


class PageWatch:
    """Somebody who opens the page again and again: statuses, and None where nobody listened or the answer broke off."""

    def __init__(self, gateway):
        self._gateway = gateway
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.seen = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _look(self):
        while not self._ended.wait(0.1):
            try:
                self.seen.append(self._gateway.request("GET", "/")[0])
            except (OSError, http.client.HTTPException):
                self.seen.append(None)


def random_order(chance, names):
    """Each is killed once and started once, later; everything else is up to chance."""
    waiting = [(name, "kill") for name in names]
    order = []
    while waiting:
        name, action = waiting.pop(chance.randrange(len(waiting)))
        order.append((name, action))
        if action == "kill":
            waiting.append((name, "start"))
    return order


def test_a_right_answer_comes_back_after_every_order(tmp_path):
    repository = copy_tiny_repository(tmp_path / "models")
    servers = {f"model server {number}": ModelServer(repository) for number in (1, 2)}
    addresses = ",".join(f"127.0.0.1:{server.ports[0]}" for server in servers.values())
    gateway = GatewayProcess(repository, f"ipv4:{addresses}", deadline_seconds=5)
    actions = {name: {"kill": server.kill, "start": server.start} for name, server in servers.items()}
    actions["gateway"] = {"kill": gateway.kill, "start": gateway.__enter__}
    with contextlib.ExitStack() as stack:
        for server in servers.values():
            stack.callback(server.end)
            server.start()
        stack.enter_context(gateway)
        expected = gateway.screen(drawn_face())[1]["p_no_depression"]
        rows = [run_order(seed, gateway, actions, expected) for seed in range(ORDERS)]
    RESULTS.write_text(json.dumps({"orders": ORDERS, "tolerance": TOLERANCE, "rows": rows}, indent=1) + "\n")


def run_order(seed, gateway, actions, expected):
    chance = random.Random(seed)
    order = random_order(chance, list(actions))
    with ClientView(gateway, drawn_face()) as clients, PageWatch(gateway) as page:
        clients.wait_for_outcome("200", 0, count=3)
        for name, action in order:
            time.sleep(chance.uniform(0, LONGEST_PAUSE_SECONDS))
            actions[name][action]()
        ended = time.monotonic()
        recovered_seconds = clients.recovered_seconds(ended)
    seen = clients.since(0)
    wrong = [each for each in seen if each.status == 200 and abs(each.p_no_depression - expected) > TOLERANCE]
    assert wrong == []
    assert {each.outcome for each in seen} <= HONEST
    assert set(page.seen) <= {200, None}
    assert page.seen[-1] == 200
    return {
        "seed": seed,
        "order": [f"{action} {name}" for name, action in order],
        "recovered_seconds": round(recovered_seconds, 2),
        "clients_saw": Counter(each.outcome for each in seen),
        "page": {"answered": page.seen.count(200), "no answer": page.seen.count(None)},
        "wrong_answers": len(wrong),
    }
