"""Request texts to values and values to tensors, without a server: what the short cuts do is what the long way does."""

import contextlib
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.server.errors import InvalidArgument, StatusError
from serving.server.rest_api.json_layout import MAX_SHOWN_BYTES, decimal_text, shown
from serving.server.rest_api.json_syntax import read_syntax
from serving.server.rest_api.json_text import MAX_DIAGNOSED_CHARACTERS, Document, Members
from serving.server.rest_api.predict_answer import write_predictions
from serving.server.rest_api.predict_request import Format, PredictBody
from serving.server.rest_api.tensor_reading import _walk, read_regular
from serving.wire import predict_pb2 as pb
from serving.wire.tensors import to_array, to_tensor_proto

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=5)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)
DTYPES = (pb.DT_FLOAT, pb.DT_DOUBLE, pb.DT_UINT8, pb.DT_INT64, pb.DT_UINT64, pb.DT_BOOL, pb.DT_STRING, pb.DT_HALF)


def refusal(body):
    with pytest.raises(InvalidArgument) as error:
        Document(body if isinstance(body, bytes) else body.encode())
    return error.value.message


@given(VALUES)
@settings(max_examples=40)
def test_the_two_readers_agree_on_what_is_json(value):
    text = json.dumps(value, ensure_ascii=False)
    assert read_syntax(text).fault is None
    for end in range(len(text)):
        try:
            json.JSONDecoder().raw_decode(text[:end])
        except ValueError:
            assert read_syntax(text[:end]).fault is not None


@given(st.binary(max_size=40) | st.text(alphabet='[]{}:,"\\ 0123.eE+-NaInfty\ud800u', max_size=30))
@settings(max_examples=150)
def test_any_bytes_are_a_value_or_refused(body):
    content = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    try:
        value = Document(content).value
    except InvalidArgument as error:
        value = error.message
    assert len(shown(value).encode("utf-8", "surrogateescape")) <= MAX_SHOWN_BYTES


@given(VALUES, st.sampled_from(DTYPES))
@settings(max_examples=150)
def test_the_short_cut_gives_what_walking_gives(value, dtype):
    parsed = Document(json.dumps(value).encode()).value
    quick = read_regular(parsed, dtype)
    try:
        slow = _walk(parsed, dtype)
    except StatusError:
        assert quick is None
        return
    if quick is not None:
        assert quick.shape == slow.shape
        assert quick.values.dtype == slow.values.dtype
        assert quick.values.tolist() == slow.values.tolist()


@given(VALUES, st.sampled_from(DTYPES), st.booleans())
@settings(max_examples=150)
def test_any_value_as_inputs_is_a_tensor_or_refused(value, dtype, row):
    signature = pb.SignatureDef()
    signature.inputs["x"].dtype = dtype
    body = PredictBody(json.dumps({"instances" if row else "inputs": value}).encode())
    request = pb.PredictRequest()
    with contextlib.suppress(StatusError):
        body.fill(request, {"serving_default": signature})
        assert request.inputs["x"].dtype == dtype
        assert to_array(request.inputs["x"]).ndim >= row


def test_offsets_count_bytes_and_the_faulty_character():
    # RapidJSON's stream has taken the character already when it says where it is.
    assert refusal("{x}") == "JSON Parse error: Missing a name for object member. at offset: 2"
    assert refusal('{"\u00e9":x}') == "JSON Parse error: Invalid value. at offset: 7"
    assert refusal("{") == "JSON Parse error: Missing a name for object member. at offset: 1"
    assert refusal("{x}".encode("utf-16-le")) == "JSON Parse error: Missing a name for object member. at offset: 4"
    assert refusal("\ufeff{x}".encode()) == "JSON Parse error: Missing a name for object member. at offset: 5"


def test_bytes_that_are_no_utf_8_are_refused_only_where_they_are_read():
    assert refusal(b'{"a":"\xff"}') == "JSON Parse error: Invalid encoding in string. at offset: 7"
    assert isinstance(Document(b'{"a": 1} \xff').value, Members)


def test_spellings_that_only_rapidjson_takes():
    values = Document(b"[Inf, -Inf, Infinity, -Infinity, NaN, -NaN]").value
    assert values[:4] == [math.inf, -math.inf, math.inf, -math.inf]
    assert all(math.isnan(value) for value in values[4:])


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 100_000])
def test_no_nesting_is_too_deep_to_be_refused(text):
    assert refusal(text).startswith("JSON Parse error: ")


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 5000, "1e400", "-1e99999"])
def test_numbers_beyond_a_double_are_refused_wherever_they_matter(number):
    signature = pb.SignatureDef()
    signature.inputs["x"].dtype = pb.DT_FLOAT
    with pytest.raises(InvalidArgument, match=r"Number too big to be stored in double\. at offset: 15"):
        PredictBody(f'{{"instances":[{number}]}}'.encode()).fill(pb.PredictRequest(), {"serving_default": signature})


def test_long_texts_are_refused_without_a_second_reading():
    body = "[" + "1," * (MAX_DIAGNOSED_CHARACTERS // 2) + "x]"
    assert refusal(body) == f"JSON Parse error: Invalid value. at offset: {len(body) - 1}"


def test_a_large_value_is_shown_by_its_first_bytes():
    value = Document(json.dumps({"instances": list(range(100_000)), "text": "\u00e9" * 1000}).encode()).value
    assert len(shown(value).encode("utf-8", "surrogateescape")) == MAX_SHOWN_BYTES
    assert shown(value).startswith('{\n    "instances": [\n        0,\n        1,\n')


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("[1.0, 1e21, 1e22, 0.1, 1e-7, 123456.789, -0.0]", "1.0 1e21 1e22 0.1 1e-7 123456.789 -0.0"),
        ("[0.000001, 12345678901234567890123]", "0.000001 1.2345678901234568e22"),
    ],
)
def test_doubles_within_a_shown_value_are_spelt_as_rapidjson_does(text, layout):
    assert shown(Document(text.encode()).value) == "[\n    " + ",\n    ".join(layout.split()) + "\n]"


@given(st.floats(width=32))
def test_a_float_reads_back_as_it_was(value):
    text = decimal_text(value, is_double=False)
    read = float(text.replace("Infinity", "inf"))
    assert np.float32(read) == np.float32(value) or (math.isnan(read) and math.isnan(value))


@given(st.lists(st.lists(st.floats(width=32), min_size=2, max_size=2), min_size=1, max_size=4))
def test_numbers_in_arrays_are_spelt_as_single_ones(rows):
    proto = to_tensor_proto(np.float32(rows))
    texts = [f"[{', '.join(decimal_text(value, is_double=False) for value in row)}]" for row in rows]
    expected = '{\n    "predictions": [' + ", ".join(texts) + "\n    ]\n}"
    assert write_predictions({"y": proto}, Format.ROW) == expected.encode()
