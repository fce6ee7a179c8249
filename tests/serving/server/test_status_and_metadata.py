"""GetModelStatus, GetModelMetadata, and Prometheus' page; over REST: tests/conformance/test_rest_protocol.py."""

import grpc
import numpy as np
import pytest

from serving.server.metrics import MAX_STRANGE_NAMES
from serving.wire import predict_pb2 as pb
from serving.wire.client import METADATA_PATH, STATUS_PATH
from serving.wire.errors import CallFailed

pytestmark = pytest.mark.tensorflow


def refusal(server, path, request):
    with pytest.raises(grpc.RpcError) as error:
        server.channel.unary_unary(path, bytes, bytes)(request.SerializeToString(), timeout=30)
    return error.value.code().name, error.value.details()


def test_status_lists_every_version_highest_first(toy_server):
    statuses = toy_server.client.model_status("toys", None, 30)
    assert [(status.version, status.state, status.error_code) for status in statuses] == [
        (2, "AVAILABLE", 0),
        (1, "AVAILABLE", 0),
    ]
    assert [status.version for status in toy_server.client.model_status("toys", 1, 30)] == [1]


def test_status_ignores_a_label(toy_server):
    request = pb.GetModelStatusRequest(model_spec=pb.ModelSpec(name="toys", version_label="nope"))
    body = toy_server.channel.unary_unary(STATUS_PATH, bytes, bytes)(request.SerializeToString(), timeout=30)
    assert len(pb.GetModelStatusResponse.FromString(body).model_version_status) == 2


def test_status_of_what_was_never_seen_is_not_found(toy_server):
    for version, words in (
        (None, "Could not find any versions of model nope"),
        (3, "Could not find version 3 of model nope"),
    ):
        with pytest.raises(CallFailed) as failure:
            toy_server.client.model_status("nope", version, 30)
        assert (failure.value.code, failure.value.details) == (grpc.StatusCode.NOT_FOUND, words)
    assert refusal(toy_server, STATUS_PATH, pb.GetModelStatusRequest()) == ("INVALID_ARGUMENT", "Missing ModelSpec")


def test_metadata_shows_names_dtypes_and_shapes(toy_server):
    signatures = toy_server.client.model_metadata("toys", None, 30).signature_def
    assert {"serving_default", "crops", "__saved_model_init_op"} <= set(signatures)
    crop = signatures["crops"].inputs["crop"]
    assert crop.dtype == pb.DT_UINT8
    assert [dim.size for dim in crop.tensor_shape.dim] == [-1, 8, 8, 3]
    assert signatures["crops"].method_name == "tensorflow/serving/predict"


@pytest.mark.parametrize(
    ("request_message", "answer"),
    [
        (pb.GetModelMetadataRequest(), ("INVALID_ARGUMENT", "Missing ModelSpec")),
        (
            pb.GetModelMetadataRequest(model_spec={"name": "toys"}),
            ("INVALID_ARGUMENT", "GetModelMetadataRequest must specify at least one metadata_field"),
        ),
        (
            pb.GetModelMetadataRequest(model_spec={"name": "toys"}, metadata_field=["author"]),
            ("INVALID_ARGUMENT", "Metadata field author is not supported"),
        ),
        (
            pb.GetModelMetadataRequest(model_spec={"name": "nope"}, metadata_field=["signature_def"]),
            ("NOT_FOUND", "Servable not found for request: Latest(nope)"),
        ),
    ],
)
def test_metadata_refusals_say_what_theirs_say(toy_server, request_message, answer):
    assert refusal(toy_server, METADATA_PATH, request_message) == answer


def samples(server, path="/monitoring/prometheus/metrics"):
    status, content_type, body = server.rest("GET", path)
    assert (status, content_type) == (200, "text/plain")
    lines = [line.rpartition(" ") for line in body.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_metrics_count_calls_by_model_and_status(toy_server):
    def count(status, model="toys"):
        name = f':tensorflow:serving:request_count{{model_name="{model}",status="{status}"}}'
        return samples(toy_server).get(name, 0)

    def latencies():
        name = ':tensorflow:serving:request_latency_count{model_name="toys",API="Predict",entrypoint="GRPC"}'
        return samples(toy_server).get(name, 0)

    before = count("OK"), count("NOT_FOUND"), latencies()
    toy_server.client.predict("toys", 1, {"x": np.float32([1])}, 30)
    with pytest.raises(CallFailed):
        toy_server.client.predict("toys", 9, {"x": np.float32([1])}, 30)
    assert (count("OK"), count("NOT_FOUND"), latencies()) == (before[0] + 1, before[1] + 1, before[2] + 1)


def test_names_that_callers_invent_add_a_bounded_number_of_series(toy_server):
    for number in range(MAX_STRANGE_NAMES + 5):
        with pytest.raises(CallFailed):
            toy_server.client.predict(f"junk-{number}", None, {"x": np.float32([1])}, 30)
    assert toy_server.rest("GET", "/v1/models/junk-0")[0] == 404
    junk = {name for name in samples(toy_server) if "junk" in name}
    assert 0 < len(junk) <= MAX_STRANGE_NAMES


def test_histograms_are_cumulative_and_end_in_infinity(toy_server):
    toy_server.client.predict("toys", 1, {"x": np.float32([1])}, 30)
    name = ":tensorflow:serving:runtime_latency"
    labels = 'model_name="toys",API="Predict",runtime="TF1"'
    page = samples(toy_server)
    buckets = [value for key, value in page.items() if key.startswith(f"{name}_bucket{{{labels}")]
    assert len(buckets) == 34
    assert buckets == sorted(buckets)
    assert page[f'{name}_bucket{{{labels},le="+Inf"}}'] == page[f"{name}_count{{{labels}}}"] == buckets[-1]


def test_prometheus_page_stands_where_the_config_says(batching_server):
    page = samples(batching_server, "/metrics")
    warmups = [value for name, value in page.items() if "model_warmup_latency_count" in name]
    assert warmups == [1.0], "one file, however often its records are run"
    assert batching_server.rest("GET", "/monitoring/prometheus/metrics")[0] == 404
