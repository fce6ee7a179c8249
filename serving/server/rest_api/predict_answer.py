"""Outputs of Predict to the body of an answer, laid out as TensorFlow Serving does (util/json_tensor.cc).

In row format the elements of a list stand on one line and its closing bracket on the next; in column format every element
has a line of its own. Numbers in arrays are never copied one by one into objects of a JSON library: the text is joined
from the innermost dimension outwards.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from serving.server.errors import InvalidArgument
from serving.server.rest_api.json_layout import INDENT, decimal_text, quoted, text_bytes
from serving.server.rest_api.predict_request import Format
from serving.server.rest_api.tensor_reading import B64, dtype_text
from serving.wire import predict_pb2 as pb
from serving.wire.tensors import Array, to_array

_BYTES_SUFFIX: Final = "_bytes"
_INTEGERS: Final = frozenset(
    {pb.DT_INT32, pb.DT_INT16, pb.DT_INT8, pb.DT_UINT8, pb.DT_INT64, pb.DT_UINT32, pb.DT_UINT64}
)
_DECIMALS: Final = frozenset({pb.DT_FLOAT, pb.DT_DOUBLE})


def write_predictions(outputs: Mapping[str, pb.TensorProto], chosen: Format) -> bytes:
    """The body for these outputs.

    Raises:
        InvalidArgument: No outputs, a dtype that is not written, or, in row format, outputs without the same first
            dimension.
    """
    if not outputs:
        message = "Cannot convert empty tensor map to JSON"
        raise InvalidArgument(message)
    tensors = {alias: _Output(alias, outputs[alias]) for alias in sorted(outputs)}
    text = _rows(tensors) if chosen is Format.ROW else _columns(tensors)
    return text.encode("latin-1")


def write_error(message: str) -> bytes:
    """The body of an answer other than OK."""
    try:
        # What came in as bytes that are no UTF-8 goes out as it came.
        content = message.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        content = text_bytes(message)
    return f'{{\n{INDENT}"error": {quoted(content)}\n}}'.encode("latin-1")


class _Output:
    """One output, as an array and the texts of its elements."""

    def __init__(self, alias: str, proto: pb.TensorProto) -> None:
        self.key = quoted(text_bytes(alias))
        self.array: Array = to_array(proto)
        self.shape = self.array.shape
        self._alias = alias
        self._dtype = proto.dtype

    def texts(self, depth: int) -> list[str]:
        """The elements in order, for a place in the layout that is `depth` levels deep."""
        values = self.array.reshape(-1)
        if not len(values):
            return []
        if self._dtype in _DECIMALS:
            return _decimal_texts(values)
        if self._dtype in _INTEGERS:
            return list(map(str, values.tolist()))
        if self._dtype == pb.DT_BOOL:
            return ["true" if value else "false" for value in values.tolist()]
        if self._dtype == pb.DT_STRING:
            if self._alias.endswith(_BYTES_SUFFIX):
                return [_base64_text(value, depth) for value in values]
            return [quoted(value) for value in values]
        message = f"Failed to write JSON value for tensor type: {dtype_text(self._dtype)}"
        raise InvalidArgument(message)


def _rows(tensors: Mapping[str, _Output]) -> str:
    batch_size = -1
    for alias, tensor in tensors.items():
        if not tensor.shape:
            message = f"Tensor name: {alias} has no shape information "
            raise InvalidArgument(message)
        if batch_size not in (-1, tensor.shape[0]):
            message = f"Tensor name: {alias} has inconsistent batch size: {tensor.shape[0]} expecting: {batch_size}"
            raise InvalidArgument(message)
        batch_size = tensor.shape[0]
    start = f'{{\n{INDENT}"predictions": ['
    end = f"\n{INDENT}]\n}}"
    if not batch_size:
        return f"{start}]\n}}"
    if len(tensors) == 1:
        (tensor,) = tensors.values()
        rows = _one_line(tensor.texts(len(tensor.shape) + 1), tensor.shape)
        return start + ", ".join(rows) + end
    columns = [
        (tensor.key, _one_line(tensor.texts(len(tensor.shape) + 2), tensor.shape)) for tensor in tensors.values()
    ]
    objects = [_object([f"{key}: {texts[row]}" for key, texts in columns], depth=2) for row in range(batch_size)]
    return start + ",".join(f"\n{INDENT * 2}{text}" for text in objects) + end


def _columns(tensors: Mapping[str, _Output]) -> str:
    if len(tensors) == 1:
        (tensor,) = tensors.values()
        text = _many_lines(tensor, depth=1)
    else:
        text = _object([f"{tensor.key}: {_many_lines(tensor, depth=2)}" for tensor in tensors.values()], depth=1)
    return f'{{\n{INDENT}"outputs": {text}\n}}'


def _one_line(texts: list[str], shape: Sequence[int]) -> list[str]:
    """The texts of the first dimension's elements, each on one line."""
    for level in range(len(shape) - 1, 0, -1):
        texts = [f"[{', '.join(group)}]" for group in _groups(texts, shape, level)]
    return texts


def _many_lines(tensor: _Output, depth: int) -> str:
    """A whole tensor with a line for each element, at a place that is `depth` levels deep."""
    shape = tensor.shape
    texts = tensor.texts(depth + len(shape))
    for level in range(len(shape) - 1, -1, -1):
        indent = f"\n{INDENT * (depth + level + 1)}"
        end = f"\n{INDENT * (depth + level)}]"
        texts = [
            f"[{indent}{f',{indent}'.join(group)}{end}" if group else "[]" for group in _groups(texts, shape, level)
        ]
    return texts[0]


def _groups(texts: list[str], shape: Sequence[int], level: int) -> list[list[str]]:
    """The texts in groups of the size of one dimension; there may be groups without a text in them."""
    size = shape[level]
    count = int(np.prod(shape[:level], dtype=np.int64))
    return [texts[index * size : (index + 1) * size] for index in range(count)]


def _object(members: Sequence[str], depth: int) -> str:
    indent = f"\n{INDENT * (depth + 1)}"
    return "{" + ",".join(indent + member for member in members) + f"\n{INDENT * depth}}}"


def _base64_text(value: bytes, depth: int) -> str:
    return _object([f'"{B64}": "{base64.b64encode(value).decode()}"'], depth)


def _decimal_texts(values: Array) -> list[str]:
    """`decimal_text` of many numbers: six digits for all, more for those that need them."""
    is_double = values.dtype.itemsize == np.dtype(np.float64).itemsize
    numbers = values.tolist()
    texts = [f"{number:g}" for number in numbers]
    short = np.array(texts, np.float64)
    with np.errstate(over="ignore"):
        exact = (short if is_double else short.astype(np.float32)) == values
    for index in np.flatnonzero(~exact).tolist():
        texts[index] = decimal_text(numbers[index], is_double=is_double)
    return [text if "." in text or "e" in text or "N" in text or "I" in text else _with_point(text) for text in texts]


def _with_point(text: str) -> str:
    """A whole number with a point, and infinity in JSON's spelling."""
    return {"inf": "Infinity", "-inf": "-Infinity"}.get(text, f"{text}.0")
