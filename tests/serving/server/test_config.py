"""Config files: TensorFlow Serving's text formats, defaults and refusals."""

from pathlib import Path

import pytest

from serving.server.config import BatchingSettings, ModelSettings, read_batching, read_metrics_path, read_models
from serving.server.errors import InvalidArgument
from serving.server.flags import Flags
from serving.server.versions import All, Latest, Specific

DEPLOY = Path(__file__).parents[3] / "serving" / "deploy"


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "file.config"
        path.write_text(text)
        return str(path)

    return write


def models(path):
    return read_models(Flags(model_config_file=path))


def config(entry):
    return f'model_config_list {{ config {{ name: "m" base_path: "/m" model_platform: "tensorflow" {entry} }} }}'


def test_two_flags_name_one_model():
    assert read_models(Flags(model_name="m", model_base_path="/m")) == (ModelSettings("m", Path("/m")),)


def test_a_file_names_several_with_policies_and_labels(written):
    text = """
    # Comments, separators and colons before braces are all legal.
    model_config_list: {
      config: { name: "a", base_path: "/a", model_platform: "tensorflow" };
      config { name: 'b' base_path: "/b" model_platform: "tensorflow" model_version_policy { all {} } }
      config { name: "c" base_path: "/c" model_platform: "tensorflow"
               model_version_policy { specific { versions: 42 versions: 43 } }
               version_labels { key: "stable" value: 42 } }
      config { name: "d" base_path: "/d" model_platform: "tensorflow"
               model_version_policy { latest { num_versions: 2 } } }
    }
    """
    assert models(written(text)) == (
        ModelSettings("a", Path("/a"), Latest(1)),
        ModelSettings("b", Path("/b"), All()),
        ModelSettings("c", Path("/c"), Specific(frozenset({42, 43})), {"stable": 42}),
        ModelSettings("d", Path("/d"), Latest(2)),
    )


def test_an_empty_file_means_no_models(written):
    assert models(written("")) == ()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (Flags(), "Both server_options.model_base_path and server_options.model_config_file are empty!"),
        (
            Flags(model_base_path="models/m", model_name="m"),
            "Expected model m to have an absolute path or URI; got base_path()=models/m",
        ),
    ],
)
def test_flags_that_name_no_model_are_refused(flags, words):
    with pytest.raises(InvalidArgument) as error:
        read_models(flags)
    assert error.value.message == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            config('} config { name: "m" base_path: "/m" model_platform: "tensorflow"'),
            "Illegal to list model m multiple times in config list",
        ),
        ('model_config_list { config { name: "m" base_path: "/m" } }', "Illegal setting neither"),
        (
            'model_config_list { config { name: "m" base_path: "/m" model_platform: "pytorch" } }',
            "Model m requests unsupported platform pytorch",
        ),
        (
            'model_config_list { config { name: "m" base_path: "m" model_platform: "tensorflow" } }',
            "Expected model m to have an absolute path or URI; got base_path()=m",
        ),
        (config("unknown_field: 1"), "Invalid protobuf file: '"),
        ("model_config_list {", "Invalid protobuf file: '"),
        (config("logging_config {}"), "No request-logger-creator provided."),
    ],
)
def test_a_config_that_cannot_be_served_says_why(written, text, words):
    with pytest.raises(InvalidArgument) as error:
        models(written(text))
    assert error.value.message.startswith(words)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidArgument, match=r"nowhere\.config"):
        models(str(tmp_path / "nowhere.config"))


def batching(path):
    return read_batching(Flags(enable_batching=True, batching_parameters_file=path))


def test_batching_has_their_defaults(written):
    assert read_batching(Flags()) is None
    settings = read_batching(Flags(enable_batching=True))
    assert settings == batching(written("")) == BatchingSettings()
    assert (settings.max_batch_size, settings.batch_timeout_micros, settings.max_enqueued_batches) == (1000, 0, 10)


def test_batching_parameters_are_read(written):
    text = """
    max_batch_size { value: 8 } batch_timeout_micros { value: 2000 } max_enqueued_batches { value: 3 }
    num_batch_threads { value: 2 } allowed_batch_sizes: 4 allowed_batch_sizes: 8 pad_variable_length_inputs: true
    thread_pool_name { value: "pool" }
    """
    assert batching(written(text)) == BatchingSettings(8, 2000, 3, 2, (4, 8), pad_variable_length_inputs=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("num_batch_threads { value: 0 }", "num_batch_threads must be positive; was 0"),
        ("max_batch_size { value: 0 }", "max_batch_size must be positive; was 0"),
        ("batch_timeout_micros { value: -1 }", "batch_timeout_micros must be non-negative; was -1"),
        ("max_enqueued_batches { value: -1 }", "max_enqueued_batches must be non-negative; was -1"),
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: 4",
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; expected 8",
        ),
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: [8, 4, 8]",
            "allowed_batch_sizes entries must be monotonically increasing",
        ),
        ("enable_large_batch_splitting { value: true }", "enable_large_batch_splitting and max_execution_batch_size"),
        ("max_batch_size: 8", "Invalid protobuf file: '"),
    ],
)
def test_impossible_batching_says_why(written, text, words):
    with pytest.raises(InvalidArgument) as error:
        batching(written(text))
    assert error.value.message.startswith(words)


def test_batching_parameters_without_batching_are_refused():
    with pytest.raises(InvalidArgument) as error:
        read_batching(Flags(batching_parameters_file="/a"))
    assert error.value.message == (
        "server_options.batching_parameters_file is set without setting server_options.enable_batching to true."
    )


def test_monitoring_stands_where_the_file_says(written):
    assert read_metrics_path(Flags()) is None
    assert read_metrics_path(Flags(monitoring_config_file=written("prometheus_config { enable: false }"))) is None
    default = read_metrics_path(Flags(monitoring_config_file=written("prometheus_config { enable: true }")))
    assert default == "/monitoring/prometheus/metrics"
    elsewhere = written('prometheus_config { enable: true, path: "/m" }')
    assert read_metrics_path(Flags(monitoring_config_file=elsewhere)) == "/m"


def test_the_files_of_serving_deploy_are_good():
    assert batching(str(DEPLOY / "batching.config")).max_batch_size > 1
    assert read_metrics_path(Flags(monitoring_config_file=str(DEPLOY / "monitoring.config")))
