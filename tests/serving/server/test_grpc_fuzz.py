"""Chance messages to a real server, as many as fit into seconds; the campaign is tests/faults/test_grpc_fuzz_campaign.py."""

import random
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.support.grpc_mutations import CORPUS, RELOAD, corpus, is_decodable, is_fault, mutate, send

pytestmark = pytest.mark.tensorflow
# A model that is nowhere: this server is other tests' too, and its models stay as they are.
REQUESTS = [request for request in corpus(Path("/nowhere")) if request.method != RELOAD]
REFUSED_UNFILLED = ("petabytes", "petabytes_of_text", "rows_times_columns", "overflowing_product", "many_empty_rows")
MIB = 2**20


def check(server, request):
    code, message = send(server.channel, request)
    assert not is_fault(request, code, message), (code, message)
    return code.name


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.method)
def test_every_message_of_the_corpus_is_answered(toy_server, request_):
    assert check(toy_server, request_)


def test_the_corpus_has_a_message_for_every_method():
    methods = {path.name.partition(".")[0] for path in CORPUS.iterdir()}
    assert len(methods) == 8
    assert any(is_decodable(request) for request in corpus(Path("/nowhere")) if request.method == RELOAD)


def test_shapes_of_petabytes_are_refused_before_memory_is_taken(toy_server):
    process = psutil.Process(toy_server.process.pid)
    before = process.memory_info().rss
    requests = dict(
        zip((path.name.split(".")[1] for path in sorted(CORPUS.iterdir())), corpus(Path("/")), strict=False)
    )
    for name in REFUSED_UNFILLED:
        assert check(toy_server, requests[name]) == "INVALID_ARGUMENT", name
    assert process.memory_info().rss - before < 32 * MIB


def test_changed_messages_break_nothing(toy_server):
    chance = random.Random(20)
    answers = {check(toy_server, mutate(chance, REQUESTS)) for _ in range(1500)}
    assert {"OK", "INTERNAL", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "UNIMPLEMENTED"} <= answers
    assert toy_server.process.poll() is None
    assert toy_server.client.predict("toys", 1, {"x": np.float32([2])}, 10.0).outputs["y"].tolist() == [3.0]
