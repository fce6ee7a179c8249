"""Section 4 of the contract, Predict: bodies in rows and columns, dtypes, layouts of answers, and what is refused."""

import base64
import json

import numpy as np
import pytest

from tests.support.rest_calls import predict
from tests.support.rest_toys import save_rest_toys

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def port(serve, tmp_path_factory):
    """REST port of a server with the model `kinds` (tests/support/rest_toys.py)."""
    root = tmp_path_factory.mktemp("rest-kinds")
    save_rest_toys(root / "1")
    with serve("--model_name=kinds", f"--model_base_path={root}") as server:
        yield server.rest_port


def echo(port, dtype, values, *, row=True):
    answer = predict(port, {"signature_name": f"echo_{dtype}", "instances" if row else "inputs": values})
    assert answer.status == 200, answer.body
    return answer.body.decode()


def test_numbers_may_be_nan_and_infinite_and_what_follows_the_body_is_ignored(port):
    answer = predict(port, '{"instances":[NaN,Infinity,-Infinity,1e10,4.1]} trailing')
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.body == b'{\n    "predictions": [NaN, Infinity, -Infinity, 5e+09, 2.05\n    ]\n}'


def test_rows_stand_on_one_line_and_columns_on_a_line_each(port):
    assert echo(port, "int32", [[1, 2], [3, 4]]) == '{\n    "predictions": [[1, 2], [3, 4]\n    ]\n}'
    assert echo(port, "int32", [[1], [3]], row=False) == (
        '{\n    "outputs": [\n        [\n            1\n        ],\n        [\n            3\n        ]\n    ]\n}'
    )
    assert echo(port, "int32", 7, row=False) == '{\n    "outputs": 7\n}'
    assert echo(port, "int32", [], row=False) == '{\n    "outputs": []\n}'
    assert echo(port, "int32", [[], []]) == '{\n    "predictions": [[], []\n    ]\n}'


def test_several_outputs_are_objects(port):
    answer = predict(port, {"signature_name": "two", "instances": [{"a": 1, "b": 2}, {"b": 4, "a": 0.5}]})
    assert json.loads(answer.body) == {"predictions": [{"sum": 3.0, "twice": [2, 2]}, {"sum": 4.5, "twice": [4, 4]}]}
    assert answer.body.startswith(b'{\n    "predictions": [\n        {\n            "')
    assert answer.body.endswith(b"\n        }\n    ]\n}")
    assert b'            "twice": [4, 4]' in answer.body
    answer = predict(port, {"signature_name": "two", "inputs": {"a": [1], "b": [2], "extra": 5}})
    assert json.loads(answer.body) == {"outputs": {"sum": [3.0], "twice": [[2, 2]]}}
    assert (
        b'\n        "twice": [\n            [\n                2,\n                2\n            ]\n        ]'
        in answer.body
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9000000, "9e+06"),
        (999999, "999999.0"),
        (0.0003, "0.0003"),
        (0.00003, "3e-05"),
        (555557.5, "555557.5"),
        (3, "3.0"),
        (0.1, "0.1"),
        (1 / 3, "0.333333343"),
        (16777217, "16777216.0"),
        (1e300, "Infinity"),
        (-0.0, "-0.0"),
    ],
)
def test_a_float_is_written_with_six_digits_where_they_say_it_exactly(port, value, text):
    assert echo(port, "float32", [value]) == f'{{\n    "predictions": [{text}\n    ]\n}}'


def test_a_double_is_written_with_all_its_digits(port):
    assert "[0.1, 0.33333333333333331, 1e+300" in echo(port, "float64", [0.1, 1 / 3, 1e300])


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("int8", [-128, 127]),
        ("int16", [-32768, 32767]),
        ("int32", [-(2**31), 2**31 - 1]),
        ("int64", [-(2**63), 2**63 - 1]),
        ("uint8", [0, 255]),
        ("uint32", [0, 2**32 - 1]),
        ("uint64", [0, 2**64 - 1]),
        ("bool", [True, False]),
        ("string", ["a", "\u00e9\u20ac\U0001f600", 'quote " \\ / \n \x01']),
    ],
)
def test_every_dtype_comes_back_as_it_was_sent(port, dtype, values):
    assert json.loads(echo(port, dtype, values))["predictions"] == values
    assert json.loads(echo(port, dtype, values, row=False))["outputs"] == values


def test_an_integer_beyond_a_byte_wraps(port):
    assert json.loads(echo(port, "uint8", [256, -1]))["predictions"] == [0, 255]
    assert json.loads(echo(port, "int8", [200]))["predictions"] == [-56]


@pytest.mark.parametrize(
    ("dtype", "value", "shown", "kind"),
    [
        ("float", '"a"', '"a"', "String"),
        ("float", "true", "true", "True"),
        ("float", "null", "null", "Null"),
        ("float", '{"b64":"YQ=="}', '{\n    "b64": "YQ=="\n}', "Object"),
        ("double", "false", "false", "False"),
        ("int8", "1.0", "1.0", "Number"),
        ("uint8", "1e2", "100.0", "Number"),
        ("int32", "2147483648", "2147483648", "Number"),
        ("int64", "9223372036854775808", "9223372036854775808", "Number"),
        ("uint32", "-1", "-1", "Number"),
        ("uint64", "-1", "-1", "Number"),
        ("bool", "1", "1", "Number"),
        ("string", "5", "5", "Number"),
    ],
)
def test_a_value_of_another_type_is_named(port, dtype, value, shown, kind):
    signature = "echo_" + {"float": "float32", "double": "float64"}.get(dtype, dtype)
    words = f"JSON Value: {shown} Type: {kind} is not of expected type: {dtype}"
    answer = predict(port, f'{{"signature_name": "{signature}", "instances": [{value}]}}')
    assert (answer.status, answer.error) == (
        400,
        f"Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: {words}",
    )
    answer = predict(port, f'{{"signature_name": "{signature}", "inputs": [{value}]}}')
    assert (answer.status, answer.error) == (400, words)


@pytest.mark.parametrize(("dtype", "name"), [("float16", "half"), ("uint16", "uint16")])
def test_other_dtypes_are_not_converted(port, dtype, name):
    answer = predict(port, {"signature_name": f"echo_{dtype}", "inputs": [1]})
    assert (answer.status, answer.error) == (501, f"Conversion of JSON Value: 1 to type: {name}")
    answer = predict(port, {"signature_name": f"echo_{dtype}", "instances": [1]})
    assert answer.status == 400
    assert answer.error.endswith(f"Error: UNIMPLEMENTED: Conversion of JSON Value: 1 to type: {name}")


def test_base64_is_bytes_in_and_out_where_the_name_says_so(port):
    sent = [{"b64": base64.b64encode(b"\xff\x00a").decode()}, "text", {"b64": "Y Q\n=="}]
    answer = predict(port, {"signature_name": "bytes", "inputs": sent})
    outputs = json.loads(answer.body.decode("latin-1"))["outputs"]
    assert outputs["text_bytes"] == [{"b64": "/wBh"}, {"b64": "dGV4dA=="}, {"b64": "YQ=="}]
    assert b'"\xff\\u0000a"' in answer.body, "bytes under another name go out as they are"
    answer = predict(port, {"signature_name": "bytes", "instances": ["hi"]})
    assert json.loads(answer.body) == {"predictions": [{"text": "hi", "text_bytes": {"b64": "aGk="}}]}


def test_bad_base64_is_refused(port):
    for bad in ("a", "a===", "YQ=", "!!!!", "\u00e9AAA"):
        answer = predict(port, {"signature_name": "echo_string", "inputs": [{"b64": bad}]})
        assert (answer.status, answer.error) == (400, "Unable to base64 decode")
    answer = predict(port, {"signature_name": "echo_string", "inputs": [{"b64": 5}]})
    assert answer.error == 'JSON Value: {\n    "b64": 5\n} not formatted correctly for base64 data'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "JSON Parse error: The document is empty"),
        ("[1]", "JSON Value: [\n    1\n] Is not object"),
        ('"text"', 'JSON Value: "text" Is not object'),
        (
            '{"signature_name": 5}',
            (
                'JSON Value: {\n    "signature_name": 5\n} not formatted correctly. '
                "'signature_name' key must be a string value."
            ),
        ),
        ("{}", "Missing 'inputs' or 'instances' key"),
        ('{"examples": []}', "Missing 'inputs' or 'instances' key"),
        (
            '{"inputs": 1, "instances": [2]}',
            (
                'JSON Value: {\n    "inputs": 1,\n    "instances": [\n        2\n    ]\n} Not formatted correctly expecting '
                "only one of 'inputs' or 'instances' keys to exist "
            ),
        ),
        (
            '{"instances": {"x": 1}}',
            'JSON Value: {\n    "instances": {\n        "x": 1\n    }\n} Expecting \'instances\' to be an list/array',
        ),
        ('{"instances": []}', "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array"),
        ('{"signature_name": "no", "inputs": 1}', 'Serving signature name: "no" not found in signature def'),
        ('{"instances": [1, {"x": 1}]}', "Expecting value/list but got object at item 1 of input list"),
        ('{"instances": [{"x": 1}, 1]}', "Expecting object but got list at item 1 of input list"),
        (
            '{"instances": [{"z": 1}]}',
            (
                "Failed to process element: 0 key: z of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not "
                "have named input: z"
            ),
        ),
        (
            '{"instances": [1, [2]]}',
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [] but got: [1]",
        ),
        (
            '{"instances": [[1, 2], [3]]}',
            (
                "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2 but "
                "got: 1"
            ),
        ),
        ('{"inputs": [1, [2]]}', "Encountered list at unexpected level: 1 expected < 1"),
        ('{"inputs": [[1, 2], [3]]}', "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
        ('{"inputs": [[1], 2]}', "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
        ('{"inputs": {"z": 1}}', "Missing named input: x in 'inputs' object."),
        (
            '{"signature_name": "two", "instances": [1]}',
            (
                "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
                "tensorinfo_map"
            ),
        ),
        (
            '{"signature_name": "two", "inputs": [1]}',
            (
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            ),
        ),
        (
            '{"signature_name": "two", "instances": [{"a": 1}]}',
            "Failed to process element: 0 of 'instances' list. JSON object: {\n    \"a\": 1\n} keys must be equal to: a,b",
        ),
        (
            '{"signature_name": "two", "instances": [{"a": 1, "b": 2}, {"a": "x", "b": 2}]}',
            (
                "Failed to process element: 1 key: a of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: \"x\" Type: "
                "String is not of expected type: float"
            ),
        ),
        ('{"signature_name": "without_batch", "instances": [1]}', "Tensor name: total has no shape information "),
        ('{"signature_name": "complex", "instances": [1]}', "Failed to write JSON value for tensor type: complex64"),
    ],
)
def test_what_is_wrong_with_a_body_is_said_in_their_words(port, body, words):
    answer = predict(port, body)
    assert (answer.status, answer.error) == (400, words)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("  ", "The document is empty."),
        ("x", "Invalid value."),
        ('{"a": tru}', "Invalid value."),
        ('{"a": [1,]}', "Invalid value."),
        ('{"a": 1,}', "Missing a name for object member."),
        ("{a: 1}", "Missing a name for object member."),
        ('{"a" 1}', "Missing a colon after a name of object member."),
        ('{"a": 1', "Missing a comma or '}' after an object member."),
        ('{"a": [1 2]}', "Missing a comma or ']' after an array element."),
        ('{"a": "\\u12x4"}', "Incorrect hex digit after \\u escape in string."),
        ('{"a": "\\ud800\\n"}', "The surrogate pair in string is invalid."),
        ('{"a": "\\q"}', "Invalid escape character in string."),
        ('{"a": "', "Missing a closing quotation mark in string."),
        ('{"instances": [1e400]}', "Number too big to be stored in double."),
        ('{"a": 1.}', "Miss fraction part in number."),
        ('{"a": 1e}', "Miss exponent in number."),
    ],
)
def test_what_is_no_json_is_said_in_rapidjsons_words(port, body, words):
    answer = predict(port, body if "ud800" not in body else body.replace('"a"', '"signature_name"'))
    assert answer.status == 400
    assert answer.error.startswith(f"JSON Parse error: {words} at offset: ")


def test_outputs_of_unequal_batches_are_refused_in_rows_only(port):
    answer = predict(port, {"signature_name": "uneven", "instances": [1, 2]})
    assert answer.status == 400
    assert answer.error in (
        "Tensor name: b has inconsistent batch size: 1 expecting: 2",
        "Tensor name: a has inconsistent batch size: 2 expecting: 1",
    )
    answer = predict(port, {"signature_name": "uneven", "inputs": [1, 2]})
    assert json.loads(answer.body) == {"outputs": {"a": [1.0, 2.0], "b": [1.0]}}
    answer = predict(port, {"signature_name": "without_batch", "inputs": [1, 2]})
    assert json.loads(answer.body) == {"outputs": 3.0}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_other_encodings_are_known_by_their_byte_order_mark(port, encoding):
    answer = predict(port, '{"signature_name": "echo_string", "instances": ["\u00e9"]}'.encode(encoding))
    assert json.loads(answer.body) == {"predictions": ["\u00e9"]}


def test_the_first_of_two_members_of_one_name_counts(port):
    answer = predict(port, '{"instances": [2], "instances": ["no"]}')
    assert json.loads(answer.body) == {"predictions": [1.0]}


def test_a_crop_of_full_size_goes_through(port):
    crops = np.random.default_rng(3).integers(0, 256, (2, 128, 128, 3), np.uint8)
    answer = predict(port, {"signature_name": "crops", "instances": crops.tolist()})
    assert np.allclose(json.loads(answer.body)["predictions"], crops.mean((1, 2, 3)), rtol=1e-5)
