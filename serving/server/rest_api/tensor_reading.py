"""JSON values to tensors, by the dtypes of a signature, with TensorFlow Serving's checks and words (util/json_tensor.cc).

Regular lists of numbers go to NumPy at once. Whatever is not regular is walked through value by value, in their order,
and that walk alone decides what is refused and with which words.
"""

from __future__ import annotations

import base64
import binascii
import itertools
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from serving.server.errors import InvalidArgument, Unimplemented
from serving.server.rest_api.json_layout import as_double, is_decimal, shown, text_bytes
from serving.server.rest_api.json_text import Members, Value
from serving.wire import predict_pb2 as pb
from serving.wire.tensors import Array

Shape: TypeAlias = tuple[int, ...]

B64: Final = "b64"
_SPACES: Final = str.maketrans("", "", " \t\n\v\f\r")
_INT32: Final = range(-(2**31), 2**31)
_INT64: Final = range(-(2**63), 2**63)
_INTEGERS: Final[dict[int, tuple[range, str, str]]] = {
    # dtype -> (what is taken, dtype in which values are collected, dtype of the tensor). A value beyond an int8 wraps, as
    # theirs does: `int_val` has 32 bits, and nobody looks at them again.
    pb.DT_INT32: (_INT32, "<i4", "<i4"),
    pb.DT_INT16: (_INT32, "<i4", "<i2"),
    pb.DT_INT8: (_INT32, "<i4", "i1"),
    pb.DT_UINT8: (_INT32, "<i4", "u1"),
    pb.DT_INT64: (_INT64, "<i8", "<i8"),
    pb.DT_UINT32: (range(2**32), "<u4", "<u4"),
    pb.DT_UINT64: (range(2**64), "<u8", "<u8"),
}
_DECIMALS: Final[dict[int, str]] = {pb.DT_FLOAT: "<f4", pb.DT_DOUBLE: "<f8"}
_REGULAR_KINDS: Final[dict[int, frozenset[type]]] = {
    **dict.fromkeys(_INTEGERS, frozenset({int})),
    **dict.fromkeys(_DECIMALS, frozenset({int, float})),
    pb.DT_BOOL: frozenset({bool}),
    pb.DT_STRING: frozenset({str}),
}
_JSON_TYPES: Final[dict[type, str]] = {
    type(None): "Null",
    Members: "Object",
    list: "Array",
    str: "String",
    int: "Number",
    float: "Number",
}


@dataclass(frozen=True, slots=True)
class FlatTensor:
    """A tensor whose shape may have more dimensions than NumPy carries.

    Attributes:
        shape: Its shape.
        values: Its elements, in one dimension.
    """

    shape: Shape
    values: Array


def read_value(value: Value, dtype: int) -> FlatTensor:
    """The tensor of one value, of any nesting; the first element of each list decides the shape.

    Raises:
        InvalidArgument: Lists of unequal lengths or depths, or a value that the dtype does not take.
        Unimplemented: The dtype is none that JSON values are converted to.
    """
    return read_regular(value, dtype) or _walk(value, dtype)


class RowReader:
    """Collects rows of one input, one by one, and refuses the first that is wrong.

    Args:
        dtype: What the rows hold.
    """

    def __init__(self, dtype: int) -> None:
        self._dtype = dtype
        self._rows: list[FlatTensor] = []

    def add(self, value: Value) -> None:
        """Take one more row.

        Raises:
            InvalidArgument: It is irregular, or not of the first row's size and shape.
            Unimplemented: The dtype is none that JSON values are converted to.
        """
        row = _walk(value, self._dtype)
        self._rows.append(row)
        first = self._rows[0]
        if len(row.values) != len(first.values):
            message = f"Expecting tensor size: {len(first.values)} but got: {len(row.values)}"
            raise InvalidArgument(message)
        if row.shape != first.shape:
            message = f"Expecting shape {_shape_text(first.shape)} but got: {_shape_text(row.shape)}"
            raise InvalidArgument(message)

    def tensor(self) -> FlatTensor:
        """All rows, of which there must be one, as one tensor."""
        values = np.concatenate([row.values for row in self._rows])
        return FlatTensor((len(self._rows), *self._rows[0].shape), values)


def is_base64(value: Value) -> bool:
    """Whether a value is `{"b64": "..."}`, which counts as a value and not as an object."""
    return isinstance(value, Members) and len(value.pairs) == 1 and isinstance(value.first.get(B64), str)


def read_regular(value: Value, dtype: int) -> FlatTensor | None:
    """The tensor of lists of equal lengths that hold one kind of value, or None where a closer look is needed."""
    shape: list[int] = []
    level: list[Value] = [value]
    while level and type(level[0]) is list:
        size = len(level[0])
        if set(map(type, level)) != {list} or set(map(len, level)) != {size}:
            return None
        shape.append(size)
        level = list(itertools.chain.from_iterable(level))
    kinds = set(map(type, level))
    if not kinds <= _REGULAR_KINDS.get(dtype, frozenset()):
        return None
    try:
        values = [text.encode() for text in level] if dtype == pb.DT_STRING else level
        return FlatTensor(tuple(shape), _collected(values, dtype))
    except (OverflowError, UnicodeEncodeError):
        return None


def _walk(value: Value, dtype: int) -> FlatTensor:
    shape = _shape_of(value)
    found: list[Any] = []
    # Iterators over the lists that are open, outermost first: no depth of nesting can overflow anything.
    opened = [iter([value])]
    while opened:
        for item in opened[-1]:
            level = len(opened) - 1
            if not isinstance(item, list):
                found.append(_read_leaf(item, level, len(shape), dtype))
                continue
            if level >= len(shape):
                message = f"Encountered list at unexpected level: {level} expected < {len(shape)}"
                raise InvalidArgument(message)
            if len(item) != shape[level]:
                message = (
                    f"Encountered list at unexpected size: {len(item)} at level: {level} expected size: {shape[level]}"
                )
                raise InvalidArgument(message)
            opened.append(iter(item))
            break
        else:
            opened.pop()
    return FlatTensor(shape, _collected(found, dtype))


def _shape_of(value: Value) -> Shape:
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _read_leaf(value: Value, level: int, rank: int, dtype: int) -> Any:  # noqa: ANN401 - whatever the dtype holds
    if level != rank:
        message = f"JSON Value: {shown(value)} found at incorrect level: {level + 1} in the JSON DOM. Expected at level: {rank}"
        raise InvalidArgument(message)
    if isinstance(value, Members):
        if dtype != pb.DT_STRING:
            raise _wrong_type(value, dtype)
        return _decode_base64(value)
    if dtype not in _REGULAR_KINDS:
        message = f"Conversion of JSON Value: {shown(value)} to type: {dtype_text(dtype)}"
        raise Unimplemented(message)
    is_taken = type(value) in _REGULAR_KINDS[dtype] and (
        dtype not in _INTEGERS or (not is_decimal(value) and value in _INTEGERS[dtype][0])
    )
    if not is_taken:
        raise _wrong_type(value, dtype)
    if dtype == pb.DT_STRING:
        return text_bytes(value)
    return as_double(value) if dtype in _DECIMALS else value


def _collected(values: list[Any], dtype: int) -> Array:
    if dtype in _INTEGERS:
        _, collected, wanted = _INTEGERS[dtype]
        return np.array(values, collected).astype(wanted, copy=False)
    if dtype in _DECIMALS:
        # A double beyond a float becomes infinite, as in their cast.
        with np.errstate(over="ignore"):
            return np.array(values, np.float64).astype(_DECIMALS[dtype], copy=False)
    if dtype == pb.DT_BOOL:
        return np.array(values, "?")
    return _objects(values)


def _objects(values: list[bytes]) -> Array:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _decode_base64(value: Members) -> bytes:
    if not is_base64(value):
        message = f"JSON Value: {shown(value)} not formatted correctly for base64 data"
        raise InvalidArgument(message)
    text = value.first[B64].translate(_SPACES)
    digits = text.rstrip("=.")
    missing = -len(digits) % 4
    # Padding may be left out, but where it stands it must be right.
    if len(text) - len(digits) in (0, missing):
        try:
            return base64.b64decode(digits + "=" * missing, validate=True)
        except (binascii.Error, ValueError):
            pass
    message = "Unable to base64 decode"
    raise InvalidArgument(message)


def _wrong_type(value: Value, dtype: int) -> InvalidArgument:
    kind = _JSON_TYPES[type(value)] if not isinstance(value, bool) else str(value)
    return InvalidArgument(f"JSON Value: {shown(value)} Type: {kind} is not of expected type: {dtype_text(dtype)}")


def dtype_text(dtype: int) -> str:
    """TensorFlow's name of a dtype (tensorflow/core/framework/types.cc, DataTypeString)."""
    name = pb.DataType.Name(pb.DataType.ValueType(dtype)) if dtype in pb.DataType.values() else str(dtype)
    return name.removeprefix("DT_").lower()


def _shape_text(shape: Shape) -> str:
    return f"[{','.join(map(str, shape))}]"
