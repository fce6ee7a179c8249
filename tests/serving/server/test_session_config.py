"""Flags and file to TensorFlow's session config."""

import dataclasses
import importlib

import pytest

from serving.server.errors import InvalidArgument
from serving.server.flags import Flags

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def read():
    # Imported here: TensorFlow takes seconds, and collecting this file should not.
    module = importlib.import_module("serving.server.session_config")
    return lambda **flags: module.read_session_config(dataclasses.replace(Flags(), **flags))


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "session.config"
    path.write_text("intra_op_parallelism_threads: 3 inter_op_parallelism_threads: 4 allow_soft_placement: true")
    return str(path)


def test_nothing_said_leaves_everything_to_tensorflow(read):
    assert read().ByteSize() == 0


@pytest.mark.parametrize(
    ("flags", "intra", "inter"),
    [
        ({}, 3, 4),
        ({"tensorflow_intra_op_parallelism": 1}, 1, 4),
        ({"tensorflow_inter_op_parallelism": 1}, 3, 1),
        ({"tensorflow_session_parallelism": 2}, 2, 2),
        ({"tensorflow_session_parallelism": 2, "tensorflow_intra_op_parallelism": 1}, 1, 2),
    ],
)
def test_flags_go_over_the_file(read, written, flags, intra, inter):
    config = read(tensorflow_session_config_file=written, **flags)
    assert (config.intra_op_parallelism_threads, config.inter_op_parallelism_threads) == (intra, inter)
    assert config.allow_soft_placement


def test_bfloat16_is_a_rewrite_of_the_graph(read):
    rewriting = read(mixed_precision="bfloat16").graph_options.rewrite_options
    assert rewriting.auto_mixed_precision_onednn_bfloat16 == rewriting.ON


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"mixed_precision": "float16"}, '--mixed_precision can be "bfloat16" or empty; was "float16"'),
        ({"tensorflow_session_config_file": "/no/such/file"}, "Invalid protobuf file: '/no/such/file'"),
        (
            {f"tensorflow_{kind}_parallelism": 1 for kind in ("session", "intra_op", "inter_op")},
            (
                "Both tensorflow_session_parallelism and tensorflow_intra_op_parallelism/tensorflow_inter_op_parallelism are "
                "set; set one or the other."
            ),
        ),
    ],
)
def test_what_cannot_be_followed_stops_the_start(read, flags, words):
    with pytest.raises(InvalidArgument) as error:
        read(**flags)
    assert error.value.message == words
