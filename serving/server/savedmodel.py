"""A loaded SavedModel: its signatures, and running them with NumPy arrays.

It is loaded into a TensorFlow session, as TensorFlow Serving does it, and not with `tf.saved_model.load`. So a version
that would fail there fails here (variables that only Keras can restore, for one), TensorFlow 1 models work, closing the
session frees all of it, and a call costs 10 microseconds of Python instead of 250 (half_plus_two, 2 cores).
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

from serving.server.errors import DataLoss, FailedPrecondition, NotFound, StatusError, Unimplemented, Unknown, status_of
from serving.server.graph_ops import GraphOps
from serving.wire import predict_pb2 as pb

# Before TensorFlow is imported: its start-up chatter is not JSON, and nothing in it concerns who runs this server.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.saved_model.loader_impl import SavedModelLoader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from serving.wire.tensors import Array

tf.get_logger().setLevel("ERROR")

SAVED_MODEL_NAME: Final = "saved_model.pb"
SESSION_BUNDLE_NAME: Final = "export.meta"
_LONGEST_TIMEOUT_SECONDS: Final = 1e6
TENSORFLOW_VERSION: Final[str] = tf.__version__


class SavedModel:
    """One version in memory.

    Args:
        directory: The version directory.
        tags: Tags of the MetaGraphDef to load.
        config: Threads and rewrites of the graph.

    Raises:
        NotFound: No SavedModel there, or none with these tags.
        Unimplemented: A model of TensorFlow 1's first format.
        DataLoss: `saved_model.pb` cannot be parsed.
        StatusError: What TensorFlow failed with, such as missing or damaged variables.
    """

    def __init__(self, directory: Path, tags: Sequence[str], config: config_pb2.ConfigProto) -> None:
        if not (directory / SAVED_MODEL_NAME).is_file():
            if (directory / SESSION_BUNDLE_NAME).is_file():
                message = "Session Bundle is deprecated and removed."
                raise Unimplemented(message)
            message = (
                "Specified file path does not appear to contain a SavedModel bundle (should have a file called "
                f"`{SAVED_MODEL_NAME}`)\nSpecified file path: {directory}"
            )
            raise NotFound(message)
        self._graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=self._graph, config=config)
        try:
            meta_graph = self._load(directory, tags)
            self.ops = GraphOps(meta_graph.graph_def)
            self.signatures: dict[str, pb.SignatureDef] = {
                name: pb.SignatureDef.FromString(signature.SerializeToString())
                for name, signature in meta_graph.signature_def.items()
            }
        except BaseException:
            self._session.close()
            raise
        # `Session.run` would look feeds and fetches up by name on every call, which takes 200 microseconds of Python.
        self._handle = self._session._session  # noqa: SLF001 - the handle of the C API has no public name
        # -1: a call runs its ops in the thread that makes it. Handing them to a pool costs 0.03 ms (half_plus_two).
        pool = 0 if config.inter_op_parallelism_threads else -1
        self._run_options = _run_options(inter_op_thread_pool=pool)

    def _load(self, directory: Path, tags: Sequence[str]) -> Any:  # noqa: ANN401 - TensorFlow's messages have no stubs
        try:
            loader = SavedModelLoader(str(directory))
            with self._graph.as_default():
                return loader.load(self._session, list(tags))
        except tf.errors.OpError as error:
            raise _status_of(error) from error
        except OSError as error:
            message = f"Can't parse {directory / SAVED_MODEL_NAME} as binary proto"
            raise DataLoss(message) from error
        except RuntimeError as error:
            message = f"Could not find meta graph def matching supplied tags: {{ {' '.join(tags)} }}. {error}"
            raise NotFound(message) from error
        except (KeyError, TypeError, ValueError) as error:
            message = f"The graph in {directory / SAVED_MODEL_NAME} cannot be imported: {error}"
            raise Unknown(message) from error

    def tensor(self, name: str) -> Any:  # noqa: ANN401 - a handle of TensorFlow's C API
        """The handle of a tensor for `run`.

        Raises:
            FailedPrecondition: The signature names a tensor that the graph does not have.
        """
        try:
            return self._graph.get_tensor_by_name(name)._as_tf_output()  # noqa: SLF001 - what `Session.run` itself does
        except (KeyError, ValueError) as error:
            message = f"The signature names {name!r}, which the graph does not have."
            raise FailedPrecondition(message) from error

    def run(self, feeds: dict[Any, Array], fetches: list[Any], deadline: float | None = None) -> list[Array]:
        """Run the graph once. May be called from many threads.

        Args:
            feeds: Handle to array, of the right dtype and rank: a wrong rank would end the process, not the call.
            fetches: Handles of what to return.
            deadline: On `time.monotonic`; no op is begun after it. One that has passed is none, as theirs reads it.

        Raises:
            StatusError: What TensorFlow failed with; DeadlineExceeded where the deadline passed while it ran.
        """
        options = self._run_options
        seconds = 0.0 if deadline is None else deadline - time.monotonic()
        # gRPC gives a call without deadline one in 292 years, more than the option holds in milliseconds.
        has_timeout = 0.001 <= seconds < _LONGEST_TIMEOUT_SECONDS
        if has_timeout:
            # Only a run on the pool can be given up: one in the caller's thread looks at the clock when it is through.
            options = _run_options(timeout_in_ms=int(seconds * 1000))
        try:
            outputs: list[Array] = pywrap_tf_session.TF_SessionRun_wrapper(
                self._handle, options, feeds, fetches, [], None
            )
        except tf.errors.OpError as error:
            raise _status_of(error) from error
        finally:
            if has_timeout:
                pywrap_tf_session.TF_DeleteBuffer(options)
        return outputs

    def close(self) -> None:
        """Free the session. Nobody may run it any more."""
        self._session.close()
        pywrap_tf_session.TF_DeleteBuffer(self._run_options)


def _run_options(**fields: int) -> Any:  # noqa: ANN401 - a buffer of TensorFlow's C API
    return pywrap_tf_session.TF_NewBufferFromString(config_pb2.RunOptions(**fields).SerializeToString())


def _status_of(error: tf.errors.OpError) -> StatusError:
    # Python's session puts a heading before the message that TensorFlow Serving would send.
    return status_of(error.error_code, str(error.message).removeprefix("Graph execution error:\n\n"))
