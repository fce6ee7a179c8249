"""Details with figures of one occurrence lose nothing in another language."""

import ast
import string
from collections import defaultdict
from pathlib import Path

import pytest

import gateway
import serving.contract
from gateway.errors import ParameterInvalid, ScopeMissing
from gateway.languages import CATALOGUES, ENGLISH
from gateway.languages.de import GERMAN
from gateway.problems import Problem, problem_classes
from serving.contract.container import REMEDIES, recognise
from serving.contract.errors import PhotoError
from serving.contract.photo import PhotoLimits, decode_photo
from serving.contract.quality import Quality, QualityLimits, check_geometry
from tests.support.photo_bytes import encode, plain_picture

OTHERS = [get() for tag, get in CATALOGUES.items() if tag != ENGLISH.tag]
SOURCES = [path for package in (gateway, serving.contract) for path in sorted(Path(package.__path__[0]).rglob("*.py"))]
RAISED = {each.__name__ for each in problem_classes() if each.code != "model_answer_invalid"}
"""Whatever an answer of the model was, people are told one sentence."""


def said_in(path):
    """Every sentence, and every advice, that a module gives an error in place of the class's own."""
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        local = defaultdict(list)
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                local[node.targets[0].id].append(node.value)
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in RAISED:
                for value in (*call.args, *(each.value for each in call.keywords if each.arg == "advice")):
                    yield from local[value.id] if isinstance(value, ast.Name) else [value]


def sentences():
    found = [value for path in SOURCES for value in said_in(path)]
    assert len(found) > 15
    texts = {value.value for value in found if isinstance(value, ast.Constant)}
    # Everything else is the table of remedies: a sentence with its figures inside it could not be translated.
    assert {ast.unparse(value) for value in found if not isinstance(value, ast.Constant)} == {"REMEDIES[name]"}
    return texts | set(REMEDIES.values()) | {ScopeMissing.of("explain").template}


def names(template):
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


@pytest.mark.parametrize("language", OTHERS, ids=lambda each: each.tag)
def test_a_language_has_every_sentence_of_an_occurrence_with_its_figures(language):
    assert set(language.occurrences) == sentences()
    for english, ours in language.occurrences.items():
        assert ours != english
        assert names(ours) == names(english)


def raised(call, *arguments):
    with pytest.raises(PhotoError) as caught:
        call(*arguments)
    return caught.value


JPEG = encode(plain_picture(2_000, 1_000), "JPEG")
SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("error", "english", "german"),
    [
        (ScopeMissing.of("explain"), ("scope explain",), ("Berechtigung explain",)),
        (
            raised(check_geometry, Quality(inter_eye_pixels=11.4), QualityLimits()),
            ("11 pixels", "24 are needed"),
            ("11 Bildpunkte", "nötig sind 24"),
        ),
        (
            raised(decode_photo, JPEG, PhotoLimits(max_jpeg_pixels=1_500_000)),
            ("has 2,000,000 pixels", "1,500,000 are allowed as JPEG"),
            (f"hat 2{SPACE}000{SPACE}000 Bildpunkte", f"als JPEG sind 1{SPACE}500{SPACE}000 erlaubt"),
        ),
        (raised(decode_photo, b"12345", PhotoLimits(max_photo_bytes=4)), ("5 bytes", "4 are"), ("5 Bytes", "sind 4")),
        (raised(recognise, b"\0\0\0\x18ftypheic"), ("HEIC", "On an iPhone"), ("HEIC", "auf einem iPhone")),
        (raised(recognise, b"%PDF-1.7"), ("PDF", "the photo itself"), ("PDF", "das Foto selbst")),
    ],
    ids=lambda each: getattr(each, "code", ""),
)
def test_no_figure_and_no_name_is_lost(error, english, german):
    for language, parts in ((ENGLISH, english), (GERMAN, german)):
        problem = Problem.of(error, "id", language)
        said = f"{problem.detail} {problem.advice}"
        assert [part for part in parts if part not in said] == []


@pytest.mark.parametrize(
    ("name", "request_parts"),
    [
        ("explain", {"query_string": {"explain": "maybe"}}),
        ("Idempotency-Key", {"headers": {"Idempotency-Key": "x" * 129}}),
        ("subject", {"headers": {"X-Subject": "Ada Lovelace"}}),
    ],
)
def test_a_parameter_that_is_wrong_is_named_in_german(gateway, name, request_parts):
    headers = {"Accept-Language": "de", **request_parts.pop("headers", {})}
    problem = gateway.screen(headers=headers, **request_parts).json
    assert problem["code"] == "parameter_invalid"
    assert f"„{name}“" in problem["detail"]


def test_a_sentence_that_no_language_knows_is_told_in_those_of_its_code():
    problem = Problem.of(ParameterInvalid("'{name}' is odd.", figures={"name": "explain"}), "id", GERMAN)
    assert (problem.detail, problem.advice) == GERMAN.problems["parameter_invalid"]
