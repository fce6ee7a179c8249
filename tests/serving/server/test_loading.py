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


def test_warm_up_requests_run_as_often_as_asked_whatever_model_they_name(load, version):
    write_warmup(version / WARMUP_PATH, [request(1), request(2)])
    for flags, runs in (({}, 2), ({"num_request_iterations_for_warmup": 3}, 6), ({"enable_model_warmup": False}, 0)):
        metrics = ServerMetrics()
        load(version, metrics, **flags)
        counted = [line for line in metrics.warmup_latency.exposition() if "_count{" in line]
        assert [int(line.rpartition(" ")[2]) for line in counted] == ([runs] if runs else [])


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
    ],
)
def test_a_warm_up_that_fails_fails_the_load(load, version, write, error, words):
    write(version / WARMUP_PATH)
    with pytest.raises(error, match=words):
        load(version)


def test_a_record_of_no_kind_is_passed_over(load, version):
    write_record(version / WARMUP_PATH, PredictionLog().SerializeToString())
    load(version)


def test_more_than_a_thousand_records_fail_the_load(load, version, monkeypatch):
    monkeypatch.setattr("serving.wire.warmup.MAX_WARMUP_RECORDS", MAX_WARMUP_RECORDS + 1)
    write_warmup(version / WARMUP_PATH, [request()] * (MAX_WARMUP_RECORDS + 1))
    with pytest.raises(InvalidArgument, match=r"exceeds the maximum \(1000\)"):
        load(version)


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
