"""One signature of a version: what a request must hold to be run, with TensorFlow Serving's checks and messages.

Theirs checks names only and leaves dtype and shape to the runtime. Here the dtype is checked before anything is run, in
the runtime's own words, so that a request cannot spoil a batch for others; and the rank is, where a wrong one would end
the process (`graph_ops`). Other sizes are the runtime's business here too: they are not enforced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from serving.server.errors import InvalidArgument, Unimplemented
from serving.wire import predict_pb2 as pb
from serving.wire.errors import TensorError, TensorUnsupported
from serving.wire.tensors import Array, numpy_dtype, to_array

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from serving.server.savedmodel import SavedModel


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input of a signature.

    Attributes:
        alias: Its name in requests.
        tensor_name: Its name in the graph.
        handle: Its handle in the session.
        index: Its position among the inputs sorted by tensor name, which is how the runtime counts them.
        dtype: What the graph takes.
        sizes: Size of each dimension, None where any is taken; None as a whole where any rank is.
    """

    alias: str
    tensor_name: str
    handle: Any
    index: int
    dtype: np.dtype[Any]
    sizes: tuple[int | None, ...] | None

    def check_dtype(self, array: Array) -> None:
        """Refuse an array of another dtype.

        Raises:
            InvalidArgument: In the words of the runtime.
        """
        if array.dtype != self.dtype:
            raise InvalidArgument(self.mismatch(_dtype_name(array.dtype)))

    def mismatch(self, given: str) -> str:
        """What the runtime says of a tensor of another dtype."""
        return f"Expects arg[{self.index}] to be {_dtype_name(self.dtype)} but {given} is provided"

    def check_rank(self, array: Array) -> None:
        """Refuse an array with another number of dimensions.

        Raises:
            InvalidArgument: Too many or too few.
        """
        if self.sizes is not None and len(array.shape) != len(self.sizes):
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
        tensor_names = sorted(info.name for info in definition.inputs.values())
        self.inputs = tuple(
            InputSpec(
                alias,
                info.name,
                model.tensor(info.name),
                tensor_names.index(info.name),
                _dtype_of(alias, info),
                _sizes_of(info.tensor_shape),
            )
            for alias, info in sorted(definition.inputs.items())
        )
        self._check_order = sorted(range(len(self.inputs)), key=lambda position: self.inputs[position].index)
        self._needs_rank = model.ops.need_rank(info.name for info in definition.outputs.values())
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
            except TensorUnsupported as error:
                raise InvalidArgument(_other_dtype(spec, proto.dtype)) from error
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
        """Refuse arrays that would spoil a batch or end the process.

        Raises:
            InvalidArgument: Another dtype; or another rank, where an op of the model takes no other.
        """
        for position in self._check_order:
            self.inputs[position].check_dtype(arrays[position])
            if self._needs_rank:
                self.inputs[position].check_rank(arrays[position])

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


def _other_dtype(spec: InputSpec, dtype: int) -> str:
    """What is wrong with a tensor whose dtype is not carried: no signature takes it, or there is no such dtype."""
    if dtype not in pb.DataType.values():
        return f"tensor parsing error: {spec.alias}"
    return spec.mismatch(pb.DataType.Name(pb.DataType.ValueType(dtype)).removeprefix("DT_").lower())


def _sizes_of(shape: pb.TensorShapeProto) -> tuple[int | None, ...] | None:
    return None if shape.unknown_rank else tuple(dim.size if dim.size >= 0 else None for dim in shape.dim)


def _dtype_name(dtype: np.dtype[Any]) -> str:
    """TensorFlow's own names (tensorflow/core/framework/types.cc, DataTypeString)."""
    names = {"float32": "float", "float64": "double", "float16": "half", "object": "string"}
    return names.get(dtype.name, dtype.name)
