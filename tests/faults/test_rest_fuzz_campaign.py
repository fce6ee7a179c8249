"""Ten minutes of chance requests to the REST port: no crash, no hang, no growth of memory (issue 4, bar 5)."""

from __future__ import annotations

import json
import time

import pytest

from tests.support.fuzz_campaign import MAX_GROWTH, SETTLED_SECONDS, Campaign, keep
from tests.support.model_server_process import ModelServerProcess
from tests.support.rest_calls import call
from tests.support.rest_mutations import corpus, exchange, is_fault, mutate, statuses

pytestmark = [pytest.mark.tensorflow, pytest.mark.long]
CALLERS = 4


def test_ten_minutes_of_chance_requests(toy_files, tmp_path):
    """For as long as SYMMETRA_FUZZ_SECONDS says; results are kept of a run of full length only."""
    (tmp_path / "monitoring.config").write_text("prometheus_config { enable: true }")
    flags = [
        "--model_name=toys",
        f"--model_base_path={toy_files / 'toys'}",
        f"--monitoring_config_file={tmp_path / 'monitoring.config'}",
    ]
    requests = corpus()
    with ModelServerProcess(*flags) as server:

        def send(chance):
            content = mutate(chance, requests)
            try:
                codes = statuses(exchange(server.rest_port, content))
            except OSError as error:
                return [], [(type(error).__name__, content)]
            return [str(code) for code in codes], [(str(code), content) for code in codes if is_fault(code)]

        campaign = Campaign(server, CALLERS, seed=1, send=send)
        time.sleep(SETTLED_SECONDS)
        campaign.look_at_memory()
        campaign.join()
        assert campaign.faults == []
        assert server.process.poll() is None
        answer = call(server.rest_port, "POST", "/v1/models/toys:predict", '{"signature_name": "scalar", "inputs": 2}')
        assert json.loads(answer.body) == {"outputs": 3.0}
        campaign.look_at_memory()
    keep("rest_fuzz.json", campaign.found())
    assert campaign.growth <= MAX_GROWTH
