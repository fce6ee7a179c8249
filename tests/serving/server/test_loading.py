"""Loading a version and warming it up: what is good, and what is refused and why."""

import dataclasses
import importlib
import shutil

import numpy as np
import pytest

from serving.server.errors import DataLoss, FailedPrecondition, InvalidArgument, NotFound, StatusError, Unimplemented
from serving.server.flags import Flags
from serving.server.metrics import ServerMetrics
from serving.wire import predict_pb2 as pb
from serving.wire.tensors import fill_tensor_proto
from serving.wire.warmup import MAX_WARMUP_RECORDS, WARMUP_PATH, crc32c, write_warmup
from serving.wire.warmup_pb2 import PredictionLog

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def version(toy_models, tmp_path):
    return shutil.copytree(toy_models / "toys" / "1", tmp_path / "1")


@pytest.fixture
def load():
    """Loads a directory with the given flags; everything loaded is closed again."""
    # Imported here: TensorFlow takes seconds, and collecting this file should not.
    loader = importlib.import_module("serving.server.loader")
    loaded = []

    def load_version(directory, metrics=None, **flags):
        made = loader.ServableLoader(dataclasses.replace(Flags(), **flags), None, metrics or ServerMetrics())
        loaded.append(made("toys", 1, directory))
        return loaded[-1]

    yield load_version
    for servable in loaded:
        servable.close()


def request(value=1.0, signature=""):
    made = pb.PredictRequest(model_spec=pb.ModelSpec(name="another", signature_name=signature, version={"value": 99}))
    fill_tensor_proto(made.inputs["x"], np.float32([value]))
    return made


def test_a_version_without_warm_up_file_is_loaded(load, version):
    servable = load(version)
    assert servable.run("serving_default", [np.float32([1])], ("y",), None)[0].tolist() == [2.5]


@pytest.mark.parametrize(
    ("flags", "runs"),
    [({}, 2), ({"num_request_iterations_for_warmup": 3}, 6), ({"enable_model_warmup": False}, 0)],
)
def test_warm_up_requests_run_as_often_as_asked_whatever_model_they_name(load, version, flags, runs):
    write_warmup(version / WARMUP_PATH, [request(1), request(2)])
    metrics = ServerMetrics()
    load(version, metrics, **flags)
    assert samples(metrics.graph_runs) == ({"": runs} if runs else {})
    labels = f'model_path="{version}",status="OK"'
    assert samples(metrics.warmup_records_read) == ({labels: 2} if runs else {})
    assert samples(metrics.warmup_latency, "_count") == ({labels: 1} if runs else {}), "once for the whole file"


def samples(metric, suffix=""):
    lines = (line for line in metric.exposition() if line.startswith(f"{metric.name}{suffix}{{"))
    found = (line.removeprefix(f"{metric.name}{suffix}{{").rpartition("} ") for line in lines)
    return {labels: int(value) for labels, _, value in found}


def write_record(path, content):
    def masked(part):
        crc = crc32c(part)
        return ((((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF).to_bytes(4, "little")

    length = len(content).to_bytes(8, "little")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(length + masked(length) + content + masked(content))


@pytest.mark.parametrize(
    ("write", "error", "words"),
    [
        (lambda path: write_warmup(path, [request(signature="sing")]), FailedPrecondition, '"sing" not found'),
        (
            lambda path: write_warmup(path, [request(np.nan, "only_finite")]),
            InvalidArgument,
            "this model takes finite numbers only",
        ),
        (
            lambda path: (path.parent.mkdir(), path.write_bytes(b"no record at all")),
            DataLoss,
            "corrupted record at 0 .*Please verify your warmup data is in TFRecord format",
        ),
        (lambda path: write_record(path, b"\xff\xff"), InvalidArgument, "Failed to parse warmup record: "),
        (
            lambda path: write_record(path, PredictionLog(session_run_log=b"").SerializeToString()),
            Unimplemented,
            "Unsupported log_type for warmup: 5",
        ),
        (
            lambda path: write_record(path, PredictionLog(predict_streamed_log=b"").SerializeToString()),
            Unimplemented,
            "Unsupported log_type for warmup: 7",
        ),
    ],
)
def test_a_warm_up_that_fails_fails_the_load(load, version, write, error, words):
    write(version / WARMUP_PATH)
    with pytest.raises(error, match=words):
        load(version)


@pytest.mark.parametrize("log", [{}, {"classify_log": b""}, {"regress_log": b""}, {"multi_inference_log": b""}])
def test_a_record_of_no_kind_or_of_one_that_nobody_can_call_is_passed_over(load, version, log):
    write_record(version / WARMUP_PATH, PredictionLog(**log).SerializeToString())
    load(version)


def test_what_stands_before_a_damaged_record_has_been_run(load, version):
    path = version / WARMUP_PATH
    write_warmup(path, [request(1), request(2)])
    path.write_bytes(path.read_bytes()[:-2])
    metrics = ServerMetrics()
    with pytest.raises(DataLoss, match="Please verify your warmup data is in TFRecord format"):
        load(version, metrics)
    assert samples(metrics.graph_runs) == {"": 1}
    assert list(samples(metrics.warmup_records_read).values()) == [1]


def test_loads_are_counted_by_path_and_outcome(load, version, tmp_path):
    metrics = ServerMetrics()
    load(version, metrics)
    with pytest.raises(NotFound):
        load(tmp_path, metrics)
    assert samples(metrics.load_attempt_count) == {
        f'model_path="{version}",status="success"': 1,
        f'model_path="{tmp_path}",status="fail"': 1,
    }
    assert samples(metrics.load_latency)[f'model_path="{version}"'] > 0


def test_an_identity_of_the_model_is_shown_as_present(load, version):
    metrics = ServerMetrics()
    load(version, metrics)
    assert samples(metrics.mlmd_map) == {}
    (version / "assets.extra").mkdir()
    (version / "assets.extra" / "mlmd_uuid").write_text("an identity")
    load(version, metrics)
    assert samples(metrics.mlmd_map) == {'model_name="toys",version="1"': 0}


def test_more_than_a_thousand_records_fail_the_load(load, version, monkeypatch):
    monkeypatch.setattr("serving.wire.warmup.MAX_WARMUP_RECORDS", MAX_WARMUP_RECORDS + 1)
    write_warmup(version / WARMUP_PATH, [request()] * (MAX_WARMUP_RECORDS + 1))
    metrics = ServerMetrics()
    with pytest.raises(InvalidArgument, match=r"exceeds the maximum \(1000\)"):
        load(version, metrics)
    assert samples(metrics.graph_runs) == {"": MAX_WARMUP_RECORDS + 1}, "theirs has run it before it counts it"


def cut(name):
    return lambda version: (version / name).write_bytes((version / name).read_bytes()[:-40])


def flip(name):
    def flip_byte(version):
        content = bytearray((version / name).read_bytes())
        content[len(content) // 2] ^= 0xFF
        (version / name).write_bytes(content)

    return flip_byte


@pytest.mark.parametrize(
    "spoil",
    [
        lambda version: (version / "saved_model.pb").unlink(),
        lambda version: (version / "saved_model.pb").write_bytes(b""),
        cut("saved_model.pb"),
        lambda version: (version / "variables" / "variables.index").unlink(),
        lambda version: (version / "variables" / "variables.data-00000-of-00001").unlink(),
        cut("variables/variables.data-00000-of-00001"),
        flip("variables/variables.data-00000-of-00001"),
    ],
)
def test_a_damaged_version_is_refused_and_never_ends_the_process(load, version, spoil):
    spoil(version)
    with pytest.raises(StatusError):
        load(version)


def test_a_directory_without_saved_model_gets_their_words(load, tmp_path):
    with pytest.raises(NotFound) as error:
        load(tmp_path)
    assert error.value.message == (
        "Specified file path does not appear to contain a SavedModel bundle (should have a file called "
        f"`saved_model.pb`)\nSpecified file path: {tmp_path}"
    )


def test_other_tags_are_not_found(load, version):
    with pytest.raises(NotFound, match=r"Could not find meta graph def matching supplied tags: \{ serve gpu \}"):
        load(version, saved_model_tags="serve,gpu")


def test_thread_flags_that_contradict_each_other_are_refused(load, version):
    flags = ("tensorflow_session_parallelism", "tensorflow_intra_op_parallelism", "tensorflow_inter_op_parallelism")
    with pytest.raises(InvalidArgument):
        load(version, **dict.fromkeys(flags, 1))
    assert load(version, tensorflow_session_parallelism=2).version == 1
