"""Ten minutes of chance messages to the gRPC port: no crash, no hang, no growth of memory (issue 4, bar 5)."""

from __future__ import annotations

import time

import grpc
import numpy as np
import pytest

from serving.wire.errors import CallFailed
from serving.wire.server_config_pb2 import ReloadConfigRequest
from tests.support.fuzz_campaign import MAX_GROWTH, SETTLED_SECONDS, Campaign, keep
from tests.support.grpc_mutations import CALL_SECONDS, RELOAD, GrpcRequest, corpus, is_fault, mutate, send
from tests.support.model_server_process import ModelServerProcess

pytestmark = [pytest.mark.tensorflow, pytest.mark.long]
CALLERS = 4
# A config whose models are nowhere is waited for as long as its caller waits: that is the contract, and no hang.
RELOAD_SECONDS = 2.0
MAX_RELOAD_GROWTH = 1.5
"""Each load of a model leaves TensorFlow's allocator larger, and each name that a config ever held is remembered."""


def sender(server, requests, seconds, harmless=()):
    """Sends one changed request to a server."""

    def send_one(chance):
        request = mutate(chance, requests)
        code, message = send(server.channel, request, seconds)
        is_wrong = code not in harmless and is_fault(request, code, message)
        return [code.name], [(f"{code.name}: {message}", request)] if is_wrong else []

    return send_one


def answers(server):
    try:
        return server.client.predict("toys", None, {"x": np.float32([2])}, 10.0).outputs["y"].tolist() == [21.0]
    except CallFailed:
        return False


def test_ten_minutes_of_chance_messages(toy_files, wait_for):
    """For as long as SYMMETRA_FUZZ_SECONDS says; results are kept of a run of full length only.

    A second server gets the messages that replace its models, so that the first one keeps what it is asked about.
    """
    toys = toy_files / "toys"
    flags = ["--model_name=toys", f"--model_base_path={toys}", "--enable_grpc_healthcheck_service"]
    requests = corpus(toys)
    asked = [request for request in requests if request.method != RELOAD]
    replaced = [request for request in requests if request.method == RELOAD]
    with ModelServerProcess(*flags) as server, ModelServerProcess(*flags) as scratch:
        campaign = Campaign(server, CALLERS, 1, sender(server, asked, CALL_SECONDS))
        late = (grpc.StatusCode.DEADLINE_EXCEEDED,)
        reloads = Campaign(scratch, 1, 100, sender(scratch, replaced, RELOAD_SECONDS, late))
        time.sleep(SETTLED_SECONDS)
        campaign.look_at_memory()
        reloads.look_at_memory()
        campaign.join()
        reloads.join()
        assert campaign.faults + reloads.faults == []
        assert (server.process.poll(), scratch.process.poll()) == (None, None)
        # What was left of the corpus' good config answers again, whatever the last message left behind.
        restored = ReloadConfigRequest()
        restored.config.model_config_list.config.add(name="toys", base_path=str(toys), model_platform="tensorflow")
        code, message = send(scratch.channel, GrpcRequest(RELOAD, restored.SerializeToString()))
        assert code is grpc.StatusCode.OK, message
        # A model that the last message kept, under another path or policy, is not waited for by the call.
        for one in (server, scratch):
            wait_for(lambda one=one: answers(one), "toys does not answer any more")
        campaign.look_at_memory()
        reloads.look_at_memory()
    keep("grpc_fuzz.json", {"calls": campaign.found(), "reloads": reloads.found()})
    assert campaign.growth <= MAX_GROWTH
    assert reloads.growth <= MAX_RELOAD_GROWTH
