"""Section 7 of the contract: requests that a version brings along, run before it is available."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tests.support.model_server_process import run_server_to_its_end
from tests.support.server_calls import RUNS, predict_request, sample

pytestmark = pytest.mark.tensorflow
PATH = "assets.extra/tf_serving_warmup_requests"
COUNT = ":tensorflow:serving:model_warmup_latency_count"
READ = ":tensorflow:serving:model_warmup_records_read"


def predict_record(signature="", **inputs):
    # Another model and a version that nobody has: neither is looked at.
    request = predict_request("nobody", signature, version=99, **(inputs or {"x": np.float32([1])}))
    return prediction_log_pb2.PredictionLog(predict_log={"request": request}).SerializeToString()


def write_records(root, name, batching_toys, records):
    version = shutil.copytree(batching_toys, root / name / "1")
    (version / PATH).parent.mkdir()
    with tf.io.TFRecordWriter(str(version / PATH)) as writer:
        for record in records:
            writer.write(record)
    return version


def write_config(root, names):
    models = "".join(
        f'config {{ name: "{name}" base_path: "{root / name}" model_platform: "tensorflow" }} ' for name in names
    )
    (root / "models.config").write_text(f"model_config_list {{ {models} }}")
    (root / "monitoring.config").write_text('prometheus_config { enable: true path: "/metrics" }')
    return (f"--model_config_file={root / 'models.config'}", f"--monitoring_config_file={root / 'monitoring.config'}")


@pytest.fixture(scope="module")
def server(serve, batching_toys, tmp_path_factory):
    """`two` with two records, `full` with as many as there may be, `empty` without any, `cold` without a file."""
    root = tmp_path_factory.mktemp("warm")
    write_records(root, "two", batching_toys, [predict_record(), predict_record("only_finite")])
    write_records(root, "full", batching_toys, [predict_record()] * 1000)
    write_records(root, "empty", batching_toys, [prediction_log_pb2.PredictionLog().SerializeToString()])
    shutil.copytree(batching_toys, root / "cold" / "1")
    flags = ("--enable_batching", "--num_request_iterations_for_warmup=2")
    with serve(*flags, *write_config(root, ("two", "full", "empty", "cold"))) as running:
        running.root = root
        yield running


@pytest.mark.parametrize(("name", "records"), [("two", 2), ("full", 1000), ("empty", 1)])
def test_every_record_is_read_before_the_version_is_available(server, name, records):
    labels = f'{{model_path="{server.root / name / "1"}",status="OK"}}'
    assert sample(server, COUNT + labels) == 1
    assert sample(server, READ + labels) == records
    assert server.predictions.Predict(predict_request(name, x=np.float32([1]))).model_spec.version.value == 1


def test_a_version_without_a_file_is_available_all_the_same(server):
    assert server.predictions.Predict(predict_request("cold", x=np.float32([1]))).model_spec.version.value == 1
    assert str(server.root / "cold") not in "".join(
        line for line in server.rest("GET", "/metrics")[2].splitlines() if "warmup" in line
    )


def test_warm_up_runs_as_often_as_asked_and_in_batches(server):
    before = sample(server, RUNS)
    assert before >= 2 * (2 + 1000), "each record twice, each a batch of its own"
    server.predictions.Predict(predict_request("cold", x=np.float32([1])))
    assert sample(server, RUNS) == before + 1


def test_warm_up_can_be_switched_off(serve, batching_toys, tmp_path):
    write_records(tmp_path, "m", batching_toys, [predict_record("no such signature")])
    with serve("--enable_model_warmup=false", *write_config(tmp_path, ["m"])) as running:
        assert running.predictions.Predict(predict_request("m", x=np.float32([1])))


def test_any_record_that_fails_fails_the_load(program, batching_toys, tmp_path):
    log = prediction_log_pb2.PredictionLog
    bad = {
        "signature": ([predict_record("sing")], 'FAILED_PRECONDITION: Serving signature key "sing" not found.'),
        "op": ([predict_record("only_finite", x=np.float32([np.nan]))], "this model takes finite numbers only"),
        "many": (
            [predict_record()] * 1001,
            "INVALID_ARGUMENT: Number of warmup records exceeds the maximum (1000) at ",
        ),
        "session": ([log(session_run_log={}).SerializeToString()], "UNIMPLEMENTED: Unsupported log_type for warmup: 5"),
        "unparsable": ([b"\xff\xff"], "INVALID_ARGUMENT: Failed to parse warmup record: "),
    }
    for name, (records, _) in bad.items():
        write_records(tmp_path, name, batching_toys, records)
    garbage = write_records(tmp_path, "garbage", batching_toys, [])
    (garbage / PATH).write_bytes(b"no record at all, and long enough for one")
    flags = ("--max_num_load_retries=0", "--port=0", f"--grpc_socket_path={tmp_path / 'socket'}")
    code, out, _ = run_server_to_its_end(*flags, *write_config(tmp_path, [*bad, "garbage"]), program=program)
    assert code == 255
    assert "Failed to start server. Error: UNKNOWN: 6 servable(s) did not become available: " in out
    for name, (_, message) in bad.items():
        told = out.partition(f"{{name: {name} version: 1}} due to error: ")[2].partition("}, ")[0]
        assert message in told, name
    assert (
        "DATA_LOSS: corrupted record at 0 (Is this even a TFRecord file?). Please verify your warmup data is in TFRecord "
        "format."
    ) in out
