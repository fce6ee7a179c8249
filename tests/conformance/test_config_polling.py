"""Section 3 of the contract: a model config file that is read again, beside configs that come by call."""

import grpc
import pytest

from tests.support.reloads import (
    answering,
    config_text,
    entry,
    label,
    predict_request,
    reload,
    specific,
    states,
    wait_for_states,
    wait_until,
)
from tests.support.server_under_test import status_of

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    """Replace the config file at once, so that no half of it is read."""
    path = tmp_path_factory.mktemp("polling") / "models.config"

    def write_config(text):
        path.with_name("new").write_text(text)
        path.with_name("new").replace(path)

    write_config.path = path
    return write_config


@pytest.fixture(scope="module")
def server(serve, write, toy_models):
    write(config_text(entry("first", toy_models / "toys", specific(1))))
    flags = ["--model_config_file_poll_wait_seconds=1", "--max_num_load_retries=0"]
    with serve(f"--model_config_file={write.path}", *flags) as running:
        yield running


def test_models_and_policies_follow_the_file(server, write, toy_models):
    assert states(server, "first") == [(1, "AVAILABLE")]
    write(config_text(entry("first", toy_models / "toys", specific(1, 2)), entry("second", toy_models / "old")))
    wait_for_states(server, "first", (2, "AVAILABLE"), (1, "AVAILABLE"))
    wait_for_states(server, "second", (7, "AVAILABLE"))
    write(config_text(entry("first", toy_models / "toys", specific(2))))
    wait_for_states(server, "first", (2, "AVAILABLE"), (1, "END"))
    wait_for_states(server, "second", (7, "END"))


def test_a_label_holds_from_the_reading_after_its_version_answers(server, write, toy_models):
    write(config_text(entry("first", toy_models / "toys", specific(1, 2))))
    wait_for_states(server, "first", (2, "AVAILABLE"), (1, "AVAILABLE"))
    write(config_text(entry("first", toy_models / "toys", specific(1, 2) + label("stable", 1))))

    def is_labelled():
        try:
            return answering(server, "first", label="stable") == 1
        except grpc.RpcError:
            return False

    wait_until(is_labelled)


@pytest.mark.parametrize(
    "text", ["model_config_list {", 'model_config_list { config { name: "first" base_path: "x" } }']
)
def test_a_file_that_cannot_be_used_changes_nothing(server, write, toy_models, text):
    good = entry("first", toy_models / "toys", specific(1, 2))
    write(config_text(good))
    wait_for_states(server, "first", (2, "AVAILABLE"), (1, "AVAILABLE"))
    write(text)
    # A good one after it shows that the wrong one was read, and that the polling goes on.
    marker = "third" if text.endswith("{") else "fourth"
    assert answering(server, "first") == 2
    write(config_text(good, entry(marker, toy_models / "old")))
    wait_for_states(server, marker, (7, "AVAILABLE"))
    assert states(server, "first") == [(2, "AVAILABLE"), (1, "AVAILABLE")]


def test_what_a_call_changed_holds_until_the_file_is_read_again(server, write, toy_models):
    write(config_text(entry("first", toy_models / "toys", specific(1, 2))))
    reload(server, entry("first", toy_models / "toys", specific(1, 2)), entry("called", toy_models / "old"))
    wait_for_states(server, "called", (7, "END"))
    assert status_of(lambda: server.predictions.Predict(predict_request("called"), timeout=30))[0].name == "NOT_FOUND"
    assert answering(server, "first") == 2
