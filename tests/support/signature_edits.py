"""SavedModels whose signatures are not as TensorFlow's exporters write them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

METHOD_NAME = "symmetra/look"


def copy_with_default(source: Path, target: Path) -> None:
    """A copy of the toys whose signature `two_inputs` takes [7] where the request has no b."""

    def add_default(signatures):
        signatures["two_inputs"].defaults["b"].CopyFrom(tf.make_tensor_proto([7], tf.int64))

    _copy_edited(source, target, add_default)


def copy_with_method_name(source: Path, target: Path) -> None:
    """A copy of the toys whose default signature has a method name that is none of TensorFlow Serving's."""

    def rename(signatures):
        signatures["serving_default"].method_name = METHOD_NAME

    _copy_edited(source, target, rename)


def _copy_edited(source: Path, target: Path, edit: Callable[..., None]) -> None:
    shutil.copytree(source, target)
    path = target / "saved_model.pb"
    model = SavedModel.FromString(path.read_bytes())
    edit(model.meta_graphs[0].signature_def)
    path.write_bytes(model.SerializeToString())
