"""One signature of a version: what a request must hold to be run, with TensorFlow Serving's checks and messages.

Theirs checks names only and leaves dtype and shape to the runtime, where a tensor of the wrong rank ends the whole
process (a CHECK in oneDNN's convolution; observed on 2.20). Here dtype, rank and fixed dimensions are checked before
anything is run, and before the request can spoil a batch for others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from serving.server.errors import InvalidArgument, Unimplemented
from serving.wire.errors import TensorError, TensorUnsupported
from serving.wire.tensors import Array, numpy_dtype, to_array

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from serving.server.savedmodel import SavedModel
    from serving.wire import predict_pb2 as pb


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input of a signature.

    Attributes:
        alias: Its name in requests.
        tensor_name: Its name in the graph.
        handle: Its handle in the session.
        dtype: What the graph takes.
        sizes: Size of each dimension, None where any is taken; None as a whole where any rank is.
    """

    alias: str
    tensor_name: str
    handle: Any
    dtype: np.dtype[Any]
    sizes: tuple[int | None, ...] | None

    def check(self, array: Array, index: int) -> None:
        """Refuse an array that the graph cannot take.

        Raises:
            InvalidArgument: Another dtype, rank or fixed dimension; the words about the dtype are the runtime's.
        """
        if array.dtype != self.dtype:
            message = f"Expects arg[{index}] to be {_dtype_name(self.dtype)} but {_dtype_name(array.dtype)} is provided"
            raise InvalidArgument(message)
        if self.sizes is None:
            return
        matches = len(array.shape) == len(self.sizes) and all(
            wanted is None or wanted == size for wanted, size in zip(self.sizes, array.shape, strict=True)
        )
        if not matches:
            wanted = ",".join("-1" if size is None else str(size) for size in self.sizes)
            message = f"Input {self.alias} must have shape [{wanted}] but has [{','.join(map(str, array.shape))}]"
            raise InvalidArgument(message)


class Signature:
    """A signature bound to a loaded SavedModel.

    Args:
        definition: The signature as it stands in the model.
        model: Where its tensors are.

    Raises:
        Unimplemented: An input or output that is no plain tensor, or of a dtype that is not carried.
        FailedPrecondition: It names a tensor that the graph does not have.
    """

    def __init__(self, definition: pb.SignatureDef, model: SavedModel) -> None:
        for info in (*definition.inputs.values(), *definition.outputs.values()):
            if info.WhichOneof("encoding") != "name":
                message = "Signatures with sparse or composite tensors are not supported by this server."
                raise Unimplemented(message)
        self._definition = definition
        # Sorted by alias: TensorFlow 2 numbers a function's arguments so, and its messages name these numbers.
        self.inputs = tuple(
            InputSpec(alias, info.name, model.tensor(info.name), _dtype_of(alias, info), _sizes_of(info.tensor_shape))
            for alias, info in sorted(definition.inputs.items())
        )
        self._outputs = {alias: model.tensor(info.name) for alias, info in sorted(definition.outputs.items())}

    def read_inputs(self, given: Mapping[str, pb.TensorProto]) -> list[Array]:
        """The arrays of a request, in the order of `inputs`; dtype and shape are not looked at yet.

        Raises:
            InvalidArgument: Too many or too few inputs, a missing one without default, or one that holds no tensor.
        """
        defaults = self._definition.defaults
        if len(given) > len(self.inputs) or (len(given) < len(self.inputs) and not defaults):
            raise InvalidArgument(self._size_mismatch(given))
        arrays = []
        for spec in self.inputs:
            if spec.alias in given:
                proto = given[spec.alias]
            elif spec.alias in defaults:
                proto = defaults[spec.alias]
            else:
                message = (
                    f"Signature input alias: {spec.alias}(feed name: {spec.tensor_name}) not found in request and no "
                    f"default value provided. Inputs expected to be in the request {{{_joined(given)}}}, or default "
                    f"input alias set: {_joined(defaults)}"
                )
                raise InvalidArgument(message)
            try:
                arrays.append(to_array(proto))
            except TensorError as error:
                message = f"tensor parsing error: {spec.alias}"
                raise InvalidArgument(message) from error
        used = [spec.alias for spec in self.inputs if spec.alias in given]
        if len(used) != len(given):
            message = (
                f"Inputs contains invalid name. Used request inputs: {','.join(used)}, request input: {_joined(given)}"
            )
            raise InvalidArgument(message)
        return arrays

    def choose_outputs(self, output_filter: Sequence[str]) -> tuple[str, ...]:
        """The outputs to run: those of the filter, in its order, or all.

        Raises:
            InvalidArgument: A name that the signature does not have, or one twice.
        """
        if not output_filter:
            return tuple(self._outputs)
        for position, alias in enumerate(output_filter):
            if alias not in self._outputs:
                message = (
                    f"output tensor alias not found in signature: {alias} Outputs expected to be in the set "
                    f"{{{_joined(self._outputs)}}}."
                )
                raise InvalidArgument(message)
            if alias in output_filter[:position]:
                message = f"duplicate output tensor alias: {alias}"
                raise InvalidArgument(message)
        return tuple(output_filter)

    def check(self, arrays: Sequence[Array]) -> None:
        """Refuse arrays that the graph cannot take.

        Raises:
            InvalidArgument: Another dtype, rank or fixed dimension.
        """
        for index, (spec, array) in enumerate(zip(self.inputs, arrays, strict=True)):
            spec.check(array, index)

    def fetches(self, aliases: Sequence[str]) -> list[Any]:
        """Handles of the outputs, in the order given."""
        return [self._outputs[alias] for alias in aliases]

    def _size_mismatch(self, given: Mapping[str, pb.TensorProto]) -> str:
        wanted = {spec.alias for spec in self.inputs}
        return (
            f"input size does not match signature: {len(given)}!={len(wanted)} len({{{_joined(given)}}}) != "
            f"len({{{_joined(wanted)}}}). Sent extra: {{{_joined(set(given) - wanted)}}}. "
            f"Missing but required: {{{_joined(wanted - set(given))}}}."
        )


def _joined(names: Mapping[str, object] | set[str]) -> str:
    return ",".join(sorted(names))


def _dtype_of(alias: str, info: pb.TensorInfo) -> np.dtype[Any]:
    try:
        return numpy_dtype(info.dtype)
    except TensorUnsupported as error:
        message = f"Input {alias} of the signature: {error}."
        raise Unimplemented(message) from error


def _sizes_of(shape: pb.TensorShapeProto) -> tuple[int | None, ...] | None:
    return None if shape.unknown_rank else tuple(dim.size if dim.size >= 0 else None for dim in shape.dim)


def _dtype_name(dtype: np.dtype[Any]) -> str:
    """TensorFlow's own names (tensorflow/core/framework/types.cc, DataTypeString)."""
    names = {"float32": "float", "float64": "double", "float16": "half", "object": "string"}
    return names.get(dtype.name, dtype.name)
