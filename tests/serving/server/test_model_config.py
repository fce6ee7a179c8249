"""The model config: TensorFlow Serving's text format, defaults and refusals."""

from pathlib import Path

import pytest
from google.protobuf import text_format

from serving.server.errors import InvalidArgument
from serving.server.flags import Flags
from serving.server.model_config import (
    ModelSettings,
    check_list,
    check_logging,
    check_platforms_stay,
    read_config,
    read_config_file,
    settings_of,
)
from serving.server.versions import All, Latest, Specific
from serving.wire.server_config_pb2 import ModelConfigList, ModelServerConfig


def listed(text):
    return text_format.Parse(text, ModelConfigList())


def entry(name="m", platform='model_platform: "tensorflow"', base_path="/m", more=""):
    return listed(f'config {{ name: "{name}" base_path: "{base_path}" {platform} {more} }}')


def test_two_flags_name_one_model():
    config = read_config(Flags(model_name="m", model_base_path="/m"))
    assert settings_of(config.model_config_list) == (ModelSettings("m", Path("/m")),)


def test_a_file_names_several_with_policies_and_labels(tmp_path):
    path = tmp_path / "models.config"
    path.write_text("""
    # Comments, separators and colons before braces are all legal.
    model_config_list: {
      config: { name: "a", base_path: "/a", model_platform: "tensorflow" };
      config { name: 'b' base_path: "file:///b" model_type: TENSORFLOW model_version_policy { all {} } }
      config { name: "c" base_path: "/c" model_platform: "tensorflow"
               model_version_policy { specific { versions: 42 versions: 43 } }
               version_labels { key: "stable" value: 42 } }
      config { name: "d" base_path: "/d" model_platform: "tensorflow"
               model_version_policy { latest { num_versions: 2 } } }
    }
    """)
    assert settings_of(read_config_file(path).model_config_list) == (
        ModelSettings("a", Path("/a"), Latest(1)),
        ModelSettings("b", Path("/b"), All()),
        ModelSettings("c", Path("/c"), Specific(frozenset({42, 43})), {"stable": 42}),
        ModelSettings("d", Path("/d"), Latest(2)),
    )


def test_an_empty_file_holds_no_config(tmp_path):
    path = tmp_path / "models.config"
    path.touch()
    assert read_config_file(path) == ModelServerConfig()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (Flags(), "Both server_options.model_base_path and server_options.model_config_file are empty!"),
        (
            Flags(model_base_path="models/m", model_name="m"),
            "Expected model m to have an absolute path or URI; got base_path()=models/m",
        ),
        (Flags(model_config_file="/nowhere"), "Invalid protobuf file: '/nowhere'"),
    ],
)
def test_flags_that_name_no_model_are_refused(flags, words):
    with pytest.raises(InvalidArgument) as error:
        read_config(flags)
    assert error.value.message == words


@pytest.mark.parametrize(
    "text",
    [
        "model_config_list {",
        'model_config_list { config { name: "m" unknown_field: 1 } }',
        'model_config_list { config { name: "m" } } custom_model_config {}',
    ],
)
def test_a_file_that_cannot_be_parsed_is_named_and_the_log_says_why(tmp_path, capsys, text):
    path = tmp_path / "models.config"
    path.write_text(text)
    with pytest.raises(InvalidArgument) as error:
        read_config_file(path)
    assert error.value.message == f"Invalid protobuf file: '{path}'"
    assert '"kind": "ModelServerConfig"' in capsys.readouterr().err


def test_a_custom_config_is_refused(tmp_path):
    path = tmp_path / "models.config"
    path.write_text("custom_model_config {}")
    with pytest.raises(InvalidArgument, match="does not yet support custom model config"):
        read_config_file(path)


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (
            [entry(), entry(), entry("n", base_path="n")],
            "Illegal to list model m multiple times in config list",
        ),
        ([entry(base_path="m")], "Expected model m to have an absolute path or URI; got base_path()=m"),
        ([entry(base_path="")], "Expected model m to have an absolute path or URI; got base_path()="),
    ],
)
def test_a_list_that_is_wrong_in_itself_says_why(models, words):
    with pytest.raises(InvalidArgument) as error:
        check_list(ModelConfigList(config=[one for model in models for one in model.config]))
    assert error.value.message == words


def test_a_uri_is_absolute():
    check_list(entry(base_path="gs://bucket/m"))


@pytest.mark.parametrize(
    ("platform", "words"),
    [
        (
            "",
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor ModelServerConfig::model_platform",
        ),
        (
            'model_type: TENSORFLOW model_platform: "tensorflow"',
            "Illegal setting both ModelServerConfig::model_type (deprecated) and ModelServerConfig::model_platform",
        ),
        ('model_platform: "pytorch"', "Model m requests unsupported platform pytorch"),
        ("model_type: OTHER", "Model m requests unsupported platform other"),
    ],
)
def test_a_platform_that_is_not_tensorflow_is_refused(platform, words):
    with pytest.raises(InvalidArgument) as error:
        settings_of(entry(platform=platform))
    assert error.value.message in {words, f"{words}, model name is m"}


def test_a_model_keeps_its_platform():
    check_platforms_stay(entry(), entry(platform="model_type: TENSORFLOW"))
    check_platforms_stay(entry("n"), entry(platform='model_platform: "pytorch"'))
    # A platform that was never said cannot change; otherwise no config could be taken after a wrong one.
    check_platforms_stay(entry(platform=""), entry())
    with pytest.raises(InvalidArgument) as error:
        check_platforms_stay(entry(), entry(platform='model_platform: "pytorch"'))
    assert error.value.message == (
        "Illegal to change a model's platform. For model m platform was tensorflow and new platform requested is pytorch"
    )


def test_request_logging_is_refused():
    check_logging(entry())
    with pytest.raises(InvalidArgument, match="No request-logger-creator provided"):
        check_logging(entry(more='logging_config { log_collector_config { type: "file" } }'))
