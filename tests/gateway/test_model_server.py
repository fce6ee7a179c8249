import grpc
import numpy as np
import pytest

from gateway.deadline import Deadline
from gateway.errors import (
    ModelVersionMismatch,
    ModelVersionMissing,
    PredictorBusy,
    PredictorRejected,
    PredictorTimeout,
    PredictorUnavailable,
)
from gateway.model_server import ModelServerPredictor
from gateway.pin import PinReader
from serving.local.ports import find_free_port
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from tests.support.gateway import VERSION, make_repository
from tests.support.stub_model_server import StubModelServer

CROP = np.arange(128 * 128 * 3, dtype=np.uint32).astype(np.uint8).reshape(128, 128, 3)


@pytest.fixture
def stub():
    with StubModelServer(VERSION) as server:
        yield server


@pytest.fixture
def results():
    return []


@pytest.fixture
def connect(results):
    opened = []

    def connect(address):
        channel = open_channel(address)
        predictor = ModelServerPredictor(ModelServerClient(channel), max_calls=4, on_call=results.append)
        opened.append((predictor, channel))
        return predictor

    yield connect
    for predictor, channel in opened:
        channel.close()
        predictor.close()


@pytest.fixture
def model(tmp_path):
    return PinReader(make_repository(tmp_path), allow_demo=True, on_change=lambda _: None).current()


def predict(predictor, model, seconds=30.0):
    return predictor.predict(CROP[np.newaxis], model, Deadline.after(seconds))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_come_back_widened_and_the_crop_arrives_byte_for_byte(connect, stub, model, results, dtype):
    stub.p_no_depression = dtype(0.7)
    scores = predict(connect(stub.address), model)
    assert scores.p_no_depression == float(dtype(0.7))
    assert (scores.logit, scores.version) == (0.0, VERSION)
    (crop,) = stub.crops
    assert crop.dtype == np.uint8
    assert crop.tobytes() == CROP.tobytes()
    assert crop.shape == (1, 128, 128, 3)
    assert results == ["ok"]


def test_another_version_than_the_pinned_one_is_no_answer(connect, stub, model, results):
    stub.answering_version = VERSION + 1
    with pytest.raises(ModelVersionMismatch):
        predict(connect(stub.address), model)
    assert results == ["invalid_answer"]


def test_a_pinned_version_that_is_not_served_is_missing(connect, stub, model):
    stub.version = VERSION + 1
    with pytest.raises(ModelVersionMissing):
        predict(connect(stub.address), model)
    with pytest.raises(ModelVersionMissing):
        connect(stub.address).check(model, Deadline.after(30))


def test_one_retry_when_the_server_is_unavailable(connect, stub, model, results):
    stub.errors = [grpc.StatusCode.UNAVAILABLE]
    assert predict(connect(stub.address), model).version == VERSION
    assert stub.calls == 2
    assert results == ["unavailable", "ok"]


def test_no_second_retry(connect, stub, model):
    stub.errors = [grpc.StatusCode.UNAVAILABLE] * 3
    with pytest.raises(PredictorUnavailable):
        predict(connect(stub.address), model)
    assert stub.calls == 2


@pytest.mark.parametrize("code", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN])
def test_what_trying_again_cannot_help_is_not_tried_again(connect, stub, model, code):
    stub.errors = [code]
    with pytest.raises(PredictorRejected):
        predict(connect(stub.address), model)
    assert stub.calls == 1


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, PredictorBusy),
        (grpc.StatusCode.ABORTED, PredictorUnavailable),
        (grpc.StatusCode.CANCELLED, PredictorUnavailable),
    ],
)
def test_a_server_with_too_much_to_do_is_not_asked_again(connect, stub, model, code, expected):
    stub.errors = [code]
    with pytest.raises(expected):
        predict(connect(stub.address), model)
    assert stub.calls == 1


def test_a_second_attempt_that_is_slow_is_no_missing_server(connect, stub, model, results):
    stub.errors = [grpc.StatusCode.UNAVAILABLE]
    stub.hang_from_call = 2
    with pytest.raises(PredictorTimeout):
        predict(connect(stub.address), model, seconds=2)
    assert results == ["unavailable", "deadline"]


def test_a_server_that_hangs_meets_the_deadline(connect, stub, model):
    stub.go_on.clear()
    with pytest.raises(PredictorTimeout):
        predict(connect(stub.address), model, seconds=0.1)


def test_nobody_listening_is_unavailable_within_the_deadline(connect, model, results):
    predictor = connect(f"127.0.0.1:{find_free_port()}")
    with pytest.raises(PredictorUnavailable):
        predict(predictor, model, seconds=0.5)
    assert results == ["unavailable"]
    with pytest.raises(PredictorUnavailable):
        predictor.check(model, Deadline.after(0.5))


@pytest.mark.parametrize(
    "output", [np.zeros((1, 2), np.float32), np.zeros((0,), np.float32), np.ones((1, 1), np.int64), None]
)
def test_an_output_that_is_no_single_number_is_no_answer(connect, stub, model, results, output):
    stub.p_no_depression = output
    with pytest.raises(PredictorRejected):
        predict(connect(stub.address), model)
    assert results == ["invalid_answer"]


def test_an_available_version_passes_the_check(connect, stub, model):
    connect(stub.address).check(model, Deadline.after(30))
