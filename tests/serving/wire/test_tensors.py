"""Arrays to TensorProto and back, and what is refused by name."""

import contextlib

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from serving.wire import predict_pb2 as pb
from serving.wire import tensors
from serving.wire.errors import TensorError, TensorMalformed, TensorUnsupported
from serving.wire.tensors import numpy_dtype, to_array, to_tensor_proto

CARRIED = ["u1", "i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8", "?"]

arrays = st.sampled_from(CARRIED).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)


@given(array=arrays, as_content=st.booleans())
def test_numbers_come_back_bit_for_bit(array, as_content):
    proto = pb.TensorProto.FromString(to_tensor_proto(array, as_content=as_content).SerializeToString())
    back = to_array(proto)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    # NaN compares unequal, and its payload may change on the way through a typed field.
    np.testing.assert_array_equal(back, array)


@given(values=st.lists(st.binary(max_size=300), max_size=8))
def test_strings_come_back_as_bytes(values):
    assert to_array(to_tensor_proto(np.array(values, object))).tolist() == values


def test_text_travels_as_utf8():
    assert to_array(to_tensor_proto(["café", "名"])).tolist() == ["café".encode(), "名".encode()]


def test_crops_travel_as_content_with_nothing_beside_it():
    proto = to_tensor_proto(np.zeros((1, 128, 128, 3), np.uint8))
    assert len(proto.SerializeToString()) < 128 * 128 * 3 + 40


def test_big_endian_and_strided_arrays_arrive_in_c_order():
    array = np.arange(24, dtype=">i4").reshape(2, 3, 4)[:, ::-1, ::2].T
    np.testing.assert_array_equal(to_array(to_tensor_proto(array)), array)


def test_unpacked_numbers_are_a_view_that_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        to_array(to_tensor_proto(np.ones(3, np.float32)))[0] = 2


@pytest.mark.parametrize(
    ("dtype", "field", "given_values", "expected"),
    [
        (pb.DT_FLOAT, "float_val", [1.5], [1.5] * 4),
        (pb.DT_FLOAT, "float_val", [1.5, 2.5], [1.5, 2.5, 2.5, 2.5]),
        (pb.DT_FLOAT, "float_val", [], [0.0] * 4),
        (pb.DT_FLOAT, "float_val", [1, 2, 3, 4, 5], [1, 2, 3, 4]),
        (pb.DT_DOUBLE, "double_val", [0.1], [0.1] * 4),
        (pb.DT_UINT8, "int_val", [7, 255], [7, 255, 255, 255]),
        (pb.DT_UINT8, "int_val", [256 + 3], [3] * 4),
        (pb.DT_INT8, "int_val", [-1], [-1] * 4),
        (pb.DT_INT64, "int64_val", [2**40], [2**40] * 4),
        (pb.DT_UINT32, "uint32_val", [2**32 - 1], [2**32 - 1] * 4),
        (pb.DT_UINT64, "uint64_val", [2**64 - 1], [2**64 - 1] * 4),
        (pb.DT_BOOL, "bool_val", [True, False], [True, False, False, False]),
        (pb.DT_HALF, "half_val", [0x3E00], [1.5] * 4),
        (pb.DT_STRING, "string_val", [b"a"], [b"a"] * 4),
        (pb.DT_STRING, "string_val", [], [b""] * 4),
    ],
)
def test_the_last_value_of_a_typed_field_repeats(dtype, field, given_values, expected):
    proto = pb.TensorProto(dtype=dtype, tensor_shape=shape(2, 2))
    getattr(proto, field).extend(given_values)
    array = to_array(proto)
    assert array.shape == (2, 2)
    assert array.reshape(-1).tolist() == expected
    assert array.dtype == numpy_dtype(dtype)


@pytest.mark.parametrize(
    "proto",
    [
        pb.TensorProto(),
        pb.TensorProto(dtype=pb.DT_FLOAT, tensor_shape=pb.TensorShapeProto(unknown_rank=True)),
        pb.TensorProto(dtype=pb.DT_FLOAT, tensor_shape=pb.TensorShapeProto(dim=[{"size": -1}]), float_val=[1]),
        pb.TensorProto(dtype=pb.DT_UINT8, tensor_shape=pb.TensorShapeProto(dim=[{"size": 4}]), tensor_content=b"123"),
        pb.TensorProto(dtype=pb.DT_FLOAT, tensor_shape=pb.TensorShapeProto(dim=[{"size": 1}]), tensor_content=b"12345"),
        pb.TensorProto(dtype=pb.DT_UINT8, tensor_shape=pb.TensorShapeProto(dim=[{"size": 1}] * 65), int_val=[1]),
        pb.TensorProto(dtype=pb.DT_UINT8, tensor_shape=pb.TensorShapeProto(dim=[{"size": 2**62}] * 2), int_val=[1]),
        pb.TensorProto(dtype=pb.DT_UINT8, tensor_shape=pb.TensorShapeProto(dim=[{"size": 0}, {"size": 2**62}])),
        pb.TensorProto(dtype=pb.DT_FLOAT, tensor_shape=pb.TensorShapeProto(dim=[{"size": 2**31}, {"size": 0}])),
        pb.TensorProto(dtype=pb.DT_STRING, tensor_shape=pb.TensorShapeProto(dim=[{"size": 2}]), tensor_content=b"\x01"),
        pb.TensorProto(
            dtype=pb.DT_STRING, tensor_shape=pb.TensorShapeProto(dim=[{"size": 1}]), tensor_content=b"\x05a"
        ),
        pb.TensorProto(
            dtype=pb.DT_STRING, tensor_shape=pb.TensorShapeProto(dim=[{"size": 1}]), tensor_content=b"\xff" * 9
        ),
    ],
)
def test_what_holds_no_tensor_is_named_malformed(proto):
    with pytest.raises(TensorMalformed):
        to_array(proto)


def test_a_short_message_cannot_ask_for_a_huge_array(monkeypatch):
    monkeypatch.setattr(tensors, "MAX_FILLED_BYTES", 100)
    proto = pb.TensorProto(dtype=pb.DT_FLOAT, tensor_shape=shape(26), float_val=[1])
    with pytest.raises(TensorMalformed, match="to fill in"):
        to_array(proto)
    proto = pb.TensorProto(dtype=pb.DT_STRING, tensor_shape=shape(26), string_val=[b"a"])
    with pytest.raises(TensorMalformed, match="to fill in"):
        to_array(proto)
    assert to_array(pb.TensorProto(dtype=pb.DT_FLOAT, tensor_shape=shape(25), float_val=[1])).shape == (25,)


@pytest.mark.parametrize("dtype", [pb.DT_COMPLEX64, pb.DT_BFLOAT16, pb.DT_VARIANT, 999])
def test_dtypes_that_are_not_carried_are_named(dtype):
    with pytest.raises(TensorUnsupported, match="not carried"):
        to_array(pb.TensorProto(dtype=dtype, tensor_shape=shape(1)))


@pytest.mark.parametrize("array", [np.ones(2, np.complex64), np.array(["2026-01-01"], "datetime64[D]"), [None]])
def test_arrays_that_are_not_carried_are_named(array):
    with pytest.raises(TensorUnsupported):
        to_tensor_proto(array)


@given(content=st.binary(max_size=200))
def test_arbitrary_messages_are_read_or_refused_by_name(content):
    with contextlib.suppress(DecodeError, TensorError):
        to_array(pb.TensorProto.FromString(content))


def shape(*sizes):
    return pb.TensorShapeProto(dim=[pb.TensorShapeProto.Dim(size=size) for size in sizes])
