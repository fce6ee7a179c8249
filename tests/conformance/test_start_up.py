"""Sections 1, 3 and 8 of the contract: what a start waits for, and what ends it."""

import re
import shutil
import threading

import grpc
import numpy as np
import pytest

from serving.local.ports import find_free_port, is_free
from tests.support.model_server_process import run_server_to_its_end
from tests.support.reloads import WAIT_SECONDS, answering, config_text, entry, label, predict_request, reload, states
from tests.support.server_under_test import ServerUnderTest, status_of
from tests.support.signature_edits import METHOD_NAME, copy_with_method_name

pytestmark = pytest.mark.tensorflow
NO_MODEL = (
    "Specified file path does not appear to contain a SavedModel bundle (should have a file called `saved_model.pb`)"
)


def last_line_of_a_failed_start(program, *flags):
    code, out, _ = run_server_to_its_end(f"--port={find_free_port()}", *flags, program=program)
    assert code == 255
    start = out.rindex("Failed to start server. Error: ")
    return out[start:].rstrip("\n")


def test_a_version_that_fails_every_try_ends_the_start(program, tmp_path):
    (tmp_path / "3").mkdir()
    flags = ["--model_name=m", f"--model_base_path={tmp_path}"]
    retries = ["--max_num_load_retries=2", "--load_retry_interval_micros=1000"]
    assert last_line_of_a_failed_start(program, *flags, *retries) == (
        "Failed to start server. Error: UNKNOWN: 1 servable(s) did not become available: {{{name: m version: 3} due to "
        f"error: NOT_FOUND: {NO_MODEL}\nSpecified file path: {tmp_path}/3}}, }}"
    )


def test_a_label_at_the_start_ends_it(program, toy_models, tmp_path):
    path = tmp_path / "models.config"
    path.write_text(config_text(entry("m", toy_models / "old", label("stable", 7))))
    assert last_line_of_a_failed_start(program, f"--model_config_file={path}") == (
        "Failed to start server. Error: FAILED_PRECONDITION: Request to assign label to version 7 of model m, which is not "
        "currently available for inference"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model_config_list {", "INVALID_ARGUMENT: Invalid protobuf file: '{path}'"),
        ('model_config_list { config { name: "m" no_field: 1 } }', "INVALID_ARGUMENT: Invalid protobuf file: '{path}'"),
        (
            config_text(entry("m", "/m"), entry("m", "/m")),
            "INVALID_ARGUMENT: Illegal to list model m multiple times in config list",
        ),
        (
            config_text(entry("m", "/m", platform="")),
            (
                "INVALID_ARGUMENT: Illegal setting neither ModelServerConfig::model_type (deprecated) nor "
                "ModelServerConfig::model_platform, model name is m"
            ),
        ),
        (
            config_text(entry("m", "/m", platform='model_platform: "boom"')),
            "INVALID_ARGUMENT: Model m requests unsupported platform boom",
        ),
    ],
)
def test_a_config_that_cannot_be_served_ends_it(program, tmp_path, text, words):
    path = tmp_path / "models.config"
    path.write_text(text)
    line = last_line_of_a_failed_start(program, f"--model_config_file={path}")
    assert line == f"Failed to start server. Error: {words.format(path=path)}"


def test_a_start_waits_for_base_path_and_version_with_its_ports_closed(program, toy_models, tmp_path):
    base = tmp_path / "later"
    server = ServerUnderTest("--model_name=m", f"--model_base_path={base}", program=program)
    was_free = []

    def publish_late():
        # Nothing says that a server waits, so a while must do: it takes two seconds to get there.
        threading.Event().wait(6)
        base.mkdir()
        threading.Event().wait(1.5)
        was_free.extend([is_free(server.port), is_free(server.rest_port), server.process.poll() is None])
        shutil.copytree(toy_models / "old" / "7", base / "tmp-7")
        (base / "tmp-7").rename(base / "7")

    publishing = threading.Thread(target=publish_late)
    publishing.start()
    try:
        with server:
            assert was_free == [True, True, True]
            assert answering(server, "m") == 7
            assert server.rest("GET", "/v1/models/m")[0] == 200
    finally:
        publishing.join(WAIT_SECONDS)


def test_an_empty_config_file_starts_a_server_without_models_and_a_call_brings_some(program, toy_models, tmp_path):
    path = tmp_path / "models.config"
    path.touch()
    with ServerUnderTest(f"--model_config_file={path}", program=program) as server:
        assert states(server, "m") == []
        reload(server, entry("m", toy_models / "old"))
        assert answering(server, "m") == 7


def test_the_rest_port_cannot_be_the_grpc_port_and_grpc_is_served_all_the_same(program, toy_models):
    port = find_free_port()
    flags = ["--model_name=m", f"--model_base_path={toy_models / 'old'}"]
    with ServerUnderTest(*flags, program=program, ports=(port, port)) as server:
        assert answering(server, "m") == 7


def test_calls_beyond_the_threads_are_refused_at_once_and_answers_may_be_content(program, toy_models):
    flags = ["--grpc_max_threads=8", "--enable_serialization_as_tensor_content"]
    with ServerUnderTest(
        "--model_name=toys", f"--model_base_path={toy_models / 'toys'}", *flags, program=program
    ) as server:
        answer = server.predictions.Predict(predict_request("toys"), timeout=WAIT_SECONDS).outputs["y"]
        assert (len(answer.tensor_content), list(answer.float_val)) == (8, [])
        request = predict_request("toys", signature="slow", seconds=np.float64([2.0]))
        calls = [server.predictions.Predict.future(request, timeout=WAIT_SECONDS) for _ in range(24)]
        codes = [call.code() for call in calls]
        assert codes.count(grpc.StatusCode.OK) == 7
        refused = {(call.code(), call.details()) for call in calls if call.code() is not grpc.StatusCode.OK}
        assert refused == {(grpc.StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted")}


def test_a_signature_of_another_method_is_refused_where_the_flag_says_so(program, toy_models, tmp_path):
    copy_with_method_name(toy_models / "toys" / "1", tmp_path / "1")
    flags = ["--model_name=m", f"--model_base_path={tmp_path}", "--enable_signature_method_name_check"]
    with ServerUnderTest(*flags, program=program) as server:
        code, words = status_of(lambda: server.predictions.Predict(predict_request("m"), timeout=WAIT_SECONDS))
        assert (code, re.sub(r"\s+", " ", words)) == (
            grpc.StatusCode.INTERNAL,
            (
                "Expected prediction signature method_name to be one of {tensorflow/serving/predict, "
                f"tensorflow/serving/classify, tensorflow/serving/regress}}. Was: {METHOD_NAME}"
            ),
        )
        crops = predict_request("m", signature="two_inputs", a=[1.0], b=[1])
        code, words = status_of(lambda: server.predictions.Predict(crops, timeout=WAIT_SECONDS))
        assert words.startswith("Expects arg[1] to be int64"), "the check comes first and lets this one through"
