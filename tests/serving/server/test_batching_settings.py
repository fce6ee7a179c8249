"""BatchingParameters: defaults, what stops the start, and what fails the load of a version."""

from pathlib import Path

import pytest

from serving.server.batching_settings import Batching, BatchingSettings, read_batching
from serving.server.errors import InvalidArgument
from serving.server.flags import Flags

DEPLOY = Path(__file__).resolve().parents[3] / "serving" / "deploy"


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "batching.config"
        path.write_text(text)
        return str(path)

    return write


def read(path="", **flags):
    return read_batching(Flags(enable_batching=True, batching_parameters_file=path, **flags))


def test_batching_has_their_defaults(written):
    assert read_batching(Flags()) is None
    assert read() == read(written("")) == Batching(BatchingSettings())
    settings = read().common
    assert (settings.max_batch_size, settings.batch_timeout_micros, settings.max_enqueued_batches) == (1000, 0, 10)
    assert settings.largest_run == 1000


def test_all_parameters_are_read(written):
    text = """
    max_batch_size { value: 8 } batch_timeout_micros { value: 2000 } max_enqueued_batches { value: 3 }
    num_batch_threads { value: 2 } allowed_batch_sizes: 4 allowed_batch_sizes: 8 pad_variable_length_inputs: true
    thread_pool_name { value: "pool" } enable_large_batch_splitting { value: true }
    max_execution_batch_size { value: 4 }
    """
    settings = read(written(text)).common
    settings.check()
    assert settings == BatchingSettings(
        8,
        2000,
        3,
        2,
        (4, 8),
        pad_variable_length_inputs=True,
        enable_large_batch_splitting=True,
        max_execution_batch_size=4,
    )
    assert settings.largest_run == 4


def test_parts_are_as_large_as_requests_may_be_where_nothing_else_is_said(written):
    settings = read(written("max_batch_size { value: 8 } enable_large_batch_splitting { value: true }")).common
    assert (settings.max_execution_batch_size, settings.largest_run) == (8, 8)
    unsplit = read(written("max_batch_size { value: 8 } max_execution_batch_size { value: 2 }")).common
    assert unsplit.largest_run == 8, "without splitting max_execution_batch_size means nothing"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("num_batch_threads { value: 0 }", "num_batch_threads must be positive; was 0"),
        ("max_batch_size: 8", "Invalid protobuf file: '"),
        ("no_such_field: 8", "Invalid protobuf file: '"),
    ],
)
def test_what_no_pool_can_follow_stops_the_start(written, text, words):
    with pytest.raises(InvalidArgument) as error:
        read(written(text))
    assert error.value.message.startswith(words)


SPLIT = "enable_large_batch_splitting { value: true }"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: 4",
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; expected 8",
        ),
        (
            "allowed_batch_sizes: 4",
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; expected 1000",
        ),
        ("max_batch_size { value: 0 }", "input_batch_size_limit must be positive; was 0"),
        ("batch_timeout_micros { value: -1 }", "batch_timeout_micros must be non-negative; was -1"),
        (SPLIT + "max_enqueued_batches { value: 0 }", "max_enqueued_batches must be positive; was 0"),
        (
            SPLIT + "max_batch_size { value: 4 } max_execution_batch_size { value: 8 }",
            (
                "When enable_large_batch_splitting is true, input_batch_size_limit must be greater than or equal to "
                "max_execution_batch_size.148"
            ),
        ),
    ],
)
def test_what_no_queue_can_follow_fails_the_load(written, tmp_path, text, words):
    batching = read(written(text))
    with pytest.raises(InvalidArgument) as error:
        batching.settings_of(tmp_path)
    assert error.value.message == words


def test_allowed_sizes_out_of_order_are_taken_as_they_stand(written, tmp_path):
    text = "max_batch_size { value: 8 } allowed_batch_sizes: [4, 2, 8]"
    assert read(written(text)).settings_of(tmp_path).allowed_batch_sizes == (4, 2, 8)


def test_no_room_at_all_is_read_as_room_for_one(written, tmp_path):
    assert read(written("max_enqueued_batches { value: 0 }")).settings_of(tmp_path).largest_queue == 1


def test_batching_parameters_without_batching_are_refused():
    with pytest.raises(InvalidArgument) as error:
        read_batching(Flags(batching_parameters_file="/a"))
    assert error.value.message == (
        "server_options.batching_parameters_file is set without setting server_options.enable_batching to true."
    )


def test_a_version_brings_its_own_parameters_or_is_not_batched(written, tmp_path):
    common = written("max_batch_size { value: 8 } num_batch_threads { value: 3 }")
    batching = read(common, enable_per_model_batching_parameters=True)
    assert batching.common.num_batch_threads == 3
    assert batching.settings_of(tmp_path) is None
    own = tmp_path / "batching_params.pbtxt"
    own.write_text("max_batch_size { value: 2 }")
    assert batching.settings_of(tmp_path).max_batch_size == 2
    assert read(common).settings_of(tmp_path).max_batch_size == 8, "without the flag the file is not looked at"
    own.write_text("max_batch_size: 2")
    with pytest.raises(InvalidArgument) as error:
        batching.settings_of(tmp_path)
    assert error.value.message == f"Invalid protobuf file: '{own}'"


def test_the_file_of_serving_deploy_is_good(tmp_path):
    assert read(str(DEPLOY / "batching.config")).settings_of(tmp_path).max_batch_size > 1
