"""The body of a Predict call to inputs, in row format (`instances`) or column format (`inputs`)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from serving.server.errors import InvalidArgument, StatusError
from serving.server.rest_api.json_layout import shown
from serving.server.rest_api.json_text import Document, Members, Value
from serving.server.rest_api.tensor_reading import FlatTensor, RowReader, is_base64, read_regular, read_value
from serving.wire import predict_pb2 as pb
from serving.wire.client import DEFAULT_SIGNATURE
from serving.wire.tensors import fill_tensor_proto

Inputs: TypeAlias = Mapping[str, pb.TensorInfo]

SIGNATURE_NAME: Final = "signature_name"
INSTANCES: Final = "instances"
INPUTS: Final = "inputs"
_ABSENT: Final = object()
_SURROGATE_BYTE: Final = b"\xed"


class Format(enum.Enum):
    """How a request is laid out; its answer is laid out alike."""

    ROW = enum.auto()
    COLUMN = enum.auto()


class PredictBody:
    """A parsed body, not yet held against a signature.

    Args:
        body: The bytes.

    Attributes:
        signature_name: The signature asked for; empty for the default.

    Raises:
        InvalidArgument: No JSON, no object, or a `signature_name` that is no string.
    """

    def __init__(self, body: bytes) -> None:
        self._document = Document(body)
        members = self._document.value
        if not isinstance(members, Members):
            self._document.refuse_faults()
            message = f"JSON Value: {shown(members)} Is not object"
            raise InvalidArgument(message)
        self._members = members
        name = members.first.get(SIGNATURE_NAME, "")
        if not isinstance(name, str):
            message = (
                f"JSON Value: {shown(members)} not formatted correctly. 'signature_name' key must be a string value."
            )
            raise InvalidArgument(message)
        self.signature_name: str = name

    def fill(self, request: pb.PredictRequest, signatures: Mapping[str, pb.SignatureDef]) -> Format:
        """Put signature and inputs into a request message.

        Raises:
            InvalidArgument: No such signature, or inputs that it does not take.
            Unimplemented: An input's dtype is none that JSON values are converted to.
        """
        try:
            return self._fill(request, signatures)
        except StatusError:
            # What Python's parser took and RapidJSON would not have is the first fault of the request.
            self._document.refuse_faults()
            raise

    def _fill(self, request: pb.PredictRequest, signatures: Mapping[str, pb.SignatureDef]) -> Format:
        name = self.signature_name or DEFAULT_SIGNATURE
        if name not in signatures:
            message = f'Serving signature name: "{name}" not found in signature def'
            raise InvalidArgument(message)
        wanted = signatures[name].inputs
        if not wanted:
            message = f"Failed to get input map for signature: {self.signature_name or 'DEFAULT'}"
            raise InvalidArgument(message)
        chosen, tensors = self._read(wanted)
        if any(_is_suspect(tensor) for tensor in tensors.values()):
            self._document.refuse_faults()
        request.model_spec.signature_name = _storable(self.signature_name)
        for alias, tensor in tensors.items():
            proto = request.inputs[alias]
            fill_tensor_proto(proto, tensor.values)
            proto.dtype = wanted[alias].dtype
            del proto.tensor_shape.dim[:]
            for size in tensor.shape:
                proto.tensor_shape.dim.add(size=size)
        return chosen

    def _read(self, wanted: Inputs) -> tuple[Format, dict[str, FlatTensor]]:
        instances, columns = self._members.first.get(INSTANCES, _ABSENT), self._members.first.get(INPUTS, _ABSENT)
        if instances is _ABSENT and columns is _ABSENT:
            message = "Missing 'inputs' or 'instances' key"
            raise InvalidArgument(message)
        if instances is _ABSENT:
            return Format.COLUMN, _read_columns(columns, wanted)
        if columns is not _ABSENT:
            words = "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
        elif not isinstance(instances, list):
            words = "Expecting 'instances' to be an list/array"
        elif not instances:
            words = "No values in 'instances' array"
        else:
            return Format.ROW, _read_instances(instances, wanted)
        message = f"JSON Value: {shown(self._members)} {words}"
        raise InvalidArgument(message)


def _read_instances(instances: list[Value], wanted: Inputs) -> dict[str, FlatTensor]:
    if not isinstance(instances[0], Members) and len(wanted) > 1:
        message = (
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
        raise InvalidArgument(message)
    if _is_object(instances[0]):
        return _read_objects(instances, wanted)
    return _read_plain(instances, wanted)


def _read_plain(instances: list[Value], wanted: Inputs) -> dict[str, FlatTensor]:
    alias, info = next(iter(wanted.items()))
    regular = read_regular(instances, info.dtype)
    if regular is not None:
        return {alias: regular}
    reader = RowReader(info.dtype)
    for index, instance in enumerate(instances):
        if _is_object(instance):
            message = f"Expecting value/list but got object at item {index} of input list"
            raise InvalidArgument(message)
        try:
            reader.add(instance)
        except StatusError as error:
            message = f"Failed to process element: {index} of 'instances' list. Error: {error}"
            raise InvalidArgument(message) from error
    return {alias: reader.tensor()}


def _read_objects(instances: list[Value], wanted: Inputs) -> dict[str, FlatTensor]:
    names = set(wanted)
    if all(isinstance(instance, Members) and set(instance.first) == names for instance in instances):
        columns = {alias: [instance.first[alias] for instance in instances] for alias in wanted}
        regular = {alias: read_regular(column, wanted[alias].dtype) for alias, column in columns.items()}
        found = {alias: tensor for alias, tensor in regular.items() if tensor is not None}
        if len(found) == len(wanted):
            return found
    readers = {alias: RowReader(info.dtype) for alias, info in wanted.items()}
    for index, instance in enumerate(instances):
        if not _is_object(instance):
            message = f"Expecting object but got list at item {index} of input list"
            raise InvalidArgument(message)
        for name, value in instance.first.items():
            try:
                if name not in readers:
                    message = f"JSON object: does not have named input: {name}"
                    raise InvalidArgument(message)
                readers[name].add(value)
            except StatusError as error:
                message = f"Failed to process element: {index} key: {name} of 'instances' list. Error: {error}"
                raise InvalidArgument(message) from error
        if set(instance.first) != names:
            message = (
                f"Failed to process element: {index} of 'instances' list. JSON object: {shown(instance)} keys must be "
                f"equal to: {','.join(sorted(wanted))}"
            )
            raise InvalidArgument(message)
    return {alias: reader.tensor() for alias, reader in readers.items()}


def _read_columns(columns: Value, wanted: Inputs) -> dict[str, FlatTensor]:
    if not _is_object(columns):
        if len(wanted) > 1:
            message = (
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
            raise InvalidArgument(message)
        alias = next(iter(wanted))
        return {alias: read_value(columns, wanted[alias].dtype)}
    tensors = {}
    for alias in sorted(wanted):
        if alias not in columns.first:
            message = f"Missing named input: {alias} in 'inputs' object."
            raise InvalidArgument(message)
        tensors[alias] = read_value(columns.first[alias], wanted[alias].dtype)
    return tensors


def _is_object(value: Value) -> bool:
    return isinstance(value, Members) and not is_base64(value)


def _is_suspect(tensor: FlatTensor) -> bool:
    """Whether it holds what Python's parser makes of texts that RapidJSON refuses: infinities, half surrogate pairs."""
    values: Any = tensor.values
    if values.dtype.kind == "O":
        return any(_SURROGATE_BYTE in value for value in values)
    return values.dtype.kind == "f" and bool((abs(values) == float("inf")).any())


def _storable(name: str) -> str:
    """A name that a message can carry; one with half surrogates is no signature's name anyway."""
    return name.encode("utf-8", "replace").decode()
