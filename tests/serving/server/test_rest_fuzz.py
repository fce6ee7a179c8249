"""Chance requests to a real server, as many as fit into seconds; the campaign is tests/faults/test_rest_fuzz_campaign.py."""

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.rest_calls import call
from tests.support.rest_mutations import as_predict, corpus, exchange, is_fault, mutate, statuses

pytestmark = pytest.mark.tensorflow
REQUESTS = corpus()
QUICK = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SIGNATURES = st.sampled_from(["serving_default", "crops", "two_inputs", "text", "scalar", "row_sums", "only_finite"])
JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**66), 2**66), st.floats(), st.text(max_size=8)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "x", "crop", "b64"]) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=20,
)


def check(server, content):
    codes = statuses(exchange(server.rest_port, content))
    assert not [code for code in codes if is_fault(code)]
    return codes


@pytest.mark.parametrize("content", REQUESTS)
def test_every_request_of_the_corpus_is_answered(toy_server, content):
    assert check(toy_server, content)


@QUICK
@given(signature=SIGNATURES, value=JSON_VALUES, key=st.sampled_from(["instances", "inputs"]))
def test_any_json_is_answered(toy_server, signature, value, key):
    body = json.dumps({"signature_name": signature, key: value}).encode()
    assert check(toy_server, as_predict(body))


@QUICK
@given(seed=st.integers(0, 2**32))
def test_changed_requests_break_nothing(toy_server, seed):
    check(toy_server, mutate(random.Random(seed), REQUESTS))


@QUICK
@given(content=st.binary(max_size=200))
def test_garbage_breaks_nothing(toy_server, content):
    check(toy_server, content)


def test_the_server_still_answers(toy_server):
    answer = call(toy_server.rest_port, "POST", "/v1/models/toys/versions/1:predict", '{"instances": [2]}')
    assert json.loads(answer.body) == {"predictions": [3.0]}
    assert toy_server.process.poll() is None
