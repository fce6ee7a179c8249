"""NumPy arrays to TensorProto and back.

Tensors travel as `tensor_content`: one copy of the bytes, no loop over elements. The typed fields (`float_val` and
others) are read too, because TensorFlow Serving answers with them unless --enable_serialization_as_tensor_content is
set, with the rule of `tensorflow::Tensor::FromProto`: where a typed field is shorter than the shape, its last value
repeats; where it is empty, every element is zero.
"""

from __future__ import annotations

import math
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from serving.wire import predict_pb2 as pb
from serving.wire.errors import TensorMalformed, TensorUnsupported

Array: TypeAlias = npt.NDArray[Any]

MAX_FILLED_BYTES: Final = 64 * 1024 * 1024
"""Largest tensor made from fewer values than it has elements. Without a limit, a message of 30 bytes fills memory."""

_MAX_EMPTY_ELEMENTS: Final = 2**24
"""Largest product of the other sizes of a tensor without elements. An op may give a value for each of its empty rows: a message of
35 bytes with the shape [2**31, 0] made eight gibibytes of sums."""
_MAX_RANK: Final = 64
"""NumPy's limit; TensorFlow's is 254."""

_MAX_ELEMENTS: Final = 2**48
"""NumPy refuses a shape whose bytes overflow, also where another dimension is zero."""

# dtype -> (NumPy dtype, typed field, NumPy dtype in which the field's values are read).
_NUMBERS: Final[dict[int, tuple[np.dtype[Any], str, np.dtype[Any]]]] = {
    pb.DT_FLOAT: (np.dtype("<f4"), "float_val", np.dtype("<f4")),
    pb.DT_DOUBLE: (np.dtype("<f8"), "double_val", np.dtype("<f8")),
    pb.DT_INT32: (np.dtype("<i4"), "int_val", np.dtype("<i4")),
    pb.DT_UINT8: (np.dtype("u1"), "int_val", np.dtype("<i4")),
    pb.DT_INT16: (np.dtype("<i2"), "int_val", np.dtype("<i4")),
    pb.DT_INT8: (np.dtype("i1"), "int_val", np.dtype("<i4")),
    pb.DT_UINT16: (np.dtype("<u2"), "int_val", np.dtype("<i4")),
    pb.DT_INT64: (np.dtype("<i8"), "int64_val", np.dtype("<i8")),
    pb.DT_BOOL: (np.dtype("?"), "bool_val", np.dtype("?")),
    pb.DT_HALF: (np.dtype("<f2"), "half_val", np.dtype("<i4")),
    pb.DT_UINT32: (np.dtype("<u4"), "uint32_val", np.dtype("<u4")),
    pb.DT_UINT64: (np.dtype("<u8"), "uint64_val", np.dtype("<u8")),
}
_PACKED_AS_IN_MEMORY: Final = frozenset({pb.DT_FLOAT, pb.DT_DOUBLE, pb.DT_BOOL})
"""Dtypes whose typed field has, on the wire, the bytes that NumPy has in memory."""
_LENGTH_DELIMITED: Final = 2
_DTYPE_OF: Final = {numpy_dtype: dtype for dtype, (numpy_dtype, _, _) in _NUMBERS.items()}


def numpy_dtype(dtype: int) -> np.dtype[Any]:
    """The NumPy dtype of a DataType number; strings are arrays of `object` (bytes).

    Raises:
        TensorUnsupported: A dtype that this wire does not carry.
    """
    if dtype == pb.DT_STRING:
        return np.dtype(object)
    try:
        return _NUMBERS[dtype][0]
    except KeyError as error:
        message = f"dtype {_name(dtype)} is not carried"
        raise TensorUnsupported(message) from error


def to_tensor_proto(array: npt.ArrayLike, *, as_content: bool = True) -> pb.TensorProto:
    """Pack an array.

    Args:
        array: Numbers or booleans of any shape, or strings (`bytes`, `str` as UTF-8, or objects holding either).
        as_content: Put numbers into `tensor_content` (one copy) instead of the typed field. Strings always travel in
            `string_val`, as TensorFlow writes them.

    Raises:
        TensorUnsupported: Complex numbers, dates, records and other dtypes.
    """
    proto = pb.TensorProto()
    fill_tensor_proto(proto, array, as_content=as_content)
    return proto


def fill_tensor_proto(proto: pb.TensorProto, array: npt.ArrayLike, *, as_content: bool = True) -> None:
    """Pack an array into an empty message, such as a new entry of a request's inputs, which saves a copy.

    Raises:
        TensorUnsupported: As `to_tensor_proto`.
    """
    values = np.asarray(array)
    for size in values.shape:
        proto.tensor_shape.dim.add(size=size)
    # A scalar has a shape too: one without dimensions.
    proto.tensor_shape.SetInParent()
    if values.dtype.kind in "SUO":
        proto.dtype = pb.DT_STRING
        proto.string_val.extend(_encode(value) for value in values.reshape(-1).tolist())
        return
    little_endian = values.dtype if values.dtype in _DTYPE_OF else values.dtype.newbyteorder("<")
    dtype = _DTYPE_OF.get(little_endian)
    if dtype is None:
        message = f"NumPy dtype {values.dtype} is not carried"
        raise TensorUnsupported(message)
    proto.dtype = pb.DataType.ValueType(dtype)
    values = np.asarray(values, dtype=little_endian)
    if as_content:
        proto.tensor_content = values.tobytes()
    elif dtype in _PACKED_AS_IN_MEMORY:
        # No number becomes a Python object: 2**24 floats took 1.6 s and 800 MiB so, and a message of 49 bytes may ask for them.
        proto.MergeFromString(_packed(_NUMBERS[dtype][1], values.tobytes()))
    else:
        if dtype == pb.DT_HALF:
            values = values.view("<u2")
        getattr(proto, _NUMBERS[dtype][1]).extend(values.reshape(-1).tolist())


def to_array(proto: pb.TensorProto) -> Array:
    """Unpack a tensor.

    Returns:
        The array; numbers from `tensor_content` are a read-only view of the message's bytes, strings are an array of
        `object` holding bytes.

    Raises:
        TensorMalformed: Unknown or negative sizes, no dtype, or content of another size than shape and dtype ask for.
        TensorUnsupported: A dtype that this wire does not carry.
    """
    if proto.dtype == pb.DT_INVALID:
        message = "the tensor has no dtype"
        raise TensorMalformed(message)
    shape = _shape_of(proto.tensor_shape)
    count = math.prod(shape)
    if proto.dtype == pb.DT_STRING:
        return _strings(proto, count).reshape(shape)
    if proto.dtype not in _NUMBERS:
        message = f"dtype {_name(proto.dtype)} is not carried"
        raise TensorUnsupported(message)
    dtype = _NUMBERS[proto.dtype][0]
    content = proto.tensor_content
    if not content or not count:
        return _from_typed_field(proto, count).reshape(shape)
    if len(content) != count * dtype.itemsize:
        message = (
            f"tensor_content holds {len(content)} bytes, but shape {shape} of {dtype} needs {count * dtype.itemsize}"
        )
        raise TensorMalformed(message)
    return np.frombuffer(content, dtype).reshape(shape)


def _packed(field: str, content: bytes) -> bytes:
    """A packed repeated field of TensorProto as it stands in a message: tag, length in bytes, values."""
    number = pb.TensorProto.DESCRIPTOR.fields_by_name[field].number
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _shape_of(shape: pb.TensorShapeProto) -> tuple[int, ...]:
    if shape.unknown_rank:
        message = "the tensor's rank is unknown"
        raise TensorMalformed(message)
    sizes = tuple(dim.size for dim in shape.dim)
    largest = _MAX_EMPTY_ELEMENTS if 0 in sizes else _MAX_ELEMENTS
    if len(sizes) > _MAX_RANK or any(size < 0 for size in sizes) or math.prod(filter(None, sizes)) > largest:
        message = f"the tensor's shape {sizes[:8]} is impossible"
        raise TensorMalformed(message)
    return sizes


def _from_typed_field(proto: pb.TensorProto, count: int) -> Array:
    dtype, field, field_dtype = _NUMBERS[proto.dtype]
    given = getattr(proto, field)[:count]
    if len(given) < count and count * dtype.itemsize > MAX_FILLED_BYTES:
        message = f"{len(given)} values for {count} elements: more than {MAX_FILLED_BYTES} bytes to fill in"
        raise TensorMalformed(message)
    values = np.array(given, field_dtype)
    # The bits of a half are stored as integers; every other cast wraps as C++'s static_cast does.
    values = values.astype("<u2").view(dtype) if proto.dtype == pb.DT_HALF else values.astype(dtype, copy=False)
    return _fill(values, count, dtype)


def _strings(proto: pb.TensorProto, count: int) -> Array:
    given = _split_string_content(proto.tensor_content, count) if proto.tensor_content else proto.string_val[:count]
    if len(given) < count and count * np.dtype(object).itemsize > MAX_FILLED_BYTES:
        message = f"{len(given)} strings for {count} elements: more than {MAX_FILLED_BYTES} bytes to fill in"
        raise TensorMalformed(message)
    values = np.empty(len(given), object)
    values[:] = given
    return _fill(values, count, np.dtype(object), zero=b"")


def _fill(values: Array, count: int, dtype: np.dtype[Any], zero: object = 0) -> Array:
    if len(values) == count:
        return values
    filled = np.empty(count, dtype)
    filled[: len(values)] = values
    filled[len(values) :] = values[-1] if len(values) else zero
    return filled


def _split_string_content(content: bytes, count: int) -> list[bytes]:
    """Strings in `tensor_content`: all lengths as varints, then all bytes (`tensorflow::port::EncodeStringList`)."""
    if count > len(content):
        message = f"tensor_content holds {len(content)} bytes, too few for {count} strings"
        raise TensorMalformed(message)
    lengths, position = [], 0
    for _ in range(count):
        length = shift = 0
        while True:
            if position >= len(content) or shift > 28:
                message = "tensor_content ends inside the lengths of its strings"
                raise TensorMalformed(message)
            byte = content[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        lengths.append(length)
    if position + sum(lengths) != len(content):
        message = f"tensor_content holds {len(content)} bytes, but its strings need another number"
        raise TensorMalformed(message)
    strings = []
    for length in lengths:
        strings.append(content[position : position + length])
        position += length
    return strings


def _encode(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    message = f"a string tensor holds a {type(value).__name__}"
    raise TensorUnsupported(message)


def _name(dtype: int) -> str:
    return pb.DataType.Name(pb.DataType.ValueType(dtype)) if dtype in pb.DataType.values() else str(dtype)
