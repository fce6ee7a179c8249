"""Ten minutes of chance requests to the REST port: no crash, no hang, no growth of memory (issue 4, bar 5)."""

from __future__ import annotations

import collections
import json
import os
import random
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.support.model_server_process import ModelServerProcess
from tests.support.rest_calls import call
from tests.support.rest_mutations import corpus, exchange, is_fault, mutate, statuses

pytestmark = [pytest.mark.tensorflow, pytest.mark.long]
FULL_SECONDS = 600.0
SECONDS = float(os.environ.get("SYMMETRA_FUZZ_SECONDS", FULL_SECONDS))
SETTLED_SECONDS = min(60.0, SECONDS / 2)
CALLERS = 4
MAX_GROWTH = 1.1
RESULTS = Path(__file__).resolve().parents[2] / "serving" / "results" / "rest_fuzz.json"


class Campaign:
    """Callers that send changed requests until the time is over.

    Args:
        port: REST port.
        ends_at: On `time.monotonic`.
        seed: Of the first caller; what it sends can be sent again.
    """

    def __init__(self, port: int, ends_at: float, seed: int) -> None:
        self.codes: collections.Counter[int] = collections.Counter()
        self.sent = 0
        self.faults: list[tuple[str, bytes]] = []
        self._port = port
        self._ends_at = ends_at
        self._requests = corpus()
        self._lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, args=(seed + number,)) for number in range(CALLERS)]

    def _run(self, seed: int) -> None:
        chance = random.Random(seed)
        while time.monotonic() < self._ends_at and not self.faults:
            content = mutate(chance, self._requests)
            try:
                codes = statuses(exchange(self._port, content))
            except OSError as error:
                codes = []
                self.faults.append((type(error).__name__, content))
            with self._lock:
                self.sent += 1
                self.codes.update(codes)
                self.faults += [(str(code), content) for code in codes if is_fault(code)]


def test_ten_minutes_of_chance_requests(toy_files, tmp_path):
    """For as long as SYMMETRA_FUZZ_SECONDS says; results are kept of a run of full length only."""
    (tmp_path / "monitoring.config").write_text("prometheus_config { enable: true }")
    flags = [
        "--model_name=toys",
        f"--model_base_path={toy_files / 'toys'}",
        f"--monitoring_config_file={tmp_path / 'monitoring.config'}",
    ]
    with ModelServerProcess(*flags) as server:
        process = psutil.Process(server.process.pid)
        began = time.monotonic()
        campaign = Campaign(server.rest_port, began + SECONDS, seed=1)
        for thread in campaign.threads:
            thread.start()
        time.sleep(SETTLED_SECONDS)
        settled = process.memory_info().rss
        for thread in campaign.threads:
            thread.join()
        assert campaign.faults == []
        assert server.process.poll() is None
        answer = call(server.rest_port, "POST", "/v1/models/toys:predict", '{"signature_name": "scalar", "inputs": 2}')
        assert json.loads(answer.body) == {"outputs": 3.0}
        growth = process.memory_info().rss / settled
    found = {
        "seconds": round(time.monotonic() - began, 1),
        "requests": campaign.sent,
        "answers": {str(code): count for code, count in sorted(campaign.codes.items())},
        "resident_mib_settled": round(settled / 2**20, 1),
        "memory_growth": round(growth, 3),
    }
    print(json.dumps(found))
    if SECONDS >= FULL_SECONDS:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert growth <= MAX_GROWTH
