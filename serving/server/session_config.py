"""How TensorFlow runs a version: threads and rewrites of the graph, from flags and a text file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2

from serving.server.errors import InvalidArgument
from serving.server.text_files import read_text_proto

if TYPE_CHECKING:
    from serving.server.flags import Flags

BFLOAT16: Final = "bfloat16"


def read_session_config(flags: Flags) -> config_pb2.ConfigProto:
    """The session config of every version: the file's, where the flags say nothing else.

    Raises:
        InvalidArgument: A file that cannot be parsed, thread flags that contradict each other, or a precision other than
            bfloat16.
    """
    config = config_pb2.ConfigProto()
    if flags.tensorflow_session_config_file:
        read_text_proto(Path(flags.tensorflow_session_config_file), config)
    session, intra, inter = (
        flags.tensorflow_session_parallelism,
        flags.tensorflow_intra_op_parallelism,
        flags.tensorflow_inter_op_parallelism,
    )
    if all(count > 0 for count in (session, intra, inter)):
        message = (
            "Both tensorflow_session_parallelism and tensorflow_intra_op_parallelism/"
            "tensorflow_inter_op_parallelism are set; set one or the other."
        )
        raise InvalidArgument(message)
    if intra > 0 or session > 0:
        config.intra_op_parallelism_threads = intra if intra > 0 else session
    if inter > 0 or session > 0:
        config.inter_op_parallelism_threads = inter if inter > 0 else session
    if flags.mixed_precision not in {"", BFLOAT16}:
        message = f'--mixed_precision can be "{BFLOAT16}" or empty; was "{flags.mixed_precision}"'
        raise InvalidArgument(message)
    if flags.mixed_precision == BFLOAT16:
        # Only where oneDNN is on, as in TensorFlow Serving: without it TensorFlow has no such rewrite.
        config.graph_options.rewrite_options.auto_mixed_precision_onednn_bfloat16 = (
            rewriter_config_pb2.RewriterConfig.ON
        )
    return config
